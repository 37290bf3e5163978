"""A record that somebody edited: verify, doctor and the check of a backup name the event."""

import contextlib
import json
import pathlib
import shutil
import sqlite3
import subprocess
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "scenario"))

from team import KEYS, apply_team  # noqa: E402
from world import PATIENCE_S, World, tocsin_path  # noqa: E402

WHOLE, FAILED, MISUSED, BROKEN = 0, 1, 2, 3  # exit codes
A_TURN = 10000  # so many events does the server read at a time


def change(path, *statements):
    with contextlib.closing(sqlite3.connect(path, timeout=20)) as db:
        for sql in statements:
            db.execute(sql)
        db.commit()


def ask(path, sql):
    with contextlib.closing(sqlite3.connect(path, timeout=20)) as db:
        return db.execute(sql).fetchone()[0]


class HistoryTest(unittest.TestCase):
    def setUp(self):
        self.world = self.enterContext(World())
        apply_team(self.world)

    def send(self, count):
        for i in range(count):
            self.world.post("/api/v1/alerts", {"summary": f"trouble {i}"}, token=KEYS["APP_KEY"])

    def verify(self, *words, code):
        words = words or ("--data", self.world.data)
        done = subprocess.run([tocsin_path(), "verify", *map(str, words)], env=self.world.environment(), text=True,
                              capture_output=True, timeout=PATIENCE_S, check=False)
        self.assertEqual(done.returncode, code, done)
        return done

    def verified(self, *words, code):
        """What verify says to programs, and to people."""
        words = words or ("--data", self.world.data)
        return json.loads(self.verify("--json", *words, code=code).stdout), self.verify(*words, code=code).stdout

    def test_an_event_edited_or_deleted_is_named(self):
        world = self.world
        self.send(4)
        self.assertNotIn("history", world.cli("doctor", check=False).stdout)
        copy = world.folder / "copy.db"
        world.cli("backup", copy)
        self.assertIn("sound backup", world.cli("restore", "--verify-only", copy).stdout)
        last = ask(copy, "SELECT max(seq) FROM event")
        self.assertGreater(last, 9)
        said, told = self.verified("--file", copy, code=WHOLE)
        self.assertEqual((said["state"], said["events"], said["first_seq"], said["last_seq"]),
                         ("whole", last, "1", str(last)))
        self.assertRegex(told, rf"The record is whole: {last} events, number 1 of 20.* to number {last} of 20")
        noted = world.folder / "noted.db"
        for seq, words in ((1, "cut off at the end, but not yet of those after number 1: "), (last, "cut off at the end.\n")):
            shutil.copy(copy, noted)
            change(noted, f"UPDATE pulse SET seq = {seq}")
            self.assertIn(f"It would be noticed if events were {words}", self.verify("--file", noted, code=WHOLE).stdout)
        edited = world.folder / "edited.db"
        for sql, bad, words in (
                ("UPDATE event SET actor = 'nobody' WHERE seq = 2", ("edited", "2", "2"),
                 "event 2 of the {} does not fit to the ones before it: it was edited"),
                ("UPDATE event SET at = at + 1 WHERE seq = 2", ("edited", "2", "2"),
                 "event 2 of the {} does not fit to the ones before it: it was edited"),
                ("DELETE FROM event WHERE seq = 2", ("missing", "2", "2"), "event 2 of the {} is missing"),
                ("DELETE FROM event WHERE seq IN (3, 4, 5)", ("missing", "3", "5"),
                 "events 3 to 5 of the {} are missing")):
            with self.subTest(sql=sql):
                shutil.copy(copy, edited)
                change(edited, sql)
                done = world.cli("restore", "--verify-only", edited, check=False)
                self.assertEqual(done.returncode, FAILED)
                self.assertIn(words.format("backup"), done.stderr)
                before = edited.read_bytes()
                said, told = self.verified("--file", edited, code=BROKEN)
                self.assertEqual((said["state"], said["bad_from"], said["bad_to"]), bad)
                self.assertEqual(said["events"], int(bad[1]) - 1)
                self.assertIn(words.format("database"), told)
                self.assertEqual(edited.read_bytes(), before)
        self.assertEqual(sorted(path.name for path in world.folder.glob("*.db-*")), [])
        self.assertEqual(self.verified(code=WHOLE)[0]["state"], "whole")
        change(world.data / "tocsin.db", "UPDATE event SET subject = 'other' WHERE seq = 3")
        words = "event 3 of the database does not fit"
        self.assertIn(words, world.cli("doctor", check=False).stdout)
        said, told = self.verified(code=BROKEN)  # by the server
        self.assertIn(words, told)
        self.assertEqual(world.get("/api/v1/events/verify").json, said)
        world.stop()
        self.assertEqual(self.verified(code=BROKEN)[0], said)  # without one
        self.assertIn(words, world.cli("doctor", check=False).stdout)

    def test_events_cut_off_at_the_end_are_missed(self):
        world = self.world
        self.send(20)
        world.stop()
        database = world.data / "tocsin.db"
        seen = None
        while seen != ask(database, "SELECT MAX(seq) FROM event"):  # the first pulse sees all but what came meanwhile
            world.start()
            self.assertNotIn("history", world.cli("doctor", check=False).stdout)
            world.stop()
            seen = ask(database, "SELECT seq FROM pulse")
        self.assertEqual(self.verified("--file", database, code=WHOLE)[0]["seen_seq"], str(seen))
        change(database, f"DELETE FROM event WHERE seq > {seen - 30}")
        words = f"events {seen - 29} to {seen} of the {{}} are missing"
        done = world.cli("restore", "--verify-only", database, check=False)
        self.assertEqual(done.returncode, FAILED)
        self.assertIn(words.format("backup"), done.stderr)
        said, told = self.verified("--file", database, code=BROKEN)
        self.assertEqual((said["state"], said["bad_from"], said["bad_to"]), ("cut_off", str(seen - 29), str(seen)))
        self.assertIn(words.format("database"), told)
        world.start()  # its pulse does not wipe the trace
        told = world.cli("doctor", check=False).stdout
        self.assertRegex(told, "events? .*of the database (is|are) missing")
        self.assertEqual(self.verified(code=BROKEN)[0]["state"], "cut_off")
        world.stop()
        change(database, "DELETE FROM event", "DELETE FROM pulse")
        self.assertEqual(self.verified("--file", database, code=WHOLE), (
            {"state": "whole", "events": 0}, f"{database}: There is no event yet.\n"))
        noted = int((world.data / "newest").read_text().split()[0])  # a note that is no part of the file
        said, _ = self.verified(code=BROKEN)
        self.assertEqual((said["state"], said["bad_from"], said["bad_to"]), ("cut_off", "1", str(noted)))

    def test_a_long_record_is_walked_in_turns(self):
        world = self.world
        for first in range(0, 6000, 2000):
            alerts = [{"status": "firing", "labels": {"alertname": "Down", "number": str(number)},
                       "annotations": {"summary": f"number {number} is down"}, "startsAt": "2026-01-01T10:00:00Z"}
                      for number in range(first, first + 2000)]
            answer = world.post(f"/in/alertmanager/{KEYS['AM_KEY']}", {
                "version": "4", "status": "firing", "receiver": "pager", "groupKey": "g", "alerts": alerts}, token=None)
            self.assertEqual(answer.status, 202, answer)
        said, _ = self.verified(code=WHOLE)
        self.assertGreater(said["events"], 1.1 * A_TURN)
        bad = A_TURN + 500  # in the second one
        change(world.data / "tocsin.db", f"UPDATE event SET kind = 'alert.resolved' WHERE seq = {bad}")
        said, _ = self.verified(code=BROKEN)
        self.assertEqual((said["state"], said["bad_from"], said["events"]), ("edited", str(bad), bad - 1))
        change(world.data / "tocsin.db", f"DELETE FROM event WHERE seq BETWEEN {A_TURN} AND {A_TURN + 1}")
        said, _ = self.verified(code=BROKEN)
        self.assertEqual((said["state"], said["bad_from"], said["bad_to"]), ("missing", str(A_TURN), str(A_TURN + 1)))

    def test_what_cannot_be_verified_is_no_broken_record(self):
        world = self.world
        copy = world.folder / "copy.db"
        for words, code, part in (
                (("--file", "/nowhere/x.db"), FAILED, "no file at /nowhere/x.db"),
                (("--file", __file__), FAILED, "not a database"),
                (("--file", copy, "--data", world.data), MISUSED, "--file names a database by itself"),
                (("--data", world.folder / "other"), FAILED, str(world.folder / "other")),
                (("--url", "http://127.0.0.1:1"), FAILED, "127.0.0.1:1")):
            with self.subTest(words):
                self.assertIn(part, self.verify(*words, code=code).stderr)
        empty = world.folder / "empty.db"
        change(empty, "CREATE TABLE other (x)")
        self.assertIn(f"no database of Tocsin's at {empty}", self.verify("--file", empty, code=FAILED).stderr)


if __name__ == "__main__":
    unittest.main(verbosity=2)
