import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { LanguageSwitch } from "./LanguageSwitch";
import { ThemeSwitch } from "./ThemeSwitch";
import icon from "./icon.svg";
import classes from "./shell.module.css";

interface Props {
  children?: ReactNode;
}

export function TopBar({ children }: Props) {
  return (
    <header className={classes["top"]}>
      <Link to="/" className={classes["brand"]} aria-label="Tocsin"><img src={icon} alt="" width="28" height="28" /><span>Tocsin</span></Link>
      {children}
      <div className={classes["tools"]}><LanguageSwitch /><ThemeSwitch /></div>
    </header>
  );
}
