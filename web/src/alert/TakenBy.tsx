import { useTranslation } from "react-i18next";
import { Instant } from "~/kit/Instant";
import { useNow } from "~/kit/useNow";
import { useNames } from "~/people/useNames";
import { type Alert, isSnoozed } from "./alert";
import classes from "./alert.module.css";

interface Props {
  alert: Alert;
}

/** Who took it, and when; or who put it to sleep, and until when; or who closed it. */
export function TakenBy({ alert }: Props) {
  const { t } = useTranslation();
  const name = useNames();
  const now = useNow();
  if (alert.status === "resolved" && alert.resolved_at !== undefined) {
    return <span className={classes["taken"]}>{t("alert.resolved_by", { who: name(alert.resolved_by ?? "") })} <Instant at={alert.resolved_at} /></span>;
  }
  if (alert.status !== "acknowledged" || alert.acknowledged_at === undefined) {
    return null;
  }
  const who = name(alert.acknowledged_by ?? "");
  return isSnoozed(alert, now) && alert.snoozed_until !== undefined
    ? <span className={classes["taken"]}>{t("alert.snoozed_by", { who })} <Instant at={alert.snoozed_until} isPlanned /></span>
    : <span className={classes["taken"]}>{t("alert.taken_by", { who })} <Instant at={alert.acknowledged_at} /></span>;
}
