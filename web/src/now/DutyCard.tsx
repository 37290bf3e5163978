import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { Instant } from "~/kit/Instant";
import { useReader } from "~/kit/reader";
import { TroubleNote } from "~/kit/TroubleNote";
import { useNames } from "~/people/useNames";
import { onCallQuery } from "./duty";
import classes from "./now.module.css";

interface Props {
  schedule: string;
}

/** Who has this schedule now, and until when. */
export function DutyCard({ schedule }: Props) {
  const { t } = useTranslation();
  const { login } = useReader();
  const name = useNames();
  const { data, error, refetch } = useQuery(onCallQuery(schedule));
  if (data === undefined && error !== null) {
    return <li><TroubleNote title={t("now.duty_not_known", { schedule })} error={error} again={() => void refetch()} /></li>;
  }
  return (
    <li className={classes["duty"]}>
      <h3>{schedule}</h3>
      {data?.on_call.length === 0 && <p className={classes["nobody"]}>{t("now.nobody")}</p>}
      {data?.on_call.map(({ user = "", until }) => (
        <p key={user} className={user === login ? classes["mine"] : undefined}>
          {user === login ? t("now.you") : name(`user:${user}`)}{" "}
          {until !== undefined && <small>{t("now.until")} <Instant at={until} isPlanned /></small>}
        </p>
      ))}
    </li>
  );
}
