// What every room's pages hang from. Rooms import this; the router (router.ts) gathers the rooms.
import { createRootRoute, createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { NotFound } from "./NotFound";
import { Crash } from "./Crash";

export const rootRoute = createRootRoute({ notFoundComponent: NotFound, errorComponent: Crash });

export const frameRoute = createRoute({
  getParentRoute: () => rootRoute,
  id: "frame",
  component: lazyRouteComponent(() => import("./Frame"), "Frame"),
});
