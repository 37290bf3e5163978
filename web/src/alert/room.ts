import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { frameRoute } from "~/shell/frame";
import type { Room } from "~/shell/roomType";
import { readSearch } from "./search";

export const alertsRoute = createRoute({
  getParentRoute: () => frameRoute,
  path: "/alerts",
  validateSearch: readSearch,
  component: lazyRouteComponent(() => import("./AlertsPage"), "AlertsPage"),
});

export const alertRoute = createRoute({
  getParentRoute: () => frameRoute,
  path: "/alerts/$id",
  component: lazyRouteComponent(() => import("./AlertPage"), "AlertPage"),
});

export const room: Room = {
  pages: [alertsRoute, alertRoute],
  entry: { path: "/alerts", icon: "alerts", label: "alerts.title", place: 2, key: "a" },
};
