import { useTranslation } from "react-i18next";
import { spanText } from "./time";
import classes from "./kit.module.css";
import { useContact } from "./useContact";

/** Are we connected, and since when not? */
export function ContactSign() {
  const { t, i18n } = useTranslation();
  const { state, silentS } = useContact();
  const span = spanText(silentS * 1000, i18n.language);
  return (
    <span className={classes["contact"]} data-state={state} role={state === "lost" ? "alert" : undefined}>
      {state === "waiting" ? t("contact.waiting") : state === "live" && silentS < 5 ? t("contact.live")
        : t(state === "lost" ? "contact.lost" : "contact.last", { span })}
    </span>
  );
}
