"""What the database has room for: a file of an earlier version does not shrink and says how it can be exchanged, and an
alert that keeps events is named."""

import contextlib
import shutil
import sqlite3
import subprocess
import unittest

from team import KEYS
from world import PATIENCE_S, World, tocsin_path

FREE_MB = 200

TEAM = """
users: [{name: ana, contacts: [{kind: log, watched: true}]}]
policies: [{name: p, steps: [{notify: [{user: ana}], wait: 5m}], last_resort: {user: ana}}]
services: [{name: shop, policy: p}]
integrations: [{name: app, kind: native, service: shop, key: env:APP_KEY}]
retention: {events: 2d}
"""


def ask(path, sql):
    with contextlib.closing(sqlite3.connect(path)) as database:
        return database.execute(sql).fetchone()[0]


class SpaceTest(unittest.TestCase):
    def older(self, world):
        """A database as earlier versions made it, of which most was deleted."""
        world.data.mkdir(mode=0o700)
        path = world.data / "tocsin.db"
        path.touch(mode=0o600)
        with contextlib.closing(sqlite3.connect(path)) as database:
            database.execute("PRAGMA journal_mode = WAL")
        world.start()
        world.stop()
        with contextlib.closing(sqlite3.connect(path)) as database, database:
            database.execute(f"INSERT INTO secret (name, value) VALUES ('big', zeroblob({FREE_MB * 1000000}))")
            database.commit()
            database.execute("DELETE FROM secret WHERE name = 'big'")
        return path

    def test_an_older_file_is_exchanged_for_one_that_shrinks(self):
        with World(start=False) as world:
            path = self.older(world)
            world.start()
            file = world.cli_json("retention")["file"]
            self.assertFalse(file["can_shrink"])
            self.assertGreater(file["free_bytes"], FREE_MB * 900000)
            self.assertIn("does not shrink: `tocsin move`", world.cli("retention").stdout)
            found = [item for item in world.cli_json("doctor", check=False)["findings"] if item["check"] == "space"]
            self.assertEqual(["note"], [item["level"] for item in found])
            world.stop()

            new = world.folder / "new"
            subprocess.run([tocsin_path(), "move", "--from", world.data, "--to", new], check=True, timeout=PATIENCE_S,
                           capture_output=True)
            self.assertLess((new / "tocsin.db").stat().st_size, path.stat().st_size / 4)
            self.assertEqual(2, ask(new / "tocsin.db", "PRAGMA auto_vacuum"))
            shutil.rmtree(world.data)
            new.rename(world.data)
            world.start()
            file = world.cli_json("retention")["file"]
            self.assertTrue(file["can_shrink"])
            self.assertNotIn("does not shrink", world.cli("retention").stdout)
            found = [item for item in world.cli_json("doctor", check=False)["findings"] if item["check"] == "space"]
            self.assertEqual([], found)

    def held(self, world):
        return [item["what"] for item in world.cli_json("doctor", check=False)["findings"] if item["check"] == "events"]

    def test_an_alert_that_nobody_resolves_is_named(self):
        with World() as world:
            world.apply(TEAM, env=KEYS)
            alert = world.post("/api/v1/alerts", {"summary": "for years"}, token=KEYS["APP_KEY"]).json["alert_id"]
            self.assertEqual([], self.held(world))
            world.stop()
            with contextlib.closing(sqlite3.connect(world.data / "tocsin.db")) as database, database:
                database.execute("UPDATE alert SET first_at = first_at - 3 * 86400000000")
            world.start()
            self.assertEqual(1, len(self.held(world)))
            self.assertIn("has been open since", self.held(world)[0])
            world.cli("resolve", alert)
            self.assertEqual([], self.held(world))


if __name__ == "__main__":
    unittest.main()
