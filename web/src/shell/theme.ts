import { Button, createTheme, type MantineColorsTuple } from "@mantine/core";

const brand: MantineColorsTuple = [
  "#eaf3fc", "#d3e4f7", "#a6c8ee", "#8ab8ee", "#5a97df", "#3881d9", "#2b79d8", "#1d67bf", "#0b57a4", "#084a8e",
];

export const theme = createTheme({
  primaryColor: "brand",
  primaryShade: { light: 8, dark: 3 },
  colors: { brand },
  defaultRadius: "md",
  components: {
    // Mantine judges the contrast of its own choice by the light colours, in the dark, too.
    Button: Button.extend({ vars: (_theme, { variant }) => ({ root: variant === undefined || variant === "filled" ? { "--button-color": "var(--on)" } : {} }) }),
  },
  cursorType: "pointer",
  respectReducedMotion: true,
  fontFamily: 'system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "Noto Sans CJK TC", "Noto Sans KR", sans-serif',
});
