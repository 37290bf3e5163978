import { useQuery } from "@tanstack/react-query";
import type { Ref } from "react";
import { useTranslation } from "react-i18next";
import { SEVERITIES } from "./alert";
import classes from "./alert.module.css";
import { STATUSES } from "./queries";
import { readSearch, type Search } from "./search";
import { servicesQuery } from "./services";

interface Props {
  search: Search;
  change: (search: Search) => void;
  field: Ref<HTMLInputElement>;
}

export function AlertFilters({ search, change, field }: Props) {
  const { t } = useTranslation();
  const { data: services } = useQuery(servicesQuery);
  const set = (name: keyof Search, value: string): void => change(readSearch({ ...search, [name]: value }));
  return (
    <search className={classes["filters"]}>
      <label className={classes["wide"]}>
        {t("alerts.words")}
        <input ref={field} type="search" value={search.words ?? ""} placeholder={t("alerts.words_hint")}
          onChange={(event) => set("words", event.currentTarget.value)}
          onKeyDown={(event) => { if (event.key === "Escape") { // leaves the field, and what is in it
            event.preventDefault();
            event.currentTarget.blur();
          } }} />
      </label>
      <label>
        {t("alerts.status")}
        <select value={search.status ?? "unresolved"} onChange={(event) => set("status", event.currentTarget.value)}>
          {STATUSES.map((status) => <option key={status} value={status}>{t(`status.${status}`)}</option>)}
        </select>
      </label>
      <label>
        {t("alerts.severity")}
        <select value={search.severity ?? ""} onChange={(event) => set("severity", event.currentTarget.value)}>
          <option value="">{t("alerts.any")}</option>
          {SEVERITIES.map((severity) => <option key={severity} value={severity}>{t(`severity.${severity}`)}</option>)}
        </select>
      </label>
      <label>
        {t("alerts.service")}
        <select value={search.service ?? ""} onChange={(event) => set("service", event.currentTarget.value)}>
          <option value="">{t("alerts.any")}</option>
          {services?.items.map(({ name }) => <option key={name} value={name}>{name}</option>)}
        </select>
      </label>
    </search>
  );
}
