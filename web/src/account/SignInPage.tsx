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
import { signInRoute } from "./room";
import { SignInHelp } from "./SignInHelp";
import { type SigningIn, signIn } from "./session";

export function SignInPage() {
  const { t } = useTranslation();
  const queries = useQueryClient();
  const router = useRouter();
  const { next } = signInRoute.useSearch();
  const [login, setLogin] = useState("");
  const [password, setPassword] = useState("");
  const [code, setCode] = useState("");
  const signing = useMutation({
    mutationFn: (body: SigningIn) => signIn(queries, body),
    onSuccess: () => router.navigate({ href: next ?? "/", replace: true }),
  });
  const trouble = signing.error === null ? undefined : asTrouble(signing.error);
  const wantsCode = trouble?.field === "code" || code !== "";
  useTitle(t("account.sign_in"));
  const submit = (event: SyntheticEvent): void => {
    event.preventDefault();
    signing.mutate({ login: login.trim(), password, ...(code === "" ? {} : { code: code.trim() }) });
  };
  return (
    <Lone>
      <form className={classes["card"]} onSubmit={submit}>
        <h1>{t("account.sign_in")}</h1>
        <p className={classes["lead"]}>{t("account.lead")}</p>
        {trouble !== undefined && <TroubleNote title={t("account.failed")} error={trouble} />}
        <TextInput label={t("account.login")} name="login" autoComplete="username" autoCapitalize="none" spellCheck={false}
          size="md" required autoFocus withAsterisk={false} value={login} onChange={(event) => setLogin(event.currentTarget.value)} />
        <PasswordInput label={t("account.password")} name="password" autoComplete="current-password" size="md" required
          withAsterisk={false} value={password} onChange={(event) => setPassword(event.currentTarget.value)}
          visibilityToggleButtonProps={{ "aria-label": t("account.show_password"), "aria-hidden": false, tabIndex: 0 }} />
        {wantsCode && (
          <TextInput label={t("account.code")} description={t("account.code_help")} name="code" autoComplete="one-time-code"
            inputMode="numeric" size="md" required withAsterisk={false} value={code}
            onChange={(event) => setCode(event.currentTarget.value)} />
        )}
        <Button type="submit" size="md" loading={signing.isPending}>{t("account.sign_in")}</Button>
        <SignInHelp />
      </form>
    </Lone>
  );
}
