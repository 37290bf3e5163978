import { useQuery } from "@tanstack/react-query";
import { type ReactNode, useMemo } from "react";
import { useTranslation } from "react-i18next";
import { Loading } from "~/kit/Loading";
import { ReaderContext } from "~/kit/reader";
import { HERE } from "~/kit/time";
import { asTrouble } from "~/kit/trouble";
import { TroubleNote } from "~/kit/TroubleNote";
import { Lone } from "~/shell/Lone";
import { meQuery } from "./session";

interface Props {
  children: ReactNode;
}

/** Shows what is behind it to who is signed in. */
export function MeGate({ children }: Props) {
  const { t } = useTranslation();
  const { data: me, error, refetch } = useQuery(meQuery);
  const reader = useMemo(() => me === undefined ? undefined : {
    login: me.login ?? "", name: me.name ?? me.actor, zone: me.zone ?? HERE, can: (permit: string) => me.permits.includes(permit),
  }, [me]);
  if (reader !== undefined) {
    return <ReaderContext.Provider value={reader}>{children}</ReaderContext.Provider>;
  }
  const isTrouble = error !== null && asTrouble(error).kind !== "signed-out"; // of that the router leads away
  return (
    <Lone>
      {isTrouble ? <TroubleNote title={t("account.not_known")} error={error} again={() => void refetch()} /> : <Loading rows={1} />}
    </Lone>
  );
}
