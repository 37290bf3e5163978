import { type Ref, useImperativeHandle } from "react";
import { useTranslation } from "react-i18next";
import { ActButton } from "./ActButton";
import { ActOutcome } from "./ActOutcome";
import type { Alert } from "./alert";
import classes from "./alert.module.css";
import { useAct } from "./useAct";

/** What the keyboard may do with it. */
export interface Hands {
  acknowledge: () => void;
  resolve: () => void;
}

interface Props {
  alert: Alert;
  ref: Ref<Hands>;
}

/** What can be done with the alert that was chosen by key, and what became of it. */
export function SelectedActs({ alert, ref }: Props) {
  const { t } = useTranslation();
  const acknowledge = useAct("acknowledge", alert.id);
  const resolve = useAct("resolve", alert.id);
  const isOpen = alert.status === "open";
  const isOver = alert.status === "resolved";
  useImperativeHandle(ref, () => ({
    acknowledge: () => { if (isOpen && !acknowledge.isSending) { acknowledge.send(); } },
    resolve: () => { if (!isOver && !resolve.isSending) { resolve.send(); } },
  }));
  return (
    <section className={classes["chosen"]} aria-label={t("alerts.chosen", { summary: alert.summary })}>
      <b>{alert.summary}</b>
      <div className={classes["acts"]}>
        {isOpen && <ActButton act={acknowledge} variant="filled" />}
        {!isOver && <ActButton act={resolve} variant="default" />}
      </div>
      <ActOutcome act={acknowledge} status={alert.status} />
      <ActOutcome act={resolve} status={alert.status} />
    </section>
  );
}
