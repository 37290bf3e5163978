import { useTranslation } from "react-i18next";
import { useContact } from "~/kit/useContact";
import classes from "./now.module.css";

interface Props {
  open: number;
  taken: number;
  hasMore: boolean;
}

/** How it stands, in a line. Without the server nobody knows: a quiet that is old is never shown as quiet. */
export function Headline({ open, taken, hasMore }: Props) {
  const { t } = useTranslation();
  const { state } = useContact();
  const more = hasMore ? "+" : "";
  const isKnown = state !== "lost";
  return (
    <header className={classes["state"]} data-fire={isKnown && open > 0}>
      <h1>{!isKnown ? t("now.not_known") : open > 0 ? t("now.open", { count: open, more }) : taken > 0 ? t("now.all_taken") : t("now.quiet")}</h1>
      <p>{!isKnown ? t("now.not_known_text") : taken > 0 ? t("now.taken", { count: taken }) : ""}</p>
    </header>
  );
}
