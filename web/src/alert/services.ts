import { queryOptions } from "@tanstack/react-query";
import { bodyOf, client } from "~/kit/client";

export const servicesQuery = queryOptions({
  queryKey: ["service", "list"],
  queryFn: ({ signal }) => bodyOf(client.GET("/api/v1/services", { signal, params: { query: { limit: 200 } } })),
});
