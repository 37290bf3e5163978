import { type AnyRouter, createRouter } from "@tanstack/react-router";
import { ROOT } from "~/kit/root";
import { frameRoute, rootRoute } from "./frame";
import { allRooms } from "./rooms";

/** The way to every page of every room. */
export function createWays(): AnyRouter {
  const rooms = allRooms();
  frameRoute.addChildren(rooms.flatMap(({ pages }) => pages ?? []));
  rootRoute.addChildren([frameRoute, ...rooms.flatMap(({ doors }) => doors ?? [])]);
  return createRouter({ routeTree: rootRoute, basepath: ROOT, defaultPreload: "intent", defaultPendingMinMs: 0 });
}
