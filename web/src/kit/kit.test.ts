import { describe, expect, test } from "vitest";
import { nameOf } from "./keys";
import { firstOf, languageOf } from "./languages";
import { rootOf } from "./root";
import { touchedBy } from "./touched";

describe("rootOf", () => {
  test.each([["https://p.example/assets/main-1.js", "/"], ["https://p.example/tocsin/assets/main-1.js", "/tocsin/"],
    ["https://p.example/a/b/assets/x.js", "/a/b/"], ["http://127.0.0.1:5173/src/kit/root.ts", "/"]])("%s", (module, root) => {
    expect(rootOf(module)).toBe(root);
  });
});

describe("languageOf", () => {
  test.each([["fr-CA", "fr"], ["zh-Hans-CN", "zh-TW"], ["in-ID", "id"], ["KO", "ko"], ["de", undefined], ["", undefined]])("%s", (tag, language) => {
    expect(languageOf(tag)).toBe(language);
  });
  test("the first that is ours", () => {
    expect(firstOf([null, undefined, "de-AT", "fr", "ko"])).toBe("fr");
    expect(firstOf(["de"])).toBe("en");
  });
});

describe("nameOf", () => {
  test.each([["alone", "a", undefined, "a"], ["after g", "a", { key: "g", at: 100 }, "g a"], ["long after g", "a", { key: "g", at: -2000 }, "a"]])("%s", (_name, key, before, name) => {
    expect(nameOf(key, 1000, before)).toBe(name);
  });
});

describe("touchedBy", () => {
  test.each([["alert:7", "delivery.delivered", ["alert"]], ["user:ana", "contact.tested", ["user", "schedule"]],
    ["config", "config.changed", ["*"]], ["stream", "stream.reset", ["*"]], ["node:a", "node.joined", []], ["", "", []]])("%s", (subject, kind, roots) => {
    expect(touchedBy(subject, kind)).toEqual(roots);
  });
});
