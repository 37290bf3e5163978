"""A database that is gone: a used directory does not start afresh and turn every sender away."""

import contextlib
import pathlib
import sqlite3
import subprocess
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "scenario"))

from nodes_test import Database  # noqa: E402
from team import KEYS, apply_team  # noqa: E402
from world import World, tocsin_path  # noqa: E402


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

    def run_tool(self, *command):
        argv = [tocsin_path(), *map(str, command)]
        if command[0] != "move":
            argv += ["--data", str(self.world.data)]
        return subprocess.run(argv, env=self.world.environment(None), capture_output=True, text=True, check=False)

    def assert_tools_refuse(self, why="is missing or empty"):
        """They say what `serve` says, and leave everything as it is."""
        files = {path: path.read_bytes() for path in self.world.data.iterdir() if path.is_file() and path.suffix != ".lock"}
        copy, there = self.world.folder / "no.db", self.world.folder / "there"
        for command in (("doctor",), ("migrate",), ("migrate", "--dry-run"), ("backup", copy), ("verify",),
                        ("move", "--from", self.world.data, "--to", there)):
            with self.subTest(command=command):
                done = self.run_tool(*command)
                self.assertEqual(done.returncode, 1, done.stdout + done.stderr)
                self.assertIn("is gone: tocsin.db " + why, done.stderr)
                self.assertIn("tocsin restore", done.stderr)
                self.assertEqual(done.stdout, "")
                found = {path: path.read_bytes() for path in files if path.exists()}
                self.assertEqual(found, files)
                self.assertEqual(self.database.exists(), self.database in files)
                self.assertFalse(copy.exists() or there.joinpath("tocsin.db").exists())

    def test_removed_then_restored(self):
        self.database.unlink()
        self.assert_tools_refuse()
        self.assert_refused()
        self.assertFalse(self.database.exists())
        self.world.cli("restore", self.backup)
        self.world.start()
        self.assertEqual(self.send(), 202)

    def test_emptied(self):
        self.database.write_bytes(b"")
        self.assert_tools_refuse()
        self.assert_refused()
        self.assertEqual(self.database.read_bytes(), b"")

    def put_another(self, *script):
        """Another program's file in the place of ours; answers its bytes."""
        with contextlib.closing(sqlite3.connect(self.database.with_name("other.db"))) as other:
            for statement in script:
                other.execute(statement)
            other.commit()
        for name in ("tocsin.db-wal", "tocsin.db-shm"):
            self.database.with_name(name).unlink(missing_ok=True)
        self.database.with_name("other.db").replace(self.database)
        return self.database.read_bytes()

    def test_another_programs_file(self):
        for journal in ("DELETE", "WAL"):
            for is_marked in (True, False):
                with self.subTest(journal=journal, is_marked=is_marked):
                    bytes_of_it = self.put_another(f"PRAGMA journal_mode = {journal}", "CREATE TABLE recipes (name TEXT)")
                    if not is_marked:
                        (self.world.data / "used").unlink(missing_ok=True)
                    self.assert_refused("holds nothing of ours")
                    self.assertEqual(self.database.read_bytes(), bytes_of_it)

    def test_no_command_changes_another_programs_file(self):
        bytes_of_it = self.put_another("CREATE TABLE recipes (name TEXT)")
        for command in (("migrate",), ("backup", self.world.folder / "no.db"),
                        ("move", "--from", self.world.data, "--to", self.world.folder / "there")):
            with self.subTest(command=command[0]):
                done = self.run_tool(*command)
                self.assertEqual(done.returncode, 1, done.stderr)
                self.assertIn("another program's database", done.stderr)
                self.assertEqual(self.database.read_bytes(), bytes_of_it)
        self.world.cli("restore", self.backup)  # puts ours there, and theirs aside
        (aside,) = (path for path in self.world.data.glob("tocsin.db*") if path.read_bytes() == bytes_of_it)
        self.assertNotEqual(aside, self.database)
        self.world.start()
        self.assertEqual(self.send(), 202)

    def test_an_empty_file_of_anybodys(self):
        """Without a mark it is as good as none: a first start may have been cut short there."""
        self.put_another("PRAGMA user_version = 1")
        self.assert_refused("holds nothing of ours")
        self.assert_tools_refuse("holds nothing of ours")
        (self.world.data / "used").unlink()
        done = self.run_tool("backup", self.world.folder / "no.db")  # a copy of nothing is none
        self.assertEqual((done.returncode, done.stdout), (1, ""))
        self.assertIn("there is no database of Tocsin's", done.stderr)
        self.world.start()
        self.assertEqual(self.send(), 401)

    def test_tables_that_were_made_anew(self):
        with contextlib.closing(sqlite3.connect(self.database)) as ours:
            for (table,) in ours.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall():
                ours.execute(f"DROP TABLE {table}")
            ours.commit()
        self.assert_tools_refuse("holds nothing of ours")
        mark = (self.world.data / "used").rename(self.world.folder / "used")
        self.world.cli("migrate")
        mark.rename(self.world.data / "used")
        self.assert_refused("holds nothing of ours")
        self.assert_tools_refuse("holds nothing of ours")

    def test_a_directory_of_a_version_that_set_no_mark(self):
        (self.world.data / "used").unlink()
        self.world.start()  # with its database it is as good as any, and is marked now
        self.assertEqual(self.send(), 202)
        self.world.stop()
        self.assertTrue((self.world.data / "used").exists())
        (self.world.data / "used").unlink()
        self.database.unlink()
        self.assert_refused()  # what else lies there tells

    def test_a_first_start_that_was_cut_short(self):
        """Its tables were made, and nothing more."""
        with contextlib.closing(sqlite3.connect(self.database)) as ours:
            ours.execute("DELETE FROM secret")
            ours.commit()
        (self.world.data / "used").unlink()
        self.world.start()

    def test_a_new_one_is_meant(self):
        self.database.unlink()
        for name in ("used", "ballast", "tocsin.db-wal"):
            (self.world.data / name).unlink(missing_ok=True)
        self.world.start()
        self.assertEqual(self.send(), 401)


class EmptiedServerTest(unittest.TestCase):
    """The same of a database on a server, whose data directory knows that it was used."""

    @classmethod
    def setUpClass(cls):
        cls.server = Database()
        cls.addClassCleanup(cls.server.end)

    def setUp(self):
        self.name = self.server.make()
        self.world = self.enterContext(World({"DATABASE_URL": self.server.url(self.name), "NODE_NAME": "a"}))
        apply_team(self.world)
        self.world.stop()

    def assert_refused(self):
        tables = self.tables()
        self.world.start(wait_ready=False)
        self.world.wait("the start is refused", lambda: not self.world.server.is_alive())
        self.assertEqual(self.world.server.process.wait(), 1)
        said = self.world.server.log(last=5)
        for words in ("is gone: ", "holds nothing of ours", "tocsin restore FILE --to", "rm -f used"):
            self.assertIn(words, said)
        for command in (("doctor",), ("migrate",), ("migrate", "--dry-run"), ("backup", self.world.folder / "no.db"), ("verify",)):
            with self.subTest(command=command):
                env = self.world.environment({"TOCSIN_DATA": str(self.world.data)})
                done = subprocess.run([tocsin_path(), *map(str, command)], env=env, capture_output=True, text=True, check=False)
                self.assertEqual((done.returncode, done.stdout), (1, ""), done.stderr)
                self.assertIn("holds nothing of ours", done.stderr)
        self.assertEqual(self.tables(), tables)

    def sql(self, text):
        return self.server.sql(text, self.name)

    def tables(self):
        return self.sql("SELECT string_agg(relname, ' ' ORDER BY relname) FROM pg_class WHERE relnamespace = 'public'::regnamespace")

    def empty(self):
        self.sql("DROP SCHEMA public CASCADE; CREATE SCHEMA public")

    def test_with_its_database_it_starts(self):
        self.world.start()
        self.assertEqual(self.world.post("/api/v1/alerts", {"summary": "x"}, token=KEYS["APP_KEY"]).status, 202)

    def test_tables_dropped(self):
        self.empty()
        self.assert_refused()

    def test_tables_made_anew(self):
        self.empty()
        subprocess.run([tocsin_path(), "migrate"], env=self.world.environment(None), capture_output=True, check=True)
        self.assert_refused()

    def test_every_row_removed(self):
        self.sql("DO $$ DECLARE t text; BEGIN FOR t IN SELECT relname FROM pg_class WHERE relkind = 'r'"
                 " AND relnamespace = 'public'::regnamespace LOOP EXECUTE 'TRUNCATE ' || t; END LOOP; END $$")
        self.assert_refused()

    def test_another_database(self):
        self.name = self.server.make()
        self.world.settings["DATABASE_URL"] = self.server.url(self.name)
        self.assert_refused()

    def test_a_new_one_is_meant(self):
        self.empty()
        (self.world.data / "used").unlink()
        self.world.start()
        self.assertEqual(self.world.post("/api/v1/alerts", {"summary": "x"}, token=KEYS["APP_KEY"]).status, 401)


if __name__ == "__main__":
    unittest.main(verbosity=2)
