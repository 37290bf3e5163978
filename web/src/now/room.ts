import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { frameRoute } from "~/shell/frame";
import type { Room } from "~/shell/roomType";

const nowRoute = createRoute({
  getParentRoute: () => frameRoute,
  path: "/",
  component: lazyRouteComponent(() => import("./NowPage"), "NowPage"),
});

export const room: Room = { pages: [nowRoute], entry: { path: "/", icon: "now", label: "now.title", place: 1, key: "n" } };
