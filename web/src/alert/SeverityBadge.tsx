import { useTranslation } from "react-i18next";
import type { Severity } from "./alert";
import classes from "./alert.module.css";

interface Props {
  severity: Severity;
}

export function SeverityBadge({ severity }: Props) {
  const { t } = useTranslation();
  return <span className={classes["badge"]} data-severity={severity}>{t(`severity.${severity}`)}</span>;
}
