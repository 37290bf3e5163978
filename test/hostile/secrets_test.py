"""Whoever may apply a configuration says where messages go, and which secret goes with them: never one of ours."""

import itertools
import pathlib
import signal
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


WAYS = """
users:
  - name: ana
    contacts:
      - {name: unset, kind: ntfy, to: "https://ntfy.example.com/a", secret: "env:TOCSIN_SECRET_UNSET"}
      - {name: odd, kind: webhook, to: "https://ntfy.example.com/a", secret: "env:TOCSIN_SECRET_ODD"}
      - {name: inside, kind: webhook, to: "http://10.0.0.8/x"}
      - {name: mail, kind: email, to: ana@example.com}
channels: [{name: room, kind: slack, to: "http://192.168.0.9/x"}]
policies: [{name: only, steps: [{notify: [{user: ana}, {channel: room}], wait: 5m}], last_resort: {user: ana}}]
services: [{name: checkout, policy: only}]
schedules:
  - name: primary
    time_zone: Asia/Jakarta
    layers: [{people: [ana], every: 1w, start: 2026-01-05T09:00}]
    overrides:
      - {who: ana, from: 2025-01-01T00:00, to: 2025-01-02T00:00}
      - {who: ana, from: 2025-01-01T00:00, to: 2125-01-02T00:00}
silences:
  - {name: was, match: {service: checkout}, from: "2025-01-01T00:00:00Z", to: "2025-01-02T00:00:00Z"}
"""
AMISS = ("users.ana.contacts.unset.secret", "users.ana.contacts.odd.secret", "users.ana.contacts.inside.to",
         "users.ana.contacts.mail.to", "channels.room.to", "schedules.primary.overrides[0]", "silences.was")
# What was in force already is kept in a file for the record, and told once.
AT_FIRST = ("schedules.primary.overrides[0]", "silences.was")


class KnownBeforeTest(unittest.TestCase):
    """What cannot work is said when the configuration comes, not at the first page."""

    def log_lines(self, world):
        return [path for path in AMISS if f"team file: {path} will not work" in world.server.log()]

    def test_it_is_said_at_start_at_reload_at_apply_and_by_the_doctor(self):
        with World({"SECRET_ODD": "whsec_!!!notbase64"}, start=False) as world:
            world.settings["CONFIG"] = world.write("team.yaml", WAYS)
            world.start()
            self.assertEqual(self.log_lines(world), list(AMISS))
            said = world.cli("apply", world.settings["CONFIG"], "--dry-run").stderr
            for path in AMISS:
                self.assertEqual(f"warning: {path}: " in said, path not in AT_FIRST)
            later = WAYS.replace("2025-01-02", "2025-01-03")
            said = world.cli("apply", world.write("later.yaml", later), "--dry-run").stderr
            self.assertEqual(said.count("warning: "), len(AMISS), said)
            self.assertIn("warning: schedules.primary.overrides[0]: ends at 2025-01-02T17:00:00", said)
            self.assertIn("warning: silences.was: ends at 2025-01-03T00:00:00", said)
            self.assertNotIn("notbase64", said + world.server.log())
            doctor = world.cli("doctor", check=False).stdout
            for told in ("ana by unset: ", "ana by odd: ", "ana by inside: 10.0.0.8 is", "the channel room: 192.168.0.9 is"):
                self.assertIn(f"Nothing can be sent to {told}", doctor)
            self.assertEqual(doctor.count("no mail server is set"), 1, doctor)
            world.write("team.yaml", WAYS.replace("name: unset", "name: still"))
            world.server.send(signal.SIGHUP)
            world.wait("the reload says it", lambda: "team file: users.ana.contacts.still.secret" in world.server.log())


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
