// Which questions does an event make old? A query's key begins with the noun that it is about.

const OF_KIND: Record<string, readonly string[]> = {
  alert: ["alert"],
  heartbeat: ["alert"],
  schedule: ["schedule"],
  user: ["user", "schedule"],
  config: ["*"],
  stream: ["*"], // the database was put back: begin again
};

export function touchedBy(subject: string, kind: string): readonly string[] {
  const of = subject.split(":", 1)[0] ?? "";
  const family = kind.split(".", 1)[0] ?? "";
  return OF_KIND[of] ?? OF_KIND[family] ?? [];
}
