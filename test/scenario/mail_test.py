#!/usr/bin/env python3
"""E-mail through a real mail server: what arrives in the mailbox, and that following its link
acknowledges while a mail scanner's visits do not.

$POST_TOOL is the path of src/channel/post_tool; without it the tests of the sender alone skip.
"""

import json
import os
import pathlib
import re
import subprocess
import unittest

from mail import MailServer

EMAIL = 1
KO, FR = 2, 5
ACK = "https://tocsin.example.com/a/TOKEN_x-1"


def send(options, sends):
    tool = os.environ.get("POST_TOOL")
    if tool is None or not pathlib.Path(tool).exists():
        raise unittest.SkipTest("POST_TOOL is not set")
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


if __name__ == "__main__":
    unittest.main()
