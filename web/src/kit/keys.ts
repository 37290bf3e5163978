// Single keys, and two of which the first is g: of what is shown, the innermost that knows one has it.
import { useEffect, useRef } from "react";

export type Keys = Record<string, () => void>;

const TOGETHER_MS = 1500;
const shown: { current: Keys }[] = [];
let prefix: { key: string; at: number } | undefined;

/** Who writes in a field means letters, not commands. */
export function isWriting(target: EventTarget | null): boolean {
  return target instanceof HTMLElement &&
    (target.isContentEditable || ["INPUT", "TEXTAREA", "SELECT"].includes(target.tagName));
}

/** What is meant by a key, when another was pressed before it. */
export function nameOf(key: string, at: number, before: { key: string; at: number } | undefined): string {
  return before !== undefined && at - before.at < TOGETHER_MS ? `${before.key} ${key}` : key;
}

function press(event: KeyboardEvent): void {
  const isPlain = !event.ctrlKey && !event.metaKey && !event.altKey;
  const isTaken = event.defaultPrevented || document.querySelector("dialog[open]") !== null;
  if (!isPlain || isTaken || isWriting(event.target)) {
    return;
  }
  const name = nameOf(event.key, event.timeStamp, prefix);
  prefix = name === "g" ? { key: "g", at: event.timeStamp } : undefined;
  const owner = [...shown].reverse().find(({ current }) => current[name] !== undefined);
  // On a button or a link they are what the browser does with it.
  const isOwn = ["Enter", " "].includes(name) && event.target instanceof HTMLElement && event.target.matches("a, button, summary");
  if (owner !== undefined && !isOwn) {
    event.preventDefault();
    owner.current[name]?.();
  }
}

export function useKeys(keys: Keys): void {
  const current = useRef(keys);
  useEffect(() => {
    current.current = keys;
  });
  useEffect(() => {
    if (shown.length === 0) {
      document.addEventListener("keydown", press);
    }
    shown.push(current);
    return () => {
      shown.splice(shown.indexOf(current), 1);
      if (shown.length === 0) {
        document.removeEventListener("keydown", press);
      }
    };
  }, []);
}
