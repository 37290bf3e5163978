import { describe, expect, test } from "vitest";
import { retryWait, shouldRetry } from "./queries";
import { asTrouble, kindOf, Trouble, troubleOf } from "./trouble";

const trouble = (status: number, waitMs?: number): Trouble =>
  new Trouble(kindOf(status), status, "", undefined, undefined, waitMs);

describe("kindOf", () => {
  test.each([[400, "refused"], [401, "signed-out"], [403, "forbidden"], [404, "missing"], [409, "refused"], [410, "missing"],
    [422, "refused"], [429, "busy"], [500, "broken"], [502, "broken"], [503, "busy"]])("%d", (status, kind) => {
    expect(kindOf(status)).toBe(kind);
  });
});

test("a problem is read with its field, its number and its wait", async () => {
  const body = JSON.stringify({ title: "x", status: 422, detail: "Say who.", field: "user", request_id: "r-1" });
  const found = await troubleOf(new Response(body, { status: 422, headers: { "Retry-After": "5" } }));
  expect(found).toMatchObject({ kind: "refused", detail: "Say who.", field: "user", requestId: "r-1", waitMs: 5000 });
});

test.each(["<html>", "", "null", "[]", "{\"detail\": 7}"])("of %j only the status is known", async (body) => {
  const found = await troubleOf(new Response(body, { status: 502, headers: { "X-Request-Id": "r-2" } }));
  expect(found).toMatchObject({ kind: "broken", detail: "", requestId: "r-2", waitMs: undefined });
});

test("what is no trouble of ours is no answer", () => {
  expect(asTrouble(new TypeError("Failed to fetch")).kind).toBe("no-answer");
  expect(asTrouble(undefined).kind).toBe("no-answer");
});

describe("shouldRetry", () => {
  test.each([["no answer", new TypeError("x"), 0, true], ["busy", trouble(503), 2, true], ["often enough", trouble(503), 3, false],
    ["refused", trouble(422), 0, false], ["signed out", trouble(401), 0, false], ["missing", trouble(404), 0, false],
    ["broken", trouble(500), 0, true]])("%s", (_name, error, failures, isRetried) => {
    expect(shouldRetry(failures, error)).toBe(isRetried);
  });
});

test("it waits as the server asks, else twice as long each time, and never for long", () => {
  expect(retryWait(0, trouble(503, 2500))).toBe(2500);
  expect([0, 1, 2, 9].map((failures) => retryWait(failures, trouble(500)))).toEqual([1000, 2000, 4000, 10_000]);
  expect(retryWait(0, trouble(503, 3_600_000))).toBe(10_000);
});
