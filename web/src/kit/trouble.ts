// Why a request did not do what it should: the server's problem (RFC 9457), or no answer at all.

export interface Problem {
  title: string;
  status: number;
  detail: string;
  field?: string;
  request_id?: string;
}

export type TroubleKind = "refused" | "signed-out" | "forbidden" | "missing" | "busy" | "broken" | "no-answer";

export class Trouble extends Error {
  override readonly name = "Trouble";

  constructor(
    readonly kind: TroubleKind,
    readonly status: number,
    /** The server's own words, with the remedy in them; empty: it said nothing. */
    readonly detail: string,
    readonly field: string | undefined,
    readonly requestId: string | undefined,
    /** In so many milliseconds it may be tried again, as the server says. */
    readonly waitMs: number | undefined,
  ) {
    super(detail === "" ? kind : detail);
  }
}

export function kindOf(status: number): TroubleKind {
  switch (status) {
    case 401: return "signed-out";
    case 403: return "forbidden";
    case 404:
    case 410: return "missing";
    case 429:
    case 503: return "busy";
    default: return status >= 500 ? "broken" : "refused";
  }
}

function isProblem(body: unknown): body is Problem {
  return typeof body === "object" && body !== null && "detail" in body && typeof body.detail === "string";
}

/** Of Retry-After in seconds. */
function waitOf(header: string | null): number | undefined {
  const seconds = Number(header ?? "x");
  return Number.isFinite(seconds) && seconds >= 0 ? seconds * 1000 : undefined;
}

export async function troubleOf(response: Response): Promise<Trouble> {
  const body: unknown = await response.json().catch(() => null);
  const problem = isProblem(body) ? body : undefined;
  return new Trouble(kindOf(response.status), response.status, problem?.detail ?? "", problem?.field,
    problem?.request_id ?? response.headers.get("X-Request-Id") ?? undefined, waitOf(response.headers.get("Retry-After")));
}

/** Whatever was thrown, as trouble: what is none of ours never reached a server that answers. */
export function asTrouble(error: unknown): Trouble {
  return error instanceof Trouble ? error : new Trouble("no-answer", 0, "", undefined, undefined, undefined);
}
