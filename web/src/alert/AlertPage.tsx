import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { Icon } from "~/kit/Icon";
import { useKeys } from "~/kit/keys";
import { Loading } from "~/kit/Loading";
import { TroubleNote } from "~/kit/TroubleNote";
import { useReader } from "~/kit/reader";
import { useTitle } from "~/kit/useTitle";
import { AlertDetail } from "./AlertDetail";
import classes from "./alert.module.css";
import { explanationQuery } from "./queries";
import { alertRoute } from "./room";
import { Timeline } from "./Timeline";
import { press, useActs } from "./useActs";
import type { Verb } from "./verbs";

/** One alert, with all that was decided about it. */
export function AlertPage() {
  const { t } = useTranslation();
  const { can } = useReader();
  const { id } = alertRoute.useParams();
  const { data, error, refetch } = useQuery(explanationQuery(id));
  const acts = useActs(id);
  const status = data?.alert.status;
  useTitle(data?.alert.summary ?? t("alerts.title"));
  const handle = (verb: Verb): void => {
    if (status !== undefined) {
      press(acts, verb, status, can);
    }
  };
  useKeys({ a: () => handle("acknowledge"), r: () => handle("resolve"), e: () => handle("escalate"), s: () => handle("snooze") });
  return (
    <>
      <Link to="/alerts" className={classes["back"]}><Icon name="back" /> {t("alerts.title")}</Link>
      {error !== null && <TroubleNote title={t("alert.not_known")} error={error} again={() => void refetch()} />}
      {data === undefined && error === null && <Loading rows={2} height={220} />}
      {data !== undefined && (
        <div className={classes["detail"]}>
          <AlertDetail explanation={data} acts={acts} />
          <Timeline decisions={data.decisions} />
        </div>
      )}
    </>
  );
}
