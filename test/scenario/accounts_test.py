"""People sign in: from the first start to the last owner, with what a thief, a guesser and a flood get.

Only what a whole server shows is here; the rules are tables in src/account, roles and teams a matrix in
src/api/account_test.c."""

# engines: sqlite postgresql
import concurrent.futures
import http.client
import json
import re
import threading
import time
import unittest

from team import KEYS
from world import World, metric, request

WORDS = "correct horse battery"
LINK = re.compile(r"/accept#(tcn_link_[\w-]{43})")
TEAM = """
users:
  - {name: ana, full_name: Ana Wijaya, language: id, time_zone: Asia/Jakarta, contacts: [{kind: log, watched: true}]}
  - {name: budi, contacts: [{kind: log, watched: true}]}
  - {name: chen, contacts: [{kind: log, watched: true}]}
teams:
  - {name: crew, members: [ana]}
policies:
  - {name: everything, steps: [{notify: [{user: ana}], wait: 5m}], last_resort: {user: ana}}
services:
  - {name: checkout, policy: everything}
integrations:
  - {name: app, kind: native, service: checkout, key: env:APP_KEY}
"""


class Browser:
    """Keeps a cookie as a browser does, and sends what a page of ours sends."""

    def __init__(self, world, address=None):
        self.world, self.cookie, self.csrf = world, None, None
        self.address = {"X-Forwarded-For": address} if address else {}

    def call(self, method, path, body=None, **headers):
        headers = {"Origin": self.world.url, **self.address, **headers}
        if self.cookie:
            headers["Cookie"] = self.cookie
        if self.csrf:
            headers["X-Tocsin-CSRF"] = self.csrf
        said = request(method, self.world.url + path, body, headers)
        for line in said.headers.get_all("Set-Cookie") or ():
            self.cookie = line.partition(";")[0]
            self.last_cookie = line
        if said.status == 200 and method == "POST" and isinstance(said.json, dict) and "csrf" in said.json:
            self.csrf = said.json["csrf"]
        return said

    def sign_in(self, login, password=WORDS):
        return self.call("POST", "/api/v1/session", {"login": login, "password": password})


class AccountsTest(unittest.TestCase):
    def setUp(self):
        self.world = self.enterContext(World({"TRUSTED_PROXIES": "127.0.0.1"}))
        self.world.apply(TEAM, env=KEYS)

    def create(self, name, role="responder"):
        self.world.cli("account", "create", name, "--role", role, "--password-stdin", input=WORDS + "\n")

    def signed_in(self, name, role="responder"):
        self.create(name, role)
        browser = Browser(self.world)
        self.assertEqual(browser.sign_in(name).status, 200)
        return browser

    def hashes(self):
        return metric(self.world.get("/metrics", token=None).text, "tocsin_passwords_hashed_total") or 0

    # --- the first owner ---

    def test_first_start_makes_the_owner_once(self):
        self.world.restart()
        first = self.link_of_start()
        self.world.restart()
        link = self.link_of_start()
        self.assertNotEqual(first, link)
        self.assertNotIn(link.encode(), self.stored())
        ana = Browser(self.world)
        accept = {"token": link, "password": WORDS}
        self.assertEqual(ana.call("POST", "/api/v1/account/accept", accept).json["field"], "login")
        said = ana.call("POST", "/api/v1/account/accept", {**accept, "login": "ana"})
        self.assertEqual((said.status, said.json["role"], said.json["name"]), (200, "owner", "Ana Wijaya"), said)
        self.assertEqual((said.json["language"], said.json["zone"], said.json["teams"]), ("id", "Asia/Jakarta", ["crew"]))
        for flag in ("HttpOnly", "Secure", "SameSite=Lax", "Path=/;"):
            self.assertIn(flag, ana.last_cookie)
        self.assertTrue(ana.cookie.startswith("__Host-tocsin="))
        for token in (link, first):
            said = Browser(self.world).call("POST", "/api/v1/account/accept", {"token": token, "password": WORDS, "login": "budi"})
            self.assertEqual((said.status, said.json["field"]), (422, "token"))
        self.assertNotIn(ana.cookie.partition("=")[2].encode(), self.stored())
        self.world.restart()
        self.assertIsNone(LINK.search(self.last_start()))
        self.assertEqual(ana.call("GET", "/api/v1/me").status, 200)  # a session outlives a new start

    def last_start(self):
        return self.world.server.log_path.read_text().rpartition("is ready")[2]

    def link_of_start(self):
        return self.world.wait("a link for the owner", lambda: LINK.search(self.last_start()))[1]

    def stored(self):
        return b"".join(path.read_bytes() for path in self.world.data_path().glob("tocsin.db*"))

    # --- the command line ---

    def test_command_line_says_what_was_meant(self):
        def refused(*words, input=None):
            done = self.world.cli("account", *words, input=input, check=False)
            self.assertNotEqual(done.returncode, 0)
            return done.stderr

        self.assertIn('did you mean "ana"', refused("create", "anna", "--role", "owner"))
        self.assertIn('did you mean "responder"', refused("create", "ana", "--role", "respnder"))
        self.assertIn("partner", refused("create", "ana"))
        self.assertIn("10 characters", refused("create", "ana", "--role", "owner", "--password-stdin", input="short\n"))
        self.create("ana", "owner")
        self.assertIn("account invite ana", refused("create", "ana", "--role", "owner"))
        self.assertIn("last owner", refused("disable", "ana"))
        self.assertIn("last owner", refused("role", "ana", "admin"))
        self.assertIn("account create budi", refused("invite", "budi"))
        link = LINK.search(self.world.cli("account", "create", "budi", "--role", "owner").stdout)[1]
        self.assertIn("last owner", refused("disable", "ana"))  # budi has not come yet
        budi = Browser(self.world)
        self.assertEqual(budi.call("POST", "/api/v1/account/accept", {"token": link, "password": WORDS}).status, 200)
        self.world.cli("account", "disable", "ana")
        listed = {one["login"]: one for one in self.world.cli_json("account", "list")}
        self.assertEqual((listed["ana"]["is_disabled"], listed["budi"]["is_disabled"]), (True, False))

    # --- sessions ---

    def test_sessions_are_renewed_and_end(self):
        ana = self.signed_in("ana", "owner")
        before = ana.cookie
        self.assertEqual(ana.sign_in("ana").status, 200)
        self.assertNotEqual(before, ana.cookie)
        thief = Browser(self.world)
        thief.cookie = before
        self.assertEqual(thief.call("GET", "/api/v1/me").status, 401)  # fixed before, worthless after

        before = thief.cookie = ana.cookie
        csrf = ana.csrf
        self.assertEqual(ana.call("POST", "/api/v1/session/check", {"password": WORDS}).status, 200)
        self.assertNotEqual(before, ana.cookie)
        self.assertEqual(csrf, ana.csrf)  # other tabs go on
        self.assertEqual(thief.call("GET", "/api/v1/me").status, 401)

        other = Browser(self.world)
        self.assertEqual(other.sign_in("ana").status, 200)
        change = {"old": WORDS, "new": WORDS + "!"}
        self.assertEqual(ana.call("POST", "/api/v1/account/password", change).status, 200)
        self.assertEqual(other.call("GET", "/api/v1/me").status, 401)
        self.assertEqual(ana.call("GET", "/api/v1/me").status, 200)
        self.assertEqual(other.sign_in("ana").status, 401)

        thief.cookie = ana.cookie
        self.assertEqual(ana.call("DELETE", "/api/v1/session").status, 204)
        self.assertEqual(thief.call("GET", "/api/v1/me").status, 401)  # a replay

    def test_whoever_is_no_user_any_more_is_out(self):
        self.create("ana", "owner")
        chen = self.signed_in("chen")
        self.world.cli("apply", self.world.write("less.yaml", re.sub(r".*name: chen.*\n", "", TEAM)), "--prune", "--yes",
                       env=KEYS)
        self.assertEqual(chen.call("GET", "/api/v1/me").status, 401)
        self.assertEqual(chen.sign_in("chen").status, 401)
        listed = {one["login"]: one["is_user"] for one in self.world.cli_json("account", "list")}
        self.assertEqual(listed, {"ana": True, "chen": False})

    def test_live_events_end_with_the_session(self):
        ana = self.signed_in("ana", "owner")
        other = Browser(self.world)
        self.assertEqual(other.sign_in("ana").status, 200)
        link = http.client.HTTPConnection("127.0.0.1", self.world.port, timeout=30)
        link.request("GET", "/api/v1/stream", headers={"Cookie": other.cookie})
        reply = link.getresponse()
        self.assertEqual(reply.status, 200)
        self.assertTrue(reply.readline())
        theirs = next(one["id"] for one in ana.call("GET", "/api/v1/sessions").json["items"] if not one["is_current"])
        self.assertEqual(ana.call("DELETE", f"/api/v1/sessions/{theirs}").status, 204)
        began = time.monotonic()
        self.assertIsNotNone(reply.read())  # to its end
        self.assertLess(time.monotonic() - began, 10)
        link.close()

    def test_plain_http_elsewhere_gets_the_other_cookie(self):
        self.create("ana", "owner")
        host = {"Host": "pager.example.org", "Origin": "http://pager.example.org"}
        said = request("POST", self.world.url + "/api/v1/session", {"login": "ana", "password": WORDS}, host)
        cookie = said.headers["Set-Cookie"]
        self.assertTrue(cookie.startswith("tocsin="), cookie)
        self.assertNotIn("Secure", cookie)
        said = request("GET", self.world.url + "/api/v1/me", headers={**host, "Cookie": cookie.partition(";")[0]})
        self.assertEqual(said.status, 200)

    # --- guesses and floods ---

    def test_every_refusal_costs_one_hash(self):
        self.create("ana", "owner")
        self.create("budi")
        self.world.cli("account", "disable", "budi")
        self.world.cli("account", "create", "chen", "--role", "partner")  # has no password yet
        for name, password in (("ana", "wrong"), ("nobody", "wrong"), ("budi", WORDS), ("chen", WORDS), ("x" * 60, "x")):
            before = self.hashes()
            said = Browser(self.world).sign_in(name, password)
            self.assertEqual((said.status, said.json["detail"]), (401, "The name or the password is wrong."), name)
            self.assertEqual(self.hashes() - before, 1, name)

    def test_guesses_are_slowed_by_name_and_by_address(self):
        self.create("ana", "owner")
        statuses = [Browser(self.world, f"198.51.100.{i}").sign_in("ana", "wrong") for i in range(10)]
        self.assertEqual([said.status for said in statuses[:6]], [401] * 6)
        self.assertEqual(statuses[-1].status, 429)
        self.assertGreaterEqual(int(statuses[-1].headers["Retry-After"]), 1)
        self.assertEqual(Browser(self.world, "198.51.100.99").sign_in("ana").status, 429)  # the right one, too
        said = [Browser(self.world, "203.0.113.7").sign_in(f"name{i}", "wrong") for i in range(25)]
        self.assertEqual((said[0].status, said[-1].status), (401, 429))
        failed = self.world.wait("failures in the log", lambda: [
            event for event in self.world.events() if event["kind"] == "account.sign_in_failed"])
        self.assertLessEqual(len(failed), 2)  # one for ana, one for all that there are not
        self.assertEqual(failed[0]["data"]["client_address"], "198.51.100.0")

    def test_strangers_keep_nobody_out_where_they_are_signed_in(self):
        self.create("ana", "owner")
        self.assertEqual(Browser(self.world, "198.51.100.1").sign_in("ana").status, 200)
        for i in range(8):
            said = Browser(self.world, f"203.0.113.{i}").sign_in("ana", "wrong")
        self.assertEqual(said.status, 429)
        self.assertEqual(Browser(self.world, "198.51.100.1").sign_in("ana").status, 200)
        self.assertEqual(Browser(self.world, "198.51.100.2").sign_in("ana").status, 429)
        said = [Browser(self.world, "198.51.100.1").sign_in("ana", "wrong").status for _ in range(8)]
        self.assertEqual((said[0], said[-1]), (401, 429))  # nor is it a place to guess from

    def test_a_flood_of_sign_ins_does_not_slow_alerts(self):
        self.create("ana", "owner")
        over = threading.Event()

        def flood(worker):
            said = []
            for i in range(1000):
                if over.is_set():
                    break
                said.append(Browser(self.world, f"198.18.{worker}.{i % 250}").sign_in(f"u{worker}-{i}", "wrong"))
            return said

        with concurrent.futures.ThreadPoolExecutor(16) as pool:
            floods = [pool.submit(flood, worker) for worker in range(16)]
            try:
                waits = []
                for i in range(100):
                    began = time.monotonic()
                    said = self.world.post("/api/v1/alerts", {"summary": f"alert {i}"}, token=KEYS["APP_KEY"])
                    self.assertEqual(said.status, 202, said)
                    waits.append(time.monotonic() - began)
            finally:
                over.set()
        said = [one for future in floods for one in future.result()]
        statuses = {one.status for one in said}
        self.assertLessEqual(statuses, {401, 429, 503})
        self.assertIn(503, statuses)  # it was one
        self.assertTrue(all("Retry-After" in one.headers for one in said if one.status in (429, 503)))
        self.assertLess(sorted(waits)[90], 1, "alerts waited for sign-ins")

    # --- the record ---

    def test_everything_stands_in_the_record(self):
        ana = self.signed_in("ana", "owner")
        made = ana.call("POST", "/api/v1/accounts", {"login": "budi", "role": "responder"})
        self.assertEqual(made.status, 201, made)
        link = LINK.search(made.json["link"])[1]
        self.assertEqual(Browser(self.world).call("POST", "/api/v1/account/accept", {"token": link, "password": WORDS}).status, 200)
        ana.call("POST", "/api/v1/accounts/budi/role", {"role": "frontline"})
        ana.call("POST", "/api/v1/accounts/budi/disable")
        ana.call("POST", "/api/v1/accounts/budi/enable")
        ana.call("DELETE", "/api/v1/session")
        kinds = [(event["actor"], event["kind"].partition(".")[2], event["subject"]) for event in self.world.events()
                 if event["kind"].startswith("account.") and event["subject"] != "account"]
        self.assertEqual(kinds, [
            ("local", "created", "account:ana"), ("user:ana", "signed_in", "account:ana"),
            ("user:ana", "created", "account:budi"), ("user:ana", "link_made", "account:budi"),
            ("user:budi", "password_set", "account:budi"), ("user:budi", "signed_in", "account:budi"),
            ("user:ana", "role_changed", "account:budi"), ("user:ana", "disabled", "account:budi"),
            ("user:ana", "enabled", "account:budi"), ("user:ana", "signed_out", "account:ana")])
        shown = self.world.items("/api/v1/audit", kind="account", limit=3)
        self.assertEqual([event for event in shown if event["subject"] != "account"],
                         [event for event in reversed(self.world.events()) if event["subject"].startswith("account:")])
        by_budi = self.world.cli_json("audit", "list", "--actor", "budi")
        self.assertEqual([event["kind"] for event in by_budi], ["account.signed_in", "account.password_set"])
        self.assertEqual({event["data"]["client_address"] for event in by_budi}, {"127.0.0.1"})
        self.assertIn("did you mean", self.world.cli("audit", "list", "--kind", "account.create", check=False).stderr)
        self.assertIn("The record is whole", self.world.cli("audit", "verify").stdout)
        text = json.dumps(self.world.events())
        for secret in (WORDS, link, ana.csrf):
            self.assertNotIn(secret, text)
        read = self.world.get("/api/v1/events", token="read").json["items"]
        self.assertEqual([event for event in read if event["kind"].startswith("account.")], [])


if __name__ == "__main__":
    unittest.main(verbosity=2)
