// Instants as people read them: at their own clock, with another zone's beside.

const SECOND = 1000, MINUTE = 60 * SECOND, HOUR = 60 * MINUTE, DAY = 24 * HOUR;

export const HERE: string = Intl.DateTimeFormat().resolvedOptions().timeZone;

export function isSameDay(one: Date, other: Date, zone: string): boolean {
  const day = new Intl.DateTimeFormat("en-CA", { timeZone: zone, dateStyle: "short" });
  return day.format(one) === day.format(other);
}

/** "14:05:09" today, "30 Nov, 14:05:09" on another day; what was planned has no seconds. */
export function clockText(at: Date, now: Date, language: string, zone: string, isPlanned = false): string {
  const day: Intl.DateTimeFormatOptions = isSameDay(at, now, zone) ? {} : { day: "numeric", month: "short" };
  return new Intl.DateTimeFormat(language, {
    ...day, hour: "2-digit", minute: "2-digit", hourCycle: "h23", timeZone: zone, ...(isPlanned ? {} : { second: "2-digit" }),
  }).format(at);
}

/** All of it, with the zone's name: for who wants to be sure. */
export function fullText(at: Date, language: string, zone: string): string {
  const text = new Intl.DateTimeFormat(language, {
    weekday: "short", day: "numeric", month: "short", year: "numeric", hour: "2-digit", minute: "2-digit",
    second: "2-digit", hourCycle: "h23", timeZone: zone, timeZoneName: "short",
  }).format(at);
  return `${text} (${zone})`;
}

/** In the reader's zone, in their profile's where that is another, and in UTC. */
export function everyZone(at: Date, language: string, zones: readonly string[]): string {
  return [...new Set([...zones, "UTC"])].map((zone) => fullText(at, language, zone)).join("\n");
}

/** "3 h 5 min", by the reader's language; never finer than a second, never two units of which one is nothing. */
export function spanText(ms: number, language: string): string {
  const unit = (value: number, name: "second" | "minute" | "hour" | "day"): string =>
    new Intl.NumberFormat(language, { style: "unit", unit: name, unitDisplay: "short" }).format(value);
  const left = Math.max(0, ms);
  const [big, name, small, part] =
    left < MINUTE ? ([Math.floor(left / SECOND), "second", 0, "second"] as const)
    : left < HOUR ? ([Math.floor(left / MINUTE), "minute", 0, "second"] as const)
    : left < DAY ? ([Math.floor(left / HOUR), "hour", Math.floor((left % HOUR) / MINUTE), "minute"] as const)
    : ([Math.floor(left / DAY), "day", Math.floor((left % DAY) / HOUR), "hour"] as const);
  return small === 0 ? unit(big, name) : `${unit(big, name)} ${unit(small, part)}`;
}
