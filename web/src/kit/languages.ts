// In which language? What was chosen here, else the account's, else the browser's.
import i18next, { type i18n, type ResourceLanguage } from "i18next";
import { initReactI18next } from "react-i18next";

export const LANGUAGES = ["en", "ko", "id", "zh-TW", "fr"] as const;
export type Language = (typeof LANGUAGES)[number];

/** Each in its own words: who needs it may read no other. */
export const LANGUAGE_NAMES: Record<Language, string> = {
  en: "English", ko: "한국어", id: "Bahasa Indonesia", "zh-TW": "繁體中文", fr: "Français",
};

const KEPT = "tocsin.language";

// One chunk each, fetched when it is needed.
const TEXTS: Record<Language, () => Promise<{ default: ResourceLanguage }>> = {
  en: () => import("virtual:texts/en"),
  ko: () => import("virtual:texts/ko"),
  id: () => import("virtual:texts/id"),
  "zh-TW": () => import("virtual:texts/zh-TW"),
  fr: () => import("virtual:texts/fr"),
};

/** Which of ours serves a reader of that tag? Any Chinese better than English; "in" is the old tag of "id". */
export function languageOf(tag: string): Language | undefined {
  const family = tag.toLowerCase().split("-", 1)[0] ?? "";
  const families: Record<string, Language> = { en: "en", ko: "ko", id: "id", in: "id", zh: "zh-TW", fr: "fr" };
  return families[family];
}

export function firstOf(tags: readonly (string | null | undefined)[]): Language {
  return tags.map((tag) => languageOf(tag ?? "")).find((language) => language !== undefined) ?? "en";
}

export function keptLanguage(): string | null {
  return localStorage.getItem(KEPT);
}

async function load(instance: i18n, language: Language): Promise<void> {
  if (!instance.hasResourceBundle(language, "translation")) {
    const { default: texts } = await TEXTS[language]();
    instance.addResourceBundle(language, "translation", texts);
  }
}

export async function showLanguage(language: Language): Promise<void> {
  await load(i18next, language);
  await i18next.changeLanguage(language);
  document.documentElement.lang = language;
}

/** Chosen by hand: kept in this browser. */
export function chooseLanguage(language: Language): Promise<void> {
  localStorage.setItem(KEPT, language);
  return showLanguage(language);
}

export async function beginLanguages(): Promise<void> {
  await i18next.use(initReactI18next).init({
    resources: {},
    keySeparator: false,
    nsSeparator: false,
    fallbackLng: false,
    interpolation: { prefix: "{", suffix: "}", escapeValue: false },
    react: { useSuspense: false },
  });
  await showLanguage(firstOf([keptLanguage(), ...navigator.languages]));
}
