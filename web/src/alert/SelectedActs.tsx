import { type Ref, useImperativeHandle } from "react";
import { useTranslation } from "react-i18next";
import { useReader } from "~/kit/reader";
import { ActBar } from "./ActBar";
import type { Alert } from "./alert";
import classes from "./alert.module.css";
import { press, useActs } from "./useActs";
import { ALL_VERBS, type Verb } from "./verbs";

/** What the keyboard may do with it. */
export interface Hands {
  press: (verb: Verb) => void;
}

interface Props {
  alert: Alert;
  ref: Ref<Hands>;
}

/** What can be done with the alert that was chosen by key, and what became of it. */
export function SelectedActs({ alert, ref }: Props) {
  const { t } = useTranslation();
  const { can } = useReader();
  const acts = useActs(alert.id);
  useImperativeHandle(ref, () => ({ press: (verb) => press(acts, verb, alert.status, can) }));
  return (
    <section className={classes["chosen"]} aria-label={t("alerts.chosen", { summary: alert.summary })}>
      <b>{alert.summary}</b>
      <ActBar alert={alert} acts={acts} verbs={ALL_VERBS} />
    </section>
  );
}
