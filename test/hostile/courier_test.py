"""What sends the messages stands still: its thread alone is stopped, as a hung call in it would stop it."""

import contextlib
import ctypes
import os
import pathlib
import signal
import socket
import sys
import tempfile
import unittest
import unittest.mock

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "scenario"))

from nodes_test import LANES, Database  # noqa: E402
from world import World  # noqa: E402

TEAM = """
users:
  - name: ana
    contacts: [{kind: webhook, to: "%s/ana"}]
policies:
  - {name: only, steps: [{notify: [{user: ana}], wait: 5m}], last_resort: {user: ana}}
services:
  - {name: checkout, policy: only}
"""
PEOPLE = [f"p{number}" for number in range(8)]  # of whom some have their mailbox in each node's lanes
SILENT_WITHIN_S = 40  # twenty seconds, on a busy machine
SEIZE, INTERRUPT, DETACH, ALL_THREADS = 0x4206, 0x4207, 17, 0x40000000
LIBC = ctypes.CDLL(None, use_errno=True)


def trace(what, thread):
    if LIBC.ptrace(what, thread, None, None) != 0:
        raise OSError(ctypes.get_errno(), "ptrace")


@contextlib.contextmanager
def stopped(pid, name):
    """One thread of the process stands still, until the end or the process's."""
    thread = next(int(each.name) for each in pathlib.Path(f"/proc/{pid}/task").iterdir()
                  if (each / "comm").read_text().strip() == name)
    trace(SEIZE, thread)
    trace(INTERRUPT, thread)
    os.waitpid(thread, ALL_THREADS)
    try:
        yield thread
    finally:
        if pathlib.Path(f"/proc/{pid}/task/{thread}").exists():
            trace(DETACH, thread)


class Supervisor:
    """Hears what a server tells the system that started it."""

    def __init__(self, folder):
        self.path = f"{folder}/notify"
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(self.path)

    def forget(self):
        self.socket.setblocking(False)
        with contextlib.suppress(BlockingIOError):
            while True:
                self.socket.recv(4096)

    def hears(self, word, within_s):
        self.socket.settimeout(within_s)
        try:
            while word not in self.socket.recv(4096).decode():
                pass
            return True
        except TimeoutError:
            return False


class CourierTest(unittest.TestCase):
    def setUp(self):
        self.supervisor = Supervisor(self.enterContext(tempfile.TemporaryDirectory()))
        self.enterContext(unittest.mock.patch.dict(os.environ, {"NOTIFY_SOCKET": self.supervisor.path}))
        self.world = self.enterContext(World({"SHUTDOWN_DRAIN": "1s"}))
        self.receiver = self.world.receiver()
        self.world.apply(TEAM % self.receiver.url)

    def page(self, summary):
        return self.world.cli_json("alert", "--service", "checkout", summary, "--severity", "critical")["alert_id"]

    def wait_for_message(self, summary):
        self.world.wait("ana is told", lambda: any(summary in str(call) for call in self.receiver.received("/ana")))

    def wait_ready(self, status, sending):
        def is_so():
            answer = self.world.get("/readyz", token=None)
            return answer.status == status and answer.json.get("sending") == sending
        self.world.wait(f"/readyz says {status}, {sending}", is_so, SILENT_WITHIN_S)

    def test_it_is_noticed_and_what_was_taken_is_told_when_it_moves_again(self):
        with stopped(self.world.server.pid, "courier"):
            self.page("while it stands")
            self.wait_ready(503, "silent")
            self.assertIn("tocsin_sending 0", self.world.get("/metrics", token=None).text)
            self.supervisor.forget()
            self.assertFalse(self.supervisor.hears("WATCHDOG=1", within_s=2))
            self.assertEqual(self.receiver.received("/ana"), [])
        self.wait_for_message("while it stands")
        self.wait_ready(200, None)
        self.assertTrue(self.supervisor.hears("WATCHDOG=1", within_s=10))

    def test_the_server_ends_all_the_same_and_the_next_one_tells(self):
        with stopped(self.world.server.pid, "courier") as thread:
            self.page("before the end")
            self.world.server.send(signal.SIGTERM)
            os.waitpid(thread, ALL_THREADS)  # it goes with the process
            self.assertEqual(self.world.server.process.wait(30), 1)
            self.assertIn("what sends the messages hangs", self.world.server.log())
        self.world.start()
        self.wait_for_message("before the end")

class OneOfTwoNodesTest(unittest.TestCase):
    def setUp(self):
        database = Database()
        self.addCleanup(database.end)
        name = database.make()
        self.a, self.b = (self.enterContext(World({"DATABASE_URL": database.url(name), "NODE_NAME": node}))
                          for node in "ab")
        self.receiver = self.a.receiver()
        self.a.apply(self.team())
        self.a.wait("both hold lanes", lambda: self.lanes(self.a) == self.lanes(self.b) == LANES // 2)

    def team(self):
        lines = ["users:"]
        lines += [f'  - {{name: {who}, contacts: [{{kind: webhook, to: "{self.receiver.url}/{who}"}}]}}'
                  for who in PEOPLE]
        lines += ["policies:"]
        lines += [f"  - {{name: {who}, steps: [{{notify: [{{user: {who}}}], wait: 30m}}], last_resort: {{user: {who}}}}}"
                  for who in PEOPLE]
        return "\n".join([*lines, "services:", *(f"  - {{name: {who}, policy: {who}}}" for who in PEOPLE)])

    @staticmethod
    def lanes(node):
        return node.get("/readyz", token=None).json["node"]["lanes"]

    def test_the_other_tells_what_this_one_holds(self):
        with stopped(self.a.server.pid, "courier"):
            for who in PEOPLE:
                self.a.cli("alert", "--service", who, "it is down", "--severity", "critical")
            self.a.wait("all are told", lambda: all(self.receiver.received(f"/{who}") for who in PEOPLE),
                        SILENT_WITHIN_S)
            self.a.wait("the other holds everything", lambda: self.lanes(self.b) == LANES)
            self.assertEqual(self.a.get("/readyz", token=None).json["sending"], "silent")
        self.a.wait("it takes part again", lambda: self.lanes(self.a) == LANES // 2, SILENT_WITHIN_S)
        self.assertEqual([len(self.receiver.received(f"/{who}")) for who in PEOPLE], [1] * len(PEOPLE))


if __name__ == "__main__":
    unittest.main()
