// The web interface, as people meet it. Run by web_test.py.
import assert from "node:assert/strict";
import fs from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import zlib from "node:zlib";
import { api, assertFits, fire, open, runAll, shot, statusOf, test, world } from "./house.mjs";

const AXE = fs.readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const { quiet: QUIET, busy: BUSY } = world;
const LANGUAGES = ["en", "ko", "id", "zh-TW", "fr"];
const SIZES = { phone: { width: 390, height: 844 }, tablet: { width: 1024, height: 768 }, wide: { width: 1920, height: 1080 } };
const KB = 1024;
const CUTS = 20;
const FIRST_SCREEN_MAX = 220 * KB, ROOM_MAX = 80 * KB, LANGUAGE_MAX = 12 * KB;

const NOUNS = fs.readdirSync(path.join(world.root, "web/src"));
const words = Object.fromEntries(LANGUAGES.map((language) => [language, Object.assign({},
  ...[path.join(world.root, "lang"), ...NOUNS.map((noun) => path.join(world.root, "web/src", noun, "lang"))]
    .map((folder) => path.join(folder, `${language}.json`)).filter((file) => fs.existsSync(file))
    .map((file) => JSON.parse(fs.readFileSync(file, "utf8"))))]));
const text = words.en;

async function assertAccessible(page, name) {
  await page.evaluate(AXE);
  const { violations } = await page.evaluate(() => window.axe.run());
  assert.deepEqual(violations.map(({ id, help, nodes }) =>
    `${id}: ${help}: ${nodes.map(({ html, failureSummary }) => `${html.slice(0, 200)} ${failureSummary}`).slice(0, 3).join(" | ")}`), [], name);
}

const PASSWORD = world.password;
const known = new Map(); // who has signed in where, as the browser keeps it

async function signIn(server, login) {
  const name = `${server.url} ${login}`;
  if (!known.has(name)) {
    const page = await open();
    await page.goto(server.url + "/sign-in");
    await page.getByLabel(text["account.login"], { exact: true }).fill(login);
    await page.getByLabel(text["account.password"], { exact: true }).fill(PASSWORD);
    await page.keyboard.press("Enter");
    await page.locator("nav").first().waitFor({ state: "attached" });
    known.set(name, await page.context().storageState());
    await page.context().close();
  }
  return known.get(name);
}

// Signed in, as Emma where it says nothing else: she reads English.
async function enter(server, where = "/", { login = "emma", ...options } = {}) {
  const { cookies } = await signIn(server, login);
  const page = await open(options);
  await page.context().addCookies(cookies);
  await page.goto(server.url + where);
  return page;
}

const card = (page, summary) => page.locator("li", { has: page.getByRole("link", { name: summary, exact: true }) }).first();
const button = (page, key, language = "en") => page.getByRole("button", { name: words[language][key], exact: true });

// --- what is served ---

test("files are packed, last for ever, and are known again", async () => {
  const page = await (await fetch(BUSY.url + "/", { headers: { Accept: "text/html" } })).text();
  const script = /<script type="module" src="(\/assets\/[^"]+)"/.exec(page)[1];
  const ask = (headers, method = "GET") => fetch(BUSY.url + script, { method, headers });
  const sizes = {};
  for (const [accept, encoding] of [["gzip, br", "br"], ["br;q=0.1, gzip", "gzip"], ["identity", null], ["br;q=0, *", "gzip"]]) {
    const answer = await ask({ "Accept-Encoding": accept });
    assert.equal(answer.headers.get("content-encoding"), encoding, accept);
    assert.match(answer.headers.get("cache-control"), /immutable/);
    assert.match(answer.headers.get("vary"), /Accept-Encoding/);
    assert.equal(answer.headers.get("x-content-type-options"), "nosniff");
    sizes[encoding] = (await answer.text()).length;
    const again = await ask({ "Accept-Encoding": accept, "If-None-Match": answer.headers.get("etag") });
    assert.equal(again.status, 304, accept);
    assert.equal((await ask({ "Accept-Encoding": "identity", "If-None-Match": answer.headers.get("etag") })).status,
      encoding === null ? 304 : 200);
    const head = await ask({ "Accept-Encoding": accept }, "HEAD");
    assert.equal(head.status, 200);
    assert.equal(await head.text(), "");
  }
  assert.equal(new Set(Object.values(sizes)).size, 1, "each form holds the same");
  for (const name of ["none.js", "..%2Findex.json", "index.json", "web.gresource.xml", "main"]) {
    assert.equal((await fetch(`${BUSY.url}/assets/${name}`)).status, 404, name);
  }
});

test("pages stand everywhere but below what the server answers itself", async () => {
  const ask = (where, accept = "text/html") => fetch(BUSY.url + where, { headers: { Accept: accept }, redirect: "manual" });
  const nonces = new Set();
  for (const where of ["/", "/alerts", "/alerts/7", "/sign-in", "/accept", "/no/such/page"]) {
    const answer = await ask(where);
    const policy = answer.headers.get("content-security-policy");
    assert.equal(answer.status, 200, where);
    assert.doesNotMatch(policy, /unsafe|\*/);
    assert.match(policy, /default-src 'none'; script-src 'self'; .*frame-ancestors 'none'/);
    for (const header of ["permissions-policy", "cross-origin-opener-policy", "referrer-policy", "x-content-type-options"]) {
      assert.ok(answer.headers.get(header), header);
    }
    assert.equal(answer.headers.get("cache-control"), "no-store");
    const page = await answer.text();
    const nonce = /'nonce-([^']+)'/.exec(policy)[1];
    assert.ok(page.includes(`nonce="${nonce}"`) && !/<script(?![^>]+src=)|<style|style=|onload/.test(page), page);
    nonces.add(nonce);
  }
  assert.equal(nonces.size, 6, "a nonce is used once");
  for (const where of ["/api/v1/none", "/in/none", "/favicon.ico", "/robots.txt", "/assets/", "/static/none", "/l"]) {
    assert.equal((await ask(where)).status, 404, where);
  }
  assert.equal((await ask("/alerts", "application/json")).status, 404);
  assert.match(await (await ask("/")).text(), new RegExp(text["interface.needs_script"].slice(0, 20)));
});

// What came over the wire for each file of ours, by the program's own answers.
async function weigh(page, run) {
  const files = new Map();
  const note = (response) => {
    const { pathname } = new URL(response.url());
    if (pathname.startsWith("/assets/") || response.request().isNavigationRequest()) {
      files.set(pathname, response);
    }
  };
  page.on("response", note);
  await run();
  page.off("response", note);
  const sizes = {};
  for (const pathname of files.keys()) {
    const answer = await fetch(page.url().replace(/^(https?:\/\/[^/]+).*/, "$1") + pathname, { headers: { "Accept-Encoding": "br", Accept: "text/html,*/*" } });
    const isBrotli = answer.headers.get("content-encoding") === "br";
    const bytes = Buffer.from(await answer.arrayBuffer());
    sizes[pathname] = isBrotli ? Number(answer.headers.get("content-length")) : zlib.brotliCompressSync(bytes).length;
  }
  return sizes;
}

const sum = (sizes) => Object.values(sizes).reduce((all, one) => all + one, 0);

test("the first screen and each room keep to their budget", async () => {
  const { cookies } = await signIn(QUIET, "emma");
  const page = await open();
  await page.context().addCookies(cookies);
  const first = await weigh(page, async () => {
    await page.goto(QUIET.url + "/");
    await page.getByText(text["now.quiet_title"]).waitFor();
  });
  console.log(`      first screen: ${(sum(first) / KB).toFixed(1)} KB in ${Object.keys(first).length} files`);
  assert.ok(sum(first) > 50 * KB && sum(first) <= FIRST_SCREEN_MAX, JSON.stringify(first));
  const languages = Object.entries(first).filter(([name]) => /\/(en|fr|ko|id|zh-TW)-[^/]*\.js$/.test(name));
  assert.equal(languages.length, 1, "one language");
  for (const where of ["/alerts"]) {
    const room = await weigh(page, async () => {
      await page.goto(QUIET.url + where);
      await page.getByText(text["alerts.none"]).waitFor();
    });
    const more = sum(Object.fromEntries(Object.entries(room).filter(([name]) => !(name in first))));
    console.log(`      ${where}: ${(more / KB).toFixed(1)} KB more`);
    assert.ok(more <= ROOM_MAX, JSON.stringify(room));
  }
  for (const language of LANGUAGES.slice(1)) {
    const other = await weigh(page, async () => {
      await page.getByLabel(words.en["shell.language"]).or(page.locator("header select")).first().selectOption(language);
      await page.getByRole("heading", { level: 1, name: words[language]["alerts.title"] }).waitFor();
    });
    assert.ok(sum(other) > 0 && sum(other) <= LANGUAGE_MAX, `${language}: ${JSON.stringify(other)}`);
  }
});

// --- signing in ---

test("who is not signed in is asked to, and comes to where they were going", async () => {
  const page = await open();
  await page.goto(QUIET.url + "/alerts?status=resolved");
  await page.getByRole("heading", { name: text["account.sign_in"] }).waitFor();
  page.complaints.length = 0; // the browser says that it was told 401
  assert.match(page.url(), /\/sign-in\?next=/);
  await page.getByText(text["account.no_account"]).click();
  await page.getByText("tocsin account create NAME").waitFor();
  await assertAccessible(page, "sign-in");
});

for (const [next, reached] of [["/alerts?status=resolved", "/alerts?status=resolved"], ["//evil.example/x", "/"], ["https://evil.example", "/"], ["/\\evil.example", "/"]]) {
  test(`signing in leads on: ${next}`, async () => {
    const page = await open();
    await page.goto(`${QUIET.url}/sign-in?next=${encodeURIComponent(next)}`);
    await page.getByLabel(text["account.login"], { exact: true }).fill(" emma ");
    await page.getByLabel(text["account.password"], { exact: true }).fill(PASSWORD);
    await page.keyboard.press("Enter");
    await page.locator("nav").first().waitFor({ state: "attached" });
    assert.equal(page.url().replace(QUIET.url, ""), reached);
  });
}

test("a refused sign-in says what to do, and asks for a code where there is one", async () => {
  const page = await open();
  await page.goto(QUIET.url + "/sign-in");
  await page.getByLabel(text["account.login"], { exact: true }).fill("emma");
  await page.getByLabel(text["account.password"], { exact: true }).fill("wrong");
  await button(page, "account.sign_in").click();
  await page.getByText("The name or the password is wrong.").waitFor();
  await assertAccessible(page, "refused");
  // No account of this program has a second factor yet: what it would say.
  const problem = { title: "x", status: 401, detail: "A code is needed, too.", field: "code", request_id: "r-2" };
  await page.route("**/api/v1/session", (route) => route.fulfill({ status: 401, json: problem }));
  await button(page, "account.sign_in").click();
  await page.getByLabel(text["account.code"], { exact: true }).fill("123456");
  const sent = page.waitForRequest("**/api/v1/session");
  await button(page, "account.sign_in").click();
  assert.deepEqual((await sent).postDataJSON(), { login: "emma", password: "wrong", code: "123456" });
  page.complaints.length = 0; // of the refusals
});

test("signing out ends it, here and for who goes back", async () => {
  const page = await enter(QUIET, "/", { login: "guest-3" });
  await page.getByText(text["now.quiet_title"]).waitFor();
  await button(page, "account.sign_out").click();
  await page.getByRole("heading", { name: text["account.sign_in"] }).waitFor();
  await page.goto(QUIET.url + "/");
  await page.getByRole("heading", { name: text["account.sign_in"] }).waitFor();
  page.complaints.length = 0; // that it was told 401
});

test("an invitation sets a password, once", async () => {
  const page = await open();
  await page.goto(QUIET.invitation);
  await page.getByLabel(text["welcome.password"], { exact: true }).fill("short");
  await assertAccessible(page, "accept");
  await button(page, "welcome.go").click();
  await page.getByText(text["welcome.failed"]).waitFor();
  await page.getByLabel(text["welcome.password"], { exact: true }).fill("four words nobody guesses");
  await button(page, "welcome.go").click();
  await page.getByText(text["now.quiet_title"]).waitFor();
  assert.ok(!page.url().includes("#"), page.url());
  await page.goto("about:blank"); // the same address with another hash would not load again
  await page.goto(QUIET.invitation);
  await page.getByLabel(text["welcome.password"], { exact: true }).fill("four words nobody guesses");
  await button(page, "welcome.go").click();
  await page.getByText(text["welcome.failed"]).waitFor();
  page.complaints.length = 0; // of the refusals
});

test("the link of the first start asks who one is, and blames nobody", async () => {
  const page = await open();
  await page.goto(QUIET.ownership);
  await page.getByLabel(text["welcome.password"], { exact: true }).fill("four words nobody guesses");
  await button(page, "welcome.go").click();
  await page.getByLabel(text["account.login"], { exact: true }).fill("nobody-there");
  assert.equal(await page.getByText(text["welcome.failed"]).count(), 0);
  await assertAccessible(page, "who");
  await button(page, "welcome.go").click();
  await page.getByText(text["welcome.failed"]).waitFor();
  await page.getByLabel(text["account.login"], { exact: true }).fill("guest-4");
  await button(page, "welcome.go").click();
  await page.getByText(text["now.quiet_title"]).waitFor();
  page.complaints.length = 0; // of the refusals
});

// --- Now ---

test("a quiet house says so, and who is on call", async () => {
  const page = await enter(BUSY);
  await page.getByText(text["now.quiet_title"]).waitFor();
  await page.locator("li", { hasText: "payments-primary" }).getByText(text["now.until"]).waitFor();
  await page.locator("li", { hasText: "nobody-yet" }).getByText(text["now.nobody"], { exact: true }).waitFor();
  await page.getByText(text["contact.live"], { exact: true }).waitFor();
  await assertAccessible(page, "quiet");
});

test("an alert shows within a second, is taken, and is over", async () => {
  const page = await enter(BUSY);
  await page.getByText(text["contact.live"], { exact: true }).waitFor();
  await page.getByText(text["now.quiet_title"]).waitFor();
  const began = Date.now();
  const id = await fire(BUSY, { summary: "cards are refused", service: "for-min", severity: "critical", source: "node-1" });
  await card(page, "cards are refused").waitFor();
  assert.ok(Date.now() - began < 1000, `it took ${Date.now() - began} ms`);
  assert.match(await page.title(), /^\(1\)/);
  await card(page, "cards are refused").getByRole("button", { name: text["alert.acknowledge"] }).click();
  await card(page, "cards are refused").getByText(text["alert.acknowledge_done"]).waitFor();
  assert.equal(await statusOf(BUSY, id), "acknowledged");
  const alert = await api(BUSY, "GET", `/api/v1/alerts/${id}`);
  const shown = await card(page, "cards are refused").locator("[role=status] time").getAttribute("datetime");
  assert.equal(shown, alert.acknowledged_at);
  await page.getByText("Emma Stone-Ward has it since").waitFor();
  await card(page, "cards are refused").getByRole("button", { name: text["alert.resolve"] }).click();
  await page.getByText(text["now.quiet_title"]).waitFor();
  assert.equal(await statusOf(BUSY, id), "resolved");
});

test("nothing is shown as acknowledged before the server said so", async () => {
  const page = await enter(BUSY);
  const id = await fire(BUSY, { summary: "slow answer", service: "for-budi", severity: "error" });
  let go;
  const held = new Promise((resolve) => { go = resolve; });
  await page.route("**/acknowledge", async (route) => { await held; await route.abort("connectionreset"); });
  const one = card(page, "slow answer");
  await one.getByRole("button", { name: text["alert.acknowledge"] }).click();
  await one.getByText(text["alert.sending"]).waitFor();
  assert.equal(await one.getByText(text["alert.acknowledge_done"]).count(), 0);
  go();
  await one.getByText(text["alert.acknowledge_failed"]).waitFor();
  await one.getByText(text["trouble.no-answer"]).waitFor();
  assert.equal(await one.getByText(text["alert.acknowledge_done"]).count(), 0);
  assert.equal(await statusOf(BUSY, id), "open");
  await assertAccessible(page, "failed");
  await page.unroute("**/acknowledge");
  await one.getByRole("button", { name: text["kit.again"] }).click();
  await one.getByText(text["alert.acknowledge_done"]).waitFor();
  assert.equal(await statusOf(BUSY, id), "acknowledged");
  await api(BUSY, "POST", `/api/v1/alerts/${id}/resolve`);
  page.complaints.length = 0; // the browser's own word on the cut connection
});

test("an answer that is lost is never shown as one", async () => {
  const page = await enter(BUSY);
  for (let cut = 0; cut < CUTS; cut++) {
    const summary = `cut ${cut}`;
    const isTaken = cut % 2 === 1; // the server took it, and the page cannot know
    await page.route("**/acknowledge", async (route) => {
      if (isTaken) { await route.fetch(); }
      await route.abort("connectionreset");
    }, { times: 1 });
    const id = await fire(BUSY, { summary, service: "for-ana", severity: "info", dedup_key: summary });
    const one = card(page, summary);
    await one.getByRole("button", { name: text["alert.acknowledge"] }).click();
    await one.getByText(isTaken ? "Emma Stone-Ward has it since" : text["alert.acknowledge_failed"]).waitFor();
    assert.equal(await one.getByText(text["alert.acknowledge_done"]).count(), 0, summary);
    assert.equal(await one.getByText(text["alert.acknowledge_failed"]).count(), isTaken ? 0 : 1, summary);
    assert.equal(await statusOf(BUSY, id), isTaken ? "acknowledged" : "open", summary);
    await api(BUSY, "POST", `/api/v1/alerts/${id}/resolve`);
    await one.waitFor({ state: "detached" });
  }
  page.complaints.length = 0; // the browser's own word on each cut
});

test("a server that is gone is said within ten seconds, and nothing is shown as quiet", async () => {
  const page = await enter(QUIET);
  await page.getByText(text["now.quiet_title"]).waitFor();
  process.kill(QUIET.pid, "SIGSTOP");
  try {
    await page.getByRole("heading", { level: 1, name: text["now.not_known"] }).waitFor({ timeout: 13000 });
    assert.equal(await page.getByText(text["now.quiet_title"]).count(), 0);
    assert.equal(await page.locator("main").getAttribute("data-state"), "lost");
    await shot(page, "web-lost");
  } finally {
    process.kill(QUIET.pid, "SIGCONT");
  }
  await page.getByText(text["now.quiet_title"]).waitFor();
  page.complaints.length = 0;
});

test("who may only look gets no buttons", async () => {
  const id = await fire(BUSY, { summary: "look, do not touch", service: "for-chen", severity: "warning" });
  const page = await enter(BUSY, "/", { login: "guest-1" });
  await card(page, "look, do not touch").waitFor();
  assert.equal(await page.locator("main button").count(), 0);
  await api(BUSY, "POST", `/api/v1/alerts/${id}/resolve`);
});

test("hostile texts stay texts", async () => {
  const payload = "<img src=x onerror=\"window.pwned=1\"><script>window.pwned=2</script>{{x}}{count}";
  const id = await fire(BUSY, { summary: payload, service: "for-emma", severity: "info", source: payload, component: payload,
    links: [{ href: "https://wiki.example.com/x", text: payload }] });
  const page = await enter(BUSY);
  await card(page, payload).waitFor();
  await page.goto(`${BUSY.url}/alerts/${id}`);
  await page.getByRole("heading", { level: 1, name: payload }).waitFor();
  assert.equal(await page.locator("main :is(img, script, iframe)").count(), 0);
  assert.equal(await page.evaluate(() => window.pwned), undefined);
  await api(BUSY, "POST", `/api/v1/alerts/${id}/resolve`);
});

// --- Alerts ---

test("the list is worked through by keyboard", async () => {
  const ids = {};
  for (const summary of ["first of three", "second of three", "third of three"]) {
    ids[summary] = await fire(BUSY, { summary, service: "for-ana", severity: "warning", dedup_key: summary });
  }
  const page = await enter(BUSY, "/alerts");
  await card(page, "third of three").waitFor();
  await page.keyboard.press("j");
  await page.keyboard.press("j");
  assert.match(await page.locator("[aria-current=true]").innerText(), /second of three/);
  await page.keyboard.press("a");
  await page.getByText(text["alert.acknowledge_done"]).waitFor();
  assert.equal(await statusOf(BUSY, ids["second of three"]), "acknowledged");
  await page.keyboard.press("k");
  await page.keyboard.press("r");
  await card(page, "third of three").waitFor({ state: "detached" });
  assert.equal(await statusOf(BUSY, ids["third of three"]), "resolved");
  await page.keyboard.press("/");
  await page.keyboard.type("first");
  await card(page, "second of three").waitFor({ state: "detached" });
  await page.keyboard.press("Escape");
  await page.keyboard.press("?");
  await page.getByRole("dialog").waitFor();
  await assertAccessible(page, "keys");
  await page.keyboard.press("Escape");
  await page.keyboard.press("j");
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { level: 1, name: "first of three" }).waitFor();
  await page.keyboard.press("g");
  await page.keyboard.press("a"); // goes, and acknowledges nothing
  await page.getByRole("heading", { level: 1, name: text["alerts.title"] }).waitFor();
  assert.equal(await statusOf(BUSY, ids["first of three"]), "open");
  for (const id of Object.values(ids)) {
    await api(BUSY, "POST", `/api/v1/alerts/${id}/resolve`).catch(() => {});
  }
});

test("filters stand in the address, and are kept by it", async () => {
  const page = await enter(BUSY, "/alerts");
  await page.getByLabel(text["alerts.status"]).selectOption("resolved");
  await page.getByLabel(text["alerts.severity"]).selectOption("critical");
  await card(page, "cards are refused").waitFor();
  assert.match(page.url(), /status=resolved&severity=critical/);
  await page.reload();
  await card(page, "cards are refused").waitFor();
  assert.equal(await page.getByLabel(text["alerts.status"]).inputValue(), "resolved");
});

test("why was this person told", async () => {
  const id = await fire(BUSY, { summary: "why me", service: "for-min", severity: "critical", component: "ledger",
    details: { annotations: { description: "It began with the last deploy." }, labels: { region: "eu-west-1" } } });
  const page = await enter(BUSY, `/alerts/${id}`);
  const line = page.locator("section", { has: page.getByRole("heading", { name: text["alert.timeline"] }) });
  await line.getByText("Kim Min-ji is paged").waitFor();
  await line.getByText(text["why.named"]).waitFor();
  await line.getByText(/delivered/).waitFor();
  await page.getByText("It began with the last deploy.").waitFor();
  await page.getByText("eu-west-1").waitFor();
  await page.keyboard.press("a");
  await page.getByText(text["alert.acknowledge_done"]).waitFor();
  await line.getByText("Emma Stone-Ward acknowledged it").waitFor();
  await assertAccessible(page, "detail");
  await api(BUSY, "POST", `/api/v1/alerts/${id}/resolve`);
});

test("the next step is asked for, and then an hour of quiet", async () => {
  const id = await fire(BUSY, { summary: "more hands", service: "for-budi", severity: "error" });
  const page = await enter(BUSY, `/alerts/${id}`);
  await button(page, "alert.escalate").click();
  await page.getByText(text["alert.escalate_done"]).waitFor();
  await page.getByText("Emma Stone-Ward handed it to the next step").waitFor();
  await page.keyboard.press("s");
  await page.getByText(text["alert.snooze_done"]).waitFor();
  const { status, snoozed_until } = await api(BUSY, "GET", `/api/v1/alerts/${id}`);
  assert.equal(status, "acknowledged");
  const quiet = page.locator("[role=status]", { hasText: text["alert.snooze_done"] }).locator("time");
  assert.equal(await quiet.getAttribute("datetime"), snoozed_until);
  await page.getByText(/^Emma Stone-Ward snoozed it until \d\d:\d\d$/).waitFor();
  await assertAccessible(page, "snoozed");
  await page.keyboard.press("r");
  await page.getByText(text["alert.resolve_done"]).waitFor();
  assert.equal(await statusOf(BUSY, id), "resolved");
});

test("an alert that is not there is said so", async () => {
  const page = await enter(BUSY, "/alerts/999999");
  await page.getByText(text["alert.not_known"]).waitFor();
  await page.getByText(text["trouble.missing"]).waitFor();
  await page.goto(BUSY.url + "/no/such/page");
  await page.getByText(text["shell.nowhere"]).waitFor();
  page.complaints.length = 0;
});

// --- how it looks ---

test("some alerts to look at", async () => {
  const rows = [["Card payments fail in eu-west-1: 14 % of requests answered 502", "critical", "for-min"],
    ["Replica lag of orders-db is 340 s", "error", "for-chen"], ["Disk of build-7 is 91 % full", "warning", "for-budi"],
    ["Certificate of shop.example.com ends in 20 days", "info", "for-emma"]];
  for (const [summary, severity, service] of rows) {
    await fire(BUSY, { summary, severity, service, source: `${service.slice(4)}-node-3`, dedup_key: `look ${summary}` });
  }
  const id = await fire(BUSY, { summary: "Queue of invoices grows: 12,400 wait", severity: "error", service: "for-ana" });
  await api(BUSY, "POST", `/api/v1/alerts/${id}/acknowledge`, { user: "budi" });
});

const PAGES = [["now", "/", "now.title"], ["alerts", "/alerts", "alerts.title"], ["alert", "/alerts/LAST", "alert.timeline"],
  ["now-quiet", "/", "now.title"], ["sign-in", "/sign-in", "account.sign_in"], ["welcome", "/accept#x", "welcome.title"]];

for (const [size, viewport] of Object.entries(SIZES)) {
  for (const colorScheme of ["light", "dark"]) {
    test(`every page, ${size}, ${colorScheme}`, async () => {
      const { items: [last] } = await api(BUSY, "GET", "/api/v1/alerts?limit=1", undefined, BUSY.read);
      const page = await enter(BUSY, "/", { viewport, colorScheme });
      for (const [name, where] of PAGES) {
        const server = name === "now-quiet" ? QUIET : BUSY;
        await page.context().addCookies((await signIn(server, "emma")).cookies);
        await page.goto(server.url + where.replace("LAST", last.id));
        await page.getByRole("heading").first().waitFor();
        await page.waitForLoadState("load");
        await page.locator("main [class*=Skeleton]").first().waitFor({ state: "detached" });
        await assertFits(page);
        await assertAccessible(page, `${name} ${size} ${colorScheme}`);
        await shot(page, `web-${name}-${size}-${colorScheme}`);
      }
    });
  }
}

test("every language says every page, at the narrowest", async () => {
  for (const { name: login, language } of world.people) {
    const page = await enter(BUSY, "/", { viewport: { width: 360, height: 740 }, login, locale: language });
    for (const [where, key] of [["/", "now.on_call"], ["/alerts", "alerts.title"], ["/sign-in", "account.sign_in"]]) {
      await page.goto(BUSY.url + where);
      await page.getByRole("heading", { name: words[language][key] }).first().waitFor();
      assert.equal(await page.getAttribute("html", "lang"), language);
      await assertFits(page);
      const missing = (await page.innerText("body")).match(/\b(kit|shell|now|alerts?|account|status|severity|keys|why|who|contact|trouble)\.[a-z_]+\b/g);
      assert.deepEqual(missing, null, `${language} ${where}`);
      await shot(page, `web-${language}${where.replaceAll("/", "-")}`);
    }
    await page.context().close();
  }
});

test("the choice of language and colours stays", async () => {
  const page = await enter(QUIET, "/", { colorScheme: "light" });
  await page.locator("header select").selectOption("fr");
  await page.getByText(words.fr["now.quiet_title"]).waitFor();
  await page.getByRole("button", { name: words.fr["shell.dark"] }).click();
  await page.reload();
  await page.getByText(words.fr["now.quiet_title"]).waitFor();
  assert.equal(await page.getAttribute("html", "data-mantine-color-scheme"), "dark");
});

await runAll();
