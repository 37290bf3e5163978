import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { Empty } from "~/kit/Empty";
import { Lone } from "./Lone";

export function NotFound() {
  const { t } = useTranslation();
  return (
    <Lone>
      <Empty icon="search" title={t("shell.nowhere")}>
        {t("shell.nowhere_text")} <Link to="/">{t("now.title")}</Link>
      </Empty>
    </Lone>
  );
}
