import type { ReactNode } from "react";
import { Icon, type IconName } from "./Icon";
import classes from "./kit.module.css";

interface Props {
  icon: IconName;
  title: string;
  children?: ReactNode;
}

/** Nothing is here: what that means, and what to do. */
export function Empty({ icon, title, children }: Props) {
  return (
    <div className={`${classes["card"]} ${classes["empty"]}`}>
      <Icon name={icon} size={40} />
      <h2>{title}</h2>
      {children !== undefined && <p>{children}</p>}
    </div>
  );
}
