import { useEffect } from "react";

/** The page's name where the browser shows it. */
export function useTitle(title: string): void {
  useEffect(() => {
    document.title = `${title} · Tocsin`;
  }, [title]);
}
