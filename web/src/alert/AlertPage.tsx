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
import { useAct } from "./useAct";

/** One alert, with all that was decided about it. */
export function AlertPage() {
  const { t } = useTranslation();
  const { can } = useReader();
  const { id } = alertRoute.useParams();
  const { data, error, refetch } = useQuery(explanationQuery(id));
  const acknowledge = useAct("acknowledge", id);
  const resolve = useAct("resolve", id);
  const status = can("alert.respond") ? data?.alert.status : undefined;
  useTitle(data?.alert.summary ?? t("alerts.title"));
  useKeys({
    a: () => { if (status === "open" && !acknowledge.isSending) { acknowledge.send(); } },
    r: () => { if (status !== undefined && status !== "resolved" && !resolve.isSending) { resolve.send(); } },
  });
  return (
    <>
      <Link to="/alerts" className={classes["back"]}><Icon name="back" /> {t("alerts.title")}</Link>
      {error !== null && <TroubleNote title={t("alert.not_known")} error={error} again={() => void refetch()} />}
      {data === undefined && error === null && <Loading rows={2} height={220} />}
      {data !== undefined && (
        <div className={classes["detail"]}>
          <AlertDetail explanation={data} acknowledge={acknowledge} resolve={resolve} />
          <Timeline decisions={data.decisions} />
        </div>
      )}
    </>
  );
}
