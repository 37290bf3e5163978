import { Button, PasswordInput, TextInput } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useRouter } from "@tanstack/react-router";
import { type SyntheticEvent, useState } from "react";
import { useTranslation } from "react-i18next";
import { asTrouble } from "~/kit/trouble";
import { TroubleNote } from "~/kit/TroubleNote";
import { useTitle } from "~/kit/useTitle";
import { Lone } from "~/shell/Lone";
import classes from "./account.module.css";
import { accept } from "./session";

/** Behind the link of the first start or of an invitation: a password of one's own, and one is in. */
export function WelcomePage() {
  const { t } = useTranslation();
  const queries = useQueryClient();
  const router = useRouter();
  const [token] = useState(() => window.location.hash.slice(1)); // behind #: no server and no log sees it
  const [login, setLogin] = useState("");
  const [password, setPassword] = useState("");
  const [wantsLogin, setWantsLogin] = useState(false);
  const accepting = useMutation({
    mutationFn: () => accept(queries, { token, password, ...(login === "" ? {} : { login: login.trim() }) }),
    onSuccess: () => router.navigate({ to: "/", replace: true }),
    onError: (error) => {
      if (!wantsLogin && asTrouble(error).field === "login") {
        setWantsLogin(true); // the link of the first start is for one of several: a question, and nobody's mistake
        accepting.reset();
      }
    },
  });
  const trouble = accepting.error === null ? undefined : asTrouble(accepting.error);
  useTitle(t("welcome.title"));
  const submit = (event: SyntheticEvent): void => {
    event.preventDefault();
    accepting.mutate();
  };
  return (
    <Lone>
      <form className={classes["card"]} onSubmit={submit}>
        <h1>{t("welcome.title")}</h1>
        <p className={classes["lead"]}>{t(token === "" ? "welcome.no_token" : "welcome.lead")}</p>
        {trouble !== undefined && <TroubleNote title={t("welcome.failed")} error={trouble} />}
        {wantsLogin && (
          <TextInput label={t("account.login")} description={t("welcome.login_help")} name="login" autoComplete="username" autoCapitalize="none"
            spellCheck={false} size="md" autoFocus required withAsterisk={false} value={login} onChange={(event) => setLogin(event.currentTarget.value)} />
        )}
        <PasswordInput label={t("welcome.password")} description={t("welcome.password_help")} name="password" size="md" required
          withAsterisk={false} autoComplete="new-password" autoFocus value={password}
          onChange={(event) => setPassword(event.currentTarget.value)}
          visibilityToggleButtonProps={{ "aria-label": t("account.show_password"), "aria-hidden": false, tabIndex: 0 }} />
        <Button type="submit" size="md" disabled={token === ""} loading={accepting.isPending}>{t("welcome.go")}</Button>
      </form>
    </Lone>
  );
}
