// The one way to the server: typed by its own OpenAPI document, which tools/web asks it for.
import createClient, { type Middleware } from "openapi-fetch";
import type { paths } from "../../gen/api.js";
import { madeContact } from "./contact";
import { endedAfter } from "./patience";
import { ROOT } from "./root";
import { asTrouble, troubleOf } from "./trouble";

/** No answer is waited for longer. */
const PATIENCE_MS = 10_000;

let csrf: string | undefined;

/** What a change must carry, told by the server at sign-in. */
export function setCsrf(token: string | undefined): void {
  csrf = token;
}

export function isChange(method: string): boolean {
  return method !== "GET" && method !== "HEAD";
}

const manners: Middleware = {
  onRequest({ request }) {
    if (csrf !== undefined && isChange(request.method)) {
      request.headers.set("X-Tocsin-CSRF", csrf);
    }
    return request;
  },
  async onResponse({ response }) {
    madeContact(Date.now());
    if (!response.ok) {
      throw await troubleOf(response);
    }
    return response;
  },
  onError: ({ error }) => asTrouble(error),
};

function patiently(request: Request): Promise<Response> {
  return fetch(request, { signal: endedAfter(PATIENCE_MS, request.signal) });
}

export const client = createClient<paths>({ baseUrl: ROOT, fetch: patiently });
client.use(manners);

/** The body of an answer that is no trouble. */
export async function bodyOf<T>(asked: Promise<{ data?: T }>): Promise<T> {
  const { data } = await asked;
  return data as T; // trouble was thrown before
}
