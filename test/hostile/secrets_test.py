"""Whoever may apply a configuration says where messages go, and which secret goes with them: never one of ours."""

import itertools
import pathlib
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "scenario"))

from world import World  # noqa: E402

TEAM = """
users:
  - name: %(name)s
    contacts:
      - {name: first, kind: ntfy, to: "%(url)s/first", secret: "%(secret)s"}
      - {name: second, kind: ntfy, to: "%(url)s/second", secret: "env:TOCSIN_SECRET_SECOND"}
    rules:
      high: [{after: 0s, contact: first}, {after: 1h, contact: second}]
policies:
  - {name: only, steps: [{notify: [{user: %(name)s}], wait: 5m}], last_resort: {user: %(name)s}}
services:
  - {name: checkout, policy: only}
"""
OURS = "this-is-not-for-contacts"


class SecretsTest(unittest.TestCase):
    people = itertools.count(1)

    @classmethod
    def setUpClass(cls):
        folder = cls.enterClassContext(tempfile.TemporaryDirectory())
        cls.secrets = pathlib.Path(folder) / "secrets"
        cls.secrets.mkdir()
        (cls.secrets / "good").write_text("tk_file\n", "utf-8")
        cls.outside = pathlib.Path(folder) / "outside"
        cls.outside.write_text(OURS, "utf-8")
        cls.world = cls.enterClassContext(World({
            "SMTP_PASSWORD": OURS, "SECRET_FIRST": "tk_first", "SECRET_SECOND": "tk_second", "SECRETS_DIR": cls.secrets}))

    def page(self, secret):
        """Applies it and pages: what apply said, the calls of both contacts, and what the record says."""
        receiver = self.world.receiver()
        name = f"person{next(self.people)}"  # each is told at once: nobody has had a message before
        said = self.world.apply(TEAM % {"url": receiver.url, "secret": secret, "name": name}).stderr
        alert = self.world.cli_json("alert", "--service", "checkout", f"with {secret}", "--severity", "critical")["alert_id"]
        self.world.wait("somebody is told", lambda: receiver.received("/first") or receiver.received("/second"))
        record = self.world.cli("explain", alert).stdout
        return said, receiver.received("/first"), receiver.received("/second"), record

    def test_what_was_set_aside_is_used(self):
        for secret, token in (("env:TOCSIN_SECRET_FIRST", "tk_first"), ("file:good", "tk_file"),
                              (f"file:{self.secrets}/good", "tk_file")):
            with self.subTest(secret):
                said, first, second, _ = self.page(secret)
                self.assertEqual(said, "")
                self.assertEqual([call["headers"]["Authorization"] for call in first], [f"Bearer {token}"])
                self.assertEqual(second, [])

    def test_ours_are_not_and_the_next_contact_is_told(self):
        for secret in ("env:TOCSIN_SMTP_PASSWORD", "env:TOCSIN_SECRET_UNSET", "file:../outside", f"file:{self.outside}",
                       "file:/etc/hostname"):
            with self.subTest(secret):
                said, first, second, record = self.page(secret)
                self.assertRegex(said, r"users\.person\d+\.contacts\.first\.secret")
                self.assertIn(secret, said)
                self.assertEqual(first, [])
                self.assertEqual([call["headers"]["Authorization"] for call in second], ["Bearer tk_second"])
                self.assertIn("stands for no secret", record)
                self.assertNotIn(OURS, record + said + str(second))
                self.assertIn(secret, self.world.cli("doctor", check=False).stdout)


if __name__ == "__main__":
    unittest.main()
