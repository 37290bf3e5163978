import { describe, expect, test } from "vitest";
import { clockText, everyZone, spanText } from "./time";

const at = new Date("2026-11-30T23:30:05Z");

describe("clockText", () => {
  test.each([
    ["the same day there", "Europe/London", "2026-11-30T08:00:00Z", false, "23:30:05"],
    ["another day there, the same in UTC", "Europe/Paris", "2026-11-30T08:00:00Z", false, "1 Dec, 00:30:05"],
    ["planned", "Europe/London", "2026-11-30T08:00:00Z", true, "23:30"],
    ["a year later", "Europe/London", "2027-11-30T08:00:00Z", true, "30 Nov, 23:30"],
  ])("%s", (_name, zone, now, isPlanned, text) => {
    expect(clockText(at, new Date(now), "en-GB", zone, isPlanned)).toBe(text);
  });
});

test("everyZone names each zone once, and UTC", () => {
  const lines = everyZone(at, "en-GB", ["Asia/Jakarta", "Asia/Jakarta"]).split("\n");
  expect(lines).toHaveLength(2);
  expect(lines[0]).toMatch(/06:30:05.*\(Asia\/Jakarta\)$/);
  expect(lines[1]).toMatch(/23:30:05.*\(UTC\)$/);
});

describe("spanText", () => {
  test.each([
    [-5, "0 sec"], [0, "0 sec"], [59_999, "59 sec"], [60_000, "1 min"], [3_599_999, "59 min"], [3_600_000, "1 hr"],
    [3_900_000, "1 hr 5 min"], [86_399_999, "23 hr 59 min"], [86_400_000, "1 day"], [2 * 86_400_000 + 7 * 3_600_000, "2 days 7 hr"],
  ])("%d ms", (ms, text) => {
    expect(spanText(ms, "en-US")).toBe(text);
  });
});
