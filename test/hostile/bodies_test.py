"""Bodies that want the server's memory: without a key, with one that is wrong, and too many of a good one."""

import contextlib
import gzip
import json
import os
import pathlib
import random
import re
import select
import socket
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "scenario"))

from team import KEYS, apply_team  # noqa: E402
from world import World  # noqa: E402

MIB = 1024 * 1024
CONNECTIONS = 250
# What one such attack may cost at most: the strangers' part of the budget for bodies (an eighth of 64 MiB), and
# each connection's own buffers. Under a sanitizer memory is another matter.
STRANGERS_MIB = 8
SPARE_MIB = 24
IS_PLAIN = not os.environ.get("ASAN_OPTIONS") and not os.environ.get("TSAN_OPTIONS")


def rss_mib(pid):
    for line in pathlib.Path(f"/proc/{pid}/status").read_text("ascii").splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    raise AssertionError(f"process {pid} has no memory")


def head(path, size, *more):
    lines = [f"POST {path} HTTP/1.1", "Host: x", f"Content-Length: {size}", *more, "", ""]
    return "\r\n".join(lines).encode()


def status_of(connection):
    """Of the next answer; 0: closed without one."""
    first = connection.makefile("rb").readline()
    return int(first.split()[1]) if first else 0


class BodiesTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.world = cls.enterClassContext(World())
        apply_team(cls.world)

    def setUp(self):
        self.connections = contextlib.ExitStack()
        self.addCleanup(self.connections.close)

    def connect(self):
        made = socket.create_connection(("127.0.0.1", self.world.port), timeout=20)
        return self.connections.enter_context(made)

    def hold(self, header, bytes_each, count=CONNECTIONS):
        """That many connections that have sent so much of a body and wait. One that is refused meanwhile is no
        failure."""
        held = []
        for _ in range(count):
            connection = self.connect()
            with contextlib.suppress(OSError):
                connection.sendall(header + b"a" * bytes_each)
            held.append(connection)
        return held

    def growth(self, attack, limit_mib):
        before = rss_mib(self.world.server.pid)
        attack()
        self.assert_living()
        grown = rss_mib(self.world.server.pid) - before
        if IS_PLAIN:
            self.assertLess(grown, limit_mib, f"{grown:.0f} MiB more, from {before:.0f}")

    def assert_living(self):
        """Those who have a key are let in all the while, and so is a small body that carries one."""
        alert = self.world.post("/api/v1/alerts", {"summary": "beside an attack"}, token=KEYS["APP_KEY"])
        self.assertEqual(alert.status, 202, alert)
        event = self.world.post("/v2/enqueue", {
            "routing_key": KEYS["PD_KEY"], "event_action": "trigger",
            "payload": {"summary": "beside an attack", "source": "x", "severity": "error"}}, token=None)
        self.assertEqual(event.status, 202, event)

    # --- without a key ---

    def test_large_bodies_without_a_key(self):
        for path, size in (("/api/v1/alerts", 4 * MIB), ("/in/alertmanager/nobody", 4 * MIB),
                           ("/in/prometheus/nobody/api/v2/alerts", 4 * MIB), ("/heartbeat/nobody", MIB),
                           ("/api/v1/config/apply", 4 * MIB), ("/nowhere", MIB)):
            with self.subTest(path):
                self.growth(lambda: self.hold(head(path, size), MIB // 4), SPARE_MIB)
            self.connections.close()

    def test_bodies_that_may_carry_a_key(self):
        """Of these only the body can tell, so some memory is lent; not more than the strangers' part of it."""
        for size in (524288, 65536):
            with self.subTest(size):
                self.growth(lambda: self.hold(head("/v2/enqueue", size), size - 1), STRANGERS_MIB + SPARE_MIB)
            self.connections.close()

    def test_forms(self):
        for path in ("/login", "/l/nobody", "/board/acknowledge"):
            with self.subTest(path):
                self.growth(lambda: self.hold(head(path, 65536), 65535), STRANGERS_MIB + SPARE_MIB)
            self.connections.close()

    def test_announced_and_never_sent(self):
        self.growth(lambda: self.hold(head("/v2/enqueue", 524288), 0), SPARE_MIB)

    def test_endless_chunks_without_a_key(self):
        header = (b"POST /api/v1/alerts HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
                  b"400000\r\n")
        self.growth(lambda: self.hold(header, MIB // 4), SPARE_MIB)

    def test_wrong_key_is_refused_before_the_body(self):
        for path, expected, *more in (("/api/v1/alerts", 401, "Authorization: Bearer wrong"),
                                      ("/api/v1/alerts", 401), ("/in/alertmanager/wrong", 404),
                                      ("/heartbeat/wrong", 404)):
            with self.subTest(path):
                connection = self.connect()
                connection.sendall(head(path, MIB, "Expect: 100-continue", *more))
                self.assertIn(status_of(connection), (expected, 429))

    def test_wrong_key_with_a_whole_body_hears_why(self):
        answer = self.world.post("/in/alertmanager/wrong", {"alerts": ["x" * 4 * MIB]}, token=None)
        self.assertIn(answer.status, (404, 429), answer)  # 429 where others came from this address before
        self.assertEqual(answer.headers["Content-Type"], "application/problem+json")
        self.assertIn("rotate", answer.json["detail"])

    # --- connections ---

    def test_headers_that_do_not_end(self):
        """What each connection may hold by itself: 40 KiB."""
        half = b"GET /healthz HTTP/1.1\r\nHost: x\r\nCookie: " + b"y" * 15000
        self.growth(lambda: self.hold(half, 0), CONNECTIONS * 40 / 1024 + 4)

    def heard_amid_chunks(self, path, *more):
        """What is answered to whoever sends chunk after chunk, and listens all the while."""
        lines = [f"POST {path} HTTP/1.1", "Host: x", "Transfer-Encoding: chunked", *more, "", ""]
        connection = self.connect()
        with contextlib.suppress(OSError):
            connection.sendall("\r\n".join(lines).encode())
            for _ in range(1600):
                connection.sendall(b"10000\r\n" + b"a" * 65536 + b"\r\n")
                if select.select([connection], [], [], 0)[0]:
                    break
        data = b""
        with contextlib.suppress(OSError):
            while got := connection.recv(65536):
                data += got
        return data

    def test_chunks_that_do_not_end_are_answered(self):
        admin = f"Authorization: Bearer {self.world.token()}"
        for path, more in (("/v2/enqueue", []), ("/api/v1/config/apply", [admin])):
            with self.subTest(path):
                # Whoever still speaks may be reset before they hear.
                heard = next(filter(None, (self.heard_amid_chunks(path, *more) for _ in range(10))), b"")
                self.assertTrue(heard.startswith(b"HTTP/1.1 413 "), heard)
                self.assertEqual(heard.count(b"HTTP/1.1 "), 1, heard)
                self.assertEqual(json.loads(heard.partition(b"\r\n\r\n")[2])["status"], 413)

    # --- with a good one ---

    def test_too_many_bodies_at_a_time(self):
        """Beyond the budget a good key hears 503 and when to come again; then it is taken."""
        body = json.dumps({"summary": "x" * (MIB - 100)}).encode()
        header = head("/api/v1/alerts", len(body), f"Authorization: Bearer {KEYS['APP_KEY']}")
        held = self.hold(header + body[:-1], 0, count=80)
        if IS_PLAIN:
            self.assertLess(rss_mib(self.world.server.pid), 64 + 2 * SPARE_MIB + 64)
        statuses = []
        for connection in held:
            connection.sendall(body[-1:])
            statuses.append(status_of(connection))
        self.assertEqual(set(statuses), {202, 503}, statuses)
        self.assertGreater(statuses.count(202), 40, statuses)
        answer = self.world.post("/api/v1/alerts", body, token=KEYS["APP_KEY"])
        self.assertEqual(answer.status, 202, answer)

    # --- the key in the body ---

    def event(self, size, order=("routing_key", "event_action", "payload"), key=None, **more):
        fields = {"routing_key": key or KEYS["PD_KEY"], "event_action": "trigger", **more,
                  "payload": {"summary": f"{size} bytes", "source": "x", "severity": "critical",
                              "custom_details": {"log": "x" * size}}}
        return {name: fields[name] for name in order}

    def owner_alerts(self):
        return [alert for alert in self.world.items("/api/v1/alerts")
                if alert["summary"].startswith("prod-pd was refused: body too large")]

    def told(self):
        """How many requests were told to be too large."""
        text = self.world.get("/metrics").body.decode()
        return int(re.search(r'^tocsin_intake_refused_total\{kind="too-large"\} (\d+)$', text, re.M)[1])

    def test_large_event_of_a_known_key_is_taken(self):
        """Without the end of its details, which are too long to be kept."""
        v1 = {"service_key": KEYS["PD_KEY"], "event_type": "trigger", "description": "600 KB",
              "incident_key": "v1", "details": {"log": "x" * 600_000}}
        for path, body, expected, packed in (
                ("/v2/enqueue", self.event(700_000), 202, False), ("/v2/enqueue", self.event(5_000_000), 202, False),
                ("/v2/enqueue", self.event(700_000), 202, True),
                ("/generic/2010-04-15/create_event.json", v1, 200, False)):
            with self.subTest(path, packed=packed):
                data, more = json.dumps(body).encode(), {}
                if packed:
                    data, more = gzip.compress(data), {"Content-Encoding": "gzip"}
                answer = self.world.post(path, data, token=None, headers=more)
                self.assertEqual(answer.status, expected, answer)
                self.assertIn("1 text is cut", answer.json["note"])
                kept = self.world.items("/api/v1/integrations/prod-pd/payloads")[0]
                self.assertEqual(kept["status"], expected)

    def test_large_event_that_cannot_be_taken_is_told(self):
        """Whoever sorts the names writes the key last; an event of two of three parts is none."""
        last = json.dumps(self.event(700_000, order=("event_action", "payload", "routing_key"))).encode()
        v1 = json.dumps({"details": {"log": "x" * 700_000}, "service_key": KEYS["PD_KEY"]}).encode()
        too_long = json.dumps(self.event(17 * MIB)).encode()
        no_json = b'{"routing_key": "%s", "event_action": trigger' % KEYS["PD_KEY"].encode()
        for name, path, body, status, headers in (
                ("key last", "/v2/enqueue", last, 413, {}),
                ("key last, packed", "/v2/enqueue", gzip.compress(last), 413, {"Content-Encoding": "gzip"}),
                ("v1", "/generic/2010-04-15/create_event.json", v1, 413, {}),
                ("change", "/v2/change/enqueue", last, 413, {}),
                ("beyond the large limit", "/v2/enqueue", too_long, 413, {}),
                ("no JSON", "/v2/enqueue", no_json, 400, {})):
            with self.subTest(name):
                before = self.told()
                answer = self.world.post(path, body, token=None, headers=headers)
                self.assertEqual(answer.status, status, answer)
                self.assertEqual(answer.json["status"], "invalid event")
                kept = self.world.items("/api/v1/integrations/prod-pd/payloads")[0]
                self.assertEqual(kept["status"], status)
                self.assertNotIn(KEYS["PD_KEY"], kept["body"])
                self.assertEqual(self.told(), before + (status == 413))
        self.world.wait("its owner is paged", self.owner_alerts)

    def test_large_event_without_a_good_key(self):
        """Keeps to the strangers' memory, and one body tries out one key."""
        guesses = ('{"a": "' + '", "routing_key": "'.join(f"{n:032}" for n in range(9)) +
                   '", "routing_key": "%s", "payload": "%s"}' % (KEYS["PD_KEY"], "x" * 700_000))
        answer = self.world.post("/v2/enqueue", guesses.encode(), token=None)
        self.assertIn(answer.status, (413, 429), answer)
        answer = self.world.post("/v2/enqueue", b"x" * 700_000, token=None)
        self.assertEqual(answer.status, 413, answer)
        self.growth(lambda: self.hold(head("/v2/enqueue", 4 * MIB), MIB), STRANGERS_MIB + SPARE_MIB)

    def test_of_a_packed_body_little_is_unpacked_to_look_for_a_key(self):
        """A stranger's 16 KB would be 16 MiB of work. A log is not packed that small, and is looked through."""
        order = ("event_action", "payload", "routing_key")
        chance = random.Random(7)
        log = "".join(f"{n:08d} GET /things/{chance.randrange(10 ** 12)} answered\n" for n in range(3 * MIB // 42))
        for name, lines, is_told in (("little", "x" * MIB, True), ("a bomb", "x" * 3 * MIB, False), ("a log", log, True)):
            with self.subTest(name):
                event = self.event(0, order)
                event["payload"]["custom_details"]["log"] = lines
                packed = gzip.compress(json.dumps(event).encode())
                before = self.told()
                answer = self.world.post("/v2/enqueue", packed, token=None, headers={"Content-Encoding": "gzip"})
                self.assertEqual(answer.status, 413, answer)
                self.assertEqual(self.told() - before, is_told, len(packed))

    def test_other_keys_open_no_large_body(self):
        """A feed's key goes round in calendars."""
        connection = self.connect()
        connection.sendall(head("/api/v1/alerts", MIB, "Expect: 100-continue",
                                "Authorization: Bearer " + self.world.token("read")))
        self.assertEqual(status_of(connection), 403)


if __name__ == "__main__":
    unittest.main()
