/** Ends what is asked when nobody waits for it any more, or after so long. (AbortSignal.any is younger than many phones.) */
export function endedAfter(ms: number, other?: AbortSignal): AbortSignal {
  const controller = new AbortController();
  const end = (): void => controller.abort();
  setTimeout(end, ms);
  if (other?.aborted === true) {
    end();
  }
  other?.addEventListener("abort", end, { once: true });
  return controller.signal;
}
