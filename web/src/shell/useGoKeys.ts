import { useKeys } from "~/kit/keys";
import { allEntries } from "./rooms";

/** g, then a room's letter. */
export function useGoKeys(go: (path: string) => void): void {
  useKeys(Object.fromEntries(allEntries().map(({ key, path }) => [`g ${key}`, () => go(path)])));
}
