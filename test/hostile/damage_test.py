"""A damaged database: nothing is taken that nobody would be paged about, and it does not look well."""

import contextlib
import os
import signal
import sqlite3
import sys
import pathlib
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "scenario"))

from team import KEYS  # noqa: E402
from world import Receiver, World, metric  # noqa: E402

TEAM = """
users:
  - name: ana
    contacts: [{kind: webhook, to: "%(webhook)s/ana"}]
    rules: {high: [{after: 0s, contact: webhook}], low: [{after: 0s, contact: webhook}]}
policies:
  - name: everything
    steps: [{notify: [{user: ana}], wait: 5m}]
    last_resort: {user: ana}
services: [{name: checkout, policy: everything}]
integrations: [{name: app, kind: native, service: checkout, key: env:APP_KEY}]
"""


def pages(path, kind="table"):
    """{table or index: the number of its root page}, and the size of a page."""
    with contextlib.closing(sqlite3.connect(path)) as db:
        roots = dict(db.execute("SELECT name, rootpage FROM sqlite_master WHERE type = ?", (kind,)))
        return roots, db.execute("PRAGMA page_size").fetchone()[0]


def used(path):
    """Bytes of the file that are pages; the rest is room for a full disk."""
    with contextlib.closing(sqlite3.connect(path)) as db:
        return db.execute("PRAGMA page_count").fetchone()[0] * db.execute("PRAGMA page_size").fetchone()[0]


def overwrite(path, page, size):
    with open(path, "r+b") as file:
        file.seek((page - 1) * size)
        file.write(os.urandom(size))


class DamageTest(unittest.TestCase):
    def world(self, **settings):
        world = self.enterContext(World(settings=settings))
        self.receiver = world.receiver()
        world.token("read")
        world.apply(TEAM % {"webhook": self.receiver.url}, env=KEYS)
        self.send(world, "before")
        world.wait("ana is paged", lambda: self.receiver.received("/ana"))
        return world

    def send(self, world, summary):
        return world.post("/api/v1/alerts", {"summary": summary}, token=KEYS["APP_KEY"])

    def how_it_is_noticed(self, world):
        """The start was refused, or the door is closed for that reason; None: neither yet."""
        if not world.server.is_alive():
            return "refused"
        ready = world.get("/readyz", token=None)
        return "closed" if ready.status == 503 and ready.json["database"] == "damaged" else None

    def start_damaged(self, world, what):
        world.start(wait_ready=False)
        how = world.wait(f"damage of {what} is noticed", lambda: self.how_it_is_noticed(world))
        if how == "refused":
            self.assert_says_the_way_on(world.server.log(last=5), what)
        else:
            self.assertEqual(self.send(world, "while damaged").status, 503)
        return how

    def assert_says_the_way_on(self, said, what):
        self.assertRegex(said, "[Tt]he database (in .* )?(is damaged|does not verify: .* is damaged)", what)
        self.assertIn("tocsin restore", said, what)

    def test_damage_met_by_whoever_looks(self):
        world = self.world()
        world.stop()
        path = world.data / "tocsin.db"
        whole = path.read_bytes()
        roots, size = pages(path)
        text = ("Not ours.\n" * 2000).encode()
        damages = {"config_object": whole, "secret": whole, "the first page": os.urandom(size) + whole[size:], "a text": text}
        for what, content in damages.items():
            path.write_bytes(content)
            if what in roots:
                overwrite(path, roots[what], size)
            self.start_damaged(world, what)
            world.server.end()
            before = path.read_bytes()
            for command in ("doctor", "verify", "migrate", "backup"):
                if what in roots and command in ("verify", "migrate"):
                    continue  # they have no need of it
                with self.subTest(command=command, what=what):
                    copy = [world.folder / "copy.db"] if command == "backup" else []
                    done = world.cli(command, *copy, check=False)
                    self.assertNotEqual(done.returncode, 0, done.stdout)
                    self.assert_says_the_way_on(done.stdout + done.stderr, what)
            self.assertEqual(path.read_bytes(), before, what)

    def test_doctor_speaks_of_damage_first(self):
        """Not of people who write there: a history that cannot be read was edited by nobody."""
        world = self.world()
        world.stop()
        path = world.data / "tocsin.db"
        roots, size = pages(path)
        overwrite(path, roots["event"], size)
        said = world.cli("doctor", check=False).stdout
        self.assertNotIn("Find out who can write", said)
        self.assertRegex(said, r"\Aproblem +server .*\n.*\nproblem +database +The database does not verify: .*\n"
                         r" +Stop the server and restore the last backup")

    def each_in_turn(self, kind):
        world = self.world()
        world.stop()
        path = world.data / "tocsin.db"
        whole = path.read_bytes()
        roots, size = pages(path, kind)
        for name in sorted(roots):
            with self.subTest(**{kind: name}):
                path.write_bytes(whole)
                overwrite(path, roots[name], size)
                self.start_damaged(world, name)
                world.server.end()

    def test_every_table_in_turn(self):
        self.each_in_turn("table")

    def test_every_index_in_turn(self):
        """What finds the work that is due: rows that no index leads to are told to nobody."""
        self.each_in_turn("index")

    def test_cut_files(self):
        world = self.world()
        world.stop()
        path = world.data / "tocsin.db"
        whole = path.read_bytes()
        pages_end = used(path)
        self.assertLess(pages_end, len(whole))
        for size in (pages_end - 4096, pages_end // 2, 4096, 100):
            with self.subTest(size=size):
                path.write_bytes(whole[:size])
                self.start_damaged(world, f"a file of {size} bytes")
                world.server.end()
        path.write_bytes(whole[:pages_end])  # nothing is lost with the room
        world.start()
        self.assertEqual(self.send(world, "sound").status, 202)

    def test_taken_away_under_its_hands(self):
        """Alerts would be answered 202 and be gone after the next crash."""
        for name in ("tocsin.db", "tocsin.db-wal"):
            with self.subTest(name=name):
                world = self.world()
                away = world.folder / "away"
                (world.data / name).rename(away)
                world.wait("it is noticed", lambda: self.how_it_is_noticed(world) == "closed")
                self.assertEqual(self.send(world, "while it is away").status, 503)
                self.assertIn("removed, moved or replaced", world.server.log())
                away.rename(world.data / name)
                world.wait("it is back", lambda: self.send(world, "back").status == 202, 90)
                world.server.send(signal.SIGKILL)
                world.server.process.wait()
                world.start()
                found = {alert["summary"] for alert in world.alerts()}
                self.assertEqual(found, {"before", "back"})

    def test_what_pages_people_is_gone(self):
        """The table of deliveries: the outside heartbeat is silent, metrics and doctor say so, and a copy that is
        put back heals it."""
        outside = Receiver()
        self.addCleanup(outside.close)
        world = self.world(HEARTBEAT_OUT=outside.url + "/beat", HEARTBEAT_OUT_EVERY="1s")
        world.wait("it beats while it is well", lambda: outside.received("/beat"))
        world.stop()
        path = world.data / "tocsin.db"
        whole = path.read_bytes()
        roots, size = pages(path)
        overwrite(path, roots["delivery"], size)
        outside.calls.clear()
        self.assertEqual(self.start_damaged(world, "delivery"), "closed")
        text = world.get("/metrics", token="read").text
        self.assertEqual(metric(text, "tocsin_database_damaged"), 1)
        self.assertEqual(metric(text, "tocsin_writable"), 0)
        world.wait("doctor names the table", lambda: "table delivery is damaged" in
                   world.cli("doctor", check=False).stdout)
        answers = [self.send(world, f"nobody would be told {i}").status for i in range(10)]
        self.assertEqual(answers, [503] * 10)
        self.assertEqual(outside.received("/beat"), [])
        self.assertEqual(len(self.receiver.received("/ana")), 1)  # of before
        world.server.end()
        path.write_bytes(whole)
        world.start()
        self.assertEqual(self.send(world, "healed").status, 202)
        world.wait("ana is paged again", lambda: len(self.receiver.received("/ana")) > 1)
        world.wait("it beats again", lambda: outside.received("/beat"))


if __name__ == "__main__":
    unittest.main(verbosity=2)
