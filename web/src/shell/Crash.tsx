import { useTranslation } from "react-i18next";
import { TroubleNote } from "~/kit/TroubleNote";

interface Props {
  error: unknown;
}

/** A mistake of ours, or a file that went with an older version of the server. */
export function Crash({ error }: Props) {
  const { t } = useTranslation();
  return <TroubleNote title={t("shell.crash")} error={error} again={() => window.location.reload()} />;
}
