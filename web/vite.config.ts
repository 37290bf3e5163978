import { fileURLToPath } from "node:url";
import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";
import { catalogues } from "./build/catalogues.ts";

// `tools/web dev` proxies to a server that runs, with a token of the developer's.
const server = process.env["TOCSIN_URL"] ?? "http://127.0.0.1:8420";
const token = process.env["TOCSIN_TOKEN"];

export default defineConfig({
  base: "./", // wherever the server's root is: files find each other by their own address
  plugins: [react(), catalogues()],
  resolve: { alias: { "~": fileURLToPath(new URL("src", import.meta.url)) } },
  build: {
    outDir: process.env["WEB_OUT"] ?? "dist",
    emptyOutDir: true,
    target: "es2022",
    manifest: true,
    sourcemap: false,
    modulePreload: { polyfill: false },
    assetsInlineLimit: 0,
    reportCompressedSize: false,
    rollupOptions: { input: "src/shell/main.tsx" },
  },
  server: {
    proxy: Object.fromEntries(["/api", "/healthz", "/readyz"].map((where) => [where, {
      target: server, changeOrigin: true,
      ...(token === undefined ? {} : { headers: { Authorization: `Bearer ${token}` } }),
    }])),
  },
  test: { include: ["src/**/*.test.ts", "src/**/*.test.tsx", "build/**/*.test.ts"], environment: "node" },
});
