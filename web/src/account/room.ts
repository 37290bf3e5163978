import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { rootRoute } from "~/shell/frame";
import type { Room } from "~/shell/roomType";
import { safeNext, SIGN_IN } from "./way";

export interface SignInSearch {
  next?: string;
}

export const signInRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: SIGN_IN,
  validateSearch: ({ next }: Record<string, unknown>): SignInSearch => (next === undefined ? {} : { next: safeNext(next) }),
  component: lazyRouteComponent(() => import("./SignInPage"), "SignInPage"),
});

const welcomeRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: "/accept",
  component: lazyRouteComponent(() => import("./WelcomePage"), "WelcomePage"),
});

export const room: Room = { doors: [signInRoute, welcomeRoute] };
