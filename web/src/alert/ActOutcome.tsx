import { useTranslation } from "react-i18next";
import { Icon } from "~/kit/Icon";
import { Instant } from "~/kit/Instant";
import { TroubleNote } from "~/kit/TroubleNote";
import classes from "./alert.module.css";
import type { Act } from "./useAct";

interface Props {
  act: Act;
}

/** The server's word on it: the tick with its second, or what to do now. */
export function ActOutcome({ act }: Props) {
  const { t } = useTranslation();
  const at = act.verb === "acknowledge" ? act.done?.acknowledged_at : act.done?.resolved_at;
  if (act.trouble !== undefined) {
    return <TroubleNote title={t(`alert.${act.verb}_failed`)} error={act.trouble} again={act.send} />;
  }
  return at === undefined ? null : (
    <p className={classes["done"]} role="status">
      <Icon name="check" size={18} /> {t(`alert.${act.verb}_done`)} <Instant at={at} />
    </p>
  );
}
