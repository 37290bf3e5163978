#!/usr/bin/env python3
"""E-mail through a real mail server: what arrives in the mailbox, and that following its link
acknowledges while a mail scanner's visits do not.

The tests of the sender alone drive src/channel/post_tool of the build under test.
"""

import json
import os
import pathlib
import re
import subprocess
import unittest

from mail import MailServer
from world import World, request

EMAIL = 1
KO, FR = 2, 5
ACK = "https://tocsin.example.com/a/TOKEN_x-1"


def send(options, sends):
    tool = pathlib.Path(os.environ.get("TOCSIN_BUILD", "build/test"), "src/channel/post_tool")
    if not tool.exists():
        raise unittest.SkipTest(f"{tool} is not there; build it with `make test`")
    document = json.dumps({"options": options, "sends": [{"kind": EMAIL, **s} for s in sends]})
    done = subprocess.run([tool], input=document, capture_output=True, text=True, timeout=60,
                          check=False)
    results = [json.loads(line) for line in done.stdout.splitlines()]
    if any("fault" in r for r in results):
        raise AssertionError(results)
    if done.returncode != 0:
        raise AssertionError(done.stderr)
    return sorted(results, key=lambda r: r["index"])


def parts(message):
    return (message.get_body(("plain",)).get_content(), message.get_body(("html",)).get_content())


class Delivery(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.mail = cls.enterClassContext(MailServer(["ana", "budi", "chen", "dana", "eve"]))

    def send_one(self, **spec):
        return send({"smtp_url": self.mail.url}, [spec])[0]

    def test_message(self):
        result = self.send_one(to="ana@example.com", summary="Disk full on db7", source="db7",
                               reason="You are on call.", ack_url=ACK, message_id="m-1")
        self.assertEqual(result["state"], "delivered", result)
        self.assertTrue(result["detail"].startswith("250"), result)
        message = self.mail.wait_for("ana")[0]
        self.assertEqual(message["Subject"], "[critical] checkout: Disk full on db7")
        self.assertEqual(message["From"], "Tocsin <tocsin@example.com>")
        self.assertEqual(message["To"], "Ana Wijaya <ana@example.com>")
        self.assertEqual(message["Message-ID"], "<m-1@example.com>")
        self.assertEqual(message["References"], "<alert-7@example.com>")
        self.assertEqual(message["Auto-Submitted"], "auto-generated")
        self.assertEqual(message["X-Auto-Response-Suppress"], "All")
        self.assertEqual(message["Importance"], "high")
        self.assertEqual(message.get_content_type(), "multipart/alternative")
        self.assertEqual(message.defects, [])
        self.assertIsNotNone(message["Date"].datetime)
        text, html = parts(message)
        self.assertIn(ACK, text)
        self.assertIn(f'href="{ACK}"', html)
        self.assertIn("You are on call.", text)

    def test_languages_and_hostile_texts(self):
        evil = "<script>alert(1)</script>\r\nBcc: eve@example.com\r\n\r\n.\r\nDATA 한국어 " + "x" * 300
        results = send({"smtp_url": self.mail.url}, [
            {"to": "budi@example.com", "language": KO, "summary": evil, "full_name": evil,
             "source": evil, "service": evil, "reason": evil, "message_id": evil,
             "time_zone": "Asia/Seoul"}])
        self.assertEqual(results[0]["state"], "delivered", results)
        message = self.mail.wait_for("budi")[0]
        self.assertIsNone(message["Bcc"])
        self.assertEqual(self.mail.messages("eve"), [])
        self.assertTrue(message["Subject"].startswith("[심각]"))
        self.assertEqual(message.defects, [])
        self.assertEqual(message["To"].addresses[0].addr_spec, "budi@example.com")
        text, html = parts(message)
        self.assertIn("한국어", text)
        self.assertNotIn("<script", html)
        self.assertIn("2026년 12월 25일 (금) 07:05 (Asia/Seoul)", text)
        raw = message.as_bytes()
        self.assertLessEqual(max(len(line) for line in raw.splitlines()), 998)

    def test_dots_and_long_lines(self):
        summary = ". .. " + "é" * 500
        self.assertEqual(self.send_one(to="chen@example.com", summary=summary, language=FR,
                                       full_name='Ana "the, <boss>" W.')["state"], "delivered")
        message = self.mail.wait_for("chen")[0]
        self.assertIn(summary, parts(message)[0])
        self.assertEqual(message["To"].addresses[0].display_name, 'Ana "the, <boss>" W.')
        self.assertEqual(message["To"].addresses[0].addr_spec, "chen@example.com")

    def test_unknown_person_is_refused(self):
        result = self.send_one(to="nobody@example.com")
        self.assertEqual(result["state"], "refused", result)
        self.assertIn("550", result["detail"])

    def test_bad_addresses_are_refused_before_sending(self):
        for to in ("", "ana", "@example.com", "ana@", "a b@example.com", "ana@example.com\r\nRCPT TO:<eve@example.com>",
                   "ana@example.com,eve@example.com", "<ana@example.com> eve@example.com", "a@b@example.com",
                   "ana@example.com> SIZE=1 <x@example.com", "\"x\"@example.com", "ana@@example.com"):
            result = self.send_one(to=to)
            self.assertEqual(result["state"], "refused", to)
            self.assertIn("not an e-mail address", result["detail"])

    def test_nobody_listens(self):
        result = send({"smtp_url": "smtp://127.0.0.1:1"}, [{"to": "ana@example.com"}])[0]
        self.assertEqual(result["state"], "retry")

    def test_no_server_set(self):
        result = send({}, [{"to": "ana@example.com"}])[0]
        self.assertEqual(result["state"], "refused")
        self.assertIn("TOCSIN_SMTP_URL", result["detail"])

    def test_many_at_once(self):
        sends = [{"to": "eve3@example.com" if i % 10 == 9 else "dana@example.com",
                  "message_id": f"many-{i}"} for i in range(100)]
        results = send({"smtp_url": self.mail.url}, sends)
        self.assertEqual([r["state"] for r in results],
                         ["refused" if i % 10 == 9 else "delivered" for i in range(100)])
        self.mail.wait_for("dana", 90)


PEOPLE = ["ana", "budi", "chen"]  # one per test: nobody gets more than three messages a minute


def key_of(person):
    return f"mail-{person}-0123456789abcdef0123456789abcdef"


def team():
    names = {"ana": "Ana Wijaya", "budi": "Budi Santoso", "chen": "Chen Ya-ting"}
    lines = ["users:"]
    for person in PEOPLE:
        lines.append(f"""  - name: {person}
    full_name: {names[person]}
    time_zone: Asia/Jakarta
    language: id
    contacts: [{{kind: email, to: {person}@example.com}}]
    rules: {{high: [{{after: 0s, contact: email}}]}}""")
    lines.append("policies:")
    lines += [f"""  - name: {person}-first
    steps: [{{notify: [{{user: {person}}}], wait: 10m}}]
    last_resort: {{user: {person}}}""" for person in PEOPLE]
    lines.append("services:")
    lines += [f"  - {{name: checkout-{person}, policy: {person}-first}}" for person in PEOPLE]
    lines.append("integrations:")
    lines += [f"  - {{name: {person}, kind: native, service: checkout-{person}, "
              f"key: env:KEY_{person.upper()}}}" for person in PEOPLE]
    return "\n".join(lines) + "\n"


# Who looks into mails on their way: gateways, mail programs, browsers that run ahead, chat previews.
SCANNERS = [
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/120.0 Safari/537.36",
    "Mozilla/5.0 (compatible; MSIE 9.0; Windows NT 6.1) BingPreview/1.0b",
    "Mozilla/5.0 (X11; Linux x86_64) Barracuda Sentinel (EE)",
    "Mimecast-URL-Protect/1.0", "Proofpoint URL Defense", "Symantec Click-Time Protection",
    "Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)", "Mattermost-Bot/1.1",
    "Microsoft Office/16.0 (Microsoft Outlook 16.0; Pro)", "SkypeUriPreview Preview/0.5",
    "WhatsApp/2.23", "TelegramBot (like TwitterBot)", "facebookexternalhit/1.1",
    "Googlebot/2.1 (+http://www.google.com/bot.html)", "GoogleImageProxy", "YahooMailProxy",
    "curl/7.88.1", "python-requests/2.31.0", "Go-http-client/1.1", "",
]
AHEAD = [
    {"Purpose": "prefetch"}, {"Sec-Purpose": "prefetch;prerender"}, {"X-Moz": "prefetch"},
    {"X-Purpose": "preview"}, {"Sec-Fetch-Dest": "document", "Sec-Fetch-Mode": "navigate"},
    {"Range": "bytes=0-0"}, {"If-None-Match": "*"}, {"If-Modified-Since": "Thu, 01 Jan 1970 00:00:00 GMT"},
    {"Accept": "image/*"}, {"Accept": "application/json"}, {"Connection": "close"},
    {"Referer": "https://mail.example.com/"}, {"Cookie": "a=b"}, {"Content-Type": "application/x-www-form-urlencoded"},
    {"X-HTTP-Method-Override": "POST"}, {"X-HTTP-Method": "POST"}, {"X-Method-Override": "POST"},
    {"X-Forwarded-For": "10.0.0.1"},
]
QUERIES = ["?_method=POST", "?method=post", "?utm_source=mail", "?acknowledge=1", "?confirm=yes", "?"]


def visits():
    """(method, query, headers, body) of every way of looking that is not pressing the button."""
    for agent in SCANNERS:
        yield "GET", "", {"User-Agent": agent}, None
        yield "HEAD", "", {"User-Agent": agent}, None
    for headers in AHEAD:
        yield "GET", "", headers, None
        yield "HEAD", "", headers, None
    for query in QUERIES:
        yield "GET", query, {}, None
    yield "GET", "", {"Content-Type": "application/x-www-form-urlencoded"}, "acknowledge=1"
    for method in ("OPTIONS", "PUT", "PATCH", "DELETE", "PROPFIND", "TRACE"):
        yield method, "", {}, None


def links(message):
    return sorted(set(re.findall(r"https?://[^\s\"<>]+/l/[\w-]+", parts(message)[0])))


class Loop(unittest.TestCase):
    """From the alert over the mailbox to the acknowledgement."""

    @classmethod
    def setUpClass(cls):
        cls.mail = cls.enterClassContext(MailServer(PEOPLE))
        cls.world = cls.enterClassContext(World(settings={
            "SMTP_URL": cls.mail.url, "SMTP_FROM": "Tocsin <tocsin@example.com>"}))
        cls.world.apply(team(), env={f"KEY_{p.upper()}": key_of(p) for p in PEOPLE})

    def fire(self, person, summary):
        count = len(self.mail.messages(person))
        answer = self.world.post("/api/v1/alerts", {"summary": summary, "severity": "critical",
                                                    "source": "pay-3"}, token=key_of(person))
        self.assertEqual(answer.status, 202, answer)
        message = self.mail.wait_for(person, count + 1)[-1]
        return answer.json["alert_id"], message

    def status(self, alert_id):
        return self.world.alert(alert_id)["status"]

    def test_follow_the_link(self):
        alert_id, message = self.fire("ana", "Pembayaran gagal <b>5 %</b>")
        self.assertEqual(message["Subject"], "[kritis] checkout-ana: Pembayaran gagal <b>5 %</b>")
        text, html = parts(message)
        self.assertIn("Ana Wijaya, alarm ini perlu Anda tangani sekarang.", text)
        self.assertIn("(Asia/Jakarta)", text)
        self.assertNotIn("<b>", html)
        link, = links(message)
        self.assertIn(f'href="{link}"', html)

        page = request("GET", link)
        self.assertEqual(page.status, 200)
        self.assertIn("Saya tangani", page.text)
        self.assertEqual(self.status(alert_id), "open")
        self.assertIn("no-store", page.headers["Cache-Control"])
        self.assertNotIn("<b>5", page.text)

        pressed = request("POST", link, "do=acknowledge", {"Content-Type": "application/x-www-form-urlencoded"})
        self.assertIn(pressed.status, (200, 303), pressed)
        alert = self.world.alert(alert_id)
        self.assertEqual(alert["status"], "acknowledged")
        self.assertEqual(alert["acknowledged_by"], "user:ana")

    def test_scanners_do_not_acknowledge(self):
        alert_id, message = self.fire("budi", "Scanned on its way")
        link, = links(message)
        count = 0
        for method, query, headers, body in visits():
            answer = request(method, link + query, body, headers)
            self.assertLess(answer.status, 500, (method, query, headers, answer))
            count += 1
        self.assertGreaterEqual(count, 50)
        self.assertEqual(self.status(alert_id), "open")
        kinds = [e["kind"] for e in self.world.events() if e["subject"] == f"alert:{alert_id}"]
        self.assertFalse([k for k in kinds if "acknowledge" in k], kinds)
        self.assertIn(request("POST", link, "do=acknowledge").status, (200, 303))
        self.assertEqual(self.status(alert_id), "acknowledged")

    def test_a_link_is_for_its_alert_only(self):
        first, first_mail = self.fire("chen", "First")
        second, _ = self.fire("chen", "Second")
        link, = links(first_mail)
        forged = link[:-1] + ("A" if link[-1] != "A" else "B")
        self.assertIn(request("POST", forged, "do=acknowledge").status, (400, 404, 410))
        self.assertEqual((self.status(first), self.status(second)), ("open", "open"))
        request("POST", link, "do=acknowledge")
        self.assertEqual((self.status(first), self.status(second)), ("acknowledged", "open"))
        self.world.post(f"/api/v1/alerts/{second}/resolve")


if __name__ == "__main__":
    unittest.main()
