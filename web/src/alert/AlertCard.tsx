import { Link } from "@tanstack/react-router";
import { ActBar } from "./ActBar";
import type { Alert } from "./alert";
import { AlertFacts } from "./AlertFacts";
import classes from "./alert.module.css";
import { SeverityBadge } from "./SeverityBadge";
import { useActs } from "./useActs";
import { FIRST_VERBS } from "./verbs";

interface Props {
  alert: Alert;
}

/** An alert to be acted on with one thumb. */
export function AlertCard({ alert }: Props) {
  const acts = useActs(alert.id);
  return (
    <li className={classes["card"]} data-severity={alert.severity} data-status={alert.status}>
      <div className={classes["head"]}>
        <SeverityBadge severity={alert.severity} />
        <Link to="/alerts/$id" params={{ id: alert.id }} className={classes["summary"]}>{alert.summary}</Link>
      </div>
      <AlertFacts alert={alert} />
      <ActBar alert={alert} acts={acts} verbs={FIRST_VERBS} />
    </li>
  );
}
