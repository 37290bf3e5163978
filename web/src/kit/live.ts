// Hears of what happens, and asks again for what it touched. EventSource comes back by itself; between events the
// server is asked whether it is there, for a stream that ended without a word looks like a quiet night.
import type { QueryClient } from "@tanstack/react-query";
import { madeContact, setFollowing } from "./contact";
import { endedAfter } from "./patience";
import { at } from "./root";
import { touchedBy } from "./touched";

const LOOK_MS = 4000;
const LOOK_PATIENCE_MS = 4000;
const GATHER_MS = 300;
const AGAIN_MS = 5000;

/** A storm of events is one question, not a thousand. */
function gatherer(queries: QueryClient): (roots: readonly string[]) => void {
  const waiting = new Set<string>();
  let timer: ReturnType<typeof setTimeout> | undefined;
  return (roots) => {
    roots.forEach((root) => waiting.add(root));
    timer ??= setTimeout(() => {
      timer = undefined;
      const touched = [...waiting];
      waiting.clear();
      touched.forEach((root) => void queries.invalidateQueries(root === "*" ? {} : { queryKey: [root] }));
    }, GATHER_MS);
  };
}

async function look(): Promise<void> {
  try {
    const answer = await fetch(at("healthz"), { cache: "no-store", signal: endedAfter(LOOK_PATIENCE_MS) });
    if (answer.ok) {
      madeContact(Date.now());
    }
  } catch {
    // Silence is what the clock shows.
  }
}

/** Of a page that nobody looks at nobody asks how old it is. */
function lookIfSeen(): void {
  if (document.visibilityState === "visible") {
    void look();
  }
}

function kindOf(data: unknown): { subject: string; kind: string } | undefined {
  try {
    const event = JSON.parse(String(data)) as { subject?: unknown; kind?: unknown };
    return { subject: String(event.subject ?? ""), kind: String(event.kind ?? "") };
  } catch {
    return undefined;
  }
}

/** Follows until the function that it answers is called. */
export function follow(queries: QueryClient): () => void {
  const touch = gatherer(queries);
  let source: EventSource | undefined;
  let again: ReturnType<typeof setTimeout> | undefined;
  let hasBeenOpen = false;

  const begin = (): void => {
    source = new EventSource(at("api/v1/stream"), { withCredentials: true });
    source.addEventListener("open", () => {
      madeContact(Date.now());
      setFollowing(true);
      if (hasBeenOpen) { // what happened meanwhile nobody told us
        touch(["*"]);
      }
      hasBeenOpen = true;
    });
    source.addEventListener("message", ({ data }: MessageEvent<unknown>) => {
      madeContact(Date.now());
      const event = kindOf(data);
      if (event !== undefined) {
        touch(touchedBy(event.subject, event.kind));
      }
    });
    source.addEventListener("error", () => {
      setFollowing(false);
      if (source?.readyState === EventSource.CLOSED) { // refused: it gives up, we do not
        again = setTimeout(begin, AGAIN_MS);
      }
    });
  };

  begin();
  const looking = setInterval(lookIfSeen, LOOK_MS);
  document.addEventListener("visibilitychange", lookIfSeen);
  return () => {
    source?.close();
    clearTimeout(again);
    clearInterval(looking);
    document.removeEventListener("visibilitychange", lookIfSeen);
    setFollowing(false);
  };
}
