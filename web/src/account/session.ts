// Who am I? One question, asked by the frame; signing in answers it, signing out forgets all that was read.
import { queryOptions, type QueryClient } from "@tanstack/react-query";
import type { components } from "../../gen/api.js";
import { bodyOf, client, setCsrf } from "~/kit/client";
import { firstOf, keptLanguage, showLanguage } from "~/kit/languages";

export type Me = components["schemas"]["Me"];
export type SigningIn = components["schemas"]["SignInWith"];
export type Accepting = components["schemas"]["AccountAccept"];

async function welcome(asked: Promise<Me>): Promise<Me> {
  const me = await asked;
  setCsrf(me.csrf);
  await showLanguage(firstOf([keptLanguage(), me.language]));
  return me;
}

export const meQuery = queryOptions({
  queryKey: ["me"],
  queryFn: ({ signal }) => welcome(bodyOf(client.GET("/api/v1/me", { signal }))),
  staleTime: Infinity,
});

export async function signIn(queries: QueryClient, body: SigningIn): Promise<void> {
  queries.setQueryData(meQuery.queryKey, await welcome(bodyOf(client.POST("/api/v1/session", { body }))));
}

/** The link's token is taken for a password of one's own. */
export async function accept(queries: QueryClient, body: Accepting): Promise<void> {
  queries.setQueryData(meQuery.queryKey, await welcome(bodyOf(client.POST("/api/v1/account/accept", { body }))));
}

export async function signOut(queries: QueryClient): Promise<void> {
  await client.DELETE("/api/v1/session");
  setCsrf(undefined);
  queries.clear();
}
