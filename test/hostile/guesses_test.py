"""Keys that somebody guesses: refused faster and faster, by the client's address, and never at the cost of whoever has
a good one."""

import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "scenario"))

from team import KEYS, apply_team  # noqa: E402
from world import World  # noqa: E402

ALERT = {"summary": "beside guesses"}


class GuessesTest(unittest.TestCase):
    """Each test comes from addresses of its own, by way of a trusted proxy."""

    @classmethod
    def setUpClass(cls):
        cls.world = cls.enterClassContext(World({"TRUSTED_PROXIES": "127.0.0.1"}))
        apply_team(cls.world)
        cls.world.token("read")

    def call(self, address, method, path, body=None, token=None):
        return self.world.call(method, path, body, token, headers={"X-Forwarded-For": f"9.9.9.9, {address}"})

    def alert(self, address, key):
        return self.call(address, "POST", "/api/v1/alerts", ALERT, key)

    def assert_limited(self, wrong, good, status):
        """`wrong` is a guess, `good` the same with a good key; both are handed an address."""
        here, there = f"203.0.113.{status % 250}", "198.51.100.1"
        statuses = [wrong(here).status for _ in range(55)]
        self.assertEqual(statuses[:50], [status] * 50)
        self.assertEqual(statuses[50:], [429] * 5)
        late = wrong(here)
        self.assertGreaterEqual(int(late.headers["Retry-After"]), 5)
        self.assertLess(good(here).status, 300, "a neighbour behind the same address is let in")
        self.assertEqual(wrong(there).status, status, "and another address has its own")

    def test_tokens(self):
        self.assert_limited(lambda at: self.call(at, "GET", "/api/v1/alerts", token="wrong"),
                            lambda at: self.call(at, "GET", "/api/v1/alerts", token=self.world.token("read")), 401)

    def test_keys_of_doors(self):
        self.assert_limited(lambda at: self.call(at, "POST", "/in/alertmanager/wrong", {"alerts": []}),
                            lambda at: self.alert(at, KEYS["APP_KEY"]), 404)

    def test_keys_where_no_door_is(self):
        """Whose a good one is would be told there, too."""
        self.assert_limited(lambda at: self.call(at, "PUT", "/in/alertmanager/wrong-0123456789", {"alerts": []}),
                            lambda at: self.alert(at, KEYS["APP_KEY"]), 405)
        statuses = {self.call("203.0.113.11", "PUT", "/in/alertmanager/short", {}).status for _ in range(60)}
        self.assertEqual(statuses, {405}, "no key is that short")

    def test_tokens_beside_a_key(self):
        """An integration's key is good, and the token that shall let it silence is not."""
        path = f"/in/prometheus/{KEYS['PROM_KEY']}/api/v2/silence/00000000-0000-4000-8000-000000000000"
        self.assert_limited(lambda at: self.call(at, "DELETE", path, token="wrong"),
                            lambda at: self.alert(at, KEYS["APP_KEY"]), 500)

    def test_keys_in_bodies(self):
        def event(key):
            return {"routing_key": key, "event_action": "trigger",
                    "payload": {"summary": "s", "source": "x", "severity": "error"}}

        self.assert_limited(lambda at: self.call(at, "POST", "/v2/enqueue", event("f" * 32)),
                            lambda at: self.call(at, "POST", "/v2/enqueue", event(KEYS["PD_KEY"])), 400)

    def test_keys_in_bodies_that_are_broken(self):
        def event(key):
            return b'{"routing_key": "%s", "event_action": "trigger", "payl' % key.encode()

        good = {"routing_key": KEYS["PD_KEY"], "event_action": "trigger",
                "payload": {"summary": "s", "source": "x", "severity": "error"}}
        here = "203.0.113.10"
        statuses = [self.call(here, "POST", "/v2/enqueue", event("f" * 32)).status for _ in range(55)]
        self.assertEqual(statuses, [400] * 50 + [429] * 5)
        self.assertEqual(self.call(here, "POST", "/v2/enqueue", event(KEYS["PD_KEY"])).status, 400, "no guess")
        self.assertEqual(self.call(here, "POST", "/v2/enqueue", good).status, 202)

    def test_no_key_is_no_guess(self):
        for _ in range(60):
            self.assertEqual(self.call("192.0.2.77", "GET", "/api/v1/alerts").status, 401)

    def test_only_a_trusted_proxy_speaks_for_others(self):
        """Whoever connects by himself cannot hide behind addresses that he makes up."""
        with World() as world:
            statuses = [world.call("GET", "/api/v1/alerts", None, "wrong",
                                   headers={"X-Forwarded-For": f"192.0.2.{i}"}).status for i in range(55)]
        self.assertEqual(statuses, [401] * 50 + [429] * 5)

    def test_a_guess_is_logged_with_its_client(self):
        self.call("192.0.2.99", "GET", "/api/v1/alerts", token="wrong")
        self.assertIn("192.0.2.99", self.world.server.log(400))

    def test_keys_that_are_easy_to_guess_are_not_taken(self):
        for key in ("changeme-changeme", "test-test-test-test", "aaaaaaaaaaaaaaaaaaaaaaaa"):
            done = self.world.apply(TEAM_OF_ONE, env={"WEAK_KEY": key}, check=False)
            self.assertNotEqual(done.returncode, 0)
            self.assertIn("easy to guess", done.stderr)
            self.assertNotIn(key, done.stderr)


TEAM_OF_ONE = """
users: [{name: ana, contacts: [{kind: log, watched: true}]}]
policies: [{name: everything, steps: [{notify: [{user: ana}], wait: 5m}], last_resort: {user: ana}}]
services: [{name: checkout, policy: everything}]
integrations: [{name: weak, kind: native, service: checkout, key: env:WEAK_KEY}]
"""


if __name__ == "__main__":
    unittest.main()
