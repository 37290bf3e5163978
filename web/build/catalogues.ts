// The texts of the interface, one module a language: import("virtual:texts/fr").
// Each noun's own (src/NOUN/lang), and of those that the server says, too, the ones that the interface shows.
import fs from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import type { Plugin } from "vite";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const PREFIX = "virtual:texts/";
/** Keys of the server's catalogues that pages show: by their beginning. */
export const SHARED = ["event.", "severity."];
export const LANGUAGES = ["en", "ko", "id", "zh-TW", "fr"] as const;

type Text = string | { one?: string; other: string };
export type Catalogue = Record<string, Text>;

function read(file: string): Catalogue {
  return JSON.parse(fs.readFileSync(file, "utf8")) as Catalogue;
}

function foldersWithTexts(parent: string, language: string): string[] {
  return fs.readdirSync(parent)
    .map((name) => path.join(parent, name, "lang", `${language}.json`))
    .filter((file) => fs.existsSync(file));
}

/** The files that the server's texts are in. */
export function serverFiles(language: string): string[] {
  return [path.join(ROOT, "lang", `${language}.json`), ...foldersWithTexts(path.join(ROOT, "src"), language)];
}

/** The files of the interface alone. */
export function ownFiles(language: string): string[] {
  return foldersWithTexts(path.join(ROOT, "web", "src"), language);
}

export function ownTexts(language: string): Catalogue {
  return Object.assign({}, ...ownFiles(language).map(read)) as Catalogue;
}

export function sharedTexts(language: string): Catalogue {
  const all = Object.assign({}, ...serverFiles(language).map(read)) as Catalogue;
  return Object.fromEntries(Object.entries(all).filter(([key]) => SHARED.some((prefix) => key.startsWith(prefix))));
}

/** As i18next has plurals: KEY_one, KEY_other; KEY alone for a form that a catalogue need not have. */
export function forI18next(catalogue: Catalogue): Record<string, string> {
  const texts: Record<string, string> = {};
  for (const [key, text] of Object.entries(catalogue)) {
    if (typeof text === "string") {
      texts[key] = text;
    } else {
      texts[key] = text.other;
      texts[`${key}_other`] = text.other;
      if (text.one !== undefined) {
        texts[`${key}_one`] = text.one;
      }
    }
  }
  return texts;
}

export function catalogues(): Plugin {
  return {
    name: "tocsin-catalogues",
    resolveId: (id) => (id.startsWith(PREFIX) ? `\0${id}` : null),
    load(id) {
      if (!id.startsWith(`\0${PREFIX}`)) {
        return null;
      }
      const language = id.slice(PREFIX.length + 1);
      for (const file of [...serverFiles(language), ...ownFiles(language)]) {
        this.addWatchFile(file);
      }
      const texts = forI18next({ ...sharedTexts(language), ...ownTexts(language) });
      return `export default JSON.parse(${JSON.stringify(JSON.stringify(texts))});`;
    },
  };
}
