// Of what Vite built: each file as it is, as Brotli and as gzip, and an index that says what a page begins with.
// Run by tools/web, in web/: node build/pack.mjs DIST
import crypto from "node:crypto";
import fs from "node:fs";
import path from "node:path";
import zlib from "node:zlib";

const dist = process.argv[2];
const assets = path.join(dist, "assets");
const manifest = JSON.parse(fs.readFileSync(path.join(dist, ".vite", "manifest.json"), "utf8"));

// A file that Vite does not see, under a name that changes with it.
function put(name, extension, bytes) {
  const hash = crypto.createHash("sha256").update(bytes).digest("hex").slice(0, 8);
  const file = `${name}-${hash}${extension}`;
  fs.writeFileSync(path.join(assets, file), bytes);
  return file;
}

function putApp() {
  const icon = path.basename(manifest["src/shell/icon.svg"].file);
  const maskable = put("maskable", ".svg", fs.readFileSync("src/shell/maskable.svg"));
  const app = {
    name: "Tocsin", short_name: "Tocsin", start_url: "../", scope: "../", display: "standalone",
    background_color: "#141312", theme_color: "#141312",
    icons: [{ src: icon, sizes: "any", type: "image/svg+xml" },
      { src: maskable, sizes: "any", type: "image/svg+xml", purpose: "maskable" }],
  };
  return { icon, app: put("app", ".webmanifest", Buffer.from(JSON.stringify(app))) };
}

// All that the module imports at once, itself first.
function closure(key, found = new Set()) {
  if (!found.has(key)) {
    found.add(key);
    for (const other of manifest[key].imports ?? []) {
      closure(other, found);
    }
  }
  return found;
}

const [entry] = Object.entries(manifest).find(([, { isEntry }]) => isEntry);
const parts = [...closure(entry)].map((key) => manifest[key]);
const at = (file) => `/${file}`;
const { icon, app } = putApp();
const index = {
  script: at(manifest[entry].file),
  preloads: parts.map(({ file }) => at(file)).filter((file) => file !== at(manifest[entry].file)),
  styles: [...new Set(parts.flatMap(({ css }) => css ?? []))].map(at),
  icon: `/assets/${icon}`,
  manifest: `/assets/${app}`,
};

const names = [];
for (const file of [...fs.readdirSync(assets)].sort()) {
  const whole = path.join(assets, file);
  const bytes = fs.readFileSync(whole);
  const quality = { [zlib.constants.BROTLI_PARAM_QUALITY]: 11, [zlib.constants.BROTLI_PARAM_SIZE_HINT]: bytes.length };
  fs.writeFileSync(path.join(dist, `${file}.br`), zlib.brotliCompressSync(bytes, { params: quality }));
  fs.writeFileSync(path.join(dist, `${file}.gz`), zlib.gzipSync(bytes, { level: 9 }));
  fs.renameSync(whole, path.join(dist, file));
  names.push(file, `${file}.br`, `${file}.gz`);
}
fs.rmSync(assets, { recursive: true });
fs.rmSync(path.join(dist, ".vite"), { recursive: true });
fs.writeFileSync(path.join(dist, "index.json"), JSON.stringify(index, null, 1) + "\n");
fs.writeFileSync(path.join(dist, "web.gresource.xml"), [
  '<?xml version="1.0" encoding="UTF-8"?>', "<gresources>", '  <gresource prefix="/tocsin/web">',
  ...["index.json", ...names].map((name) => `    <file>${name}</file>`), "  </gresource>", "</gresources>", "",
].join("\n"));
