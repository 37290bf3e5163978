import { Link } from "@tanstack/react-router";
import { useReader } from "~/kit/reader";
import { ActButton } from "./ActButton";
import { ActOutcome } from "./ActOutcome";
import type { Alert } from "./alert";
import { AlertFacts } from "./AlertFacts";
import classes from "./alert.module.css";
import { SeverityBadge } from "./SeverityBadge";
import { useAct } from "./useAct";

interface Props {
  alert: Alert;
}

/** An alert to be acted on with one thumb. */
export function AlertCard({ alert }: Props) {
  const { can } = useReader();
  const acknowledge = useAct("acknowledge", alert.id);
  const resolve = useAct("resolve", alert.id);
  const mayAct = can("alert.respond");
  return (
    <li className={classes["card"]} data-severity={alert.severity} data-status={alert.status}>
      <div className={classes["head"]}>
        <SeverityBadge severity={alert.severity} />
        <Link to="/alerts/$id" params={{ id: alert.id }} className={classes["summary"]}>{alert.summary}</Link>
      </div>
      <AlertFacts alert={alert} />
      {mayAct && (
        <div className={classes["acts"]}>
          {alert.status === "open" && <ActButton act={acknowledge} variant="filled" />}
          <ActButton act={resolve} variant="default" />
        </div>
      )}
      <ActOutcome act={acknowledge} status={alert.status} />
      <ActOutcome act={resolve} status={alert.status} />
    </li>
  );
}
