import { describe, expect, test } from "vitest";
import { madeContact, readContact, stateOf } from "./contact";

describe("stateOf", () => {
  test.each([
    ["nothing was said yet", { lastAt: 0, isFollowing: false }, 99_999, "waiting"],
    ["we follow", { lastAt: 1000, isFollowing: true }, 10_999, "live"],
    ["it answers, but the stream is away", { lastAt: 1000, isFollowing: false }, 5000, "late"],
    ["ten seconds of silence", { lastAt: 1000, isFollowing: true }, 11_000, "lost"],
    ["a clock that went back", { lastAt: 20_000, isFollowing: true }, 1000, "live"],
  ] as const)("%s", (_name, contact, now, state) => {
    expect(stateOf(contact, now)).toBe(state);
  });
});

test("a late answer does not make the last contact older", () => {
  madeContact(5000);
  madeContact(3000);
  expect(readContact().lastAt).toBe(5000);
});
