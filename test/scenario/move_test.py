#!/usr/bin/env python3
# engines: postgresql
"""Moving between engines with work under way: from the data directory to PostgreSQL and back, and backups
of each restored into the other. Paging goes on at the right step and time, and nothing is paged twice."""

import json
import os
import signal
import sqlite3
import subprocess
import time
import unittest
import urllib.parse

from world import World, tocsin_path, wait

from database import Database, psql  # world.py says where it is

KEYS = {"APP_KEY": "app-0123456789abcdef0123456789abcdef", "BEAT_KEY": "beat-0123456789abcdef0123456789abcdef"}
STEP_S = 12.0
LATE_S = 5.0
TEAM = """
users:
  - name: ana
    contacts: [{kind: webhook, to: "%(webhook)s/ana"}]
    rules: {high: [{after: 0s, contact: webhook}]}
  - name: bob
    contacts: [{kind: webhook, to: "%(webhook)s/bob"}]
    rules: {high: [{after: 0s, contact: webhook}]}
schedules:
  - name: primary
    time_zone: Europe/Berlin
    layers:
      - name: week
        people: [ana]
        every: 1w
        start: 2026-01-05T09:00
policies:
  - name: everything
    steps:
      - {notify: [{schedule: primary}], wait: 12s}
      - {notify: [{user: bob}], wait: 1h}
    last_resort: {user: bob}
services:
  - {name: checkout, policy: everything}
integrations:
  - {name: app, kind: native, service: checkout, key: env:APP_KEY}
heartbeats:
  - {name: nightly, service: checkout, every: 1h, key: env:BEAT_KEY}
"""


def tocsin(world, *args, check=True, env=None):
    """The program by itself: what it says and how it ended."""
    env = {key: value for key, value in os.environ.items() if not key.startswith("TOCSIN")} | (env or {})
    done = subprocess.run([tocsin_path(), *map(str, args)], env=env, cwd=world.folder, capture_output=True,
                          text=True, timeout=120, check=False)
    if check and done.returncode != 0:
        raise AssertionError(f"tocsin {args} ended with {done.returncode}\n{done.stdout}{done.stderr}")
    return done


def tables(report):
    return {row["table"]: (row["rows"], row["checksum"]) for row in report["tables"]}


class MoveTest(unittest.TestCase):
    def setUp(self):
        self.world = self.enterContext(World(start=False))
        self.url = self.world.settings.pop("DATABASE_URL")
        self.world.start()

    def another_database(self):
        database = Database("unused")
        self.addCleanup(database.drop)
        return database.url

    def fill(self):
        """A house at work: alerts at several steps, a silence, an override, tokens, a heartbeat."""
        world = self.world
        self.receiver = world.receiver()
        world.apply(TEAM % {"webhook": self.receiver.url}, env=KEYS)
        world.token("admin"), world.token("read")
        world.cli("silence", "add", "source=quiet", "--for", "2h", "--name", "quiet")
        world.cli("schedule", "override", "add", "primary", "--from", "2099-01-01T00:00", "--to",
                  "2099-01-02T00:00", "--who", "bob")
        self.assertLess(world.post(f"/heartbeat/{KEYS['BEAT_KEY']}", token=None).status, 300)
        self.send("done"), self.send("kept"), self.send("hushed", source="quiet")
        world.wait("ana was told", lambda: len(self.told("ana")) == 2)
        world.cli("resolve", str(self.alert("done")["id"]))

    def send(self, key, **more):
        body = {"summary": f"down: {key}. Größe ✓", "dedup_key": key, "severity": "critical", **more}
        answer = self.world.post("/api/v1/alerts", body, token=KEYS["APP_KEY"])
        self.assertEqual(answer.status, 202, answer)

    def alert(self, key):
        return next(row for row in self.world.alerts() if row["dedup_key"] == key)

    def came(self, who):
        """Without what says itself that it may be a repeat."""
        calls = [json.loads(call["body"]) | {"at": call["at"]} for call in self.receiver.received(f"/{who}")]
        return [call for call in calls if not call["data"]["may_repeat"]]

    def told(self, who):
        """What asks for something: not that an alert is over."""
        return [call for call in self.came(who) if call["type"] != "page.ended"]

    def ended(self, who):
        """Of which alerts it was said that they are over, one for each time."""
        return [alert["id"] for call in self.came(who) if call["type"] == "page.ended"
                for alert in call["data"]["alerts"]]

    def state(self):
        """What people see, but for what counts since the start."""
        world = self.world
        seen = {path: world.items(path) for path in
                ("/api/v1/alerts", "/api/v1/silences", "/api/v1/schedules", "/api/v1/tokens",
                 "/api/v1/integrations", "/api/v1/heartbeats", "/api/v1/events")}
        for row in seen["/api/v1/tokens"]:
            row.pop("last_used_at", None)
        return seen

    def serve_on(self, **settings):
        self.world.settings.pop("DATABASE_URL", None)
        self.world.settings.update(settings)
        self.world.start()

    # --- tests ---

    def test_work_under_way_goes_there_and_back(self):
        world = self.world
        self.fill()
        done = str(self.alert("done")["id"])  # ana is to hear of its end, 5 s later
        before = self.state()
        paged_at = self.told("ana")[-1]["at"]
        link = next(call["data"]["ack_url"] for call in self.told("ana") if "kept" in json.dumps(call))
        refused = tocsin(world, "move", "--from", world.data, "--to", self.url, check=False)
        self.assertEqual(refused.returncode, 1)
        self.assertIn("stop it first", refused.stderr)
        world.stop()

        there = json.loads(tocsin(world, "move", "--from", world.data, "--to", self.url, "--json").stdout)
        self.assertEqual(there["pageable"]["open alerts"], 2)
        self.assertEqual(there["pageable"]["armed heartbeats"], 1)
        self.assertGreater(there["events"], 10)
        source = sqlite3.connect(f"file:{world.data}/tocsin.db?mode=ro", uri=True)
        for table, (rows, _) in tables(there).items():
            self.assertEqual(source.execute(f"SELECT count(*) FROM {table}").fetchone()[0], rows, table)
            self.assertEqual(int(psql(self.url, f"SELECT count(*) FROM {table}")), rows, table)
        source.close()

        self.serve_on(DATABASE_URL=self.url)
        ready_at = time.time()
        after = self.state()
        for path, rows in before.items():
            kept = after[path][:len(rows)] if path == "/api/v1/events" else after[path]
            self.assertEqual(kept, rows, path)
        world.wait("bob was told", lambda: self.told("bob"))
        told_at = self.told("bob")[0]["at"]
        self.assertGreater(told_at - paged_at, STEP_S - 0.5, "the next step came too early")
        self.assertLess(told_at - max(paged_at + STEP_S, ready_at), LATE_S, "the next step came too late")
        world.wait("ana heard of the end", lambda: self.ended("ana"))
        self.assertEqual((len(self.told("ana")), len(self.told("bob"))), (2, 1))

        # A link from before the move is good, and what is done with it comes back.
        answer = world.call("POST", link, "do=acknowledge", token=None,
                            headers={"Content-Type": "application/x-www-form-urlencoded"})
        self.assertIn(answer.status, (200, 303), answer)
        self.assertEqual(self.alert("kept")["status"], "acknowledged")
        self.send("new on the server")
        world.wait("ana was told of the new one", lambda: len(self.told("ana")) == 3)
        self.assertGreater(int(self.alert("new on the server")["id"]), int(self.alert("kept")["id"]))

        busy = tocsin(world, "move", "--from", self.url, "--to", world.folder / "data2", check=False)
        self.assertEqual(busy.returncode, 1)
        self.assertIn("servers are at work", busy.stderr)
        self.assertFalse((world.folder / "data2" / "tocsin.db").exists())
        world.stop()

        address = world.write("address", self.url + "\n")  # as a file, so that a password would not show
        address.chmod(0o600)
        back = json.loads(tocsin(world, "move", "--from", f"file:{address}", "--to", world.folder / "data2",
                                 "--json").stdout)
        self.assertEqual(back["pageable"]["open alerts"], 3)
        world.data = world.folder / "data2"
        self.serve_on()
        self.assertEqual(self.alert("kept")["status"], "acknowledged")
        new = str(self.alert("new on the server")["id"])
        world.wait("bob was told of the new one, too",
                   lambda: any("new on the server" in json.dumps(call) for call in self.told("bob")))
        world.cli("ack", new)
        started = len(self.pages_started())
        self.send("new in the file")
        world.wait("somebody is to be told", lambda: len(self.pages_started()) == started + 1)
        # Not at once: the fourth message within a minute. The bound has come along.
        self.assertEqual((len(self.told("ana")), len(self.told("bob"))), (3, 2))
        self.assertEqual((self.ended("ana"), self.ended("bob")), ([done], []))

    def pages_started(self):
        return [event for event in self.world.events() if event["kind"] == "page.started"]

    def test_a_move_that_is_cut_short_left_nothing(self):
        world = self.world
        self.fill()
        world.stop()
        self.assertIn("schema", tocsin(world, "migrate", "--database-url", self.url).stdout)
        holder = subprocess.Popen(["psql", "-Xq", self.url, "-c",
                                   "BEGIN; LOCK TABLE event; SELECT pg_sleep(60)"],
                                  stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.addCleanup(holder.kill)
        locked = "SELECT count(*) FROM pg_locks WHERE relation = 'event'::regclass AND granted"
        wait("the table is locked", lambda: int(psql(self.url, locked)) > 0)
        move = subprocess.Popen([tocsin_path(), "move", "--from", world.data, "--to", self.url],
                                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.addCleanup(move.kill)
        waits = ("SELECT count(*) FROM pg_locks WHERE NOT granted AND database ="
                 " (SELECT oid FROM pg_database WHERE datname = current_database())")
        wait("the move is in the middle", lambda: int(psql(self.url, waits)) > 0)
        move.send_signal(signal.SIGKILL)
        move.wait(30)
        psql(self.url, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()"
                       " AND datname = current_database()")
        holder.wait(30)
        self.assertEqual(int(psql(self.url, "SELECT count(*) FROM alert")), 0)
        done = tocsin(world, "move", "--from", world.data, "--to", self.url)
        self.assertIn("the same on both sides", done.stdout)

    def test_backups_of_each_go_into_the_other(self):
        world = self.world
        self.fill()
        done = str(self.alert("done")["id"])
        world.wait("ana heard of the end", lambda: self.ended("ana"))  # and must not again
        file = world.folder / "file.db"
        world.cli("backup", file)  # while the server runs
        seen = self.state()
        world.stop()
        other = self.another_database()
        restored = json.loads(tocsin(world, "restore", file, "--to", other, "--json").stdout)
        self.assertEqual(restored["pageable"]["open alerts"], 2)
        full = tocsin(world, "restore", file, "--to", other, check=False)
        self.assertEqual(full.returncode, 1)
        self.assertRegex(full.stderr, "--to: the database postgresql://.* is not empty .*createdb .*CREATE DATABASE")

        self.serve_on(DATABASE_URL=other)
        self.assertEqual(self.state()["/api/v1/silences"], seen["/api/v1/silences"])
        world.wait("bob was told", lambda: self.told("bob"))
        server = world.folder / "server.db"
        world.cli("backup", server)  # while the server runs
        made = []  # one at a time, and the last one may be ending still
        world.wait("another backup was made", lambda: made.append(world.post("/api/v1/backup")) or
                   made[-1].status == 201)
        self.assertTrue(os.path.exists(made[-1].json["path"]))
        alone = tocsin(world, "backup", world.folder / "alone.db", "--database-url", other)
        self.assertIn("verified", alone.stdout)
        seen = self.state()
        world.stop()
        sound = tocsin(world, "restore", "--verify-only", server).stdout
        self.assertRegex(sound, r"sound backup: schema \d+, \d+ alerts, newest event 20\d\d-")
        self.look_at_record(other)
        world.data = world.folder / "restored"
        # As on a node, whose environment names the server: the flag wins.
        tocsin(world, "restore", server, "--data", world.data, env={"TOCSIN_DATABASE_URL": other})
        self.serve_on()
        for path, rows in self.state().items():
            if path == "/api/v1/alerts":
                self.assertEqual(rows, seen[path], path)
        self.assertEqual((len(self.told("ana")), len(self.told("bob"))), (2, 1),
                         json.dumps([self.told("ana")[2:], self.told("bob")[1:]], indent=1))
        self.assertEqual((self.ended("ana"), self.ended("bob")), ([done], []))

    def look_at_record(self, url):
        """Of a database that nobody needs any more."""
        def verify(code):
            done = tocsin(self.world, "verify", "--json", "--database-url", url, check=False)
            self.assertEqual(done.returncode, code, done.stderr)
            return json.loads(done.stdout)

        whole = verify(0)
        noted = int(whole["seen_seq"])  # by a beat of the node
        self.assertEqual((whole["state"], whole["first_seq"]), ("whole", "1"))
        psql(url, f"DELETE FROM event WHERE seq >= {noted}")
        cut = verify(3)
        self.assertEqual((cut["state"], cut["bad_from"], cut["bad_to"]), ("cut_off", str(noted), str(noted)))
        psql(url, "UPDATE event SET at = at - 1 WHERE seq = 4")
        self.assertEqual((verify(3)["state"], verify(3)["bad_from"]), ("edited", "4"))

    def test_faults_say_what_to_do(self):
        world = self.world
        world.stop()
        server = urllib.parse.urlsplit(self.url)
        nowhere = f"postgresql://nobody:secret@/none{'?' + server.query if server.query else ''}"
        rows = [
            (("move", "--from", world.data), 2, "--to"),
            (("move", "--from", world.folder / "no", "--to", self.url), 1, "there is no database at"),
            (("move", "--from", world.data, "--to", world.data), 2, "same place"),
            (("move", "--from", self.url, "--to", world.folder / "x"), 1, "there is no database of"),
            (("migrate", "--data", world.folder / "no"), 1, "there is no database in"),
            (("restore", world.data / "tocsin.db.lock", "--to", self.url), 1, "is not a database"),
            (("move", "--from", world.data, "--to", nowhere), 1, "tocsin: --to: "),
            (("move", "--from", nowhere, "--to", world.folder / "x"), 1, "tocsin: --from: "),
        ]
        for args, code, told in rows:
            done = tocsin(world, *args, check=False)
            self.assertEqual(done.returncode, code, (args, done.stderr))
            self.assertIn(told, done.stderr, args)
            self.assertNotIn("secret", done.stderr + done.stdout)
        empty = tocsin(world, "doctor", "--database-url", self.url, check=False)
        self.assertEqual(empty.returncode, 1)
        self.assertIn("no schema of Tocsin yet: `tocsin migrate`", empty.stderr)
        dry = json.loads(tocsin(world, "migrate", "--database-url", self.url, "--dry-run", "--json").stdout)
        self.assertEqual((dry["schema"], dry["missing"][0][:4]), (0, "0001"))
        self.assertEqual(psql(self.url, "SELECT to_regclass('alert') IS NULL"), "t")


if __name__ == "__main__":
    unittest.main()
