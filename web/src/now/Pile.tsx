import type { Alert } from "~/alert/alert";
import { AlertCard } from "~/alert/AlertCard";
import alertClasses from "~/alert/alert.module.css";

interface Props {
  title: string;
  alerts: readonly Alert[];
}

export function Pile({ title, alerts }: Props) {
  return alerts.length === 0 ? null : (
    <section aria-label={title}>
      <h2>{title} <span>{alerts.length}</span></h2>
      <ul className={alertClasses["list"]}>{alerts.map((alert) => <AlertCard key={alert.id} alert={alert} />)}</ul>
    </section>
  );
}
