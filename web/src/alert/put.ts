// What the server answered takes the place of what was read before, at once and everywhere.
import type { InfiniteData, QueryClient } from "@tanstack/react-query";
import type { Alert } from "./alert";
import { explanationQuery, unresolvedQuery } from "./queries";

export interface List {
  items: Alert[];
  next_cursor: string | null;
}

/** The same list with that alert in its place. */
export function withAlert(list: List, alert: Alert): List {
  return { ...list, items: list.items.map((one) => (one.id === alert.id ? alert : one)) };
}

export function putAlert(queries: QueryClient, alert: Alert): void {
  queries.setQueryData(unresolvedQuery.queryKey, (list) => list && withAlert(list, alert));
  queries.setQueriesData<InfiniteData<List>>({ queryKey: ["alert", "list"] }, (lists) =>
    lists && { ...lists, pages: lists.pages.map((list) => withAlert(list, alert)) });
  queries.setQueryData(explanationQuery(alert.id).queryKey, (explanation) => explanation && { ...explanation, alert });
}
