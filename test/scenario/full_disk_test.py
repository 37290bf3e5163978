"""A full disk: nothing new is taken, what was taken still pages, and room heals it by itself."""

import resource
import threading
import unittest

from team import KEYS
from world import World

DISK_MIB = 64  # the database and the room that it keeps, and little else
OTHERS = 300  # what is written of them while the disk is full needs room of its own

ESCALATION = """
users:
  - name: ana
    contacts: [{kind: webhook, to: "%(webhook)s/ana"}]
    rules: {high: [{after: 0s, contact: webhook}], low: [{after: 0s, contact: webhook}]}
  - name: budi
    contacts: [{kind: webhook, to: "%(webhook)s/budi"}]
    rules: {high: [{after: 0s, contact: webhook}], low: [{after: 0s, contact: webhook}]}
policies:
  - name: everything
    steps:
      - {notify: [{user: ana}], wait: 5s}
      - {notify: [{user: budi}], wait: 10m}
    last_resort: {user: ana}
services: [{name: checkout, policy: everything}]
integrations: [{name: app, kind: native, service: checkout, key: env:APP_KEY}]
"""


class Filler:
    """Another program that takes every byte it can get, and goes on trying until it is stopped."""

    def __init__(self, path):
        self.path = path
        self.is_stopped = threading.Event()
        self.was_full = threading.Event()
        self.thread = threading.Thread(target=self.fill)
        self.thread.start()

    def fill(self):
        with open(self.path, "wb", buffering=0) as file:
            while not self.is_stopped.is_set():
                for size in (1 << 20, 4096, 1):
                    try:
                        while file.write(b"x" * size) == size:
                            pass
                    except OSError:
                        pass
                self.was_full.set()
                self.is_stopped.wait(0.001)  # how often it tries, nothing that the test waits for

    def stop(self):
        self.is_stopped.set()
        self.thread.join()
        self.path.unlink(missing_ok=True)


class FullDiskTest(unittest.TestCase):
    def alert(self, world, summary):
        return world.post("/api/v1/alerts", {"summary": summary}, token=KEYS["APP_KEY"])

    def test_full_and_free_again(self):
        with World(disk_mib=DISK_MIB) as world:
            receiver = world.receiver()
            world.apply(ESCALATION % {"webhook": receiver.url}, env=KEYS)
            world.token()
            taken = self.alert(world, "before the disk was full")
            self.assertEqual(taken.status, 202, taken)
            world.wait("ana is paged", lambda: receiver.received("/ana"))
            others = [self.alert(world, f"one of many, {i}").json["alert_id"] for i in range(OTHERS)]

            filler = Filler(world.data_path() / "filler")
            self.addCleanup(filler.stop)
            self.assertTrue(filler.was_full.wait(60))
            details = {"summary": "while it is full", "details": {"text": "x" * 60000}}
            refused = world.wait("the intake closes", lambda: (
                lambda answer: answer if answer.status == 503 else None)(
                    world.post("/api/v1/alerts", details, token=KEYS["APP_KEY"])))
            self.assertGreater(int(refused.headers["Retry-After"]), 0)
            self.assertEqual(refused.headers["Content-Type"], "application/problem+json")
            event = world.post("/v2/enqueue", {"routing_key": KEYS["PD_KEY"]}, token=None)
            self.assertEqual(event.status, 400)  # a bad key is still told so

            self.assertEqual(receiver.received("/budi"), [])
            world.wait("what was taken still escalates", lambda: receiver.received("/budi"))
            acknowledged = world.post(
                f"/api/v1/alerts/{taken.json['alert_id']}/acknowledge")
            self.assertEqual(acknowledged.status, 200, acknowledged)
            wanted = {"target": {"user": "budi"}, "note": "n" * 500}
            paged = [world.post(f"/api/v1/alerts/{other}/page", wanted).status for other in others]
            self.assertEqual(set(paged), {200})

            filler.stop()
            again = world.wait("the intake opens by itself", lambda: (
                lambda answer: answer if answer.status == 202 else None)(
                    self.alert(world, "after the disk was full")))
            found = {alert["summary"]: alert["status"] for alert in world.alerts()}
            self.assertEqual(found["before the disk was full"], "acknowledged")
            self.assertEqual(found["after the disk was full"], "open")
            self.assertEqual(again.json["outcome"], "opened")

    def test_a_limit_of_the_file_size_is_a_full_disk(self):
        with World() as world:
            receiver = world.receiver()
            world.apply(ESCALATION % {"webhook": receiver.url}, env=KEYS)
            world.token()
            size = (world.data / "tocsin.db").stat().st_size
            before = resource.prlimit(world.server.pid, resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))
            details = {"summary": "too much for the limit", "details": {"text": "x" * 60000}}
            world.wait("the intake closes", lambda: world.post(
                "/api/v1/alerts", details, token=KEYS["APP_KEY"]).status == 503)
            self.assertEqual(world.get("/readyz", token=None).json["database"], "full")
            resource.prlimit(world.server.pid, resource.RLIMIT_FSIZE, before)
            world.wait("it opens", lambda: self.alert(world, "without a limit").status == 202)


if __name__ == "__main__":
    unittest.main()
