"""A database that is gone: a used directory does not start afresh and turn every sender away."""

import contextlib
import pathlib
import sqlite3
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "scenario"))

from team import KEYS, apply_team  # noqa: E402
from world import World  # noqa: E402


class LostDatabaseTest(unittest.TestCase):
    def setUp(self):
        self.world = self.enterContext(World())
        apply_team(self.world)
        self.backup = self.world.folder / "copy.db"
        self.world.cli("backup", self.backup)
        self.world.stop()
        self.database = self.world.data / "tocsin.db"

    def send(self):
        return self.world.post("/api/v1/alerts", {"summary": "x"}, token=KEYS["APP_KEY"]).status

    def assert_refused(self, why="is missing or empty"):
        self.world.start(wait_ready=False)
        self.world.wait("the start is refused", lambda: not self.world.server.is_alive())
        self.assertEqual(self.world.server.process.wait(), 1)
        self.assertIn("is gone: tocsin.db " + why, self.world.server.log(last=5))
        self.assertIn("tocsin restore", self.world.server.log(last=5))

    def test_removed_then_restored(self):
        self.database.unlink()
        self.assert_refused()
        self.assertFalse(self.database.exists())
        self.world.cli("restore", self.backup)
        self.world.start()
        self.assertEqual(self.send(), 202)

    def test_emptied(self):
        self.database.write_bytes(b"")
        self.assert_refused()
        self.assertEqual(self.database.read_bytes(), b"")

    def test_another_programs_file(self):
        with contextlib.closing(sqlite3.connect(self.database.with_name("other.db"))) as other:
            other.execute("CREATE TABLE recipes (name TEXT)")
            other.commit()
        for name in ("tocsin.db-wal", "tocsin.db-shm"):
            self.database.with_name(name).unlink(missing_ok=True)
        self.database.with_name("other.db").replace(self.database)
        self.assert_refused("holds nothing of ours")
        with contextlib.closing(sqlite3.connect(self.database)) as other:
            self.assertEqual(other.execute("SELECT name FROM sqlite_master").fetchall(), [("recipes",)])

    def test_a_directory_of_a_version_that_set_no_mark(self):
        (self.world.data / "used").unlink()
        self.world.start()  # with its database it is as good as any, and is marked now
        self.assertEqual(self.send(), 202)
        self.world.stop()
        self.assertTrue((self.world.data / "used").exists())
        (self.world.data / "used").unlink()
        self.database.unlink()
        self.assert_refused()  # what else lies there tells

    def test_a_new_one_is_meant(self):
        self.database.unlink()
        for name in ("used", "ballast", "tocsin.db-wal"):
            (self.world.data / name).unlink(missing_ok=True)
        self.world.start()
        self.assertEqual(self.send(), 401)


if __name__ == "__main__":
    unittest.main(verbosity=2)
