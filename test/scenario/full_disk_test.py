"""A full disk: nothing new is taken, what was taken still pages, and room heals it by itself."""

import os
import unittest

from team import KEYS
from world import World

DISK_MIB = 64  # ballast and database have room, and little else

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


def fill(path):
    """Takes every byte that is left."""
    with open(path, "wb", buffering=0) as file:
        for size in (1 << 20, 4096, 1):
            try:
                while file.write(b"x" * size) == size:
                    pass
            except OSError:
                pass


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

            filler = world.data_path() / "filler"
            fill(filler)
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

            os.remove(filler)
            again = world.wait("the intake opens by itself", lambda: (
                lambda answer: answer if answer.status == 202 else None)(
                    self.alert(world, "after the disk was full")))
            found = {alert["summary"]: alert["status"] for alert in world.alerts()}
            self.assertEqual(found["before the disk was full"], "acknowledged")
            self.assertEqual(found["after the disk was full"], "open")
            self.assertEqual(again.json["outcome"], "opened")


if __name__ == "__main__":
    unittest.main()
