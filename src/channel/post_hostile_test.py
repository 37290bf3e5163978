#!/usr/bin/env python3
"""The real sender against providers that do everything wrong, beside one that works.

usage: post_hostile_test.py PATH-OF-post_tool
"""
import base64
import hashlib
import hmac
import json
import os
import shutil
import socket
import struct
import subprocess
import sys
import threading
import time
import unittest

TOOL = sys.argv.pop(1)
WEBHOOK, SLACK, MATTERMOST, NTFY, LOG = 2, 3, 4, 5, 6


class Server:
    """One listening socket; `behave(connection, request)` decides what happens to each request."""

    def __init__(self, behave):
        self.behave = behave
        self.requests = []
        self.lock = threading.Lock()
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=256)
        self.port = self.listener.getsockname()[1]
        self.is_open = True
        self.kept = []
        threading.Thread(target=self.accept, daemon=True).start()

    def url(self, path="/hook"):
        return f"http://127.0.0.1:{self.port}{path}"

    def accept(self):
        while self.is_open:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self.serve, args=(connection,), daemon=True).start()

    def serve(self, connection):
        try:
            while True:
                request = read_request(connection)
                if request is None:
                    break
                with self.lock:
                    self.requests.append(request)
                if self.behave(connection, request) is not True:
                    break
        except OSError:
            pass
        connection.close()

    def close(self):
        self.is_open = False
        self.listener.shutdown(socket.SHUT_RDWR)  # wakes accept(), which would take one more
        self.listener.close()


def read_request(connection):
    data = b""
    while b"\r\n\r\n" not in data:
        piece = connection.recv(65536)
        if not piece:
            return None
        data += piece
    head, body = data.split(b"\r\n\r\n", 1)
    lines = head.decode("utf-8").split("\r\n")
    headers = {k.lower(): v.strip() for k, v in (line.split(":", 1) for line in lines[1:])}
    while len(body) < int(headers.get("content-length", 0)):
        body += connection.recv(65536)
    return {"line": lines[0], "headers": headers, "body": body}


def answer(status, body=b"", headers=""):
    def behave(connection, _):
        head = f"HTTP/1.1 {status} X\r\nContent-Length: {len(body)}\r\n{headers}\r\n"
        connection.sendall(head.encode() + body)
        return True
    return behave


def tarpit(connection, _):
    time.sleep(30)


def trickle(connection, _):
    connection.sendall(b"HTTP/1.1 200 OK\r\n")
    while True:
        connection.sendall(b"X-A: b\r\n")
        time.sleep(0.5)


def reset(connection, _):
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def endless_body(connection, _):
    connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
    while True:
        connection.sendall(b"x" * 65536)


def endless_headers(connection, _):
    connection.sendall(b"HTTP/1.1 200 OK\r\n")
    while True:
        connection.sendall(b"X-Y: " + b"z" * 1000 + b"\r\n")


def garbage(connection, _):
    connection.sendall(os.urandom(2000))


def send(sends, options=None, timeout=60):
    options = {"allow_private": "127.0.0.0/8", **(options or {})}
    document = json.dumps({"options": options, "sends": sends})
    environment = {**os.environ, "http_proxy": "http://127.0.0.1:1", "HTTP_PROXY": "http://127.0.0.1:1"}
    done = subprocess.run([TOOL], input=document, capture_output=True, text=True, timeout=timeout,
                          env=environment, check=False)
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    if done.returncode != 0 and not any("fault" in line for line in lines):
        raise AssertionError(f"post_tool failed: {done.stderr}")
    results = sorted((line for line in lines if "index" in line), key=lambda r: r["index"])
    return results, [line for line in lines if "index" not in line]


def send_one(server, kind=WEBHOOK, **more):
    results, _ = send([{"kind": kind, "to": server.url(), **more}])
    return results[0]


class Answers(unittest.TestCase):
    def check(self, behave, state, contains="", kind=WEBHOOK, **more):
        server = Server(behave)
        try:
            result = send_one(server, kind, **more)
        finally:
            server.close()
        self.assertEqual(result["state"], state, result)
        self.assertIn(contains, result["detail"])
        return result

    def test_statuses(self):
        for status, state in ((200, "delivered"), (202, "delivered"), (204, "delivered"),
                              (301, "refused"), (302, "refused"), (307, "refused"),
                              (400, "refused"), (401, "refused"), (404, "refused"),
                              (410, "refused"), (408, "retry"), (425, "retry"), (429, "retry"),
                              (500, "retry"), (502, "retry"), (503, "retry"), (599, "retry")):
            with self.subTest(status=status):
                self.check(answer(status), state, f"HTTP {status}")

    def test_retry_after(self):
        result = self.check(answer(429, headers="Retry-After: 7\r\n"), "retry")
        self.assertEqual(result["retry_after_ms"], 7000)
        result = self.check(answer(503, headers="Retry-After: 999999999\r\n"), "retry")
        self.assertEqual(result["retry_after_ms"], 3600000)
        result = self.check(answer(503, headers="Retry-After: soon\r\n"), "retry")
        self.assertEqual(result["retry_after_ms"], 0)

    def test_body_is_never_repeated(self):
        secret = b"AKIA-INTERNAL-CREDENTIAL root:x:0:0"
        for kind in (WEBHOOK, SLACK, MATTERMOST, NTFY):
            for status in (200, 400, 500):
                server = Server(answer(status, secret))
                result = send_one(server, kind)
                server.close()
                self.assertNotIn("AKIA", json.dumps(result))

    def test_redirect_is_not_followed(self):
        target = Server(answer(200))
        location = f"Location: {target.url('/stolen')}\r\n"
        self.check(answer(302, headers=location), "refused", "redirect")
        self.check(answer(307, headers="Location: http://169.254.169.254/\r\n"), "refused")
        target.close()
        self.assertEqual(target.requests, [])

    def test_breaking_off(self):
        self.check(reset, "unknown", "handed over")
        self.check(lambda c, r: None, "unknown", "handed over")
        self.check(garbage, "unknown")
        self.check(endless_body, "delivered", "200")

    def test_breaking_off_a_kept_connection(self):
        """A message that may have arrived is not sent again behind our back."""
        for break_off in (reset, lambda c, r: None):
            served = []

            def answers_the_first(connection, request):
                served.append(connection)
                first = served.count(connection) == 1
                return answer(200)(connection, request) if first else break_off(connection, request)

            server = Server(answers_the_first)
            results, _ = send([{"kind": WEBHOOK, "to": server.url()} for _ in range(60)])
            server.close()
            states = [result["state"] for result in results]
            self.assertEqual(len(server.requests), 60, states)
            self.assertEqual(set(states), {"delivered", "unknown"})

    def test_endless_headers(self):
        result = self.check(endless_headers, "delivered")
        self.assertLess(result["elapsed_ms"], 5000)

    def test_nobody_listens(self):
        gone = Server(answer(200))
        gone.close()
        self.assertEqual(send_one(gone)["state"], "retry")

    def test_no_such_name(self):
        results, _ = send([{"kind": WEBHOOK, "to": "http://no-such-host.invalid/x"}])
        self.assertEqual(results[0]["state"], "retry")


class Guard(unittest.TestCase):
    def test_private_addresses_are_refused(self):
        server = Server(answer(200))
        hosts = ["127.0.0.1", "localhost", "127.1", "2130706433", "0x7f000001", "0177.0.0.1",
                 "[::ffff:127.0.0.1]", "0"]
        sends = [{"kind": kind, "to": f"http://{host}:{server.port}/x"}
                 for host in hosts for kind in (WEBHOOK, SLACK, MATTERMOST, NTFY)]
        results, _ = send(sends, {"allow_private": None})
        server.close()
        self.assertEqual({r["state"] for r in results}, {"refused"})
        self.assertTrue(all("TOCSIN_ALLOW_PRIVATE" in r["detail"] for r in results))
        self.assertEqual(server.requests, [])

    def test_other_protocols(self):
        for url in ("file:///etc/passwd", "gopher://127.0.0.1:70/x", "ftp://127.0.0.1/x", "x", ""):
            results, _ = send([{"kind": WEBHOOK, "to": url}])
            self.assertEqual(results[0]["state"], "refused", url)

    def test_bad_list_is_a_fault(self):
        _, others = send([], {"allow_private": "localhost"})
        self.assertEqual(others[0]["field"], "--allow-private (TOCSIN_ALLOW_PRIVATE)")


class Starvation(unittest.TestCase):
    def test_healthy_ones_do_not_wait(self):
        hostile = [Server(b) for b in (tarpit, trickle, reset, endless_body, garbage, tarpit)]
        loop = Server(answer(302, headers="Location: /hook\r\n"))
        late = Server(answer(429, headers="Retry-After: 30\r\n"))
        healthy = Server(answer(200))
        sends = []
        for _ in range(10):
            sends += [{"kind": WEBHOOK, "to": s.url()} for s in hostile + [loop, late]]
            sends += [{"kind": WEBHOOK, "to": healthy.url("/good")}] * 3
        results, _ = send(sends, {"whole_ms": 5000})
        for server in hostile + [loop, late, healthy]:
            server.close()
        self.assertEqual(len(results), len(sends))
        good = [r for r, s in zip(results, sends) if s["to"].endswith("/good")]
        self.assertEqual({r["state"] for r in good}, {"delivered"})
        self.assertLess(max(r["elapsed_ms"] for r in good), 1500)
        tarred = [r for r, s in zip(results, sends) if s["to"] == hostile[0].url()]
        self.assertTrue(all(4500 <= r["elapsed_ms"] <= 7000 for r in tarred), tarred)
        self.assertEqual({r["state"] for r in tarred}, {"unknown"})

    def test_a_dead_provider_hands_its_queue_back(self):
        dead = Server(tarpit)
        results, _ = send([{"kind": WEBHOOK, "to": dead.url()}] * 256)
        dead.close()
        early = [r for r in results if r["elapsed_ms"] < 4000]
        self.assertGreaterEqual(len(early), 128)
        late = [r for r in results if 4000 <= r["elapsed_ms"] < 12000]
        self.assertGreaterEqual(len(late), 100)
        self.assertEqual({r["state"] for r in early}, {"retry"})
        self.assertIn("not sent", early[0]["detail"])
        self.assertLessEqual(len(dead.requests), 16)

    def test_whoever_waited_is_looked_at_again(self):
        def slowly(connection, request):
            time.sleep(0.3)
            return answer(200)(connection, request)

        server = Server(slowly)
        sends = [{"kind": WEBHOOK, "to": server.url(), "delivery": i} for i in range(24)]
        results, _ = send(sends, {"wanted_up_to": 19})  # 16 leave at once, 8 wait for their turn
        server.close()
        self.assertEqual([r["state"] for r in results], ["delivered"] * 20 + ["cancelled"] * 4)
        self.assertEqual(len(server.requests), 20)

    def test_many_to_one_good_provider(self):
        healthy = Server(answer(200))
        results, _ = send([{"kind": WEBHOOK, "to": healthy.url()}] * 500)
        healthy.close()
        self.assertEqual({r["state"] for r in results}, {"delivered"})
        self.assertEqual(len(healthy.requests), 500)


class Webhook(unittest.TestCase):
    KEYS = [b"0123456789abcdef01234567", b"another key of thirty-two bytes."]

    def receive(self, **more):
        server = Server(answer(204))
        result = send_one(server, WEBHOOK, **more)
        server.close()
        self.assertEqual(result["state"], "delivered", result)
        return server.requests[0]

    def secret(self, key):
        return "whsec_" + base64.b64encode(key).decode()

    def check_signature(self, request, keys):
        headers = request["headers"]
        signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + request["body"]
        expected = [b"v1," + base64.b64encode(hmac.new(k, signed, hashlib.sha256).digest())
                    for k in keys]
        self.assertEqual(headers["webhook-signature"].encode(), b" ".join(expected))

    def test_signature(self):
        request = self.receive(secret=self.secret(self.KEYS[0]), summary="déjà vu 한국")
        self.check_signature(request, self.KEYS[:1])
        self.assertLess(abs(int(request["headers"]["webhook-timestamp"]) - time.time()), 60)
        self.assertEqual(request["headers"]["webhook-id"], "m-12")

    def test_two_secrets_sign_both(self):
        both = " ".join(self.secret(k) for k in self.KEYS)
        self.check_signature(self.receive(secret=both), self.KEYS)

    def test_secret_that_is_looked_up(self):
        server = Server(answer(204))
        sends = [{"kind": WEBHOOK, "to": server.url(), "secret": name}
                 for name in ("env:HOOK", "file:/run/none", "file:/two/lines")]
        results, _ = send(sends, {"secrets": {"env:HOOK": self.secret(self.KEYS[0]),
                                              "file:/two/lines": "tk\r\nX-Evil: 1"}})
        server.close()
        self.assertEqual([r["state"] for r in results], ["delivered", "refused", "refused"])
        self.assertIn("file:/run/none", results[1]["detail"])
        self.check_signature(server.requests[0], self.KEYS[:1])

    def test_without_secret(self):
        self.assertNotIn("webhook-signature", self.receive()["headers"])

    def test_bad_secret(self):
        for secret in ("whsec_short", "whsec_!!!!", "password", "whsec_"):
            server = Server(answer(200))
            result = send_one(server, WEBHOOK, secret=secret)
            server.close()
            self.assertEqual(result["state"], "refused", secret)
            self.assertEqual(server.requests, [])

    def test_body(self):
        request = self.receive(summary="a<b", source="db7", ack_url="https://t.example.com/a/T",
                               reason="You are on call.", may_repeat=True)
        body = json.loads(request["body"])
        self.assertEqual(body["type"], "page.alert")
        data = body["data"]
        self.assertEqual(data["alerts"], [{"kind": "alert", "id": "7", "summary": "a<b", "severity": "critical",
                                           "service": "checkout", "source": "db7",
                                           "since": "2026-12-24T22:05:00Z", "count": 1, "labels": {},
                                           "links": []}])
        self.assertEqual(data["ack_url"], "https://t.example.com/a/T")
        self.assertEqual(data["total"], 1)
        self.assertIs(data["may_repeat"], True)
        self.assertEqual(request["headers"]["content-type"], "application/json")


class ReferenceLibrary(Webhook):
    """The same requests, judged by the reference implementation of Standard Webhooks for Node. Needs
    the npm package standardwebhooks in a folder node_modules that $NODE_PATH names."""

    VERIFY = """
        const {Webhook} = require("standardwebhooks");
        const {secret, body, headers} = JSON.parse(require("fs").readFileSync(0, "utf8"));
        new Webhook(secret).verify(body, headers);
        for (const bad of [body + " ", body.replace("critical", "info")]) {
            let taken = true;
            try { new Webhook(secret).verify(bad, headers); } catch { taken = false; }
            if (taken) { throw new Error("an altered body was taken"); }
        }
    """

    @classmethod
    def setUpClass(cls):
        found = subprocess.run(["node", "-e", "require('standardwebhooks')"], capture_output=True,
                               check=False) if shutil.which("node") else None
        if found is None or found.returncode != 0:
            raise unittest.SkipTest("the npm package standardwebhooks is not installed")

    def check_signature(self, request, keys):
        for key in keys:
            document = {"secret": self.secret(key), "body": request["body"].decode(),
                        "headers": request["headers"]}
            subprocess.run(["node", "-e", self.VERIFY], input=json.dumps(document), text=True,
                           check=True)


class Chat(unittest.TestCase):
    def receive(self, kind, status=200, body=b"ok", state="delivered", **more):
        server = Server(answer(status, body))
        result = send_one(server, kind, **more)
        server.close()
        self.assertEqual(result["state"], state, result)
        return server.requests[0], result

    def test_slack(self):
        request, _ = self.receive(SLACK, summary="<!channel> & <https://evil.example|x>",
                                  ack_url="https://t.example.com/a/T")
        body = json.loads(request["body"])
        self.assertNotIn("<", body["text"])
        button = [b for b in body["blocks"] if b["type"] == "actions"][0]["elements"][0]
        self.assertEqual(button["url"], "https://t.example.com/a/T")
        self.assertEqual(button["text"]["text"], "Acknowledge")
        for block in body["blocks"]:
            self.assertNotIn("mrkdwn", json.dumps(block))

    def test_slack_answers(self):
        self.receive(SLACK, 200, b"ok")
        self.receive(SLACK, 200, b'{"ok":true}')
        self.receive(SLACK, 200, b"<html>login</html>", "unknown")
        _, result = self.receive(SLACK, 404, b"channel_not_found", "refused")
        self.assertIn("channel_not_found", result["detail"])
        self.receive(SLACK, 429, b"", "retry")

    def test_mattermost(self):
        request, _ = self.receive(MATTERMOST, summary="@channel **x** [y](http://evil.example)",
                                  ack_url="https://t.example.com/a/T")
        body = json.loads(request["body"])
        self.assertNotIn("@channel", json.dumps(body, ensure_ascii=False))
        self.assertNotIn("](http://evil", json.dumps(body))
        self.assertIn("[Acknowledge](<https://t.example.com/a/T>)", body["attachments"][0]["text"])

    def test_ntfy(self):
        request, result = self.receive(NTFY, 200, b'{"id":"xE73Iyuabi","event":"message"}',
                                       secret="tk_secret", summary="디스크 부족\r\nX-Evil: 1",
                                       ack_url="https://t.example.com/a/T")
        headers = request["headers"]
        self.assertEqual(result["provider_id"], "xE73Iyuabi")
        self.assertEqual(headers["authorization"], "Bearer tk_secret")
        self.assertEqual(headers["priority"], "5")
        self.assertEqual(headers["click"], "https://t.example.com/a/T")
        self.assertEqual(headers["actions"], "view, Acknowledge, https://t.example.com/a/T, clear=true")
        self.assertNotIn("x-evil", headers)
        words = headers["title"].split(" ")
        title = b"".join(base64.b64decode(w[len("=?UTF-8?B?"):-2]) for w in words).decode()
        self.assertEqual(title, "[critical] checkout: 디스크 부족  X-Evil: 1")
        self.assertIn("디스크 부족", request["body"].decode())

    def test_log(self):
        results, others = send([{"kind": LOG, "ack_url": "https://t.example.com/a/T",
                                 "reason": "You are on call.", "summary": "a\nb"}])
        self.assertEqual(results[0]["state"], "delivered")
        self.assertEqual(others[0]["log"], "Ana Wijaya <- [critical] checkout: a b | "
                                           "You are on call. | https://t.example.com/a/T")


if __name__ == "__main__":
    unittest.main()
