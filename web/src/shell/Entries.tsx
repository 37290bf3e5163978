import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { Icon } from "~/kit/Icon";
import { allEntries } from "./rooms";
import classes from "./shell.module.css";

/** The rooms, as links: of the bar below and of the one at the side. */
export function Entries() {
  const { t } = useTranslation();
  return allEntries().map(({ path, icon, label, key }) => (
    <Link key={path} to={path} className={classes["entry"]} activeOptions={{ exact: path === "/", includeSearch: false }}>
      <Icon name={icon} size={22} />
      <span>{t(label)}</span>
      <kbd aria-hidden="true">g {key}</kbd>
    </Link>
  ));
}
