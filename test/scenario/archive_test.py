# timeout: 420
"""What retention deletes is written out before by the real server, killed in the middle of it."""

import contextlib
import json
import os
import sqlite3
import time
import unittest

from world import World

ALERTS = 900
DAYS_US = 86_400_000_000
RUN_S = 120  # a run begins a minute after the start

TEAM = """
users: [{name: ana, contacts: [{kind: log, watched: true}]}]
policies: [{name: p, steps: [{notify: [{user: ana}], wait: 5m}], last_resort: {user: ana}}]
services: [{name: shop, policy: p}]
retention: {alerts: 1d, deliveries: 1d}
"""


def numbers(database, sql):
    with contextlib.closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as connection:
        return {row[0] for row in connection.execute(sql)}


class ArchiveTest(unittest.TestCase):
    def setUp(self):
        self.world = self.enterContext(World(start=False))
        self.archive = self.world.folder / "archive"
        self.database = self.world.data / "tocsin.db"
        self.world.settings["ARCHIVE"] = str(self.archive)
        self.world.start()
        self.world.apply(TEAM)
        self.world.stop()
        self.fill()

    def fill(self):
        """Alerts that were over three days ago, each with an escalation and a message."""
        over = int(time.time() * 1_000_000) - 3 * DAYS_US
        with contextlib.closing(sqlite3.connect(self.database)) as connection, connection:
            connection.execute(
                "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?) INSERT INTO alert"
                " (integration, dedup_key, service, status, severity, urgency, summary, details, count, flapping,"
                " first_at, last_at, resolved_at) SELECT 'app', 'k' || i, 'shop', 3, 1, 1, 'alert ' || i, '{}', 1, 0,"
                " ? + i, ? + i, ? + i FROM n", (ALERTS, over, over, over))

    def alerts(self):
        return numbers(self.database, "SELECT id FROM alert")

    def written(self):
        found = []
        for path in sorted(self.archive.glob("alerts-*.jsonl")):
            lines = path.read_text("utf-8").splitlines(keepends=True)
            found += [int(json.loads(line)["alert"]["id"]) for line in lines if line.endswith("\n")]
        return found

    def test_a_kill_in_the_middle(self):
        all_of_them = self.alerts()
        self.assertEqual(ALERTS, len(all_of_them))
        self.world.start()
        self.world.wait("it says that the directory is not there", lambda: "archive" in self.world.cli_json(
            "retention") and self.world.cli_json("retention")["archive"].get("why"), patience_s=RUN_S)
        self.assertIn("Nothing is deleted since", self.world.cli("retention").stdout)
        self.assertIn("it is never made here", self.world.cli("doctor", check=False).stdout)
        self.assertEqual(all_of_them, self.alerts())

        os.mkdir(self.archive, 0o700)
        self.world.wait("some are deleted", lambda: 0 < len(self.alerts()) < ALERTS, patience_s=RUN_S)
        self.world.kill()
        left = self.alerts()
        self.assertEqual(set(), all_of_them - left - set(self.written()))

        self.world.start()
        self.world.wait("all are deleted but the last", lambda: len(self.alerts()) == 1, patience_s=RUN_S)
        written = self.written()
        self.assertEqual(set(), all_of_them - self.alerts() - set(written))
        self.assertLessEqual(len(written), ALERTS + 256)
        status = self.world.cli_json("retention")["archive"]
        self.assertNotIn("why", status)
        self.assertTrue(status["archived_at"])
        self.assertEqual(0o600, next(self.archive.glob("alerts-*")).stat().st_mode & 0o777)
        checked = self.world.cli("verify", "--archive", self.archive)
        self.assertIn("There is no event yet", checked.stdout)


if __name__ == "__main__":
    unittest.main()
