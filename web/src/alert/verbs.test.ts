import { describe, expect, test } from "vitest";
import type { Alert, Status } from "./alert";
import { ALL_VERBS, isDone, isOffered, secondOf } from "./verbs";

const everything = (): boolean => true;

describe("what is offered", () => {
  test.each<[Status, string[]]>([
    ["open", ["acknowledge", "escalate", "snooze", "resolve"]], ["acknowledged", ["escalate", "snooze", "resolve"]],
    ["suppressed", ["resolve"]], ["resolved", []],
  ])("of an alert that is %s", (status, verbs) => {
    expect(ALL_VERBS.filter((verb) => isOffered(verb, status, everything))).toEqual(verbs);
  });
  test("only to who holds the permit", () => {
    expect(ALL_VERBS.filter((verb) => isOffered(verb, "open", () => false))).toEqual([]);
    expect(ALL_VERBS.filter((verb) => isOffered(verb, "open", (permit) => permit === "alert.page"))).toEqual(["escalate"]);
  });
});

test("a failure is none when the alert tells that it was done", () => {
  expect([isDone("acknowledge", "open"), isDone("acknowledge", "acknowledged"), isDone("acknowledge", "resolved")]).toEqual([false, true, true]);
  expect([isDone("resolve", "acknowledged"), isDone("resolve", "resolved"), isDone("snooze", "acknowledged")]).toEqual([false, true, false]);
});

test("the second is the server's", () => {
  const alert = { acknowledged_at: "a", resolved_at: "r", snoozed_until: "s" } as Alert;
  expect(ALL_VERBS.map((verb) => secondOf(verb, alert))).toEqual(["a", undefined, "s", "r"]);
});
