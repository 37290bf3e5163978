import { expect, test } from "vitest";
import { ownPath, safeNext } from "./way";

test.each([["/alerts?status=open", "/alerts?status=open"], ["/", "/"], ["//evil.example", "/"], ["/\\evil.example", "/"],
  ["https://evil.example", "/"], ["javascript:alert(1)", "/"], ["", "/"], [undefined, "/"], [["/x"], "/"], ["/a b", "/"], ["/a\n", "/"],
  ["/a\\b", "/"]])("%j leads to %s", (next, way) => {
  expect(safeNext(next)).toBe(way);
});

test("a path is told without the server's root", () => {
  expect(ownPath("/alerts/7", "?x=1")).toBe("/alerts/7?x=1");
});
