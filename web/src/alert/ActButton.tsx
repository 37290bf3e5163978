import { Button, type ButtonVariant } from "@mantine/core";
import { useTranslation } from "react-i18next";
import classes from "./alert.module.css";
import type { Act } from "./useAct";

interface Props {
  act: Act;
  variant: ButtonVariant;
}

/** A button that says "sending…" until the server has answered; it is not pressed twice meanwhile. */
export function ActButton({ act, variant }: Props) {
  const { t } = useTranslation();
  return (
    <Button className={classes["act"]!} size="md" variant={variant} data-verb={act.verb} aria-disabled={act.isSending}
      onClick={() => { if (!act.isSending) { act.send(); } }}>
      {act.isSending ? t("alert.sending") : t(`alert.${act.verb}`)}
    </Button>
  );
}
