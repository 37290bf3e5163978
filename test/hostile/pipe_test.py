"""Standard output is a full pipe that nobody reads: the server starts, reloads and ends all the same, and says which
keys nobody has seen. And a configuration that is a pipe nobody writes to: it is refused, not waited for."""

import fcntl
import os
import pathlib
import signal
import socket
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "scenario"))

from world import World, metric  # noqa: E402

TEAM = """
users:
  - {name: ana, contacts: [{kind: log, watched: true}]}
policies:
  - {name: only, steps: [{notify: [{user: ana}], wait: 5m}], last_resort: {user: ana}}
services: [{name: checkout, policy: only}]
"""
MINTS = "integrations: [{name: app, kind: native, service: checkout}]\n"
ENDS_WITHIN_S = 20  # at once, on a busy machine


class Pipe:
    """One page of room, and a reading end that nobody reads."""

    def __init__(self):
        self.reading, self.writing = os.pipe()
        fcntl.fcntl(self.writing, fcntl.F_SETPIPE_SZ, 4096)

    def fill(self):
        """By another description of the same pipe, for the server's must stay as it is."""
        other = os.open(f"/proc/self/fd/{self.writing}", os.O_WRONLY | os.O_NONBLOCK)
        try:
            while True:
                os.write(other, b"x")
        except BlockingIOError:
            pass
        finally:
            os.close(other)

    def close(self):
        os.close(self.reading)
        os.close(self.writing)


class PipeTest(unittest.TestCase):
    def setUp(self):
        self.world = self.enterContext(World(start=False))
        self.config = self.world.write("config.yaml", TEAM)
        self.world.settings["CONFIG"] = self.config
        self.pipe = Pipe()
        self.addCleanup(self.pipe.close)
        self.notify = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.addCleanup(self.notify.close)
        self.notify.bind(str(self.world.folder / "notify"))
        self.notify.settimeout(ENDS_WITHIN_S)

    def start(self):
        self.world.start(env={"NOTIFY_SOCKET": str(self.world.folder / "notify")}, stdout=self.pipe.writing)

    def hears(self, word):
        while word not in self.notify.recv(4096).decode():
            pass

    def told_to_rotate(self):
        log = self.world.server.log(1000)
        return "could not be shown" in log and "tocsin integration rotate app" in log

    def ends(self):
        self.world.server.send(signal.SIGTERM)
        self.assertEqual(self.world.server.process.wait(ENDS_WITHIN_S), 0)

    def test_full_at_the_start(self):
        self.config.write_text(TEAM + MINTS)
        self.pipe.fill()
        self.start()
        self.hears("READY=1")
        self.hears("WATCHDOG=1")
        self.world.wait("the key that nobody saw is told", self.told_to_rotate)
        self.assertNotRegex(self.world.server.log(1000), r"tcn_(?!\[hidden\])")
        self.assertGreater(metric(self.world.get("/metrics", token=None).text, "tocsin_log_dropped_total"), 0)
        self.ends()

    def test_full_when_a_reload_makes_a_key(self):
        self.start()
        self.hears("READY=1")
        self.pipe.fill()
        self.config.write_text(TEAM + MINTS)
        self.world.server.send(signal.SIGHUP)
        self.hears("RELOADING=1")
        self.hears("READY=1")
        self.hears("WATCHDOG=1")
        self.world.wait("the key that nobody saw is told", self.told_to_rotate)
        self.ends()

    def test_a_key_that_is_seen_is_not_complained_about(self):
        self.config.write_text(TEAM + MINTS)
        self.start()
        self.hears("READY=1")
        os.set_blocking(self.pipe.reading, False)
        self.world.wait("the greeting", lambda: b"integration app: tcn_" in os.read(self.pipe.reading, 4096))
        self.assertFalse(self.told_to_rotate())
        self.ends()


class ConfigTest(unittest.TestCase):
    def setUp(self):
        self.world = self.enterContext(World(start=False))
        self.fifo = self.world.folder / "fifo"
        os.mkfifo(self.fifo)

    def test_a_pipe_is_no_configuration(self):
        self.world.settings["CONFIG"] = self.fifo
        self.world.start(wait_ready=False)
        self.assertEqual(self.world.server.process.wait(ENDS_WITHIN_S), 1)
        self.assertIn("no regular file", self.world.server.log())

    def test_with_one_in_force_it_is_told_and_that_one_pages(self):
        self.world.start()
        self.world.apply(TEAM)
        self.world.stop()
        self.world.settings["CONFIG"] = self.fifo
        self.world.start()
        self.assertIn("no regular file", self.world.server.log())
        self.assertIn("checkout", str(self.world.get("/api/v1/services").json))

    def test_nor_is_a_key_in_a_pipe(self):
        self.world.settings["CONFIG"] = self.world.write(
            "config.yaml", TEAM + MINTS.replace("}]", f", key: 'file:{self.fifo}'}}]"))
        self.world.start(wait_ready=False)
        self.assertEqual(self.world.server.process.wait(ENDS_WITHIN_S), 1)
        self.assertIn(f"{self.fifo} cannot be read", self.world.server.log())


if __name__ == "__main__":
    unittest.main(verbosity=2)
