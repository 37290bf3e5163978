import { queryOptions } from "@tanstack/react-query";
import { bodyOf, client } from "~/kit/client";

const LOOK_MS = 60_000; // a shift ends without an event

export const schedulesQuery = queryOptions({
  queryKey: ["schedule", "list"],
  queryFn: ({ signal }) => bodyOf(client.GET("/api/v1/schedules", { signal, params: { query: { limit: 200 } } })),
});

export function onCallQuery(name: string) {
  return queryOptions({
    queryKey: ["schedule", "on-call", name],
    queryFn: ({ signal }) => bodyOf(client.GET("/api/v1/schedules/{name}/on-call", { signal, params: { path: { name } } })),
    refetchInterval: LOOK_MS,
  });
}
