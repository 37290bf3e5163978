// What every test of the pages needs: a browser, a receiver of webhooks, the API, and a runner that
// fails a test also for what the page complained about.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import fs from "node:fs";
import http from "node:http";
import path from "node:path";
import { chromium } from "playwright-core";

export const world = JSON.parse(process.env.BROWSER_WORLD);
const shots = process.env.SHOTS;
const only = process.env.ONLY ?? "";
const PATIENCE_MS = Number(process.env.PATIENCE_MS ?? 20000);
const TEST_MS = 90000;

export const words = Object.fromEntries(world.people.map(({ language }) =>
  [language, JSON.parse(fs.readFileSync(path.join(world.root, "lang", `${language}.json`), "utf8"))]));

// --- the outside: API and receiver ---

export async function api(server, method, where, body, token = server.respond) {
  const answer = await fetch(server.url + where, {
    method,
    headers: { Authorization: `Bearer ${token}`, "Content-Type": "application/json" },
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  const text = await answer.text();
  assert.ok(answer.ok, `${method} ${where}: ${answer.status} ${text}`);
  return text === "" ? null : JSON.parse(text);
}

// Fires an alert and answers its id.
export async function fire(server, alert) {
  return (await api(server, "POST", "/api/v1/alerts", alert)).alert_id;
}

export const statusOf = async (server, id) => (await api(server, "GET", `/api/v1/alerts/${id}`)).status;

const messages = [];
let arrived = () => {};
const receiver = http.createServer((request, answer) => {
  const parts = [];
  request.on("data", (part) => parts.push(part));
  request.on("end", () => {
    messages.push({ who: request.url.slice(1), ...JSON.parse(Buffer.concat(parts).toString()).data });
    answer.end();
    arrived();
  });
});

// The first message that fits, waiting for it to come.
export async function message(fits, patience_ms = PATIENCE_MS) {
  const end = Date.now() + patience_ms;
  for (;;) {
    const found = messages.find(fits);
    if (found) {
      return found;
    }
    assert.ok(Date.now() < end, "no such message came: " + JSON.stringify(messages).slice(-2000));
    await new Promise((resolve) => {
      const timer = setTimeout(resolve, 500);
      arrived = () => { clearTimeout(timer); resolve(); };
    });
  }
}

// The link that `who` got for this alert.
export async function linkFor(who, id) {
  const found = await message((one) => one.who === who && one.alerts.some((alert) => `${alert.id}` === `${id}`));
  return found.ack_url;
}

// The same link, with its time over.
export function expire(server, link) {
  const tool = new URL("pages_test.py", import.meta.url).pathname;
  return execFileSync("python3", [tool, "--expire", link, server.database], { encoding: "utf8" }).trim();
}

// --- the browser ---

let browser;

// A page of its own, with everything that went wrong in it under page.complaints.
export async function open(options = {}) {
  const context = await browser.newContext({ locale: "en-GB", timezoneId: "Europe/Paris", ...options });
  context.setDefaultTimeout(PATIENCE_MS);
  const page = await context.newPage();
  page.complaints = [];
  const complain = (text) => page.complaints.push(text);
  page.on("console", (said) => {
    // The status of an address that was typed in is no mistake of the page's.
    const isAddress = /Failed to load resource/.test(said.text()) && said.location().url === page.url();
    if (["error", "warning"].includes(said.type()) && !isAddress) {
      complain(`console: ${said.text()} (${said.location().url})`);
    }
  });
  page.on("pageerror", (error) => complain(`exception: ${error}`));
  page.on("dialog", async (dialog) => { complain(`dialog: ${dialog.message()}`); await dialog.dismiss(); });
  page.on("request", (request) => {
    const own = world.servers.some((name) => request.url().startsWith(world[name].url + "/"));
    if (!own && !/^(data|about):/.test(request.url())) {
      complain(`foreign request: ${request.url()}`);
    }
  });
  if (options.javaScriptEnabled !== false) {
    await page.exposeBinding("tocsinTestViolation", (_, text) => complain(`policy: ${text}`));
    await page.addInitScript(() => document.addEventListener("securitypolicyviolation", (event) =>
      window.tocsinTestViolation(`${event.violatedDirective} ${event.blockedURI} ${event.sample}`)));
  }
  opened.push(page);
  return page;
}

// Signed in with a token of this scope, as a person does it.
export async function signIn(server, scope, options = {}) {
  const page = await open(options);
  await page.goto(server.url + "/board");
  await page.fill("input[name=token]", server[scope]);
  await page.press("input[name=token]", "Enter");
  await page.waitForSelector("#board");
  return page;
}

export async function shot(page, name) {
  if (shots) {
    fs.mkdirSync(shots, { recursive: true });
    await page.screenshot({ path: path.join(shots, `${name}.png`), fullPage: true });
  }
}

export async function assertFits(page) {
  const [inside, outside] = await page.evaluate(() =>
    [document.documentElement.scrollWidth, document.documentElement.clientWidth]);
  assert.ok(inside <= outside, `${page.url()} is ${inside} px wide on a screen of ${outside}`);
}

// --- the runner ---

const tests = [];
let opened = [];
export const test = (name, run) => tests.push({ name, run });

async function runOne({ name, run }) {
  opened = [];
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no end after ${TEST_MS / 1000} s`)), TEST_MS);
  });
  const began = Date.now();
  try {
    await Promise.race([run(), late]);
    for (const page of opened) {
      assert.deepEqual(page.complaints, [], "what the page complained about");
    }
    console.log(`ok    ${name} (${Date.now() - began} ms)`);
    return true;
  } catch (error) {
    console.log(`FAIL  ${name}: ${error.stack}`);
    for (const [at, page] of opened.entries()) {
      await shot(page, `failed-${name.replace(/\W+/g, "-")}-${at}`).catch(() => {});
    }
    return false;
  } finally {
    clearTimeout(timer);
    await Promise.all(opened.map((page) => page.context().close()));
  }
}

export async function runAll() {
  await new Promise((resolve) => receiver.listen(world.port, "127.0.0.1", resolve));
  browser = await chromium.launch({
    executablePath: world.chromium,
    args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync",
      "--disable-background-networking", "--disable-component-update"],
  });
  let passed = 0, failed = 0;
  for (const one of tests.filter(({ name }) => name.includes(only))) {
    if (await runOne(one)) { passed++; } else { failed++; }
  }
  await browser.close();
  receiver.closeAllConnections();
  receiver.close();
  console.log(`${passed} passed, ${failed} failed`);
  process.exitCode = failed > 0 || passed === 0 ? 1 : 0;
}
