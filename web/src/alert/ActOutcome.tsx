import { useTranslation } from "react-i18next";
import { Icon } from "~/kit/Icon";
import { Instant } from "~/kit/Instant";
import { TroubleNote } from "~/kit/TroubleNote";
import classes from "./alert.module.css";
import type { Status } from "./alert";
import { isDone, type Act } from "./useAct";

interface Props {
  act: Act;
  /** Of the alert, as it was read last. */
  status: Status;
}

/** The server's word on it: the tick with its second, or what to do now. */
export function ActOutcome({ act, status }: Props) {
  const { t } = useTranslation();
  const at = act.verb === "acknowledge" ? act.done?.acknowledged_at : act.done?.resolved_at;
  // Of a lost answer the alert itself tells later; then there is nothing to try again.
  if (act.trouble !== undefined && isDone(act.verb, status)) {
    return null;
  }
  if (act.trouble !== undefined) {
    return <TroubleNote title={t(`alert.${act.verb}_failed`)} error={act.trouble} again={act.send} />;
  }
  return at === undefined ? null : (
    <p className={classes["done"]} role="status">
      <Icon name="check" size={18} /> {t(`alert.${act.verb}_done`)} <Instant at={at} />
    </p>
  );
}
