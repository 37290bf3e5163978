"""The log of the database (tocsin.db-wal) lost or damaged while the server is down: SQLite takes what is left for all
there was, and the start must not. Whatever else stops a server, or is done to its files in good faith, must not
keep it from starting."""

import contextlib
import os
import pathlib
import random
import shutil
import signal
import sqlite3
import struct
import subprocess
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "scenario"))

from team import KEYS, apply_team  # noqa: E402
from world import PATIENCE_S, World, tocsin_path  # noqa: E402

FILES = ("tocsin.db", "tocsin.db-wal", "tocsin.db-shm", "newest")
KILLS = 12
LACKS = "what was accepted last is missing"
GONE = "holds nothing of ours, or its log tocsin.db-wal is missing or damaged"
UNKNOWN = "whether its log was lost is not known this time"
BROKEN = 3  # exit code of verify


def frames_end(log):
    """Where the frames of the log end that are its own; behind it is room for a full disk."""
    size, salts = struct.unpack(">I", log[8:12])[0], log[16:24]
    at = 32
    while log[at + 8:at + 16] == salts:
        at += 24 + size
    return at


def overwrite(path, at, bytes_):
    with open(path, "r+b") as file:
        file.seek(at)
        file.write(bytes_)


class LostLogTest(unittest.TestCase):
    def setUp(self):
        self.world = self.enterContext(World())
        apply_team(self.world)
        self.world.token()
        self.database = self.world.data / "tocsin.db"
        self.log = self.world.data / "tocsin.db-wal"
        self.note = self.world.data / "newest"
        self.taken = []

    def send(self, count=1):
        for _ in range(count):
            summary = f"alert {len(self.taken)}"
            answer = self.world.post("/api/v1/alerts", {"summary": summary}, token=KEYS["APP_KEY"])
            self.assertEqual(answer.status, 202)
            self.taken.append(summary)

    def assert_whole(self):
        """Everything is there that was answered."""
        self.assertLessEqual(set(self.taken), {alert["summary"] for alert in self.world.alerts()})
        self.send()

    def assert_refused(self, why=LACKS):
        self.world.start(wait_ready=False)
        self.world.wait("the start is refused", lambda: not self.world.server.is_alive())
        self.assertEqual(self.world.server.process.wait(), 1)
        self.assertIn(why, self.world.server.log(last=2))
        self.assertIn("tocsin restore", self.world.server.log(last=2))

    def keep(self):
        """All files as they are."""
        kept = self.world.folder / "kept"
        shutil.rmtree(kept, ignore_errors=True)
        kept.mkdir()
        for name in FILES:
            if (self.world.data / name).exists():
                shutil.copy2(self.world.data / name, kept / name)
        return kept

    def put_back(self, kept):
        for path in kept.iterdir():
            shutil.copy2(path, self.world.data / path.name)

    def ways_to_lose_it(self, old):
        whole = self.log.read_bytes()
        end = frames_end(whole)
        index = self.database.with_name("tocsin.db-shm")
        self.assertGreater(end, 3 * 4096)
        yield "removed", self.log.unlink
        yield "removed with its index", lambda: (self.log.unlink(), index.unlink(missing_ok=True))
        yield "emptied", lambda: self.log.write_bytes(b"")
        yield "without its head", lambda: overwrite(self.log, 0, bytes(32))
        yield "damaged in the middle", lambda: overwrite(self.log, end // 2, os.urandom(4096))
        yield "damaged at the last commit", lambda: overwrite(self.log, end - 100, os.urandom(100))
        yield "cut", lambda: self.log.write_bytes(whole[:end // 2])
        yield "an older one", lambda: self.log.write_bytes(old)

    def lose_in_every_way(self, old, why):
        self.send(10)
        self.world.kill()
        kept = self.keep()
        for name, lose in self.ways_to_lose_it(old):
            with self.subTest(log=name):
                self.put_back(kept)
                lose()
                left = self.log.read_bytes() if self.log.exists() else b""
                self.assert_refused(why)
                self.assert_refused(why)
                self.assertEqual(self.database.read_bytes(), (kept / "tocsin.db").read_bytes())
                self.assertEqual(self.log.read_bytes() if self.log.exists() else b"", left)  # nothing was folded
                shutil.copy2(kept / "tocsin.db-wal", self.log)
                self.world.start()
                self.assertNotIn("newest event", self.world.server.log(last=20))
                self.assert_whole()
                self.world.kill()
                del self.taken[-1]

    def test_after_a_clean_end_and_a_start(self):
        self.send()
        self.world.restart()
        self.send()
        self.lose_in_every_way(self.log.read_bytes(), LACKS)

    def test_before_the_file_has_anything(self):
        """All that ever was is in the log; a part of it is no database yet, or one that lacks something."""
        self.lose_in_every_way(self.log.read_bytes(), "")
        self.world.start()
        self.world.kill()
        self.log.unlink()
        self.assert_refused(GONE)

    def lose(self):
        """Ten accepted alerts, of which the file has none."""
        self.send()
        self.world.restart()
        self.send(10)
        self.world.kill()
        self.log.unlink()
        del self.taken[1:]

    def test_given_up(self):
        self.lose()
        self.assert_refused()
        self.note.unlink()
        self.world.start()
        self.assertIn(UNKNOWN, self.world.server.log())
        self.world.kill()
        self.world.start()  # and it is noted anew
        self.assertEqual(self.world.server.log().count(UNKNOWN), 1)
        self.assert_whole()

    def test_commands_say_so_too(self):
        self.lose()
        done = self.world.cli("verify", "--data", self.world.data, check=False)
        self.assertEqual(done.returncode, BROKEN, done)
        self.assertIn("the history was cut off at its end", done.stdout)
        copy = self.world.folder / "copy.db"
        done = self.world.cli("backup", "--data", self.world.data, copy, check=False)
        self.assertEqual(done.returncode, 1, done)
        self.assertIn(LACKS, done.stderr)
        self.assertTrue(copy.exists())  # of what is left
        other = self.world.folder / "other"
        argv = [tocsin_path(), "move", "--from", self.world.data, "--to", other]
        done = subprocess.run(argv, env=self.world.environment(), text=True, capture_output=True,
                              timeout=PATIENCE_S, check=False)
        self.assertEqual(done.returncode, 1, done)
        self.assertIn(LACKS, done.stderr)
        self.assertFalse((other / "tocsin.db").exists())

    def test_restored_then_started(self):
        """Also over a database that is sound, and newer than the backup."""
        self.send()
        backup = self.world.folder / "copy.db"
        self.world.cli("backup", backup)
        self.lose()
        self.assert_refused()
        for _ in range(2):
            self.world.cli("restore", backup)
            self.world.start()
            self.assert_whole()
            self.send(3)
            self.world.stop()
            del self.taken[1:]

    def test_moved_then_started(self):
        self.send(3)
        self.world.stop()
        self.world.data.rename(self.world.folder / "from")
        self.world.data.mkdir(mode=0o700)
        self.note.write_text("%019d %019d\n" % (9999, 9999))  # of what lay there before
        argv = [tocsin_path(), "move", "--from", self.world.folder / "from", "--to", self.world.data]
        subprocess.run(argv, env=self.world.environment(), capture_output=True, timeout=PATIENCE_S, check=True)
        self.world.start()
        self.assert_whole()

    def test_a_new_one_is_meant(self):
        self.send(3)
        self.world.kill()
        for name in ("tocsin.db", "used", "ballast", "tocsin.db-wal"):
            (self.world.data / name).unlink(missing_ok=True)
        for _ in range(2):
            self.world.start()  # before anything happened in it, too
            self.world.kill()

    def test_another_program_made_a_copy(self):
        """An older copy in the place of the file is a loss, until somebody says that it is meant."""
        self.send()
        with contextlib.closing(sqlite3.connect(self.database)) as ours:
            with contextlib.closing(sqlite3.connect(self.world.folder / "copy.db")) as copy:
                ours.backup(copy)
        self.send(3)
        self.world.stop()
        self.log.unlink(missing_ok=True)
        shutil.copy(self.world.folder / "copy.db", self.database)
        self.assert_refused()
        self.note.rename(self.world.folder / "newest")
        del self.taken[1:]
        self.world.start()
        self.assert_whole()
        self.world.stop()
        (self.world.folder / "newest").rename(self.note)
        del self.taken[1:]
        self.assert_refused()
        self.world.cli("restore", self.world.folder / "copy.db")
        self.world.start()
        self.assert_whole()

    def test_another_program_opened_it_after_a_crash(self):
        """It brings the log into the file and removes it: nothing is lost."""
        for _ in range(2):
            self.send(5)
            self.world.kill()
            with contextlib.closing(sqlite3.connect(self.database)) as db:
                db.execute("SELECT count(*) FROM alert").fetchone()
            self.assertFalse(self.log.exists())
            self.world.start()
            self.assertNotIn(UNKNOWN, self.world.server.log())
            self.assert_whole()

    def test_what_a_power_cut_leaves_behind_the_last_commit(self):
        self.send(5)
        self.world.kill()
        kept = self.keep()
        log = self.log.read_bytes()
        end = frames_end(log)
        begun = log[end - 24 - 4096:end - 24 - 4096 + 8]  # of a page, and not the end of a commit
        for tail in (os.urandom(8192), begun[:4] + bytes(4) + log[16:24] + os.urandom(4104), b""):
            self.put_back(kept)
            self.log.write_bytes(log[:end] + tail)
            self.world.start()
            self.assert_whole()
            self.world.kill()
            del self.taken[-1]

    def test_a_note_that_is_old_missing_or_damaged(self):
        self.send()
        old = self.note.read_bytes()
        self.send(5)
        for what, change in (
                ("older", lambda: self.note.write_bytes(old)),
                ("missing", self.note.unlink),
                ("empty", lambda: self.note.write_bytes(b"")),
                ("damaged", lambda: self.note.write_bytes(os.urandom(192))),
                ("half", lambda: self.note.write_bytes(self.note.read_bytes()[:30])),
                ("another kind of file", lambda: (self.note.unlink(), self.note.mkdir()))):
            with self.subTest(note=what):
                self.world.kill()
                told = self.world.server.log(10000).count("not known this time")
                change()
                self.world.start()
                self.assertEqual(self.world.server.log(10000).count("not known this time") - told, what != "older")
                self.assert_whole()
        self.note.rmdir()

    def test_killed_anywhere(self):
        """While it starts, works and ends: it starts again each time, and nothing is missing."""
        chance = random.Random(7)
        for number in range(KILLS):
            part = ("start", "work", "end")[number % 3]
            with self.subTest(number=number, part=part):
                if part == "start":
                    self.world.kill()
                    self.world.start(wait_ready=False)
                else:
                    self.send(3)
                if part == "end":
                    self.world.server.send(signal.SIGTERM)
                with contextlib.suppress(subprocess.TimeoutExpired):
                    self.world.server.process.wait(chance.uniform(0, 0.06))
                self.world.kill()
                self.world.start()
                self.assertNotIn(UNKNOWN, self.world.server.log())
                self.assert_whole()

    def test_what_a_first_start_left_that_was_cut_short(self):
        """A file that was being made has no log yet, but a journal with what is to be undone."""
        self.world.stop()
        shutil.rmtree(self.world.data)
        self.world.data.mkdir(mode=0o700)
        half = pathlib.Path(self.world.folder) / "half.db"
        writer = sqlite3.connect(half, isolation_level=None)
        self.addCleanup(writer.close)
        writer.execute("PRAGMA cache_size = 1")
        writer.execute("BEGIN IMMEDIATE")
        writer.execute("CREATE TABLE half (a)")
        writer.executemany("INSERT INTO half VALUES (?)", [("x" * 3000,)] * 50)
        for end in ("", "-journal"):
            shutil.copy(f"{half}{end}", f"{self.world.data / 'tocsin.db'}{end}")
        self.assertGreater((self.world.data / "tocsin.db").stat().st_size, 0)
        self.world.start()
        self.world.stop()
        with contextlib.closing(sqlite3.connect(self.world.data / "tocsin.db")) as reader:
            self.assertEqual([], reader.execute("SELECT name FROM sqlite_schema WHERE name = 'half'").fetchall())

    def test_killed_while_it_starts_for_the_first_time(self):
        chance = random.Random(8)
        self.world.stop()
        for _ in range(KILLS):
            shutil.rmtree(self.world.data)
            self.world.start(wait_ready=False)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.world.server.process.wait(chance.uniform(0, 0.08))
            self.world.kill()
            self.world.start()
            self.world.stop()


if __name__ == "__main__":
    unittest.main(verbosity=2)
