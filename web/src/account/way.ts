// The way to the sign-in page and back.
import type { AnyRouter } from "@tanstack/react-router";
import { ROOT } from "~/kit/root";

export const SIGN_IN = "/sign-in";

/** Where to go afterwards: a path of ours, or the first page. What an address brings is not believed. */
export function safeNext(next: unknown): string {
  return typeof next === "string" && /^\/(?![/\\])[^\s\\]*$/.test(next) ? next : "/";
}

/** Of an address of the browser, the path that rooms know. */
export function ownPath(pathname: string, search: string): string {
  const path = pathname.startsWith(ROOT) ? pathname.slice(ROOT.length - 1) : pathname;
  return path + search;
}

export function toSignIn(router: AnyRouter): void {
  const { pathname, search } = window.location;
  const here = ownPath(pathname, search);
  if (!here.startsWith(SIGN_IN)) {
    void router.navigate({ to: SIGN_IN, search: here === "/" ? {} : { next: here }, replace: true });
  }
}
