#!/usr/bin/env python3
"""A start whose database is away waits for it, stops when it is told to, and ends at once where waiting is of no
use."""

import os
import pathlib
import signal
import socket
import subprocess
import time
import unittest

from nodes_test import Database
from world import World, tocsin_path, wait


class StartTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.database = Database()
        cls.addClassCleanup(cls.database.end)

    def setUp(self):
        self.name = self.database.make()

    def node(self, **settings):
        settings = {"DATABASE_URL": self.database.url(self.name), "NODE_NAME": "a", **settings}
        return self.enterContext(World(settings, start=False))

    def away(self):
        """The database is away until the test ends, or starts it."""
        self.database.stop_at_once()

        def back():
            if self.database.server.process.poll() is not None:
                self.database.start()

        self.addCleanup(back)

    def start(self, node):
        """Until it waits for its database."""
        node.start(wait_ready=False)
        node.wait("it waits", lambda: "waits for the database" in node.server.log())

    def test_it_waits_until_the_database_is_there(self):
        node = self.node()
        self.away()
        self.start(node)
        self.assertIn("No such file", node.server.log())
        self.assertIn("TOCSIN_DATABASE_URL", node.server.log())
        self.assertIn("tries each second", node.server.log())
        self.assertTrue(node.server.is_alive())
        self.assertIn("waits for its database", node.cli("nodes", check=False).stderr)
        self.database.start()
        node.wait_ready()
        self.assertEqual(node.server.log().count("waits for the database"), 1)
        self.assertFalse((node.data / "waiting").exists())
        node.stop()
        self.assertIn("no server is running", node.cli("nodes", check=False).stderr)

    def test_a_stop_does_not_wait(self):
        for number in (signal.SIGTERM, signal.SIGINT):
            node = self.node(DATABASE_URL="postgresql://tocsin:hunter2@127.0.0.1:1/tocsin")
            self.start(node)
            began = time.monotonic()
            node.server.send(number)
            self.assertEqual(node.server.process.wait(30), 0, node.server.log())
            self.assertLess(time.monotonic() - began, 0.8)  # less than its pause
            self.assertIn("refused", node.server.log())
            self.assertNotIn("hunter2", node.server.log())

    def test_the_service_manager_is_told(self):
        node = self.node()
        path = node.folder / "notify"
        told = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.addCleanup(told.close)
        told.bind(str(path))
        told.settimeout(30)
        self.away()
        os.environ["NOTIFY_SOCKET"] = str(path)
        self.addCleanup(os.environ.pop, "NOTIFY_SOCKET")
        self.start(node)
        for _ in range(2):
            words = told.recv(4096).decode()
            self.assertRegex(words, "^STATUS=Waits for the database: .*\nEXTEND_TIMEOUT_USEC=[0-9]+$")
        self.database.start()
        node.wait("it says that it is ready", lambda: told.recv(4096).decode() == "READY=1\nSTATUS=")
        node.stop()

    def test_it_waits_for_a_server_that_takes_writes(self):
        node = self.node()
        self.database.sql(f"ALTER DATABASE {self.name} SET default_transaction_read_only = on")
        self.start(node)
        self.assertIn("no server in it takes writes", node.server.log())
        self.database.sql(f"ALTER DATABASE {self.name} SET default_transaction_read_only = off")
        node.wait_ready()

    def test_it_waits_when_the_database_goes_away_in_the_middle(self):
        node = self.node()
        node.start()
        node.stop()
        psql = [os.path.join(self.database.server.programs, "psql"), "-X", "-q", "-d", self.database.url(self.name),
                "-c", "BEGIN", "-c", "UPDATE turn SET number = number", "-c", "SELECT pg_sleep(300)"]
        holder = subprocess.Popen(psql, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.addCleanup(holder.wait)
        self.addCleanup(holder.kill)
        wait("the turn is held", lambda: self.database.sql(
            "SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%sleep(300)' AND pid <> pg_backend_pid()") == "1")
        self.start(node)
        self.assertIn("cannot join", node.server.log())
        self.database.sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE '%sleep(300)'"
                          " AND pid <> pg_backend_pid()")
        node.wait_ready()

    def assert_refused(self, node, says):
        """At once, with the reason on standard error."""
        argv = [tocsin_path(), "serve", "--listen", f"127.0.0.1:{node.port}", "--data", str(node.data)]
        done = subprocess.run(argv, env=node.environment(), capture_output=True, text=True, timeout=30, check=False)
        self.assertEqual(done.returncode, 1, done.stderr)
        self.assertRegex(done.stderr, says)
        self.assertNotIn("waits for the database", done.stderr)

    def test_a_wrong_password_ends_the_start(self):
        self.database.sql("CREATE ROLE careful LOGIN PASSWORD 'right'")
        rules = pathlib.Path(self.database.server.data, "pg_hba.conf")
        rules.write_text("local all careful scram-sha-256\n" + rules.read_text("utf-8"), "utf-8")
        self.database.sql("SELECT pg_reload_conf()")
        url = self.database.url(self.name, "careful:wrong")
        self.assert_refused(self.node(DATABASE_URL=url), "password authentication failed")
        url = self.database.url(self.name, "careful")
        self.assert_refused(self.node(DATABASE_URL=url), "no password")

    def test_what_a_person_must_mend_ends_the_start(self):
        self.assert_refused(self.node(DATABASE_URL=self.database.url("nothing")), "CREATE DATABASE nothing")
        self.assert_refused(self.node(CONFIG="/nonexistent.yaml"), "nonexistent")


if __name__ == "__main__":
    unittest.main(verbosity=2)
