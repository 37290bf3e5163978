# alone: yes
"""Readers beside intake: whoever may only read cannot hold up alerts. The figures are bench/intake/readers'; here the
bound is wide, so that only a reader that stands in the way of intake fails it."""

import contextlib
import datetime
import http.client
import json
import os
import pathlib
import re
import selectors
import socket
import statistics
import sys
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "scenario"))

from team import KEYS, TEAM  # noqa: E402
from world import World  # noqa: E402

IS_PLAIN = not os.environ.get("ASAN_OPTIONS") and not os.environ.get("TSAN_OPTIONS")
OPEN_ALERTS = 20000
ROUNDS, ROUNDS_MAX = 2, 8  # more while it looks too slow: what a reader costs is there in each
PROBES = 40
TOKENS = 4  # one may have 100 streams open
SLOWER = 2.0
NOISE_S = 0.006  # of a machine that others use: faster than this counts as this
BOMBS = {"routes": [{"name": f"bomb-{at}", "service": "checkout", "match": [
    {"field": "summary", "op": "regex", "value": "(.+)+[\\x01\\x02]"}]} for at in range(1000)]}
ALONE = None
SO_MANY = 200  # of each thing that lists show
# Where each GET of the table is asked so that it has much to do; the rest are asked as they stand there.
PLACES = {
    "/in/prometheus/{key}/api/v2/silence/{id}": "/in/prometheus/{key}/api/v2/silence/%(silence)s",
    "/api/v1/alerts": "/api/v1/alerts?limit=200",
    "/api/v1/events": "/api/v1/events?limit=200",
    "/api/v1/silences": "/api/v1/silences?limit=200",
    "/api/v1/users": "/api/v1/users?limit=200",
    "/api/v1/services": "/api/v1/services?limit=200",
    "/api/v1/whatif": "/api/v1/whatif?service=checkout",
    "/api/v1/integrations/{name}/payloads": "/api/v1/integrations/prod-am/payloads",
    "/api/v1/integrations/{name}": "/api/v1/integrations/prod-am",
    "/api/v1/users/{name}/misses": "/api/v1/users/ana/misses",
    "/api/v1/users/{name}": "/api/v1/users/ana",
    "/api/v1/teams/{name}": "/api/v1/teams/everybody",
    "/api/v1/channels/{name}": "/api/v1/channels/room",
    "/api/v1/policies/{name}": "/api/v1/policies/everything",
    "/api/v1/services/{name}": "/api/v1/services/checkout",
    "/api/v1/routes/{name}": "/api/v1/routes/search-team",
    "/api/v1/silences/{name}": "/api/v1/silences/silence-1",
    "/api/v1/schedules/{name}": "/api/v1/schedules/hourly",
    "/api/v1/schedules/{name}/on-call": "/api/v1/schedules/hourly/on-call",
    "/api/v1/schedules/{name}/overrides": "/api/v1/schedules/hourly/overrides",
    "/api/v1/schedules/{name}/shifts":
        "/api/v1/schedules/hourly/shifts?from=2026-02-01T00:00:00Z&to=2027-03-01T00:00:00Z",
    "/api/v1/schedules/{name}/gaps":
        "/api/v1/schedules/hourly/gaps?from=2026-02-01T00:00:00Z&to=2027-03-01T00:00:00Z",
    "/cal/{key}": "%(calendar)s",
    "/l/{token}": "%(link)s",
    "/static/{file}": "/static/board.css",
    "/assets/{file}": "%(asset)s",
}
STREAMS = ("/api/v1/stream", "/board/live")  # they do not end: see the readers below
ASKED = 8
THREAD_MS = 0.7  # of the threads that take alerts, for one answer; and for each MiB that they send:
MIB_MS = 2.0
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
    ("document", "GET /api/v1/openapi.json", None, 16, CHEAP),
    ("payloads", "GET /api/v1/integrations/prod-am/payloads", None, 16, ALONE),
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


def large_team(url):
    people = [f"person-{at}" for at in range(SO_MANY)]
    contact = 'contacts: [{kind: webhook, to: "%s/nobody"}]' % url
    rules = "rules: {high: [{after: 0s, contact: webhook}], low: [{after: 0s, contact: webhook}]}"
    team = TEAM % {"webhook": url}
    team = team.replace("key: env:PROM_KEY}", "key: env:PROM_KEY, silences: true}")
    team = team.replace("policies:", "".join(f"  - {{name: {name}, {contact}, {rules}}}\n" for name in people)
                        + "policies:")
    team = team.replace("integrations:", "".join(f"  - {{name: service-{at}, policy: everything}}\n"
                                                 for at in range(SO_MANY)) + "integrations:")
    team = team.replace("routes:", "".join(
        f"  - {{name: beat-{at}, service: checkout, every: 24h}}\n" for at in range(SO_MANY)) + "routes:")
    return team + f"""
teams: [{{name: everybody, members: [ana, {", ".join(people)}]}}]
channels: [{{name: room, kind: webhook, to: "{url}/room"}}]
schedules:
  - name: hourly
    time_zone: Europe/Paris
    layers: [{{name: turns, start: 2026-01-05T09:00, every: 1h, people: [ana, person-1]}}]
"""


class ReadersTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.world = cls.enterClassContext(World())
        cls.receiver = cls.world.receiver()
        cls.world.apply(large_team(cls.receiver.url), env=KEYS)
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
        cls.fill()

    @classmethod
    def fill(cls):
        """Much of all that is listed, and what is asked for by a secret."""
        now = datetime.datetime.now(datetime.timezone.utc).replace(microsecond=0)
        begin, end = [(now + datetime.timedelta(days=days)).isoformat() for days in (0, 1)]
        for at in range(SO_MANY):
            for path, body in (
                    ("silences", {"name": f"silence-{at}", "from": begin, "to": end, "match": [
                        {"field": "summary", "op": "regex", "value": f"nothing like {at}"}]}),
                    ("tokens", {"name": f"token-{at}", "scope": "read"}),
                    ("schedules/hourly/overrides", {"who": "ana", "from": begin[:16], "to": end[:16]})):
                answer = cls.world.post(f"/api/v1/{path}", body)
                assert answer.status == 201, answer
        day = now + datetime.timedelta(days=30)
        swap = cls.world.post("/api/v1/swaps", {
            "schedule": "hourly", "user": "person-1", "with": "ana", "from": day.isoformat(),
            "until": (day + datetime.timedelta(hours=3)).isoformat()})
        assert swap.status == 201, swap
        calendar = cls.world.post("/api/v1/feeds", {"schedule": "hourly"}).json["url"]
        silences = cls.world.get(f"/in/prometheus/{KEYS['PROM_KEY']}/api/v2/silences", token=None).json
        cls.world.wait("a page", lambda: cls.receiver.received("/ana"))
        page = cls.receiver.received("/ana")[-1]["body"].decode()
        frame = cls.world.get("/", token=None).text
        script = re.search(r'src="(/assets/[^"]+)"', frame)  # none: built without the interface
        cls.secrets = {"asset": script.group(1) if script else "/assets/none", "calendar": calendar[calendar.index("/cal/"):], "silence": silences[0]["id"],
                       "link": re.search(r"/l/[A-Za-z0-9_.~-]+", page).group(0)}

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

    def threads_ms(self):
        """What the threads that take alerts have used of the processor."""
        used = 0
        for task in pathlib.Path(f"/proc/{self.world.server.pid}/task").iterdir():
            with contextlib.suppress(OSError):
                if (task / "comm").read_text().startswith("MHD-worker"):
                    used += int((task / "schedstat").read_text().split()[0])
        return used / 1e6

    def cost(self, path):
        """Of one answer on those threads, in ms, and its size."""
        connection = http.client.HTTPConnection("127.0.0.1", self.world.port)
        headers = {"Authorization": f"Bearer {self.tokens[0]}", "Cookie": f"tocsin_token={self.tokens[0]}"}
        costs, size = [], 0
        for _ in range(ASKED):
            before = self.threads_ms()
            connection.request("GET", path, headers=headers)
            answer = connection.getresponse()
            size = len(answer.read())
            costs.append(self.threads_ms() - before)
            self.assertIn(answer.status, (200, 303), (path, answer.status))
        connection.close()
        return min(costs), size  # what it costs by itself, whatever else the processor does

    def test_nothing_that_is_read_holds_the_threads_that_take_alerts(self):
        """Every GET of the table: what takes long, or grows with what there is, is done on another thread."""
        if not pathlib.Path("/proc/self/task").exists() or not pathlib.Path("/proc/self/schedstat").exists():
            self.skipTest("the system does not say what threads use")
        table = self.world.get("/api/v1/openapi.json").json["paths"]
        self.assertLess(50, sum("get" in methods for methods in table.values()))
        for path in sorted(path for path, methods in table.items() if "get" in methods and path not in STREAMS):
            place = PLACES.get(path, path) % self.secrets
            place = place.replace("/in/prometheus/{key}", f"/in/prometheus/{KEYS['PROM_KEY']}").replace("{id}", "1")
            with self.subTest(path=path):
                self.assertNotIn("{", place, "add to PLACES where it is to be asked")
                took, size = self.cost(place)
                print(f"{path}: {took:.2f} ms, {size >> 10} KiB", flush=True)
                if IS_PLAIN:
                    self.assertLess(took, THREAD_MS + MIB_MS * size / (1 << 20))

    def test_intake_goes_on_beside_readers(self):
        for name, line, body, count, base in READERS:
            beside, idle, ratio = [], [], SLOWER
            while len(idle) < ROUNDS or (ratio >= SLOWER and IS_PLAIN and len(idle) < ROUNDS_MAX):
                idle.append(self.intake_s() if base is ALONE else self.beside_s(base, None, count))
                beside.append(self.beside_s(line, body, count))
                # The best of each: what else the machine does in one round is no reader's doing.
                ratio = min(beside) / max(min(idle), NOISE_S)
            print(f"{name}: {ratio:.2f} × as long as {base or 'without'}", flush=True)
            if IS_PLAIN:
                with self.subTest(reader=name):
                    self.assertLess(ratio, SLOWER, (idle, beside))


if __name__ == "__main__":
    unittest.main()
