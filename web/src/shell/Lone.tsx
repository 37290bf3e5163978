import type { ReactNode } from "react";
import { TopBar } from "./TopBar";
import classes from "./shell.module.css";

interface Props {
  children: ReactNode;
}

/** A page outside of the frame: signing in, and where nothing is. */
export function Lone({ children }: Props) {
  return (
    <div className={classes["lone"]}>
      <TopBar />
      <main>{children}</main>
    </div>
  );
}
