// The list's filters as they stand in the address, so that a link shows what its sender saw.
import { SEVERITIES, type Severity } from "./alert";
import { STATUSES, type StatusFilter } from "./queries";

export interface Search {
  status?: StatusFilter;
  severity?: Severity;
  service?: string;
  words?: string;
}

function text(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}

/** What an address holds is anybody's: what is none of ours is as if it were not there. */
export function readSearch(from: Record<string, unknown>): Search {
  const status = STATUSES.find((one) => one === from["status"]);
  const severity = SEVERITIES.find((one) => one === from["severity"]);
  const service = text(from["service"]);
  const words = text(from["words"]);
  return {
    ...(status === undefined ? {} : { status }), ...(severity === undefined ? {} : { severity }),
    ...(service === undefined ? {} : { service }), ...(words === undefined ? {} : { words }),
  };
}
