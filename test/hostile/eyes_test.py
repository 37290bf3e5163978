"""Who may only look: sees no password in an address, not where people were, and nothing once the token is gone."""

import contextlib
import datetime
import http.client
import pathlib
import re
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "scenario"))

from team import KEYS, TEAM  # noqa: E402
from world import PATIENCE_S, World, request  # noqa: E402

PASSWORD = "T0000-B0000-very-secret"
CLIENT = "203.0.113.7"
BY_PROXY = {"X-Forwarded-For": f"9.9.9.9, {CLIENT}"}
ORIGINS = ("https://evil.example", "null", "http://127.0.0.1:1")
FORM = "application/x-www-form-urlencoded"
WITHOUT_END = ("/api/v1/stream", "/board/live")


class EyesTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.world = cls.enterClassContext(World({"TRUSTED_PROXIES": "127.0.0.1"}))
        cls.receiver = cls.world.receiver()
        team = TEAM % {"webhook": f"{cls.receiver.url}/{PASSWORD}"}
        team = team.replace("routes:", f'channels:\n  - {{name: room, kind: webhook, to: "{cls.receiver.url}/{PASSWORD}"}}\n'
                            "routes:")
        team = team.replace("{notify: [{user: ana}], wait: 5m}", "{notify: [{user: ana}, {channel: room}], wait: 5m}")
        cls.world.apply(team, env=KEYS)
        cls.taken = cls.page()
        cls.world.post(f"/api/v1/alerts/{cls.taken}/acknowledge", {"user": "ana"}, token="respond", headers=BY_PROXY)

    @classmethod
    def page(cls):
        """An alert of which ana has been told; answers its id."""
        before = len(cls.receiver.received(f"/{PASSWORD}/ana"))
        alert = cls.world.post("/api/v1/alerts", {"summary": "down", "severity": "critical", "service": "search"})
        assert alert.status == 202, alert
        cls.world.wait("ana is told", lambda: len(cls.receiver.received(f"/{PASSWORD}/ana")) > before)
        return alert.json["alert_id"]

    @contextlib.contextmanager
    def stream(self, token, after=0):
        connection = http.client.HTTPConnection("127.0.0.1", self.world.port, timeout=PATIENCE_S)
        connection.request("GET", f"/api/v1/stream?after={after}", headers={"Authorization": f"Bearer {token}"})
        answer = connection.getresponse()
        self.assertEqual(answer.status, 200)
        try:
            yield answer
        finally:
            connection.close()

    def told_by_stream(self, token):
        """All that has happened."""
        newest, text = self.world.events()[-1]["seq"], ""
        with self.stream(token) as answer:
            while f"id: {newest}\n" not in text:
                text += answer.readline().decode()
            return text + answer.readline().decode() + answer.readline().decode()

    def places(self):
        names = {"users": "ana", "channels": "room", "policies": "everything", "services": "search",
                 "integrations": "app", "routes": "search-team"}
        for path, methods in self.world.get("/api/v1/openapi.json").json["paths"].items():
            if "get" in methods and path not in WITHOUT_END:
                place = path.replace("{id}", self.taken).replace("{key}", KEYS["PROM_KEY"])
                yield place.replace("{name}", names.get(path.split("/")[3] if path.count("/") > 3 else "", "none"))

    def test_a_webhooks_address_is_its_password(self):
        self.assertIn(PASSWORD, self.world.get("/api/v1/users/ana").text, "an administrator sees it")
        for scope in ("read", "respond"):
            for place in self.places():
                with self.subTest(scope=scope, place=place):
                    cookie = {"Cookie": f"tocsin_token={self.world.token(scope)}"}
                    answer = self.world.get(place, token=scope, headers=cookie)
                    self.assertNotIn(PASSWORD, answer.text)
            with self.subTest(scope=scope, place="stream"):
                self.assertNotIn(PASSWORD, self.told_by_stream(self.world.token(scope)))

    def acts(self, kind, scope="admin"):
        """What the record has of it, with where it came from."""
        events = self.world.get("/api/v1/events?limit=200", token=scope).json["items"]
        return [event.get("data", {}).get("client_address") for event in events if event["kind"] == kind]

    def test_where_somebody_was_is_in_the_record(self):
        self.assertEqual(self.acts("alert.acknowledged")[0], CLIENT)
        link = self.page()
        told = self.receiver.received(f"/{PASSWORD}/ana")[-1]["body"].decode()
        path = re.search(r"/l/[A-Za-z0-9_.~-]+", told).group(0)
        page = self.world.get(path, token=None)
        first = page.text.partition("</form>")[0]
        fields = dict(re.findall(r'name="([^"]+)" value="([^"]*)"', first[first.index("<form"):]))
        done = self.world.call("POST", path, "&".join(f"{name}={value}" for name, value in fields.items()), token=None,
                               headers={"Content-Type": FORM, **BY_PROXY})
        self.assertIn(done.status, (200, 303), done)
        self.assertEqual(self.world.alert(link)["status"], "acknowledged")
        self.assertEqual(self.acts("alert.acknowledged")[1], CLIENT)
        # On the local socket there is none, and what follows by itself has none.
        self.world.cli("resolve", link)
        self.assertEqual(self.acts("alert.resolved"), [None])
        self.assertEqual(set(self.acts("alert.triggered")), {None})
        self.world.post("/api/v1/tokens", {"name": "other", "scope": "read"}, headers=BY_PROXY)
        self.assertEqual(self.acts("key.minted")[-1], CLIENT)

    def test_where_somebody_was_is_for_administrators(self):
        place = f"/api/v1/alerts/{self.taken}/explain"
        self.assertIn(CLIENT, self.world.get(place).text)
        self.assertIn(CLIENT, self.world.cli("explain", self.taken, "--json").stdout)
        for scope in ("read", "respond"):
            with self.subTest(scope):
                self.assertEqual(set(self.acts("alert.acknowledged", scope)), {None})
                self.assertNotIn(CLIENT, self.world.get(place, token=scope).text)
                self.assertNotIn(CLIENT, self.told_by_stream(self.world.token(scope)))
        self.assertIn(CLIENT, self.told_by_stream(self.world.token("admin")))

    def ends(self, answer):
        """Reads to the end, which comes before any patience is over; answers how long that took."""
        began = datetime.datetime.now(datetime.timezone.utc)
        while answer.readline():
            pass
        return (datetime.datetime.now(datetime.timezone.utc) - began).total_seconds()

    def test_a_stream_ends_with_its_token(self):
        made = self.world.post("/api/v1/tokens", {"name": "revoked", "scope": "read"}).json
        with self.stream(made["token"]) as answer:
            answer.readline()
            self.world.cli("token", "revoke", "revoked")
            self.assertLess(self.ends(answer), 3)  # a second, and what a busy machine adds
        soon = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=2)
        made = self.world.post("/api/v1/tokens", {"name": "expired", "scope": "read", "expires_at": soon.isoformat()})
        self.assertEqual(made.status, 201, made)
        with self.stream(made.json["token"]) as answer:
            answer.readline()
            self.assertLess(self.ends(answer), 5)
        self.assertEqual(self.world.get("/api/v1/alerts", token=made.json["token"]).status, 401)

    def test_another_sites_page_signs_nobody_in_or_out(self):
        token = self.world.token("read")
        for origin in ORIGINS:
            for path, body in (("/login", f"token={token}"), ("/logout", "")):
                with self.subTest(origin=origin, path=path):
                    answer = request("POST", self.world.url + path, body, {
                        "Content-Type": FORM, "Origin": origin, "Cookie": f"tocsin_token={token}"})
                    self.assertEqual(answer.status, 403, answer)
                    self.assertNotIn("Set-Cookie", answer.headers)
        for path, body in (("/login", f"token={token}"), ("/logout", "")):
            answer = request("POST", self.world.url + path, body, {"Content-Type": FORM, "Origin": self.world.url})
            self.assertEqual(answer.status, 303, answer)


if __name__ == "__main__":
    unittest.main()
