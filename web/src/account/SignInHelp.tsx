import { useTranslation } from "react-i18next";
import { at } from "~/kit/root";
import classes from "./account.module.css";

/** For who has no account, or cannot get in. */
export function SignInHelp() {
  const { t } = useTranslation();
  return (
    <details className={classes["help"]}>
      <summary>{t("account.no_account")}</summary>
      <p>{t("account.first")}</p>
      <p>{t("account.invite")}</p>
      <code>tocsin account create NAME --role responder</code>
      <p>{t("account.forgotten")}</p>
      <code>tocsin account reset NAME</code>
      <p>{t("account.token")} <a href={at("board")}>{t("account.board")}</a></p>
    </details>
  );
}
