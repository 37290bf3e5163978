import { Link } from "@tanstack/react-router";
import { useEffect, useRef } from "react";
import { useTranslation } from "react-i18next";
import type { Alert } from "./alert";
import { AlertFacts } from "./AlertFacts";
import classes from "./alert.module.css";
import { SeverityBadge } from "./SeverityBadge";

interface Props {
  alert: Alert;
  isSelected: boolean;
}

/** One of many, and small. */
export function AlertRow({ alert, isSelected }: Props) {
  const { t } = useTranslation();
  const row = useRef<HTMLLIElement>(null);
  useEffect(() => {
    if (isSelected) {
      row.current?.scrollIntoView({ block: "nearest" });
    }
  }, [isSelected]);
  return (
    <li ref={row} className={classes["row"]} data-severity={alert.severity} data-selected={isSelected} aria-current={isSelected ? "true" : undefined}>
      <SeverityBadge severity={alert.severity} />
      <Link to="/alerts/$id" params={{ id: alert.id }} className={classes["summary"]}>{alert.summary}</Link>
      <span className={classes["status"]} data-status={alert.status}>{t(`status.${alert.status}`)}</span>
      <AlertFacts alert={alert} />
    </li>
  );
}
