"""A disk that does not come back: what asks it to keep something waits for ever. Who asks is told in time, nothing
looks well, and SIGTERM ends the server, also while it starts or reloads. And one that fails: what it did not keep is
not answered 2xx."""

import os
import pathlib
import signal
import subprocess
import sys
import time
import unittest
import unittest.mock

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "scenario"))

from team import KEYS  # noqa: E402
from world import World, need, request  # noqa: E402

TEAM = """
users:
  - {name: ana, contacts: [{kind: log, watched: true}]}
policies:
  - {name: only, steps: [{notify: [{user: ana}], wait: 5m}], last_resort: {user: ana}}
services: [{name: checkout, policy: only}]
integrations: [{name: app, kind: native, service: checkout, key: env:APP_KEY}]
"""
ANSWERS_WITHIN_S = 6  # three seconds and a sweep, on a busy machine
AT_ONCE_S = 2
ENDS_WITHIN_S = 30


class DiskTest(unittest.TestCase):
    def setUp(self):
        (compiler,) = need("cc")
        self.world = self.enterContext(World({"SHUTDOWN_DRAIN": "1s"}, start=False))
        self.mark = self.world.folder / "hung"
        library = self.world.folder / "hung_disk.so"
        subprocess.run([compiler, "-D_GNU_SOURCE", "-shared", "-fPIC", "-o", library, HERE / "hung_disk.c", "-ldl"],
                       check=True)
        self.enterContext(unittest.mock.patch.dict(os.environ, KEYS))
        self.failing = self.world.folder / "failing"
        self.preload = {"LD_PRELOAD": str(library), "HUNG_DISK": str(self.mark), "FAILING_DISK": str(self.failing),
                        "ASAN_OPTIONS": os.environ.get("ASAN_OPTIONS", "") + ":verify_asan_link_order=0"}

    def start(self, **options):
        self.world.start(env=self.preload, **options)

    def hang(self):
        self.mark.touch()

    def ends(self, words):
        self.world.server.send(signal.SIGTERM)
        self.assertEqual(self.world.server.process.wait(ENDS_WITHIN_S), 1)
        self.assertIn(words, self.world.server.log())

    def alert(self, summary="the shop is down"):
        return self.world.post("/api/v1/alerts", {"summary": summary}, token=KEYS["APP_KEY"])

    def ready(self):
        began = time.monotonic()
        answer = request("GET", self.world.url + "/readyz")
        return answer, time.monotonic() - began

    def test_it_is_said_in_time_and_the_server_ends(self):
        self.start()
        self.world.apply(TEAM)
        self.assertEqual(self.alert().status, 202)
        self.hang()
        self.assertEqual(self.alert().status, 503)
        answer, took_s = self.ready()
        self.assertEqual(answer.status, 503)
        self.assertLess(took_s, ANSWERS_WITHIN_S)

        def is_known():
            answer, took_s = self.ready()
            return answer.json.get("database") == "slow" and took_s < AT_ONCE_S
        self.world.wait("it is said at once", is_known)
        began = time.monotonic()
        self.assertEqual(self.alert().status, 503)
        self.assertLess(time.monotonic() - began, AT_ONCE_S)
        self.ends("what writes the database hangs")
        self.mark.unlink()
        self.start()
        self.assertEqual(self.alert().status, 202)

    def test_it_ends_in_a_reload(self):
        self.world.settings["CONFIG"] = self.world.write("config.yaml", TEAM)
        self.start()
        self.hang()
        self.world.write("config.yaml", TEAM.replace("checkout", "payments"))
        self.world.server.send(signal.SIGHUP)

        def is_unready():
            return self.ready()[0].status == 503
        self.world.wait("it hangs", is_unready)
        self.ends("the end hangs and is cut off")

    def test_it_ends_in_a_start(self):
        self.hang()
        self.start(wait_ready=False)

        self.world.wait("it is at its database", (self.world.data / "tocsin.db").exists)
        self.ends("the end hangs and is cut off")

    def test_what_it_failed_to_keep_was_not_accepted(self):
        self.start()
        self.world.apply(TEAM)
        self.assertEqual(self.alert("before").status, 202)
        self.failing.touch()
        self.assertEqual([self.alert(f"while it fails {i}").status for i in range(5)], [503] * 5)
        self.world.wait("it does not look well", lambda: self.ready()[0].status == 503)
        self.failing.unlink()
        self.world.wait("it takes alerts again", lambda: self.alert("after").status == 202, 90)
        self.world.server.send(signal.SIGKILL)
        self.world.server.process.wait()
        self.start()
        found = {alert["summary"] for alert in self.world.alerts(limit=100)}
        self.assertLessEqual({"before", "after"}, found)


if __name__ == "__main__":
    unittest.main(verbosity=2)
