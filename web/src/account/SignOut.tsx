import { ActionIcon } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useRouter } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { Icon } from "~/kit/Icon";
import { useReader } from "~/kit/reader";
import { signOut } from "./session";
import { SIGN_IN } from "./way";
import classes from "~/shell/shell.module.css";

export function SignOut() {
  const { t } = useTranslation();
  const { name } = useReader();
  const queries = useQueryClient();
  const router = useRouter();
  const leaving = useMutation({
    mutationFn: () => signOut(queries),
    onSuccess: () => router.navigate({ to: SIGN_IN, search: {} }),
  });
  return (
    <>
      <span className={classes["who"]}>{name}</span>
      <ActionIcon variant="default" size={36} aria-label={t(leaving.isError ? "account.sign_out_failed" : "account.sign_out")}
        color={leaving.isError ? "red" : "gray"} loading={leaving.isPending} onClick={() => leaving.mutate()}>
        <Icon name="out" />
      </ActionIcon>
    </>
  );
}
