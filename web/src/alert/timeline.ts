// What happened to an alert, in words: pure. The texts are those of the server's own time lines.
import type { components } from "../../gen/api.js";

export type Decision = components["schemas"]["Decision"];
export type Explanation = components["schemas"]["Explanation"];
export type Tone = "good" | "bad" | "paged" | "plain";

export interface Say {
  name: (principal: string) => string;
  instant: (at: string) => string;
  severity: (severity: string) => string;
}

const PRINCIPALS = ["who", "to_who", "asked_by", "by"];
const INSTANT = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d/;

function word(name: string, value: unknown, say: Say): string {
  if (typeof value !== "string") {
    return typeof value === "number" || typeof value === "boolean" ? String(value) : "";
  }
  if (name.startsWith("severity")) {
    return say.severity(value);
  }
  if (INSTANT.test(value)) {
    return say.instant(value);
  }
  return PRINCIPALS.includes(name) ? say.name(value) : value;
}

/** What a text's {placeholders} stand for. */
export function valuesOf({ actor, data }: Decision, say: Say): Record<string, string> {
  const values = Object.entries(data ?? {}).map(([name, value]) => [name, word(name, value, say)]);
  return { ...Object.fromEntries(values), actor: say.name(actor) };
}

export function toneOf({ kind }: Decision): Tone {
  if (["alert.acknowledged", "alert.resolved", "delivery.delivered"].includes(kind)) {
    return "good";
  }
  if (["delivery.refused", "delivery.unknown", "page.unreachable", "escalation.exhausted", "escalation.nobody", "delivery.retry"].includes(kind)) {
    return "bad";
  }
  return kind.startsWith("page.") || kind === "alert.escalated" ? "paged" : "plain";
}

export interface Reason {
  key: string;
  values: Record<string, string>;
}

function textOf(data: Record<string, unknown>, name: string): string | undefined {
  const value = data[name];
  return typeof value === "string" && value !== "" ? value : undefined;
}

/** Why just this person: of a page.started. */
export function reasonsOf({ kind, data }: Decision, say: Say): Reason[] {
  if (kind !== "page.started") {
    return [];
  }
  const facts: Record<string, unknown> = { ...data };
  const reasons: Reason[] = [];
  const add = (key: string, values: Record<string, string>): void => { reasons.push({ key, values }); };
  const through = textOf(facts, "through");
  const layer = textOf(facts, "layer");
  const asker = textOf(facts, "asked_by");
  if (asker !== undefined) {
    add("why.asked", { who: say.name(asker) });
  } else if (facts["last_resort"] === true) {
    add("why.last_resort", {});
  } else if (facts["via"] === "schedule" && through !== undefined) {
    add(layer === undefined ? "why.schedule" : "why.layer", { schedule: through, layer: layer ?? "" });
  } else if (facts["via"] === "team" && through !== undefined) {
    add("why.team", { team: through });
  } else if (facts["via"] === "anybody") {
    add("why.anybody", {});
  } else {
    add("why.named", {});
  }
  if (typeof facts["step"] === "number") {
    add("why.step", { step: String(facts["step"]) });
  }
  const override = textOf(facts, "override");
  if (override !== undefined) {
    add("why.override", { comment: override });
  }
  const note = textOf(facts, "note");
  if (note !== undefined) {
    add("why.note", { note });
  }
  return reasons;
}
