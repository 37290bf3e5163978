// What can be done with an alert: pure.
import type { Alert, Status } from "./alert";

export type Verb = "acknowledge" | "resolve" | "escalate" | "snooze";

/** On a card, for one thumb. */
export const FIRST_VERBS: readonly Verb[] = ["acknowledge", "resolve"];
export const ALL_VERBS: readonly Verb[] = ["acknowledge", "escalate", "snooze", "resolve"];

/** Of the server's answer: when that was, or until when it holds. */
export function secondOf(verb: Verb, alert: Alert): string | undefined {
  const seconds: Record<Verb, string | undefined> = {
    acknowledge: alert.acknowledged_at, resolve: alert.resolved_at, snooze: alert.snoozed_until, escalate: undefined,
  };
  return seconds[verb];
}

/** Is it offered? What a role, a team or somebody quicker stands against the server says. */
export function isOffered(verb: Verb, status: Status, can: (permit: string) => boolean): boolean {
  const isOver = status === "resolved";
  const isPaging = status === "open" || status === "acknowledged";
  switch (verb) {
    case "acknowledge": return can("alert.respond") && status === "open";
    case "resolve": return can("alert.respond") && !isOver;
    case "escalate": return can("alert.page") && isPaging;
    case "snooze": return can("alert.respond") && isPaging;
  }
}

/** Is there nothing left to do for this verb? */
export function isDone(verb: Verb, status: Status): boolean {
  return verb === "acknowledge" ? status !== "open" : status === "resolved";
}
