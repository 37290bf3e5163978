import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { Empty } from "~/kit/Empty";
import { Loading } from "~/kit/Loading";
import { TroubleNote } from "~/kit/TroubleNote";
import { schedulesQuery } from "./duty";
import { DutyCard } from "./DutyCard";
import classes from "./now.module.css";

/** Who is on call, in every schedule. */
export function Duty() {
  const { t } = useTranslation();
  const { data, error, refetch } = useQuery(schedulesQuery);
  return (
    <section aria-labelledby="duty">
      <h2 id="duty">{t("now.on_call")}</h2>
      {data === undefined && error === null && <Loading rows={2} height={76} />}
      {data === undefined && error !== null && <TroubleNote title={t("now.schedules_not_known")} error={error} again={() => void refetch()} />}
      {data?.items.length === 0 && <Empty icon="calendar" title={t("now.no_schedule")}>{t("now.no_schedule_text")}</Empty>}
      {data !== undefined && data.items.length > 0 && (
        <ul className={classes["duties"]}>{data.items.map(({ name }) => <DutyCard key={name} schedule={name} />)}</ul>
      )}
    </section>
  );
}
