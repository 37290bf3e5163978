import { useTranslation } from "react-i18next";
import { chooseLanguage, LANGUAGE_NAMES, LANGUAGES, type Language } from "~/kit/languages";
import classes from "./shell.module.css";

export function LanguageSwitch() {
  const { t, i18n } = useTranslation();
  return (
    <select className={classes["pick"]} aria-label={t("shell.language")} value={i18n.language}
      onChange={(event) => void chooseLanguage(event.currentTarget.value as Language)}>
      {LANGUAGES.map((language) => (
        <option key={language} value={language} lang={language}>{LANGUAGE_NAMES[language]}</option>
      ))}
    </select>
  );
}
