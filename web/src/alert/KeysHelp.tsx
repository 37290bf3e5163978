import { Button } from "@mantine/core";
import { useEffect, useRef } from "react";
import { useTranslation } from "react-i18next";
import classes from "./alert.module.css";

const KEYS = [["j", "keys.next"], ["k", "keys.previous"], ["Enter", "keys.open"], ["a", "alert.acknowledge"],
  ["r", "alert.resolve"], ["e", "alert.escalate"], ["s", "alert.snooze"], ["/", "keys.search"], ["g n", "keys.now"], ["g a", "keys.alerts"], ["?", "keys.help"]] as const;

interface Props {
  close: () => void;
}

/** Which keys do what; the browser's own dialog keeps the focus and closes with Escape. */
export function KeysHelp({ close }: Props) {
  const { t } = useTranslation();
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => dialog.current?.showModal(), []);
  return (
    <dialog ref={dialog} className={classes["keys"]} aria-labelledby="keys" onClose={close}>
      <h2 id="keys">{t("keys.title")}</h2>
      <dl>{KEYS.flatMap(([key, label]) => [<dt key={key}><kbd>{key}</kbd></dt>, <dd key={label}>{t(label)}</dd>])}</dl>
      <Button variant="default" onClick={() => dialog.current?.close()}>{t("kit.close")}</Button>
    </dialog>
  );
}
