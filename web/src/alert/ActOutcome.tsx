import { useTranslation } from "react-i18next";
import { Icon } from "~/kit/Icon";
import { Instant } from "~/kit/Instant";
import { TroubleNote } from "~/kit/TroubleNote";
import classes from "./alert.module.css";
import type { Status } from "./alert";
import type { Act } from "./useAct";
import { isDone, secondOf } from "./verbs";

interface Props {
  act: Act;
  /** Of the alert, as it was read last. */
  status: Status;
}

/** The server's word on it: the tick with its second, or what to do now. */
export function ActOutcome({ act, status }: Props) {
  const { t } = useTranslation();
  // Of a lost answer the alert itself tells later; then there is nothing to try again.
  if (act.trouble !== undefined && isDone(act.verb, status)) {
    return null;
  }
  if (act.trouble !== undefined) {
    return <TroubleNote title={t(`alert.${act.verb}_failed`)} error={act.trouble} again={act.send} />;
  }
  if (act.done === undefined) {
    return null;
  }
  const at = secondOf(act.verb, act.done);
  return (
    <p className={classes["done"]} role="status">
      <Icon name="check" size={18} /> {t(`alert.${act.verb}_done`)} {at !== undefined && <Instant at={at} />}
    </p>
  );
}
