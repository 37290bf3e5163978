// People, rooms and programs by their names, as somebody would say them.
import { queryOptions, useQuery } from "@tanstack/react-query";
import { useCallback } from "react";
import { useTranslation } from "react-i18next";
import { bodyOf, client } from "~/kit/client";

const LONG_MS = 10 * 60_000;

export const usersQuery = queryOptions({
  queryKey: ["user", "names"],
  queryFn: async ({ signal }) => {
    const names = new Map<string, string>();
    let cursor: string | undefined;
    do {
      const query = cursor === undefined ? { limit: 200 } : { limit: 200, cursor };
      const { items, next_cursor } = await bodyOf(client.GET("/api/v1/users", { signal, params: { query } }));
      items.forEach(({ name, full_name }) => names.set(name, full_name ?? name));
      cursor = next_cursor ?? undefined;
    } while (cursor !== undefined);
    return names;
  },
  staleTime: LONG_MS,
});

const KINDS = ["channel", "token", "integration", "heartbeat", "schedule", "team"] as const;

/** "user:ana", or "ana" of who is told; `say` puts the other kinds into words. */
export function nameOf(principal: string, users: ReadonlyMap<string, string>, say: (key: string, name: string) => string): string {
  const [kind = "", ...rest] = principal.split(":");
  const name = rest.join(":");
  if (rest.length === 0 || kind === "user") {
    const handle = rest.length === 0 ? kind : name;
    return users.get(handle) ?? (rest.length === 0 && ["local", "file"].includes(kind) ? say(`who.${kind}`, "") : handle === "tocsin" ? "Tocsin" : handle);
  }
  return KINDS.some((known) => known === kind) ? say(`who.${kind}`, name) : name;
}

export function useNames(): (principal: string) => string {
  const { t } = useTranslation();
  const { data: users } = useQuery(usersQuery);
  return useCallback((principal) => nameOf(principal, users ?? new Map<string, string>(), (key, name) => t(key, { name })), [users, t]);
}
