import { useReader } from "~/kit/reader";
import { ActButton } from "./ActButton";
import { ActOutcome } from "./ActOutcome";
import type { Alert } from "./alert";
import classes from "./alert.module.css";
import type { Acts } from "./useActs";
import { isOffered, type Verb } from "./verbs";

interface Props {
  alert: Alert;
  acts: Acts;
  /** Those that have a button here. */
  verbs: readonly Verb[];
}

/** What can be done with an alert, and what became of it. */
export function ActBar({ alert, acts, verbs }: Props) {
  const { can } = useReader();
  const offered = verbs.filter((verb) => isOffered(verb, alert.status, can));
  return (
    <>
      {offered.length > 0 && (
        <div className={classes["acts"]}>
          {offered.map((verb) => <ActButton key={verb} act={acts[verb]} variant={verb === "acknowledge" ? "filled" : "default"} />)}
        </div>
      )}
      {verbs.map((verb) => <ActOutcome key={verb} act={acts[verb]} status={alert.status} />)}
    </>
  );
}
