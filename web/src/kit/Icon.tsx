const PATHS = {
  now: "M4 13h4l3-8 4 14 2-6h3",
  alerts: "M6 9a6 6 0 0 1 12 0c0 6 2.5 7 2.5 7h-17S6 15 6 9m4 11a2 2 0 0 0 4 0",
  me: "M12 12a4 4 0 1 0 0-8 4 4 0 0 0 0 8m-7 9c0-4 3-6 7-6s7 2 7 6",
  check: "M5 12.5l4.5 4.5L19 7.5",
  sun: "M12 16a4 4 0 1 0 0-8 4 4 0 0 0 0 8m0-14v2m0 16v2M4.9 4.9l1.4 1.4m11.4 11.4 1.4 1.4M2 12h2m16 0h2M4.9 19.1l1.4-1.4M17.7 6.3l1.4-1.4",
  moon: "M20 14.5A8.5 8.5 0 0 1 9.5 4a8.5 8.5 0 1 0 10.5 10.5",
  back: "M15 5l-7 7 7 7",
  search: "M10.5 17a6.5 6.5 0 1 0 0-13 6.5 6.5 0 0 0 0 13m4.7-1.8L20 20",
  quiet: "M4 12.5l4.5 4.5L20 6",
  trouble: "M12 4L2.5 20h19zm0 6v5m0 2.5v.1",
  calendar: "M4 6h16v14H4zm0 5h16M8 3v4m8-4v4",
  out: "M10 4H5v16h5m5-12 4 4-4 4m4-4H9",
} as const;

export type IconName = keyof typeof PATHS;

interface Props {
  name: IconName;
  size?: number;
}

/** A drawing that says nothing by itself: the words stand beside it. */
export function Icon({ name, size = 20 }: Props) {
  return (
    <svg width={size} height={size} viewBox="0 0 24 24" fill="none" stroke="currentColor" strokeWidth="1.8"
      strokeLinecap="round" strokeLinejoin="round" aria-hidden="true" focusable="false">
      <path d={PATHS[name]} />
    </svg>
  );
}
