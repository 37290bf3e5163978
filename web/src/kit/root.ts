// Where the server's addresses begin: "/", or "/tocsin/" behind a proxy. The files of the interface lie in assets/ below it.
export const ROOT: string = rootOf(import.meta.url);

export function rootOf(module: string): string {
  const found = /^(.*\/)assets\/[^/]*$/.exec(new URL(module, "http://localhost").pathname);
  return found?.[1] ?? "/"; // Vite's own server has the sources elsewhere
}

export function at(path: string): string {
  return ROOT + path.replace(/^\//, "");
}
