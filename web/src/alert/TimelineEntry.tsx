import { useTranslation } from "react-i18next";
import { Instant } from "~/kit/Instant";
import { clockText, HERE } from "~/kit/time";
import { useNames } from "~/people/useNames";
import { type Decision, reasonsOf, type Say, toneOf, valuesOf } from "./timeline";

interface Props {
  decision: Decision;
}

/** What happened, when, and of a page why just this person. */
export function TimelineEntry({ decision }: Props) {
  const { t, i18n } = useTranslation();
  const name = useNames();
  const say: Say = {
    name,
    instant: (at) => clockText(new Date(at), new Date(decision.at), i18n.language, HERE),
    severity: (severity) => t(`severity.${severity}`),
  };
  const key = `event.${decision.kind}`;
  const note = decision.kind !== "page.started" && decision.data && "note" in decision.data ? decision.data.note : undefined;
  const why = reasonsOf(decision, say).map((reason) => t(reason.key, reason.values));
  return (
    <li>
      <Instant at={decision.at} />
      <i data-tone={toneOf(decision)} />
      <div>
        <p>{i18n.exists(key) ? t(key, valuesOf(decision, say)) : decision.kind}</p>
        {why.length > 0 && <small>{why.join(" ")}</small>}
        {typeof note === "string" && note !== "" && <small>{t("why.note", { note })}</small>}
      </div>
    </li>
  );
}
