// The board and the page behind a link, as people meet them. Run by pages_test.py.
import assert from "node:assert/strict";
import fs from "node:fs";
import { createRequire } from "node:module";
import { api, assertFits, expire, fire, linkFor, message, open, runAll, shot, signIn, statusOf, test, words, world }
  from "./house.mjs";

const AXE = fs.readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const PHONE = { viewport: { width: 360, height: 740 }, isMobile: true, hasTouch: true, deviceScaleFactor: 2 };
const { open: OPEN, closed: CLOSED } = world;
const TAGS = { en: "en-GB", id: "id-ID", fr: "fr-CA", "zh-TW": "zh-TW", ko: "ko-KR" };
const STORM = 12; // what comes while a message is under way goes together, too

const alert = (summary, service, more = {}) =>
  ({ summary, service, severity: "critical", source: "node-1", ...more });
const fill = (text, values) => text.replace(/\{(\w+)\}/g, (_, name) => values[name]);
const plural = (text, count) => fill(typeof text === "string" ? text : text.other, { count });

async function assertAccessible(page) {
  await page.evaluate(AXE);
  const { violations } = await page.evaluate(() => window.axe.run());
  const serious = violations.filter(({ impact }) => ["serious", "critical"].includes(impact))
    .map(({ id, help, nodes }) => `${id}: ${help}: ${nodes.map(({ html }) => html).slice(0, 3).join(" ")}`);
  assert.deepEqual(serious, [], page.url());
}

// Somebody whom no other test pages.
const someone = () => world.guests.pop();

const card = (page, summary) => page.locator("li", { has: page.locator(".summary", { hasText: summary }) }).first();

// A digest comes when the first minute of a storm is over: it begins now, and is looked at last.
let storm;
test("the storm of a digest begins", async () => {
  storm = [];
  for (let i = 0; i < STORM; i++) {
    storm.push(await fire(OPEN, alert(`storm ${i}`, "for-chen", { dedup_key: `storm-${i}` })));
  }
});

// --- the board ---

test("the board of a quiet house says so", async () => {
  const page = await signIn(CLOSED, "read");
  const text = await page.innerText("#board");
  assert.ok(text.includes(words.en["board.no_alerts"]), text);
  assert.ok(text.includes(words.en["board.no_notifications"]), text);
  await page.waitForSelector("#live.on");
  assert.equal(await page.innerText("#live"), words.en["board.live"]);
  await assertAccessible(page);
  await shot(page, "board-empty");
});

test("an alert shows within a second, without a reload", async () => {
  const page = await open();
  await page.goto(OPEN.url + "/board");
  await page.waitForSelector("#live.on");
  await page.evaluate(() => { window.isSamePage = true; });
  // The first one may find the page in the pause after its own first look.
  for (const summary of ["first to show up", "second to show up"]) {
    const began = Date.now();
    await fire(OPEN, alert(summary, "for-min"));
    await page.waitForSelector(`li .summary:text-is("${summary}")`);
    const took = Date.now() - began;
    assert.ok(took < 1000, `it took ${took} ms`);
  }
  await page.locator("ul.notifications li", { hasText: "second to show up" }).waitFor();
  assert.equal(await page.evaluate(() => window.isSamePage), true);
  assert.match(await page.title(), /^\(\d+\) /);
});

test("hostile texts stay texts, also where they are put in later", async () => {
  const payloads = ["<script>window.pwned=1</script>", "<img src=x onerror=\"window.pwned=2\">",
    "</div><svg onload=window.pwned=3>", "\"><iframe srcdoc=\"<script>parent.pwned=4</script>\">",
    "<a href=\"javascript:window.pwned=5\">x</a>", "&lt;b&gt;", "<style>*{display:none}</style>"];
  const page = await signIn(CLOSED, "respond");
  await page.waitForSelector("#live.on");
  const guest = someone();
  let link;
  for (const payload of payloads) {
    const id = await fire(CLOSED, alert(payload, `for-${guest}`, { source: payload, component: payload, dedup_key: payload }));
    link ??= await linkFor(guest, id);
    await page.waitForFunction((text) =>
      [...document.querySelectorAll("li .summary")].some((one) => one.textContent === text), payload);
  }
  for (const address of [CLOSED.url + "/board", link]) {
    await page.goto(address);
    const shown = await page.innerText("main");
    assert.ok(shown.includes(payloads[0]), shown);
    assert.equal(await page.evaluate(() => window.pwned), undefined);
    assert.equal(await page.locator("main :is(script, img, svg, iframe, style, a)").count(), 0);
  }
});

test("the board works without a script", async () => {
  const page = await signIn(CLOSED, "respond", { javaScriptEnabled: false });
  const id = await fire(CLOSED, alert("no script here", `for-${someone()}`));
  await page.reload();
  assert.match(await card(page, "no script here").innerText(), /\(UTC\)/);
  assert.equal(await page.locator("#live").isVisible(), false);
  // Held back while the page is looked at: a browser without a script loads it again by itself.
  assert.match(await page.content(), /http-equiv="refresh"/);
  await card(page, "no script here").locator("button").click();
  await card(page, "no script here").locator(".acknowledged").waitFor();
  assert.equal(await statusOf(CLOSED, id), "acknowledged");
});

test("Acknowledge is reached and pressed by keyboard", async () => {
  const page = await signIn(CLOSED, "respond");
  await page.waitForSelector("#live.on");
  const id = await fire(CLOSED, alert("only keys", `for-${someone()}`));
  await card(page, "only keys").waitFor();
  const isThere = () => page.evaluate(() =>
    document.activeElement.matches("button") && document.activeElement.closest("li")?.textContent.includes("only keys"));
  for (let presses = 0; presses < 40 && !(await isThere()); presses++) {
    await page.keyboard.press("Tab");
  }
  assert.equal(await isThere(), true);
  const outline = await page.evaluate(() => getComputedStyle(document.activeElement).outlineWidth);
  assert.ok(parseFloat(outline) >= 2, `the focus is marked by ${outline}`);
  // Another alert renews the list; who is about to press must not lose their place.
  await fire(CLOSED, alert("comes between", `for-${someone()}`));
  await card(page, "comes between").waitFor();
  assert.equal(await isThere(), true);
  await page.keyboard.press("Enter");
  await card(page, "only keys").locator(".acknowledged").waitFor();
  assert.equal(await statusOf(CLOSED, id), "acknowledged");
  assert.match(await card(page, "only keys").innerText(), /token scenario-respond \d\d:\d\d:\d\d \S+/);
});

test("who may only read gets no buttons", async () => {
  await fire(CLOSED, alert("look, do not touch", `for-${someone()}`));
  const page = await signIn(CLOSED, "read");
  await card(page, "look, do not touch").waitFor();
  assert.equal(await page.locator("li button").count(), 0);
});

test("people and channels go by their names, times carry a zone", async () => {
  await fire(CLOSED, alert("queue grows", "for-room"));
  await message((one) => one.who === "payments-room");
  const page = await signIn(CLOSED, "read");
  await page.locator(".notifications li", { hasText: "queue grows" }).locator(".delivered").waitFor();
  const sent = await page.locator(".notifications li", { hasText: "queue grows" }).innerText();
  assert.match(sent, /^channel payments-room delivered/);
  assert.match(await card(page, "queue grows").innerText(), /Paged channel payments-room/);
  assert.doesNotMatch(await page.innerText("main"), /channel:|user:|token:/);
  for (const time of await page.locator("time").allInnerTexts()) {
    assert.match(time, /(CEST|CET|GMT\+\d)$/);
  }
});

test("long texts break, and nothing is wider than a phone", async () => {
  const guest = someone();
  const id = await fire(CLOSED, alert("timeout_of_the_card_processor_".repeat(30), `for-${guest}`,
    { source: "node-".repeat(40), severity: "warning", dedup_key: "long" }));
  const page = await signIn(CLOSED, "respond", PHONE);
  await assertFits(page);
  await page.goto(await linkFor(guest, id));
  await assertFits(page);
  await page.goto(expire(CLOSED, page.url()));
  await assertFits(page);
  for (const language of Object.keys(TAGS)) {
    const login = await open({ ...PHONE, locale: TAGS[language] });
    await login.goto(CLOSED.url + "/board");
    await assertFits(login);
  }
});

for (const scheme of ["light", "dark"]) {
  for (const [size, options] of [["desk", {}], ["phone", PHONE]]) {
    test(`pages are accessible: ${scheme}, ${size}`, async () => {
      const guest = someone();
      const id = await fire(CLOSED, alert("checkout answers slowly", `for-${guest}`, { severity: "error" }));
      const page = await signIn(CLOSED, "respond", { ...options, colorScheme: scheme });
      await page.waitForSelector("#live.on");
      const ground = await page.evaluate(() => getComputedStyle(document.body).backgroundColor);
      const light = Number(ground.match(/\d+/)[0]) > 127;
      assert.equal(light, scheme === "light", `the ground is ${ground}`);
      await assertFits(page);
      await assertAccessible(page);
      await shot(page, `board-${scheme}-${size}`);
      await page.goto(await linkFor(guest, id));
      await assertFits(page);
      await assertAccessible(page);
      await shot(page, `link-${scheme}-${size}`);
      await page.context().clearCookies();
      await page.goto(CLOSED.url + "/board");
      await assertAccessible(page);
      await shot(page, `login-${scheme}-${size}`);
    });
  }
}

for (const { name, full_name: fullName, language } of world.people) {
  const text = words[language];
  test(`every page speaks ${language}`, async () => {
    // The board by what the browser asks for.
    const page = await signIn(CLOSED, "respond", { locale: TAGS[language] });
    assert.equal(await page.getAttribute("html", "lang"), language);
    const shown = await page.textContent("body");
    for (const key of ["board.alerts", "board.notifications", "board.sign_out", "ack.button"]) {
      assert.ok(shown.includes(text[key]), `${key} in ${shown}`);
    }
    assert.equal(await page.title(), `(${await page.innerText("#count")}) ${text["board.title"]}`);
    await shot(page, `board-${language}`);
    // The link by its person, whatever the browser asks for.
    const other = await open({ locale: language === "fr" ? "ko-KR" : "fr-FR", ...PHONE });
    const id = await fire(CLOSED, alert(`in ${language}`, `for-${name}`, { severity: "error" }));
    await other.goto(await linkFor(name, id));
    assert.equal(await other.getAttribute("html", "lang"), language);
    assert.equal(await other.innerText("main button"), text["ack.button"]);
    assert.ok((await other.innerText("main")).includes(text["severity.error"]));
    await other.click("main button");
    const done = await other.innerText("main");
    assert.ok(done.includes(fill(text["ack_page.done"].one ?? text["ack_page.done"].other, { count: 1 })), done);
    assert.ok(done.includes(fullName), done);
    await shot(other, `link-${language}`);
    for (const said of [shown, done]) {
      assert.doesNotMatch(said, /\b(ack|ack_page|board|label|who|delivery|severity|actor|alert)\.[a-z_]+\b/);
    }
  });
}

// --- signing in ---

test("signing in: wrong token, right token, out again", async () => {
  const page = await open();
  await page.goto(CLOSED.url + "/board");
  assert.equal(await page.locator("#board").count(), 0);
  await page.keyboard.type("tcn_api_this-is-not-a-token");
  await page.keyboard.press("Enter");
  assert.equal(await page.innerText(".problem"), words.en["board.token_refused"]);
  await assertAccessible(page);
  await shot(page, "login-refused");
  assert.deepEqual(await page.context().cookies(), []);
  await page.fill("input[name=token]", CLOSED.read);
  await page.click("main button");
  await page.waitForSelector("#board");
  const [cookie, ...more] = await page.context().cookies();
  assert.deepEqual(more, []);
  assert.equal(cookie.httpOnly, true);
  assert.equal(cookie.sameSite, "Strict");
  assert.equal(await page.evaluate(() => document.cookie), "");
  await page.click("header button");
  await page.waitForSelector("input[name=token]");
  assert.deepEqual(await page.context().cookies(), []);
});

// --- the link ---

test("looking acknowledges nothing, the button does", async () => {
  const id = await fire(CLOSED, alert("press me", "for-budi"));
  const link = await linkFor("budi", id);
  for (const options of [{}, { javaScriptEnabled: false }, PHONE]) {
    const page = await open(options);
    await page.goto(link);
    await page.reload();
    await page.goto(link);
    await page.waitForSelector("main button");
  }
  for (const method of ["GET", "HEAD"]) {
    await fetch(link, { method });
  }
  assert.equal(await statusOf(CLOSED, id), "open");
  const page = await open({ timezoneId: "America/New_York" });
  await page.goto(link);
  await page.keyboard.press("Tab");
  await page.keyboard.press("Enter");
  await page.waitForSelector("main .done");
  assert.equal(await statusOf(CLOSED, id), "acknowledged");
  const text = await page.innerText("main");
  // Who and when, at the clock of whom the message was for, as in the message.
  assert.match(text, /Budi Santoso .*\(Europe\/Paris\)/);
  assert.equal(await page.locator("main button:not(.quiet)").count(), 0);
  await assertAccessible(page);
});

test("a link without a script", async () => {
  const id = await fire(CLOSED, alert("press me, too", "for-ana"));
  const page = await open({ javaScriptEnabled: false, ...PHONE });
  await page.goto(await linkFor("ana", id));
  await page.click("main button");
  await page.waitForSelector("main .done");
  assert.equal(await statusOf(CLOSED, id), "acknowledged");
});

test("who comes late learns who has it, or that it is over", async () => {
  const guest = someone();
  const id = await fire(CLOSED, alert("somebody was faster", `for-${guest}`));
  const link = await linkFor(guest, id);
  await api(CLOSED, "POST", `/api/v1/alerts/${id}/acknowledge`, { user: "budi" });
  const page = await open();
  await page.goto(link);
  assert.equal(await page.innerText("main .done"), fill(words.en["ack_page.already"], { user: "Budi Santoso" }));
  assert.equal(await page.locator("main button:not(.quiet)").count(), 0);
  await shot(page, "link-already");
  await api(CLOSED, "POST", `/api/v1/alerts/${id}/resolve`);
  await page.reload();
  assert.equal(await page.innerText("main .done"), words.en["ack_page.resolved"].one);
  assert.equal(await page.locator("main button").count(), 0);
  await assertAccessible(page);
  await shot(page, "link-resolved");
});

// A phone of today, and a screen of the command post.
for (const [size, options] of [["phone", { ...PHONE, viewport: { width: 390, height: 844 } }],
  ["wide", { viewport: { width: 1600, height: 900 } }]]) {
  for (const scheme of ["light", "dark"]) {
    test(`all that a message offers, without a script: ${scheme}, ${size}`, async () => {
      const guest = someone();
      const id = await fire(CLOSED, alert(`cards are refused ${scheme} ${size}`, `for-${guest}`, { component: "cards",
        details: { labels: { region: "eu-west-1", pod: "payments-7f9c4d-x2x" },
          annotations: { description: "More than 5 % of card payments fail.\nIt began with the last deploy." } },
        links: [{ href: "https://wiki.example.com/cards", text: "Runbook" },
          { href: "https://graphs.example.com/d/1", text: "Graph" }] }));
      const page = await open({ ...options, colorScheme: scheme, javaScriptEnabled: false });
      await page.goto(await linkFor(guest, id));
      const shown = await page.innerText("main");
      for (const said of ["It began with the last deploy.", "eu-west-1", "Runbook", "cards"]) {
        assert.ok(shown.includes(said), `${said} in ${shown}`);
      }
      // The one button is in sight, and first.
      const button = await page.locator("main button").first().boundingBox();
      assert.ok(button.y + button.height < page.viewportSize().height, JSON.stringify(button));
      await page.click("main summary");
      await assertFits(page);
      await shot(page, `link-more-${scheme}-${size}`);
      await page.selectOption("select[name=who]", "user:budi");
      await page.fill("form:has(select[name=who]) input[name=note]", "you know the cards");
      await page.click("form:has(select[name=who]) button");
      await page.locator("main .done").waitFor();
      assert.ok((await page.innerText("main dl")).includes("Budi Santoso"));
      assert.equal(await statusOf(CLOSED, id), "open");
      await page.click("main summary");
      await page.selectOption("select[name=for]", "2h");
      await page.click("form:has(select[name=for]) button");
      await page.locator("main .done").first().waitFor();
      assert.equal(await statusOf(CLOSED, id), "acknowledged");
      await page.click("form:has(input[value=resolve]) button");
      await page.locator("main .badge.resolved").waitFor();
      assert.equal(await statusOf(CLOSED, id), "resolved");
      await shot(page, `link-over-${scheme}-${size}`);
    });
  }
}

test("expired and forged links say what to do", async () => {
  const guest = someone();
  const id = await fire(CLOSED, alert("not by this way", `for-${guest}`));
  const good = await linkFor(guest, id);
  const forged = good.slice(0, -12) + (good.at(-12) === "A" ? "B" : "A") + good.slice(-11);
  const rows = [[expire(CLOSED, good), 410, "ack_page.expired"], [forged, 404, "ack_page.invalid"],
    [good.slice(0, -5), 404, "ack_page.invalid"], [OPEN.url + new URL(good).pathname, 404, "ack_page.invalid"]];
  for (const language of Object.keys(TAGS)) {
    const page = await open({ locale: TAGS[language] });
    for (const [address, status, key] of rows) {
      const answer = await page.goto(address);
      assert.equal(answer.status(), status, address);
      assert.equal(await page.innerText("main .problem"), words[language][key]);
      assert.equal(await page.innerText("main a[href='/']"), words[language]["board.title"]);
      assert.equal(await page.locator("button").count(), 0);
    }
    await assertAccessible(page);
  }
  assert.equal(await statusOf(CLOSED, id), "open");
});

test("the link of a digest takes all of it", async () => {
  const digest = await message((one) => one.who === "chen" && one.total > 2, 75000);
  const ids = digest.alerts.map(({ id }) => id).sort((one, other) => other - one); // as the page lists them
  assert.ok(ids.length > 2 && ids.every((id) => storm.includes(id)), JSON.stringify(ids));
  const page = await open(PHONE);
  await page.goto(digest.ack_url);
  const text = words["zh-TW"];
  assert.equal(await page.locator("main li").count(), ids.length);
  assert.equal(await page.innerText("main button"), text["ack.button_all"]);
  assert.ok((await page.innerText("main")).includes(plural(text["ack_page.question"], ids.length)));
  await shot(page, "digest-before");
  // One of them by itself: from the list, and on a page of its own.
  await page.locator("main li button").first().click();
  await page.locator("main li .acknowledged").first().waitFor();
  assert.equal(await page.locator("main li .acknowledged").count(), 1);
  assert.equal(await statusOf(OPEN, ids[0]), "acknowledged");
  await page.locator("main li a").nth(1).click();
  assert.equal(await page.locator("main li").count(), 1);
  await shot(page, "digest-one");
  await page.click("main summary");
  await page.click("form:has(input[value=resolve]) button");
  await page.locator("main .badge.resolved").waitFor();
  assert.equal(await statusOf(OPEN, ids[1]), "resolved");
  await page.locator("main > a").click();
  await page.click("main button");
  await page.waitForSelector("main .done");
  assert.equal(await page.innerText("main .done"), plural(text["ack_page.done"], ids.length - 1));
  assert.equal(await page.locator("main li .acknowledged").count(), ids.length - 1);
  for (const id of ids.filter((one) => one !== ids[1])) {
    assert.equal(await statusOf(OPEN, id), "acknowledged");
  }
  await assertAccessible(page);
  await shot(page, "digest-after");
  const board = await open();
  await board.goto(OPEN.url + "/board");
  const about = plural(words.en["board.digest"], ids.length);
  await board.locator(".notifications li", { hasText: about }).first().waitFor();
});

await runAll();
