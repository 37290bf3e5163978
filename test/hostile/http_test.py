"""Requests as no polite program writes them, byte by byte: each gets one answer in our own form, and a place to
stand on for nobody who hides another request behind it."""

import gzip
import json
import os
import pathlib
import socket
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "scenario"))

from team import KEYS, apply_team  # noqa: E402
from world import World, tocsin_path  # noqa: E402

KEY = f"Authorization: Bearer {KEYS['APP_KEY']}"
HIDDEN = b"GET /healthz?hidden HTTP/1.1\r\nHost: x\r\n\r\n"
ALERT = json.dumps({"summary": "raw"}).encode()
IS_PLAIN = not os.environ.get("ASAN_OPTIONS") and not os.environ.get("TSAN_OPTIONS")


class Reply:
    """What came back on one connection until it was closed, or nothing more came."""

    def __init__(self, data):
        self.data = data
        head, _, self.body = data.partition(b"\r\n\r\n")
        lines = head.decode("latin-1").split("\r\n")
        self.status = int(lines[0].split()[1]) if lines[0] else 0
        self.headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines[1:])}

    @property
    def count(self):
        return self.data.count(b"HTTP/1.1 ")

    def __repr__(self):
        return f"<{self.data[:600]!r}>"


class HttpTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.world = cls.enterClassContext(World())
        apply_team(cls.world)

    def send(self, *pieces):
        """The pieces one after the other, the last as the end of what we say."""
        with socket.create_connection(("127.0.0.1", self.world.port), timeout=10) as connection:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            data = b""
            try:
                for piece in pieces:
                    connection.sendall(piece)
                connection.shutdown(socket.SHUT_WR)
                while got := connection.recv(65536):
                    data += got
            except OSError:
                pass  # refused while we still spoke: what was answered counts
            return Reply(data)

    def send_until_heard(self, request):
        """Who is refused while still speaking may hear a reset instead of the answer: then once more."""
        replies = (self.send(request) for _ in range(20))
        return next((reply for reply in replies if reply.data), Reply(b""))

    def assert_problem(self, reply, status):
        self.assertEqual(reply.status, status, reply)
        self.assertEqual(reply.headers["content-type"], "application/problem+json", reply)
        self.assertEqual(reply.count, 1, reply)
        problem = json.loads(reply.body)
        self.assertEqual(problem["status"], status)
        self.assertTrue(problem["detail"])
        self.assertRegex(problem["request_id"], r"^r-[0-9a-f]{16}$")
        self.assertEqual(reply.headers["x-request-id"], problem["request_id"])
        self.assertEqual(reply.headers["x-content-type-options"], "nosniff")

    # --- headers ---

    def test_headers_up_to_16_kib(self):
        for name, header, status in (
                ("a single sign-on's cookies", f"Cookie: a={'a' * 6000}; b={'b' * 6000}", 200),
                ("just below", f"Cookie: a={'a' * 16150}", 200),
                ("150 headers", "\r\n".join(f"X-Header-{i}: {'y' * 44}" for i in range(150)), 200),
                ("one cookie too many", f"Cookie: a={'a' * 16400}", 431),
                ("far more", f"X-Long: {'a' * 200000}", 431),
                ("300 headers", "\r\n".join(f"X-Header-{i}: {'y' * 44}" for i in range(300)), 431)):
            with self.subTest(name):
                reply = self.send(f"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{header}\r\n\r\n".encode())
                if status == 200:
                    self.assertEqual(reply.status, 200, reply)
                elif reply.data or name != "far more":  # or the connection was reset while we still spoke
                    self.assert_problem(reply, 431)

    def test_cookies_of_any_size_end_no_process(self):
        """libmicrohttpd 0.9.75 copies cookies into memory that more than 20 KB of them do not fit into, and reads
        on in what it has freed then."""
        for size in (*range(16000, 42000, 500), 50000, 64000):
            for cookies in (f"Cookie: a={'a' * size}", f"Cookie: a={'a' * (size // 2)}\r\nCookie: b={'b' * (size // 2)}"):
                reply = self.send(f"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{cookies}\r\n\r\n".encode())
                if reply.data and size > 16384:  # or the connection was reset while we still spoke
                    self.assert_problem(reply, 431)
        self.assertEqual(self.send(b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").status, 200)

    def test_refusals_of_the_library_are_problems_too(self):
        for name, request, status in (
                ("no such protocol", b"GET / HTTP/9\r\n\r\n", 400), ("garbage", b"GARBAGE TEXT\r\n\r\n", 400),
                ("no header line", b"GET / HTTP/1.1\r\nHost: x\r\nGARBAGE\r\n\r\n", 400),
                ("another version", b"GET / HTTP/2.0\r\nHost: x\r\n\r\n", 505),
                ("the address is longer than any header", b"GET /" + b"a" * 60000 + b" HTTP/1.1\r\n\r\n", 414),
                ("a chunk that is none", f"POST /api/v1/alerts HTTP/1.1\r\nHost: x\r\n{KEY}\r\n"
                 "Transfer-Encoding: chunked\r\n\r\nzz\r\n".encode(), 400)):
            with self.subTest(name):
                self.assert_problem(self.send_until_heard(request), status)

    def test_host(self):
        for name, lines, status in (("none", [], 400), ("one", ["Host: x"], 200),
                                    ("two", ["Host: x", "Host: x"], 400), ("two others", ["Host: x", "host: y"], 400)):
            with self.subTest(name):
                reply = self.send("\r\n".join(["GET /healthz HTTP/1.1", "Connection: close", *lines, "", ""]).encode())
                self.assertEqual((reply.status, reply.count), (status, 1), reply)
                if status == 400:
                    self.assert_problem(reply, 400)
        self.assertEqual(self.send(b"GET /healthz HTTP/1.0\r\n\r\n").status, 200)

    def test_host_is_a_name_or_an_address(self):
        for host, status in (("tocsin.example:8420", 200), ("[::1]:8420", 200), ("[::1]", 200), ("a_b.example.", 200),
                             ("127.0.0.1", 200), ("x:", 200), ("%41.example", 200), ("", 200), ("x \t", 200),
                             ("a b/c", 400), ("a/b", 400), ("a b", 400), ("user@x", 400), ("x:80:80", 400),
                             ("x:8a", 400), ("[::1", 400), ("::1", 400), ("%4", 400), ("a?b", 400), ("<x>", 400),
                             ("a\\b", 400), ("x#", 400), ('"x"', 400), ("[::1]x", 400)):
            with self.subTest(host):
                reply = self.send(f"GET /healthz HTTP/1.1\r\nConnection: close\r\nHost: {host}\r\n\r\n".encode())
                self.assertEqual(reply.status, status, reply)
                if status == 400:
                    self.assert_problem(reply, 400)
        raw = self.send(b"GET /healthz HTTP/1.1\r\nConnection: close\r\nHost: caf\xc3\xa9\r\n\r\n")
        self.assert_problem(raw, 400)

    def test_white_space_behind_values_is_no_part_of_them(self):
        ids = set()
        for space in ("", " ", "\t", " \t "):
            with self.subTest(space):
                lines = [f"Content-Length: {len(ALERT)}", KEY, "Idempotency-Key: spaced", "Connection: close"]
                head = "".join(f"{line}{space}\r\n" for line in ("Host: x", *lines))
                reply = self.send(f"POST /api/v1/alerts HTTP/1.1\r\n{head}\r\n".encode() + ALERT)
                self.assertEqual(reply.status, 202, reply)
                ids.add(json.loads(reply.body)["dedup_key"])
        self.assertEqual(len(ids), 1)

    def test_whole_addresses(self):
        for target, status in (("http://tocsin.example/healthz", 200), ("HTTPS://x:8420/healthz", 200),
                               ("http://x/nowhere", 404), ("http://x", 0), ("http://x/healthz?a=b", 200),
                               ("http://[::1]:80/healthz", 200), ("http:///healthz", 400), ("http://", 400),
                               ("http://user@x/healthz", 400), ("http://x:8a/healthz", 400), ("ftp://x/healthz", 404)):
            with self.subTest(target):
                reply = self.send(f"GET {target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
                self.assertEqual(reply.count, 1, reply)
                self.assertIn(reply.status, (status,) if status else (200, 302, 303, 401), reply)

    # --- where a body ends ---

    def test_lengths(self):
        post = f"POST /api/v1/alerts HTTP/1.1\r\nHost: x\r\n{KEY}\r\n"
        size = len(ALERT)
        for name, lines, status in (
                ("one", f"Content-Length: {size}", 202),
                ("twice the same", f"Content-Length: {size}\r\nContent-Length: {size}", 400),
                ("two", f"Content-Length: {size}\r\nContent-Length: 0", 400),
                ("a list", f"Content-Length: {size}, {size}", 400),
                ("signed", f"Content-Length: +{size}", 400),
                ("and chunks", f"Content-Length: {size}\r\nTransfer-Encoding: chunked", 400),
                ("unknown encoding", "Transfer-Encoding: gzip, chunked", 400)):
            with self.subTest(name):
                reply = self.send(f"{post}{lines}\r\n\r\n".encode() + ALERT + (HIDDEN if status == 400 else b""))
                self.assertEqual((reply.status, reply.count), (status, 1), reply)
        old = self.send(b"POST /heartbeat/x HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + HIDDEN)
        self.assert_problem(old, 400)

    def test_chunks(self):
        head = f"POST /api/v1/alerts HTTP/1.1\r\nHost: x\r\n{KEY}\r\nTransfer-Encoding: chunked\r\n\r\n".encode()
        size = b"%x" % len(ALERT)
        good = size + b"\r\n" + ALERT + b"\r\n0\r\n\r\n"
        self.assertEqual(self.send(head + good).status, 202)
        parts = b"5\r\n" + ALERT[:5] + b"\r\n" + b"%x\r\n" % (len(ALERT) - 5) + ALERT[5:] + b"\r\n0\r\n\r\n"
        self.assertEqual(self.send(head + parts).status, 202)
        self.assertEqual(self.send(head, *(parts[i:i + 1] for i in range(len(parts)))).status, 202)
        for name, body in (("after the size", size + b"\n" + ALERT + b"\r\n0\r\n\r\n"),
                           ("of a later chunk", parts.replace(ALERT[:5] + b"\r\n", ALERT[:5] + b"\n"))):
            with self.subTest(name):
                self.assert_problem(self.send(head + body), 400)

    def test_nothing_follows_chunks(self):
        """Whatever their lines end in, and however it is cut: no second request on that connection."""
        head = f"POST /api/v1/alerts HTTP/1.1\r\nHost: x\r\n{KEY}\r\nTransfer-Encoding: chunked\r\n\r\n".encode()
        size = b"%x" % len(ALERT)
        for end in (b"\r\n", b"\n"):
            with self.subTest(end):
                reply = self.send(head, size + end, ALERT + end, b"0" + end, end + HIDDEN)
                self.assertLessEqual(reply.count, 1, reply)

    # --- what a body is ---

    def packed(self, body, path="/api/v1/alerts", encoding="gzip", token=KEYS["APP_KEY"]):
        return self.world.post(path, body, token=token, headers={"Content-Encoding": encoding})

    def test_gzip(self):
        for encoding in ("gzip", "x-gzip", "GZIP"):
            answer = self.packed(gzip.compress(ALERT), encoding=encoding)
            self.assertEqual(answer.status, 202, answer)
        for encoding in ("identity", "", " , identity"):
            self.assertEqual(self.packed(ALERT, encoding=encoding).status, 202)
        self.assertEqual(self.packed(gzip.compress(ALERT), encoding="identity, gzip").status, 202)
        many = json.dumps({"version": "4", "status": "firing", "alerts": [
            {"status": "firing", "labels": {"alertname": "zipped", "n": str(i)}} for i in range(300)]}).encode()
        answer = self.packed(gzip.compress(many), f"/in/alertmanager/{KEYS['AM_KEY']}", token=None)
        self.assertEqual((answer.status, answer.json), (202, {"accepted": 300}))
        event = {"routing_key": KEYS["PD_KEY"], "event_action": "trigger",
                 "payload": {"summary": "zipped", "source": "x", "severity": "error"}}
        self.assertEqual(self.packed(gzip.compress(json.dumps(event).encode()), "/v2/enqueue", token=None).status, 202)

    def test_several_lines_of_encodings_are_one_list(self):
        packed = gzip.compress(ALERT)
        for lines, body, status in ((("gzip", "identity"), packed, 202), (("identity", "gzip"), packed, 202),
                                    (("gzip", "gzip"), packed, 415), (("br", "identity"), ALERT, 415),
                                    (("gzip", "br"), packed, 415), (("br", "gzip"), packed, 415)):
            with self.subTest(lines):
                head = "\r\n".join(["POST /api/v1/alerts HTTP/1.1", "Host: x", KEY, "Connection: close",
                                    f"Content-Length: {len(body)}", *(f"Content-Encoding: {line}" for line in lines),
                                    "", ""])
                reply = self.send(head.encode() + body)
                self.assertEqual(reply.status, status, reply)

    def test_what_is_not_gzip(self):
        whole = gzip.compress(ALERT)
        for name, body in (("plain", ALERT), ("cut", whole[:-3]), ("with a tail", whole + b"tail"),
                           ("damaged", whole[:-6] + b"\0" + whole[-5:])):
            with self.subTest(name):
                answer = self.packed(body)
                self.assertEqual(answer.status, 400, answer)
                self.assertIn("gzip", answer.json["detail"])

    def test_other_encodings(self):
        for encoding in ("br", "deflate", "zstd", "gzip, gzip", "identity, br", "gzip,br"):
            with self.subTest(encoding):
                answer = self.packed(ALERT, encoding=encoding)
                self.assertEqual((answer.status, answer.headers["Accept-Encoding"]), (415, "gzip"), answer)
                self.assertIn(f'"{encoding}"', answer.json["detail"])

    def test_bombs(self):
        """100 MiB in 100 kB: with a key it is too large, without one it is not even unpacked."""
        bomb = gzip.compress(b'{"summary": "' + b" " * 100 * 1024 * 1024 + b'"}')
        before = self.rss_mib()
        for _ in range(3):
            self.assertEqual(self.packed(bomb).status, 413)
            self.assertEqual(self.packed(bomb, "/v2/enqueue", token=None).status, 413)
            self.assertEqual(self.packed(bomb, token="wrong").status, 401)
        if IS_PLAIN:
            self.assertLess(self.rss_mib() - before, 80)

    def rss_mib(self):
        status = pathlib.Path(f"/proc/{self.world.server.pid}/status").read_text("ascii")
        return int(status.split("VmRSS:")[1].split()[0]) / 1024

    def test_heartbeats_ignore_their_bodies(self):
        beat = f"/heartbeat/{KEYS['BEAT_KEY']}"
        for name, body in (("none", b""), ("a log", b"x" * (2 * 1024 * 1024)), ("a long log", b"x" * 80 * 1024 * 1024)):
            with self.subTest(name):
                answer = self.world.post(beat, body, token=None)
                self.assertEqual((answer.status, answer.json), (200, {"heartbeat": "nightly"}))
        self.assertEqual(self.packed(b"not br", beat, encoding="br", token=None).status, 200)

    # --- a small process ---

    def test_few_descriptors(self):
        """Whatever the bound is, the command line gets through while outside connections take all there are."""
        for limit in (64, 100, 127, 200):
            with self.subTest(limit), World(start=False) as world:
                argv = [tocsin_path(), "serve", "--listen", f"127.0.0.1:{world.port}", "--data", str(world.data)]
                small = ["prlimit", f"--nofile={limit}:{limit}", *argv]
                world.server = world.run("tocsin", small, world.environment())
                world.wait_ready()
                crowd = [socket.create_connection(("127.0.0.1", world.port)) for _ in range(limit + 50)]
                try:
                    made = world.cli("token", "create", "--name", "in-a-crowd", "--scope", "admin")
                    self.assertIn("tcn_", made.stdout)
                finally:
                    for connection in crowd:
                        connection.close()


if __name__ == "__main__":
    unittest.main()
