import { expect, test } from "vitest";
import { nameOf } from "./useNames";

const users = new Map([["ana", "Ana Wijaya"], ["local", "Lo Cal"]]);
const say = (key: string, name: string): string => `${key} ${name}`.trim();

test.each([["user:ana", "Ana Wijaya"], ["ana", "Ana Wijaya"], ["user:gone", "gone"], ["gone", "gone"], ["tocsin", "Tocsin"],
  ["file", "who.file"], ["local", "Lo Cal"], ["channel:ops", "who.channel ops"], ["heartbeat:a:b", "who.heartbeat a:b"],
  ["robot:x", "x"], ["", ""]])("%j is %s", (principal, name) => {
  expect(nameOf(principal, users, say)).toBe(name);
});
