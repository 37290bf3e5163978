import { useTranslation } from "react-i18next";
import classes from "./alert.module.css";
import type { Decision } from "./timeline";
import { TimelineEntry } from "./TimelineEntry";

interface Props {
  decisions: readonly Decision[];
}

/** "Why me?": every decision about an alert, the newest first. */
export function Timeline({ decisions }: Props) {
  const { t } = useTranslation();
  return (
    <section className={classes["panel"]} aria-labelledby="timeline">
      <h2 id="timeline">{t("alert.timeline")}</h2>
      <ol className={classes["line"]} reversed>
        {[...decisions].reverse().map((decision) => <TimelineEntry key={decision.seq} decision={decision} />)}
      </ol>
    </section>
  );
}
