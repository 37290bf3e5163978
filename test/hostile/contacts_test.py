"""Contacts that are dead or hostile: each is asked no more often than a healthy one, costs nobody else anything, and
what waited comes as a digest once the provider is back."""

import contextlib
import json
import os
import pathlib
import socket
import sys
import threading
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "scenario"))

from world import World, free_port  # noqa: E402

IS_PLAIN = not os.environ.get("ASAN_OPTIONS") and not os.environ.get("TSAN_OPTIONS")
ALERTS = 300
WAYS = ("healthy", "failing", "hanging", "dripping", "huge", "turning", "refusing")
LATE_S, LATER_S = 18, 1  # the first answer of a provider that takes its time, and the others
MORE_TRAFFIC = 1.1  # of a contact that fails, than of a healthy one
OPEN_ALERTS = 20000
IDLE_S = 15
IDLE_SHARE = 0.01  # of one core


def key(way):
    return f"{way}-0123456789abcdef0123456789abcdef"


def team(addresses):
    """A person, a policy, a service and an integration for each way of being a contact; a deputy hears what fails."""
    return json.dumps({  # JSON is YAML
        "users": [{"name": way, "contacts": [{"kind": "webhook", "to": to}]} for way, to in addresses.items()]
        + [{"name": "deputy", "contacts": [{"kind": "log", "watched": True}]}],
        "policies": [{"name": way, "steps": [{"notify": [{"user": way}], "wait": "10m"}], "last_resort": {"user": "deputy"}}
                     for way in addresses],
        "services": [{"name": way, "policy": way, "urgency": "high"} for way in addresses],
        "integrations": [{"name": way, "kind": "alertmanager", "service": way, "key": f"env:KEY_{way}"}
                         for way in addresses]})


def group(first, count):
    return {"version": "4", "status": "firing", "receiver": "pager", "groupKey": "g", "alerts": [
        {"status": "firing", "labels": {"alertname": "Down", "severity": "critical", "number": str(number)},
         "annotations": {"summary": f"number {number} is down"}, "startsAt": "2026-01-01T10:00:00Z",
         "endsAt": "0001-01-01T00:00:00Z", "generatorURL": "", "fingerprint": f"{number:016x}"}
        for number in range(first, first + count)]}


class Provider:
    """A web server that treats each path in its own way, and keeps what it was asked."""

    def __init__(self):
        self.lock = threading.Lock()
        self.ways = {}  # path -> another way than its own
        self.calls = []
        self.now = self.most = 0  # calls that "late" has under way, and has had at once
        self.ended = threading.Event()
        self.doors = []

    def open(self):
        """The address of one more door: each way has its own, as each provider has."""
        door = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.doors.append(door)
        threading.Thread(target=self.accept, args=(door,), daemon=True).start()
        return "http://127.0.0.1:%d" % door.getsockname()[1]

    def accept(self, door):
        with contextlib.suppress(OSError):
            while True:
                threading.Thread(target=self.serve, args=(door.accept()[0],), daemon=True).start()

    def serve(self, connection):
        with contextlib.suppress(OSError, ValueError, IndexError), connection:
            reader = connection.makefile("rb")
            path = reader.readline().split()[1].decode()
            headers = {}
            while (line := reader.readline().strip()):
                name, _, value = line.partition(b":")
                headers[name.lower()] = value.strip()
            body = reader.read(int(headers.get(b"content-length", b"0")))
            with self.lock:
                way = self.ways.get(path, path.strip("/"))
                self.calls.append({"path": path, "way": way, "body": body, "at": time.monotonic(),
                                   "id": headers.get(b"webhook-id")})
            self.answer(connection, way)

    def answer(self, connection, way):
        ok = b"HTTP/1.1 200 OK\r\nConnection: close\r\n"
        if way == "healthy":
            connection.sendall(ok + b"Content-Length: 2\r\n\r\nok")
        elif way == "failing":
            connection.sendall(b"HTTP/1.1 503 Oh\r\nConnection: close\r\nContent-Length: 0\r\n\r\n")
        elif way == "turning":
            connection.sendall(b"HTTP/1.1 307 There\r\nLocation: /turning\r\nConnection: close\r\n"
                               b"Content-Length: 0\r\n\r\n")
        elif way == "huge":
            connection.sendall(b"HTTP/1.1 500 Oh\r\nConnection: close\r\n\r\n")
            while not self.ended.is_set():
                connection.sendall(b"x" * 65536)
        elif way == "dripping":
            for byte in b"HTTP/1.1 200 OK\r\nX-Long: " + b"x" * 100000:
                if self.ended.wait(0.2):  # that is its way of answering
                    return
                connection.sendall(bytes([byte]))
        elif way == "late":
            with self.lock:
                is_first = self.most == 0
                self.now += 1
                self.most = max(self.most, self.now)
            self.ended.wait(LATE_S if is_first else LATER_S)
            with self.lock:
                self.now -= 1
            connection.sendall(ok + b"Content-Length: 2\r\n\r\nok")
        else:
            self.ended.wait()

    def mend(self, way):
        with self.lock:
            self.ways["/" + way] = "healthy"

    def asked(self, way, answered=None):
        """The calls of its path; only those that were answered in this way."""
        with self.lock:
            return [call for call in self.calls if call["path"] == "/" + way and answered in (None, call["way"])]

    def close(self):
        self.ended.set()
        for door in self.doors:
            with contextlib.suppress(OSError):
                door.shutdown(socket.SHUT_RDWR)
            door.close()


class ContactsTest(unittest.TestCase):
    def setUp(self):
        self.world = self.enterContext(World())
        self.provider = Provider()
        self.addCleanup(self.provider.close)
        self.addresses = {way: f"{self.provider.open()}/{way}" for way in WAYS}
        self.addresses["refusing"] = f"http://127.0.0.1:{free_port()}/"

    def apply(self, ways):
        addresses = {way: self.addresses[way] for way in ways}
        self.world.apply(team(addresses), env={f"KEY_{way}": key(way) for way in ways})

    def take(self, way, first, count):
        answer = self.world.post(f"/in/alertmanager/{key(way)}", group(first, count), token=None)
        self.assertEqual((answer.status, answer.json["accepted"]), (202, count))

    def failures(self, way):
        """What the record says: a provider that is not there counts nothing."""
        return sum(event["kind"] == "delivery.retry" and event["data"]["who"] == way for event in self.world.events())

    def processor_s(self):
        fields = pathlib.Path(f"/proc/{self.world.server.pid}/stat").read_text("ascii").rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def test_each_is_asked_no_more_often_than_a_healthy_one_and_hears_a_digest_first(self):
        self.apply(WAYS)
        for first in range(0, ALERTS, 10):
            for way in WAYS:
                self.take(way, first, 10)
        self.world.wait("it failed twice", lambda: self.failures("failing") >= 2)
        self.provider.mend("failing")
        self.world.wait("it is asked once more", lambda: self.provider.asked("failing", "healthy"))
        asked = {way: len(self.provider.asked(way)) for way in WAYS}
        asked["refusing"] = self.failures("refusing")
        for way in WAYS:
            with self.subTest(way=way):
                self.assertGreater(asked[way], 0)
                self.assertLessEqual(asked[way], MORE_TRAFFIC * asked["healthy"], asked)
        # A failure that stands alone keeps no other page back: two may follow each other at once. From the second
        # on there is a wait for all, of 15 s by then.
        failed, (healed,) = self.provider.asked("failing", "failing"), self.provider.asked("failing", "healthy")
        self.assertGreaterEqual(healed["at"] - failed[-1]["at"], 14)
        digest = json.loads(healed["body"])
        self.assertEqual((digest["type"], digest["data"]["total"]), ("page.digest", ALERTS))
        of_it = [alert["id"] for alert in self.world.alerts(service="failing")]
        self.assertEqual(len(of_it), ALERTS)
        for alert_id in (of_it[0], of_it[-1]):
            self.world.wait("each was told", lambda one=alert_id: self.states(one) == {"delivered"})
        self.assertEqual(self.provider.asked("failing", "healthy"), [healed], "nobody is told twice")

    def test_dead_rooms_and_mail_servers_are_asked_no_more_often(self):
        """A room of each kind whose provider answers 503, and a mail server that is not there."""
        rooms = {kind: f"{self.provider.open()}/failing-{kind}" for kind in ("slack", "mattermost", "ntfy")}
        self.provider.ways.update({f"/failing-{kind}": "failing" for kind in rooms})
        ways = ["healthy", "mail", *rooms]
        who = {"healthy": {"user": "healthy"}, "mail": {"user": "mail"}} | {kind: {"channel": kind} for kind in rooms}
        self.world.settings.update({"SMTP_URL": f"smtp://127.0.0.1:{free_port()}", "SMTP_FROM": "tocsin@example.com"})
        self.world.restart()
        self.world.apply(json.dumps({
            "users": [{"name": "healthy", "contacts": [{"kind": "webhook", "to": self.addresses["healthy"]}]},
                      {"name": "mail", "contacts": [{"kind": "email", "to": "ana@example.com"}]},
                      {"name": "deputy", "contacts": [{"kind": "log", "watched": True}]}],
            "channels": [{"name": kind, "kind": kind, "to": to} for kind, to in rooms.items()],
            "policies": [{"name": way, "steps": [{"notify": [who[way]], "wait": "10m"}], "last_resort": {"user": "deputy"}}
                         for way in ways],
            "services": [{"name": way, "policy": way, "urgency": "high"} for way in ways],
            "integrations": [{"name": way, "kind": "alertmanager", "service": way, "key": f"env:KEY_{way}"}
                             for way in ways]}), env={f"KEY_{way}": key(way) for way in ways})
        for first in range(0, ALERTS, 10):
            for way in ways:
                self.take(way, first, 10)
        names = {"mail": "mail"} | {kind: f"channel:{kind}" for kind in rooms}
        for way, name in names.items():
            self.world.wait(f"{way} failed twice", lambda name=name: self.failures(name) >= 2)
        asked = {way: self.failures(name) for way, name in names.items()}
        healthy = len(self.provider.asked("healthy"))
        for way in asked:
            with self.subTest(way=way):
                self.assertLessEqual(asked[way], MORE_TRAFFIC * healthy, (asked, healthy))

    def states(self, alert_id):
        pages = self.world.get(f"/api/v1/alerts/{alert_id}/explain").json["pages"]
        return {told["state"] for page in pages for told in page["notifications"]}

    def test_late_contact_is_asked_once_at_a_time_and_holds_no_news_back(self):
        """Two persons have it as their contact, at both urgencies; one of them has another. A webhook may be the gateway of
        many people: one who is slow to reach through it holds up nobody else, so each of them is asked for in turn."""
        late, healthy = (f"{self.provider.open()}/{way}" for way in ("late", "healthy"))
        self.world.apply(json.dumps({
            "users": [{"name": "one", "contacts": [{"name": "late", "kind": "webhook", "to": late},
                                                   {"name": "other", "kind": "webhook", "to": healthy}],
                       "rules": {"high": [{"after": "0s", "contact": "late"}], "low": [{"after": "0s", "contact": "late"}]}},
                      {"name": "two", "contacts": [{"kind": "webhook", "to": late}]}],
            "policies": [{"name": who, "steps": [{"notify": [{"user": who}], "wait": "10m"}], "last_resort": {"user": who}}
                         for who in ("one", "two")],
            "services": [{"name": f"{who}-{urgency}", "policy": who, "urgency": urgency}
                         for who in ("one", "two") for urgency in ("high", "low")],
            "integrations": [{"name": f"{who}-{urgency}", "kind": "alertmanager", "service": f"{who}-{urgency}",
                              "key": f"env:KEY_{who}_{urgency}"} for who in ("one", "two") for urgency in ("high", "low")]}),
            env={f"KEY_{who}_{urgency}": key(f"{who}-{urgency}") for who in ("one", "two") for urgency in ("high", "low")})
        self.take("one-high", 0, 1)
        self.world.wait("it is asked", lambda: self.provider.asked("late"))
        for number in range(1, 6):
            self.take("one-high", number, 1)
            self.take("one-low", 100 + number, 1)
            self.take("two-high", 200 + number, 1)
            self.take("two-low", 300 + number, 1)
        self.world.wait("all are told", lambda: {self.told(alert["id"]) for alert in self.world.alerts(limit=100)} == {True},
                        patience_s=4 * LATE_S)
        self.assertEqual(self.provider.most, 2)
        calls = self.provider.asked("late")
        first, *others = [call for call in calls if b'"one-' in call["body"]]
        self.assertEqual(len(others), 2, "what came meanwhile goes together, by urgency")
        self.assertGreaterEqual(others[0]["at"] - first["at"], LATE_S)
        self.assertEqual(len({call["id"] for call in calls}), len(calls), "nothing is sent twice")
        # What waited behind the slow attempt was told the other way as soon as that counted as slow.
        other = self.provider.asked("healthy")[0]
        self.assertLess(other["at"] - calls[0]["at"], LATE_S)

    def told(self, alert_id):
        """By each of the contacts that were to be used."""
        return self.states(alert_id) == {"delivered"}

    def test_dead_contact_of_many_open_alerts_costs_nothing(self):
        self.apply(["refusing"])
        for first in range(0, OPEN_ALERTS, 2000):
            self.take("refusing", first, 2000)
        self.world.wait("it has failed three times", lambda: self.failures("refusing") >= 3)
        began, before = time.monotonic(), self.processor_s()
        threading.Event().wait(IDLE_S)  # the measurement itself
        share = (self.processor_s() - before) / (time.monotonic() - began)
        print(f"a dead contact of {OPEN_ALERTS} open alerts: {share:.2%} of a core", flush=True)
        if IS_PLAIN:
            self.assertLess(share, IDLE_SHARE)


if __name__ == "__main__":
    unittest.main()
