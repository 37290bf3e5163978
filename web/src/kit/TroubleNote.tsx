import { Button } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { Icon } from "./Icon";
import classes from "./kit.module.css";
import { asTrouble } from "./trouble";

interface Props {
  /** What did not work, in the reader's words. */
  title: string;
  error: unknown;
  again?: () => void;
}

/** What failed, why as the server says it, and what to do. */
export function TroubleNote({ title, error, again }: Props) {
  const { t } = useTranslation();
  const { kind, detail, requestId } = asTrouble(error);
  return (
    <div className={`${classes["card"]} ${classes["note"]}`} role="alert">
      <Icon name="trouble" size={22} />
      <strong>{title}</strong>
      {detail !== "" && <p lang="en">{detail}</p>}
      <p>{t(`trouble.${kind}`)}</p>
      {requestId !== undefined && <small>{t("trouble.request", { id: requestId })}</small>}
      {again !== undefined && <Button variant="default" onClick={again}>{t("kit.again")}</Button>}
    </div>
  );
}
