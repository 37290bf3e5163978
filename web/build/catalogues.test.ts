// No text is missing in any language, none has other placeholders, and none is kept that nothing says.
import fs from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { type Catalogue, forI18next, LANGUAGES, ownTexts, SHARED, sharedTexts } from "./catalogues";

const SRC = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "../src");
const sources = fs.readdirSync(SRC, { recursive: true, encoding: "utf8" })
  .filter((name) => /\.tsx?$/.test(name) && !/\.test\.tsx?$/.test(name))
  .map((name) => fs.readFileSync(path.join(SRC, name), "utf8"))
  .join("\n")
  .replaceAll(/can\("[a-z.]+"\)/g, ""); // a permit is no text

const KEY = /["'`]([a-z_]+\.(?:[a-z_-]+|\$\{[^}]+\}(?:_[a-z]+)?))["'`]/g;
const said = [...sources.matchAll(KEY)].map(([, key]) => key ?? "");
const english = ownTexts("en");

/** `alert.${verb}_done` stands for each key of that form. */
function pattern(key: string): RegExp {
  return new RegExp(`^${key.replaceAll(".", "\\.").replace(/\$\{[^}]+\}/, "[a-z_-]+")}$`);
}

function placeholders(catalogue: Catalogue, key: string): string[] {
  const value = catalogue[key] ?? "";
  const text = typeof value === "string" ? value : value.other;
  return [...text.matchAll(/\{\w+\}/g)].map(([name]) => name).sort();
}

test("every key that a page says has a text", () => {
  const shared = Object.keys(sharedTexts("en"));
  // A kind of event has its text under event.KIND.
  const known = [...Object.keys(english), ...shared, ...shared.map((key) => key.replace(/^event\./, ""))];
  const rooms = new Set(Object.keys(english).map((key) => key.split(".", 1)[0]));
  const missing = said.filter((key) => rooms.has(key.split(".", 1)[0]) && !known.some((one) => pattern(key).test(one)));
  expect(missing).toEqual([]);
  expect(said.length).toBeGreaterThan(100);
});

test("every text is said", () => {
  const patterns = said.map(pattern);
  expect(Object.keys(english).filter((key) => !patterns.some((one) => one.test(key)))).toEqual([]);
});

describe.each(LANGUAGES)("%s", (language) => {
  test("has each text, with the same placeholders", () => {
    const own = ownTexts(language);
    expect(Object.keys(own).sort()).toEqual(Object.keys(english).sort());
    for (const key of Object.keys(english)) {
      expect([key, placeholders(own, key)]).toEqual([key, placeholders(english, key)]);
    }
  });
  test("has what the server says, too", () => {
    const shared = sharedTexts(language);
    expect(Object.keys(shared).sort()).toEqual(Object.keys(sharedTexts("en")).sort());
    expect(SHARED.every((prefix) => Object.keys(shared).some((key) => key.startsWith(prefix)))).toBe(true);
  });
  test("no text is empty", () => {
    expect(Object.entries(forI18next(ownTexts(language))).filter(([, text]) => text.trim() === "")).toEqual([]);
  });
});

test("plurals are as i18next has them", () => {
  expect(forI18next({ a: "x", b: { one: "1", other: "n" }, c: { other: "n" } }))
    .toEqual({ a: "x", b: "n", b_one: "1", b_other: "n", c: "n", c_other: "n" });
});
