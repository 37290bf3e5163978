"""A record that somebody edited: doctor and the check of a backup name the event."""

import contextlib
import pathlib
import shutil
import sqlite3
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "scenario"))

from team import KEYS, apply_team  # noqa: E402
from world import World  # noqa: E402


class HistoryTest(unittest.TestCase):
    def test_an_event_edited_or_deleted_is_named(self):
        world = self.enterContext(World())
        apply_team(world)
        for i in range(4):
            world.post("/api/v1/alerts", {"summary": f"trouble {i}"}, token=KEYS["APP_KEY"])
        self.assertNotIn("history", world.cli("doctor", check=False).stdout)
        copy = world.folder / "copy.db"
        world.cli("backup", copy)
        self.assertIn("sound backup", world.cli("restore", "--verify-only", copy).stdout)
        with contextlib.closing(sqlite3.connect(copy)) as db:
            last = db.execute("SELECT max(seq) FROM event").fetchone()[0]
        self.assertGreater(last, 3)
        edited_words = "event 2 of the backup does not fit to the ones before it: it was edited"
        for sql, words in (("UPDATE event SET actor = 'nobody' WHERE seq = 2", edited_words),
                           ("UPDATE event SET at = at + 1 WHERE seq = 2", edited_words),
                           ("DELETE FROM event WHERE seq = 2", "event 2 of the backup is missing")):
            with self.subTest(sql=sql):
                edited = world.folder / "edited.db"
                shutil.copy(copy, edited)
                with contextlib.closing(sqlite3.connect(edited)) as db:
                    db.execute(sql)
                    db.commit()
                done = world.cli("restore", "--verify-only", edited, check=False)
                self.assertNotEqual(done.returncode, 0)
                self.assertIn(words, done.stderr)
        with contextlib.closing(sqlite3.connect(world.data / "tocsin.db", timeout=20)) as db:
            db.execute("UPDATE event SET subject = 'other' WHERE seq = 3")
            db.commit()
        self.assertIn("event 3 of the database does not fit", world.cli("doctor", check=False).stdout)

    def test_events_cut_off_at_the_end_are_missed(self):
        world = self.enterContext(World())
        apply_team(world)
        for i in range(20):
            world.post("/api/v1/alerts", {"summary": f"trouble {i}"}, token=KEYS["APP_KEY"])
        world.stop()
        world.start()  # its first pulse sees them all
        self.assertNotIn("history", world.cli("doctor", check=False).stdout)
        world.stop()
        database = world.data / "tocsin.db"
        with contextlib.closing(sqlite3.connect(database)) as db:
            seen = db.execute("SELECT seq FROM pulse").fetchone()[0]
            db.execute("DELETE FROM event WHERE seq > ?", (seen - 30,))
            db.commit()
        done = world.cli("restore", "--verify-only", database, check=False)
        self.assertNotEqual(done.returncode, 0)
        self.assertIn(f"events {seen - 29} to {seen} of the backup are missing", done.stderr)
        world.start()  # its pulse does not wipe the trace
        told = world.cli("doctor", check=False).stdout
        self.assertRegex(told, "of the database (is|are) missing")


if __name__ == "__main__":
    unittest.main(verbosity=2)
