import { useTranslation } from "react-i18next";
import { Instant } from "~/kit/Instant";
import { useNames } from "~/people/useNames";
import { ActBar } from "./ActBar";
import { AlertFacts } from "./AlertFacts";
import classes from "./alert.module.css";
import { SeverityBadge } from "./SeverityBadge";
import type { Explanation } from "./timeline";
import type { Acts } from "./useActs";
import { ALL_VERBS } from "./verbs";

interface Props {
  explanation: Explanation;
  acts: Acts;
}

/** What it is, what it says, who was told, who is next, and what can be done. */
export function AlertDetail({ explanation, acts }: Props) {
  const { t } = useTranslation();
  const name = useNames();
  const { alert, message } = explanation;
  const pairs: [string, string | undefined][] = [
    [t("alert.component"), alert.component], [t("alert.integration"), alert.integration],
    [t("alert.at_first"), alert.first_summary], ...Object.entries(message.labels),
  ];
  return (
    <section className={classes["panel"]} data-severity={alert.severity} aria-labelledby="summary">
      <div className={classes["facts"]}>
        <SeverityBadge severity={alert.severity} />
        <span className={classes["status"]} data-status={alert.status}>{t(`status.${alert.status}`)}</span>
        <span>#{alert.id}</span>
      </div>
      <h1 id="summary">{alert.summary}</h1>
      <AlertFacts alert={alert} />
      <ActBar alert={alert} acts={acts} verbs={ALL_VERBS} />
      {message.description !== undefined && <p className={classes["text"]}>{message.description}</p>}
      {message.links !== undefined && message.links.length > 0 && (
        <p className={classes["links"]}>
          {message.links.map(({ href, text }) => <a key={href} href={href} rel="noopener noreferrer" target="_blank">{text ?? href}</a>)}
        </p>
      )}
      <dl className={classes["pairs"]}>
        <dt>{t("alert.told")}</dt>
        <dd>{message.told.length === 0 ? t("alert.nobody_told") : message.told.map(({ who }) => name(who)).join(", ")}</dd>
        {message.next !== undefined && <dt>{t("alert.next")}</dt>}
        {message.next !== undefined && <dd>{message.next.tells.map(({ who }) => name(who)).join(", ")} <Instant at={message.next.at} /></dd>}
        {pairs.filter(([, value]) => value !== undefined).flatMap(([label, value]) => [<dt key={label}>{label}</dt>, <dd key={`${label} value`}>{value}</dd>])}
      </dl>
    </section>
  );
}
