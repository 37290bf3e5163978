// What of an alert the rooms judge by: pure.
import type { components } from "../../gen/api.js";

export type Alert = components["schemas"]["Alert"];
export type Severity = Alert["severity"];
export type Status = Alert["status"];

export const SEVERITIES: readonly Severity[] = ["critical", "error", "warning", "info"];

/** Since when the trouble is there: by its sender's clock where that said so. */
export function sinceOf(alert: Alert): string {
  return alert.started_at ?? alert.first_at;
}

export function isSnoozed(alert: Alert, now: number): boolean {
  return alert.status === "acknowledged" && alert.snoozed_until !== undefined && Date.parse(alert.snoozed_until) > now;
}

/** The worst first, of equals the oldest: it has waited longest. */
export function worstFirst(one: Alert, other: Alert): number {
  return SEVERITIES.indexOf(one.severity) - SEVERITIES.indexOf(other.severity) ||
    Date.parse(sinceOf(one)) - Date.parse(sinceOf(other));
}

export interface Piles {
  /** Nobody has these. */
  open: Alert[];
  taken: Alert[];
}

export function pilesOf(alerts: readonly Alert[]): Piles {
  const sorted = [...alerts].sort(worstFirst);
  return {
    open: sorted.filter(({ status }) => status === "open"),
    taken: sorted.filter(({ status }) => status === "acknowledged"),
  };
}

/** Does every word stand in what the alert says of itself? */
export function isMeant(alert: Alert, words: string): boolean {
  const text = [alert.summary, alert.service, alert.source, alert.component, alert.group, alert.id].join(" ").toLowerCase();
  return words.toLowerCase().split(/\s+/).every((word) => text.includes(word));
}
