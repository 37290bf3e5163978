#!/usr/bin/env python3
"""Several servers on one PostgreSQL: what is done at one holds at all, whoever stops is replaced, and a
database that is away is told as such."""

import http.client
import importlib.machinery
import importlib.util
import json
import os
import pathlib
import signal
import subprocess
import threading
import time
import unittest
import urllib.parse

from team import KEYS, apply_team
from world import ROOT, World, wait

LANES = 64
TIME_OUT_S = 10.0  # within which an alert is answered, whatever the database does: Prometheus waits so long


def with_postgresql():
    """tools/with-postgresql as a module."""
    loader = importlib.machinery.SourceFileLoader("with_postgresql", str(ROOT / "tools/with-postgresql"))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader("with_postgresql", loader))
    loader.exec_module(module)
    return module


class Database:
    """A PostgreSQL server of our own, to be stopped, frozen and started."""

    def __init__(self):
        tools = with_postgresql()
        try:
            self.server = tools.Server()
        except tools.Trouble as trouble:
            raise unittest.SkipTest(str(trouble))
        self.server.make()
        self.server.start()
        self.made = 0

    def url(self, name="postgres", user="tocsin"):
        host = urllib.parse.quote(self.server.folder, safe="/")
        return f"postgresql://{user}@/{name}?host={host}"

    def sql(self, text, name="postgres"):
        psql = [os.path.join(self.server.programs, "psql"), "-X", "-A", "-t", "-q", "-v", "ON_ERROR_STOP=1",
                "-d", self.url(name), "-c", text]
        done = subprocess.run(psql, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def make(self):
        self.made += 1
        name = f"scenario{self.made}"
        self.sql(f"CREATE DATABASE {name}")
        return name

    def processes(self):
        leader = self.server.process.pid
        found = subprocess.run(["ps", "-o", "pid=", "--ppid", str(leader)], capture_output=True, text=True,
                               check=False)
        return [leader] + [int(pid) for pid in found.stdout.split()]

    def signal_all(self, number):
        for pid in self.processes():
            try:
                os.kill(pid, number)
            except ProcessLookupError:
                pass

    def stop_at_once(self):
        self.server.process.send_signal(signal.SIGQUIT)
        self.server.process.wait(30)
        pathlib.Path(self.server.data, "postmaster.pid").unlink(missing_ok=True)  # it says "ready"

    def start(self):
        self.server.start()

    def end(self):
        self.server.end()


class Stream:
    """Reads a server's live events on a thread of its own."""

    def __init__(self, node, last_id=None):
        self.connection = http.client.HTTPConnection("127.0.0.1", node.port, timeout=60)
        headers = {"Authorization": f"Bearer {node.token('read')}"}
        if last_id is not None:
            headers["Last-Event-ID"] = str(last_id)
        self.connection.request("GET", "/api/v1/stream", headers=headers)
        self.answer = self.connection.getresponse()
        assert self.answer.status == 200, self.answer.status
        self.ids, self.kinds = [], []
        self.thread = threading.Thread(target=self.read, daemon=True)
        self.thread.start()

    def read(self):
        try:
            for line in self.answer:
                field, _, value = line.decode().rstrip("\n").partition(": ")
                if field == "id":
                    self.ids.append(int(value))
                elif field == "data":
                    self.kinds.append(json.loads(value)["kind"])
        except (OSError, ValueError, http.client.HTTPException, AttributeError):
            pass

    def close(self):
        sock = getattr(self.connection, "sock", None)
        if sock is not None:
            sock.close()
        self.answer.close()


class NodesTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.database = Database()
        cls.addClassCleanup(cls.database.end)

    def setUp(self):
        self.name = self.database.make()

    def node(self, name, start=True, **settings):
        settings = {"DATABASE_URL": self.database.url(self.name), "NODE_NAME": name, **settings}
        return self.enterContext(World(settings, start=start))

    def two(self):
        a, b = self.node("a"), self.node("b")
        self.receiver = apply_team(a)
        b.tokens = a.tokens
        a.token("admin")
        wait("both hold lanes", lambda: self.lanes(a, "a") > 0 and self.lanes(a, "b") > 0)
        return a, b

    @staticmethod
    def lanes(node, name):
        return sum(row["lanes"] for row in node.cli_json("nodes") if row["name"] == name)

    def told(self, who):
        """Of how many alerts: one message may stand for several."""
        return sum(json.loads(call["body"])["data"]["total"] for call in self.receiver.received(f"/{who}"))

    @staticmethod
    def send(node, key, summary="it is down"):
        body = {"summary": summary, "dedup_key": key, "severity": "critical"}
        return node.post("/api/v1/alerts", body, token=KEYS["APP_KEY"])

    # --- one house ---

    def test_the_nodes_are_listed(self):
        a, b = self.two()
        wait("all lanes are held", lambda: self.lanes(a, "a") + self.lanes(a, "b") == LANES)
        rows = {row["name"]: row for row in b.cli_json("nodes")}
        self.assertEqual({name: row["state"] for name, row in rows.items()}, {"a": "alive", "b": "alive"})
        self.assertTrue(rows["b"]["is_this"])
        self.assertFalse(rows["a"]["is_this"])
        self.assertEqual(rows["a"]["address"], a.url)
        wait("each has a fair share", lambda: self.lanes(a, "a") == self.lanes(a, "b") == LANES // 2)
        self.assertIn("a", a.cli("nodes").stdout)
        ready = b.get("/readyz", token=None).json
        self.assertEqual((ready["database"], ready["nodes_alive"], ready["node"]["name"]),
                         ("writable", 2, "b"))
        self.assertEqual(ready["node"]["lanes"], LANES // 2)

    def test_what_is_done_at_one_holds_at_the_other(self):
        a, b = self.two()
        # The configuration, applied at a, is in force at b: its integration's key opens an alert there.
        wait("b knows the key", lambda: self.send(b, "first").status == 202)
        alert = b.alerts()[0]
        wait("somebody was told", lambda: self.receiver.received("/ana"))
        acknowledged = a.post(f"/api/v1/alerts/{alert['id']}/acknowledge")
        self.assertEqual(acknowledged.status, 200, acknowledged)
        self.assertEqual(b.alert(alert["id"])["status"], "acknowledged")
        self.assertEqual(len(self.receiver.received("/ana")), 1)

    def test_every_alert_is_paged_once_by_whoever_holds_its_lane(self):
        a, b = self.two()
        wait("b knows the key", lambda: self.send(b, "warm").status == 202)
        sent = [f"alert-{number}" for number in range(20)]
        for number, key in enumerate(sent):
            answer = self.send((a, b)[number % 2], key, summary=f"down: {key}.")
            self.assertEqual(answer.status, 202, answer)
        # Of many at once the first three go alone; the rest waits for a message that stands for all.
        a.wait("the first were told of", lambda: len(self.receiver.received("/ana")) == 3)
        started = lambda: [event["subject"] for event in b.events() if event["kind"] == "page.started"]
        a.wait("all page", lambda: len(started()) >= len(sent) + 1)
        self.assertEqual(len(started()), len(sent) + 1)
        self.assertEqual(len(set(started())), len(sent) + 1)

    def test_a_token_of_one_is_good_at_the_other_at_once(self):
        a, b = self.two()
        token = a.token("read")
        wait("the token is good at b", lambda: b.get("/api/v1/alerts", token=token).status == 200, 1.0)
        a.cli("token", "revoke", "scenario-read")
        wait("it is refused at b", lambda: b.get("/api/v1/alerts", token=token).status == 401, 1.0)

    def test_live_events_of_all_reach_clients_of_each(self):
        a, b = self.two()
        wait("b knows the key", lambda: self.send(b, "warm").status == 202)
        a.token("read")
        wait("the token is good at b", lambda: b.get("/api/v1/alerts", token="read").status == 200)
        stream = Stream(b)
        self.addCleanup(stream.close)
        for number in range(10):
            self.assertEqual(self.send((a, b)[number % 2], f"live-{number}").status, 202)
        last = lambda: a.events()[-1]["seq"]
        wait("b streamed all of it", lambda: stream.ids and stream.ids[-1] == int(last()))
        self.assertEqual(stream.ids, list(range(stream.ids[0], stream.ids[-1] + 1)))
        self.assertEqual(stream.kinds.count("alert.triggered"), 10)
        # Goes on at the other node where the first one was left.
        middle = stream.ids[len(stream.ids) // 2]
        again = Stream(a, last_id=middle)
        self.addCleanup(again.close)
        wait("a streamed the rest", lambda: again.ids and again.ids[-1] >= stream.ids[-1])
        self.assertEqual(again.ids, list(range(middle + 1, again.ids[-1] + 1)))

    # --- one of them ends ---

    def test_a_clean_end_hands_over_within_a_second(self):
        a, b = self.two()
        began = time.monotonic()
        a.server.send(signal.SIGTERM)
        wait("b holds all lanes", lambda: self.ready_lanes(b) == LANES, 5)
        self.assertLess(time.monotonic() - began, 1.0)
        self.assertEqual(a.server.process.wait(30), 0)
        self.assertEqual({row["name"]: row["state"] for row in b.cli_json("nodes")},
                         {"a": "gone", "b": "alive"})
        self.assertNotIn("gone", b.cli("nodes").stdout)
        self.assertIn("gone", b.cli("nodes", "--all").stdout)
        self.assertEqual(self.send(b, "after").status, 202)
        wait("it is paged", lambda: self.receiver.received("/ana"))

    def test_lanes_go_before_the_last_message_does(self):
        a = self.node("a")
        self.receiver = apply_team(a)
        a.token("admin")
        with self.receiver.lock:  # it answers nobody
            self.assertEqual(self.send(a, "slow").status, 202)
            b = self.node("b")
            b.tokens = a.tokens
            wait("both share", lambda: self.ready_lanes(b) == LANES // 2)
            began = time.monotonic()
            a.server.send(signal.SIGTERM)
            wait("b holds all lanes", lambda: self.ready_lanes(b) == LANES, 5)
            self.assertLess(time.monotonic() - began, 1.0)
            self.assertTrue(a.server.is_alive(), "it waits for the answer of what it has sent")
        self.assertEqual(a.server.process.wait(30), 0)
        kinds = [event["kind"] for event in b.events()]
        self.assertEqual(kinds.count("delivery.delivered"), 1, kinds)
        self.assertEqual(len(self.receiver.received("/ana")), 1)

    def test_a_killed_one_is_replaced_within_five_seconds(self):
        a, b = self.two()
        c = self.node("c")
        wait("three share", lambda: all(self.lanes(c, name) >= 20 for name in "abc"))
        began = time.monotonic()
        a.kill()
        wait("the others hold its lanes", lambda: self.ready_lanes(b) + self.ready_lanes(c) == LANES, 10)
        self.assertLess(time.monotonic() - began, 5.0)
        self.assertEqual(self.send(b, "after").status, 202)
        wait("it is paged", lambda: self.receiver.received("/ana"))
        a.start()
        wait("it takes its share again", lambda: all(self.lanes(c, name) >= 20 for name in "abc"))

    @staticmethod
    def ready_lanes(node):
        return node.get("/readyz", token=None).json["node"]["lanes"]

    # --- the database is away ---

    def assert_away(self, node):
        began = time.monotonic()
        answer = self.send(node, "away")
        took = time.monotonic() - began
        self.assertEqual(answer.status, 503, answer)
        self.assertGreater(int(answer.headers["Retry-After"]), 0)
        return took

    def test_a_database_that_stops_is_told_and_comes_back(self):
        a, b = self.two()
        wait("b knows the key", lambda: self.send(b, "before").status == 202)
        wait("it is paged", lambda: self.receiver.received("/ana"))
        read = a.token("admin")
        for node in (a, b):
            wait("it knows the token", lambda: node.get("/api/v1/nodes", token=a.token("read")).status == 200)
        streams = [Stream(node) for node in (a, b)]
        self.database.stop_at_once()
        try:
            for node in (a, b):
                self.assertLess(self.assert_away(node), TIME_OUT_S)
                wait("it is known", lambda: node.get("/readyz", token=None).status == 503)
                self.assertLess(self.assert_away(node), 0.5)
                ready = node.get("/readyz", token=None)
                self.assertEqual(ready.json["database"], "down", ready)
                self.assertEqual(ready.headers["Content-Type"], "application/problem+json")
                node.wait("it is told", lambda: "nothing is paged by this node" in node.server.log())
                self.assertNotIn("accepted ones go on", node.server.log())
                for path in ("/api/v1/alerts", "/api/v1/events", "/api/v1/nodes", "/api/v1/tokens",
                             f"/in/prometheus/{KEYS['PROM_KEY']}/api/v2/alerts"):
                    answer = node.get(path, token=read)
                    self.assertEqual((path, answer.status), (path, 503), answer)
                self.assertEqual(node.get("/healthz", token=None).status, 200)
                for words in (("nodes",), ("doctor",)):
                    said = node.cli(*words, check=False)
                    self.assertRegex(said.stdout + said.stderr, "cannot be (reached|read).*(connect|terminat|server)")
            for node, stream in zip((a, b), streams):
                wait("who follows is sent elsewhere", lambda: not stream.thread.is_alive(), 6)
                stream.close()
                answer = node.get(f"/api/v1/stream?after={stream.ids[-1] if stream.ids else 1}", token=read)
                self.assertEqual(answer.status, 503, answer)
                self.assertGreater(int(answer.headers["Retry-After"]), 0)
        finally:
            self.database.start()
        for node in (a, b):
            node.wait("it is ready again", lambda: node.get("/readyz", token=None).status == 200)
            self.assertEqual(self.send(node, f"back-{node.port}").status, 202)
        a.wait("both are paged", lambda: self.told("ana") >= 3)
        self.assertEqual({row["name"]: row["state"] for row in a.cli_json("nodes")},
                         {"a": "alive", "b": "alive"})

    def test_a_database_that_hangs_keeps_nobody_waiting(self):
        a, _ = self.two()
        self.assertEqual(self.send(a, "before").status, 202)
        read = a.token("read")
        self.database.signal_all(signal.SIGSTOP)
        try:
            answers = []

            def ask(number):
                began = time.monotonic()
                # Readers first: they must not hold up those who send.
                answer = a.get("/api/v1/alerts", token=read) if number < 8 else self.send(a, f"hang-{number}")
                answers.append((answer.status, time.monotonic() - began))

            threads = [threading.Thread(target=ask, args=(number,)) for number in range(16)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            self.assertEqual({status for status, _ in answers}, {503}, answers)
            self.assertLess(max(took for _, took in answers), TIME_OUT_S, answers)
            self.assertLess(self.assert_away(a), 0.5)
        finally:
            self.database.signal_all(signal.SIGCONT)
        a.wait("it is ready again", lambda: a.get("/readyz", token=None).status == 200)
        self.assertEqual(self.send(a, "after").status, 202)

    def test_an_end_without_the_database_is_clean(self):
        a, b = self.two()
        self.database.stop_at_once()
        try:
            began = time.monotonic()
            a.stop()
            self.assertLess(time.monotonic() - began, 10)
        finally:
            self.database.start()
        b.wait("the other one takes over", lambda: b.get("/readyz", token=None).status == 200
               and self.ready_lanes(b) == LANES)

    def test_a_stream_goes_on_after_the_database_was_away(self):
        a, b = self.two()
        a.token("read")
        wait("the token is good at b", lambda: b.get("/api/v1/alerts", token="read").status == 200)
        stream = Stream(b)
        self.addCleanup(stream.close)
        self.assertEqual(self.send(a, "before").status, 202)
        wait("it is streamed", lambda: "alert.triggered" in stream.kinds)
        self.database.stop_at_once()
        self.database.start()
        a.wait("it is taken again", lambda: self.send(a, "after").status == 202)
        b.wait("it is streamed", lambda: stream.kinds.count("alert.triggered") == 2)
        self.assertEqual(stream.ids, list(range(stream.ids[0], stream.ids[-1] + 1)))

    # --- the doctor ---

    def test_the_doctor_looks_at_the_server_and_the_nodes(self):
        a, b = self.two()
        found = {(row["check"], row["level"]): row for row in
                 json.loads(a.cli("doctor", "--json", check=False).stdout)["findings"]}
        self.assertIn(("fsync", "problem"), found)  # the test's server has it off
        self.assertIn(("replication", "warning"), found)
        self.assertNotIn(("nodes", "note"), found)
        self.assertNotIn(("clock", "warning"), found)
        b.stop()
        alone = a.cli("doctor", check=False).stdout
        self.assertIn("There is one node", alone)
        a.stop()
        here = a.cli("doctor", check=False)
        self.assertIn("No server is running", here.stdout, here)
        self.assertIn("fsync", here.stdout, here)

    # --- it cannot start ---

    def refused(self, **settings):
        node = self.node("refused", start=False, **settings)
        done = subprocess.run([os.environ.get("TOCSIN", str(ROOT / "build/tocsin")), "serve", "--listen",
                               f"127.0.0.1:{node.port}", "--data", str(node.data)],
                              env=node.environment(), capture_output=True, text=True, timeout=60, check=False)
        self.assertNotEqual(done.returncode, 0, done.stdout)
        self.assertNotIn("hunter2", done.stdout + done.stderr)
        return done.stderr

    def test_a_start_that_cannot_be_says_why(self):
        self.assertIn("postgresql://", self.refused(DATABASE_URL="mysql://x/y"))
        self.assertRegex(self.refused(DATABASE_URL=self.database.url("nothing")), "nothing")
        self.database.sql("CREATE ROLE poor LOGIN")
        self.database.sql("REVOKE CREATE ON SCHEMA public FROM PUBLIC", self.name)
        self.assertRegex(self.refused(DATABASE_URL=self.database.url(self.name, "poor")), "permission|right")

    def test_an_older_schema_is_not_touched(self):
        self.node("first").stop()
        self.database.sql("DELETE FROM schema_version WHERE version > 1", self.name)
        self.assertIn("tocsin migrate", self.refused())

    def test_a_newer_schema_is_refused_unless_it_says_otherwise(self):
        self.node("first").stop()
        add = "INSERT INTO schema_version (version, name, applied_at, works_from) VALUES (%s)"
        self.database.sql(add % "1000, '1000_future.sql', 0, 1", self.name)
        self.node("second").stop()
        self.database.sql(add % "1001, '1001_future.sql', 0, 1001", self.name)
        self.assertIn("newer", self.refused())

    def test_a_data_directory_is_for_one_server(self):
        node = self.node("a")
        done = subprocess.run([os.environ.get("TOCSIN", str(ROOT / "build/tocsin")), "serve", "--listen",
                               "127.0.0.1:0", "--data", str(node.data)], env=node.environment(),
                              capture_output=True, text=True, timeout=60, check=False)
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("a server is running", done.stderr)


if __name__ == "__main__":
    unittest.main(verbosity=2)
