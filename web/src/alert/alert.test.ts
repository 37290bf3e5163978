import { describe, expect, test } from "vitest";
import { type Alert, isMeant, isSnoozed, pilesOf } from "./alert";
import { withAlert } from "./put";
import { readSearch } from "./search";

function alert(more: Partial<Alert>): Alert {
  return { id: "1", status: "open", severity: "error", urgency: "high", service: "checkout", summary: "Cards are refused",
    integration: "app", count: 1, first_at: "2026-11-30T10:00:00Z", last_at: "2026-11-30T10:00:00Z", ...more } as Alert;
}

test("the worst stands first, of equals what has waited longest; by its sender's clock", () => {
  const { open, taken } = pilesOf([
    alert({ id: "late" }), alert({ id: "sender", started_at: "2026-11-30T08:00:00Z" }),
    alert({ id: "info", severity: "info", first_at: "2026-11-29T10:00:00Z" }), alert({ id: "critical", severity: "critical" }),
    alert({ id: "taken", status: "acknowledged" }), alert({ id: "over", status: "resolved" })]);
  expect(open.map(({ id }) => id)).toEqual(["critical", "sender", "late", "info"]);
  expect(taken.map(({ id }) => id)).toEqual(["taken"]);
});

test("snoozed is what is acknowledged until later", () => {
  const now = Date.parse("2026-11-30T10:00:00Z");
  const until = { snoozed_until: "2026-11-30T11:00:00Z" };
  expect(isSnoozed(alert({ status: "acknowledged", ...until }), now)).toBe(true);
  expect(isSnoozed(alert({ status: "acknowledged", ...until }), now + 7_200_000)).toBe(false);
  expect(isSnoozed(alert({ status: "open", ...until }), now)).toBe(false);
});

describe("isMeant", () => {
  test.each([["", true], ["  ", true], ["cards", true], ["REFUSED check", true], ["refused search", false], ["node-7", true]])("%j", (words, is) => {
    expect(isMeant(alert({ source: "node-7" }), words)).toBe(is);
  });
});

test("what an address holds is believed only where it is ours", () => {
  expect(readSearch({ status: "resolved", severity: "critical", service: "checkout", words: "x" }))
    .toEqual({ status: "resolved", severity: "critical", service: "checkout", words: "x" });
  expect(readSearch({ status: "x", severity: 7, service: "", words: ["a"], more: 1 })).toEqual({});
});

test("an answer takes the place of what was read before, and of nothing else", () => {
  const list = { items: [alert({ id: "1" }), alert({ id: "2" })], next_cursor: "x" };
  const changed = withAlert(list, alert({ id: "2", status: "acknowledged" }));
  expect(changed.items.map(({ status }) => status)).toEqual(["open", "acknowledged"]);
  expect(changed.next_cursor).toBe("x");
  expect(withAlert(list, alert({ id: "3" })).items).toEqual(list.items);
});
