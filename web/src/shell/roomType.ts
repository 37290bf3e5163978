import type { AnyRoute } from "@tanstack/react-router";
import type { IconName } from "~/kit/Icon";

/** What a noun's folder brings to the interface: `export const room` in its room.ts; nothing else is needed. */
export interface Room {
  /** Pages inside the frame, for who is signed in. */
  pages?: readonly AnyRoute[];
  /** Pages of their own: for anybody. */
  doors?: readonly AnyRoute[];
  /** Its place in the navigation. */
  entry?: { path: string; icon: IconName; label: string; place: number; key: string };
}
