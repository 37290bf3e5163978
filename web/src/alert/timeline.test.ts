import { describe, expect, test } from "vitest";
import { type Decision, reasonsOf, type Say, toneOf, valuesOf } from "./timeline";

const say: Say = { name: (principal) => `<${principal}>`, instant: (at) => `at ${at}`, severity: (severity) => `!${severity}` };

function decision(kind: string, data: Record<string, unknown> | null): Decision {
  return { seq: "1", at: "2026-11-30T10:00:00Z", actor: "tocsin", kind, data } as Decision;
}

test("people, instants and severities are said in the reader's words, the rest as it is", () => {
  const values = valuesOf(decision("alert.triggered", { who: "ana", severity: "critical", until: "2026-11-30T10:00:00Z",
    summary: "{actor} <b>", step: 2, again: true, links: [1], nothing: null }), say);
  expect(values).toEqual({ who: "<ana>", severity: "!critical", until: "at 2026-11-30T10:00:00Z", summary: "{actor} <b>",
    step: "2", again: "true", links: "", nothing: "", actor: "<tocsin>" });
  expect(valuesOf(decision("node.left", null), say)).toEqual({ actor: "<tocsin>" });
});

describe("why just this person", () => {
  test.each([
    ["a shift", { via: "schedule", through: "primary", layer: "weekly", step: 1 }, ["why.layer", "why.step"]],
    ["an override", { via: "schedule", through: "primary", override: "swap" }, ["why.schedule", "why.override"]],
    ["a team", { via: "team", through: "payments" }, ["why.team"]],
    ["by name", { via: "user", step: 2 }, ["why.named", "why.step"]],
    ["asked for", { via: "user", asked_by: "user:budi", note: "you know it" }, ["why.asked", "why.note"]],
    ["the last resort", { via: "user", last_resort: true }, ["why.last_resort"]],
    ["whoever can be reached", { via: "anybody" }, ["why.anybody"]],
  ])("%s", (_name, data, keys) => {
    expect(reasonsOf(decision("page.started", data), say).map(({ key }) => key)).toEqual(keys);
  });
  test("only of who is paged", () => {
    expect(reasonsOf(decision("alert.acknowledged", { note: "x" }), say)).toEqual([]);
  });
});

test.each([["alert.acknowledged", "good"], ["delivery.refused", "bad"], ["page.started", "paged"], ["page.unreachable", "bad"], ["alert.triggered", "plain"]])("%s is %s", (kind, tone) => {
  expect(toneOf(decision(kind, null))).toBe(tone);
});
