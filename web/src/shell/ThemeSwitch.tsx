import { ActionIcon, useComputedColorScheme, useMantineColorScheme } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { Icon } from "~/kit/Icon";

export function ThemeSwitch() {
  const { t } = useTranslation();
  const { setColorScheme } = useMantineColorScheme();
  const isDark = useComputedColorScheme("light", { getInitialValueInEffect: false }) === "dark";
  return (
    <ActionIcon variant="default" size={36} aria-label={t(isDark ? "shell.light" : "shell.dark")}
      onClick={() => setColorScheme(isDark ? "light" : "dark")}>
      <Icon name={isDark ? "sun" : "moon"} />
    </ActionIcon>
  );
}
