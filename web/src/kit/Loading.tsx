import { Skeleton, VisuallyHidden } from "@mantine/core";
import { useTranslation } from "react-i18next";
import classes from "./kit.module.css";

interface Props {
  rows?: number;
  height?: number;
}

/** As high as what will stand there, so that nothing jumps. */
export function Loading({ rows = 3, height = 96 }: Props) {
  const { t } = useTranslation();
  return (
    <div className={classes["lines"]} role="status">
      <VisuallyHidden>{t("kit.loading")}</VisuallyHidden>
      {Array.from({ length: rows }, (_, index) => <Skeleton key={index} height={height} radius={12} />)}
    </div>
  );
}
