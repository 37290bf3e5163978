# engines: sqlite postgresql
"""How long what is over is kept: configured as one section, exported as it was written, and told by a command."""

import unittest

from world import World

TEAM = """
users: [{name: ana, contacts: [{kind: log, watched: true}]}]
policies: [{name: p, steps: [{notify: [{user: ana}], wait: 5m}], last_resort: {user: ana}}]
services: [{name: shop, policy: p}]
"""


class Retained(unittest.TestCase):
    def setUp(self):
        self.world = self.enterContext(World())
        self.world.apply(TEAM)

    def status(self):
        return self.world.cli_json("retention")

    def kept(self):
        return {row["what"]: row["kept_for"] for row in self.status()["kept"]}

    def test_400_days_hold_until_something_else_is_said(self):
        before = self.kept()
        self.assertEqual(1, len(set(before.values())), before)
        said = self.world.apply(TEAM + "retention: {alerts: 90d, payloads: 7d}\n")
        self.assertIn("+ retention\n", said.stdout)
        after = self.kept()
        self.assertEqual(["90d", "90d"], [after["alerts"], after["suppressed alerts"]])
        self.assertEqual("1w", after["payloads"])
        self.assertEqual(before["deliveries"], after["deliveries"])
        exported = self.world.cli("export").stdout
        self.assertIn("retention:\n  alerts: 90d\n  payloads: 1w\n", exported)
        self.world.apply(exported)
        self.assertEqual(after, self.kept())

    def test_a_person_reads_what_is_kept(self):
        shown = self.world.cli("retention").stdout
        self.assertIn("KEPT FOR", shown)
        self.assertIn("suppressed alerts", shown)


if __name__ == "__main__":
    unittest.main()
