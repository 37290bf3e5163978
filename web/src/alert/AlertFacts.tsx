import { useTranslation } from "react-i18next";
import { Since } from "~/kit/Since";
import { type Alert, sinceOf } from "./alert";
import classes from "./alert.module.css";
import { TakenBy } from "./TakenBy";

interface Props {
  alert: Alert;
}

/** One line: where, since when, how often, and who has it. */
export function AlertFacts({ alert }: Props) {
  const { t } = useTranslation();
  return (
    <p className={classes["facts"]}>
      <b>{alert.service}</b>
      {alert.source !== undefined && <span>{alert.source}</span>}
      <Since at={sinceOf(alert)} />
      {alert.count > 1 && <span>{t("alert.times", { count: alert.count })}</span>}
      {alert.silenced_by !== undefined && <span>{t("alert.silenced", { silence: alert.silenced_by })}</span>}
      <TakenBy alert={alert} />
    </p>
  );
}
