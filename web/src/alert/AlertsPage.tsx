import { Button } from "@mantine/core";
import { useInfiniteQuery } from "@tanstack/react-query";
import { useRouter } from "@tanstack/react-router";
import { useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { Empty } from "~/kit/Empty";
import { useKeys } from "~/kit/keys";
import { Loading } from "~/kit/Loading";
import { TroubleNote } from "~/kit/TroubleNote";
import { useReader } from "~/kit/reader";
import { useTitle } from "~/kit/useTitle";
import { isMeant } from "./alert";
import { AlertFilters } from "./AlertFilters";
import { AlertRow } from "./AlertRow";
import classes from "./alert.module.css";
import { KeysHelp } from "./KeysHelp";
import { alertsQuery, type Filters } from "./queries";
import { alertsRoute } from "./room";
import type { Search } from "./search";
import { SelectedActs, type Hands } from "./SelectedActs";
import type { Verb } from "./verbs";

function filtersOf({ status = "unresolved", severity, service }: Search): Filters {
  return { status, ...(severity === undefined ? {} : { severity }), ...(service === undefined ? {} : { service }) };
}

/** All of them, newest first: to be looked through with the keyboard or a thumb. */
export function AlertsPage() {
  const { t } = useTranslation();
  const { can } = useReader();
  const router = useRouter();
  const search = alertsRoute.useSearch();
  const field = useRef<HTMLInputElement>(null);
  const [words, setWords] = useState(search.words ?? ""); // the address follows, a letter late
  const hands = useRef<Hands>(null);
  const [selectedId, select] = useState<string>();
  const [isHelpOpen, showHelp] = useState(false);
  const { data, error, refetch, hasNextPage, fetchNextPage, isFetchingNextPage } = useInfiniteQuery(alertsQuery(filtersOf(search)));
  const all = data?.pages.flatMap(({ items }) => items) ?? [];
  const shown = all.filter((alert) => isMeant(alert, words));
  const index = shown.findIndex(({ id }) => id === selectedId);
  const selected = shown[index];
  const step = (by: number): void => {
    const next = shown[Math.min(Math.max(index + by, 0), shown.length - 1)];
    select(next?.id);
  };
  const handle = (verb: Verb): void => hands.current?.press(verb);
  useTitle(t("alerts.title"));
  useKeys({
    j: () => step(1),
    k: () => step(-1),
    a: () => handle("acknowledge"),
    r: () => handle("resolve"),
    e: () => handle("escalate"),
    s: () => handle("snooze"),
    Enter: () => { if (selected !== undefined) { void router.navigate({ to: "/alerts/$id", params: { id: selected.id } }); } },
    "/": () => field.current?.focus(),
    "?": () => showHelp(true),
  });
  const change = (next: Search): void => {
    setWords(next.words ?? "");
    void router.navigate({ to: "/alerts", search: next, replace: true });
  };
  return (
    <>
      <div className={classes["title"]}>
        <h1>{t("alerts.title")}</h1>
        {data !== undefined && <span>{t("alerts.count", { count: shown.length, more: hasNextPage ? "+" : "" })}</span>}
        <Button variant="default" size="xs" onClick={() => showHelp(true)}>{t("keys.title")}</Button>
      </div>
      <AlertFilters search={{ ...search, words }} change={change} field={field} />
      {selected !== undefined && can("alert.respond") && <SelectedActs key={selected.id} ref={hands} alert={selected} />}
      {error !== null && <TroubleNote title={t("alerts.not_known")} error={error} again={() => void refetch()} />}
      {data === undefined && error === null && <Loading rows={6} height={68} />}
      {data !== undefined && shown.length === 0 && (
        <Empty icon="search" title={t("alerts.none")}>{t(all.length > 0 || search.status !== undefined ? "alerts.none_filtered" : "alerts.none_text")}</Empty>
      )}
      <ul className={classes["list"]} aria-label={t("alerts.title")}>
        {shown.map((alert) => <AlertRow key={alert.id} alert={alert} isSelected={alert.id === selectedId} />)}
      </ul>
      {hasNextPage && (
        <div className={classes["more"]}>
          <Button variant="default" loading={isFetchingNextPage} onClick={() => void fetchNextPage()}>{t("alerts.more")}</Button>
        </div>
      )}
      {isHelpOpen && <KeysHelp close={() => showHelp(false)} />}
    </>
  );
}
