import { MutationCache, QueryCache, QueryClient } from "@tanstack/react-query";
import { asTrouble, type Trouble } from "./trouble";

const TRIES = 3;
const WAIT_MS = 1000;
const WAIT_MOST_MS = 10_000;
const FRESH_MS = 30_000;

/** Again only where that can help: a refusal stays one. */
export function shouldRetry(failures: number, error: unknown): boolean {
  const { kind } = asTrouble(error);
  return failures < TRIES && (kind === "no-answer" || kind === "busy" || kind === "broken");
}

/** As the server asks, else twice as long each time. */
export function retryWait(failures: number, error: unknown): number {
  return Math.min(asTrouble(error).waitMs ?? WAIT_MS * 2 ** failures, WAIT_MOST_MS);
}

export function createQueries(signedOut: () => void): QueryClient {
  const look = (trouble: Trouble): void => {
    if (trouble.kind === "signed-out") {
      signedOut();
    }
  };
  return new QueryClient({
    queryCache: new QueryCache({ onError: (error) => look(asTrouble(error)) }),
    mutationCache: new MutationCache({ onError: (error) => look(asTrouble(error)) }),
    defaultOptions: {
      // Whether there is a network the server's answer says, not the browser.
      queries: { networkMode: "always", retry: shouldRetry, retryDelay: retryWait, staleTime: FRESH_MS, refetchOnReconnect: "always" },
      // A person presses again when it did not work: nothing is sent behind their back.
      mutations: { networkMode: "always", retry: false },
    },
  });
}
