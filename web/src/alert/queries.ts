import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";
import { bodyOf, client } from "~/kit/client";
import type { Severity } from "./alert";

const ON_A_PAGE = 100;

export const STATUSES = ["unresolved", "open", "acknowledged", "resolved", "suppressed", "all"] as const;
export type StatusFilter = (typeof STATUSES)[number];

export interface Filters {
  status: StatusFilter;
  severity?: Severity;
  service?: string;
}

export const unresolvedQuery = queryOptions({
  queryKey: ["alert", "unresolved"],
  queryFn: ({ signal }) => bodyOf(client.GET("/api/v1/alerts", { signal, params: { query: { status: "unresolved", limit: ON_A_PAGE } } })),
});

export function alertsQuery({ status, severity, service }: Filters) {
  return infiniteQueryOptions({
    queryKey: ["alert", "list", status, severity, service],
    queryFn: ({ signal, pageParam }) => bodyOf(client.GET("/api/v1/alerts", {
      signal,
      params: {
        query: {
          limit: ON_A_PAGE,
          ...(status === "all" ? {} : { status }),
          ...(severity === undefined ? {} : { severity }),
          ...(service === undefined ? {} : { service }),
          ...(pageParam === "" ? {} : { cursor: pageParam }),
        },
      },
    })),
    initialPageParam: "",
    getNextPageParam: ({ next_cursor }) => next_cursor ?? undefined,
  });
}

export function explanationQuery(id: string) {
  return queryOptions({
    queryKey: ["alert", "one", id],
    queryFn: ({ signal }) => bodyOf(client.GET("/api/v1/alerts/{id}/explain", { signal, params: { path: { id } } })),
  });
}
