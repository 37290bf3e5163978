import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { pilesOf } from "~/alert/alert";
import { unresolvedQuery } from "~/alert/queries";
import { Empty } from "~/kit/Empty";
import { Loading } from "~/kit/Loading";
import { TroubleNote } from "~/kit/TroubleNote";
import { useContact } from "~/kit/useContact";
import { useTitle } from "~/kit/useTitle";
import { Duty } from "./Duty";
import { Headline } from "./Headline";
import classes from "./now.module.css";
import { Pile } from "./Pile";

/** What is on fire, who is on call, and what I must do. */
export function NowPage() {
  const { t } = useTranslation();
  const { state } = useContact();
  const { data, error, refetch } = useQuery(unresolvedQuery);
  const { open, taken } = pilesOf(data?.items ?? []);
  useTitle(open.length > 0 ? `(${open.length}) ${t("now.title")}` : t("now.title"));
  return (
    <div className={classes["page"]}>
      <div className={classes["whole"]}>
        {data !== undefined && <Headline open={open.length} taken={taken.length} hasMore={data.next_cursor !== null} />}
        {data === undefined && <h1>{t("now.title")}</h1>}
      </div>
      <div className={classes["alerts"]}>
        {error !== null && <TroubleNote title={t("now.alerts_not_known")} error={error} again={() => void refetch()} />}
        {data === undefined && error === null && <Loading rows={3} height={128} />}
        {data?.items.length === 0 && state !== "lost" && <Empty icon="quiet" title={t("now.quiet_title")}>{t("now.quiet_text")}</Empty>}
        <Pile title={t("now.nobody_has")} alerts={open} />
        <Pile title={t("now.somebody_has")} alerts={taken} />
        {data !== undefined && data.next_cursor !== null && <p><Link to="/alerts">{t("now.more")}</Link></p>}
      </div>
      <Duty />
    </div>
  );
}
