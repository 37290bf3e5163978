"""Readers beside intake: whoever may only read cannot hold up alerts. The figures are bench/intake/readers'; here the
bound is wide, so that only a reader that stands in the way of intake fails it."""

import contextlib
import json
import os
import pathlib
import selectors
import socket
import statistics
import sys
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "scenario"))

from team import KEYS, apply_team  # noqa: E402
from world import World  # noqa: E402

IS_PLAIN = not os.environ.get("ASAN_OPTIONS") and not os.environ.get("TSAN_OPTIONS")
OPEN_ALERTS = 20000
ROUNDS = 3
PROBES = 40
TOKENS = 4  # one may have 100 streams open
SLOWER = 3.0
NOISE_S = 0.006  # of a machine that others use: faster than this counts as this
BOMBS = {"routes": [{"name": f"bomb-{at}", "service": "checkout", "match": [
    {"field": "summary", "op": "regex", "value": "(.+)+[\\x01\\x02]"}]} for at in range(1000)]}
ALONE = None
CHEAP = "GET /healthz"  # for what is answered from memory: as many who ask for next to nothing use the processor, too
# What each asks, how many at once, and what intake is compared with.
READERS = (
    ("metrics", "GET /metrics", None, 16, CHEAP),
    ("replays", "POST /api/v1/routes/replay", BOMBS, 8, ALONE),
    ("streams", "GET /api/v1/stream?after=1", None, 300, ALONE),
    ("alerts", "GET /api/v1/alerts?status=open&limit=200", None, 16, ALONE),
    ("filters", "GET /api/v1/alerts?status=resolved&service=checkout&severity=info", None, 16, ALONE),
    ("explain", "GET /api/v1/alerts/1/explain", None, 16, ALONE),
    ("misses", "GET /api/v1/misses", None, 16, ALONE),
    ("export", "GET /api/v1/config/export", None, 16, ALONE),
    ("verify", "GET /api/v1/events/verify", None, 16, ALONE),
    ("doctor", "GET /api/v1/doctor", None, 4, CHEAP),
)


def read_for_ever(port, asks, count):
    """A process of its own: asks on each connection, reads what comes, and asks again when the server has closed."""
    selector = selectors.DefaultSelector()

    def begin(ask):
        connection = socket.create_connection(("127.0.0.1", port))
        connection.sendall(ask)
        connection.setblocking(False)
        selector.register(connection, selectors.EVENT_READ, ask)

    for at in range(count):
        begin(asks[at % len(asks)])
    while True:
        for ready, _ in selector.select():
            some = b""
            with contextlib.suppress(BlockingIOError, ConnectionError):
                some = ready.fileobj.recv(1 << 18)
            if not some:
                selector.unregister(ready.fileobj)
                ready.fileobj.close()
                begin(ready.data)


@contextlib.contextmanager
def reading(port, asks, count):
    process = os.fork()
    if process == 0:
        try:
            read_for_ever(port, asks, count)
        finally:
            os._exit(1)  # a server that is gone ends it, too
    try:
        yield
    finally:
        os.kill(process, 9)
        os.waitpid(process, 0)


class ReadersTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.world = cls.enterClassContext(World())
        apply_team(cls.world)
        cls.tokens = [cls.world.cli("token", "create", "--name", f"reader-{at}", "--scope", "admin")
                      .stdout.strip().splitlines()[-1] for at in range(TOKENS)]
        for first in range(0, OPEN_ALERTS, 2000):
            answer = cls.world.post(f"/in/alertmanager/{KEYS['AM_KEY']}", json.dumps({
                "version": "4", "status": "firing", "receiver": "pager", "groupKey": "g", "alerts": [
                    {"status": "firing", "labels": {"alertname": "Down", "severity": "critical", "number": str(number)},
                     "annotations": {"summary": f"number {number} is down"}, "startsAt": "2026-01-01T10:00:00Z",
                     "endsAt": "0001-01-01T00:00:00Z", "generatorURL": "", "fingerprint": f"{number:016x}"}
                    for number in range(first, first + 2000)]}), token=None)
            assert answer.status == 202, answer

    def ask(self, line, body, token):
        body = b"" if body is None else json.dumps(body).encode()
        return (f"{line} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n"
                f"Connection: close\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
                ).encode() + body

    def intake_s(self):
        """The median of some alerts, one after the other."""
        took = []
        for number in range(PROBES):
            began = time.monotonic()
            answer = self.world.post("/api/v1/alerts", {"summary": "probe", "dedup_key": f"{began}-{number}"},
                                     token=KEYS["APP_KEY"])
            took.append(time.monotonic() - began)
            self.assertEqual(answer.status, 202, answer)
        return statistics.median(took)

    def beside_s(self, line, body, count):
        asks = [self.ask(line, body, token) for token in self.tokens]
        with reading(self.world.port, asks, count):
            return self.intake_s()

    def test_intake_goes_on_beside_readers(self):
        for name, line, body, count, base in READERS:
            beside, idle = [], []
            for _ in range(ROUNDS):
                idle.append(self.intake_s() if base is ALONE else self.beside_s(base, None, count))
                beside.append(self.beside_s(line, body, count))
            ratio = statistics.median(beside) / max(statistics.median(idle), NOISE_S)
            print(f"{name}: {ratio:.2f} × as long as {base or 'without'}", flush=True)
            if IS_PLAIN:
                with self.subTest(reader=name):
                    self.assertLess(ratio, SLOWER, (idle, beside))


if __name__ == "__main__":
    unittest.main()
