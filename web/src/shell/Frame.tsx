import { Outlet, useRouter } from "@tanstack/react-router";
import { useQueryClient } from "@tanstack/react-query";
import { useEffect } from "react";
import { useTranslation } from "react-i18next";
import { MeGate } from "~/account/MeGate";
import { SignOut } from "~/account/SignOut";
import { ContactSign } from "~/kit/ContactSign";
import { follow } from "~/kit/live";
import { useContact } from "~/kit/useContact";
import { Entries } from "./Entries";
import { TopBar } from "./TopBar";
import classes from "./shell.module.css";
import { useGoKeys } from "./useGoKeys";

/** What stands around every room: where to go, who I am, and whether the server is there. */
export function Frame() {
  const { t } = useTranslation();
  const queries = useQueryClient();
  const router = useRouter();
  const { state } = useContact();
  useEffect(() => follow(queries), [queries]);
  useGoKeys((path) => void router.navigate({ to: path }));
  return (
    <MeGate>
      <div className={classes["frame"]}>
        <a className={classes["skip"]} href="#main">{t("shell.skip")}</a>
        <TopBar>
          <ContactSign />
          <SignOut />
        </TopBar>
        <nav className={classes["side"]} aria-label={t("shell.rooms")}><Entries /></nav>
        <main id="main" tabIndex={-1} className={classes["main"]} data-state={state}><Outlet /></main>
        <nav className={classes["bar"]} aria-label={t("shell.rooms")}><Entries /></nav>
      </div>
    </MeGate>
  );
}
