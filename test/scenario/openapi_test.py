"""The OpenAPI document says what is answered: npm's redocly finds no mistake in it, and every operation of it
is called, rightly and wrongly, and each answer held against it. A new route fails until it is called here."""

# engines: sqlite postgresql
import json
import os
import pathlib
import re
import subprocess
import time
import unittest

try:
    from described import Described
except ImportError as error:
    raise unittest.SkipTest("python3-jsonschema is not installed") from error
from team import KEYS
from world import ROOT, World, need

REDOCLY = ROOT / "test" / "browser" / "node_modules" / ".bin" / "redocly"
# Wrong of forms: what they answer is a page to go to, 303.
SKIPPED = "operation-2xx-response"


def instant(hours):
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 3600 * hours))


def document(receiver):
    """A configuration with one of each, as JSON."""
    def user(name, **more):
        at_once = [{"after": "0s", "contact": "webhook"}]
        return {"name": name, "time_zone": "Europe/Paris", "rules": {"high": at_once, "low": at_once},
                "contacts": [{"kind": "webhook", "to": f"{receiver.url}/{name}"}], **more}

    def door(name, kind, key, **more):
        return {"name": name, "kind": kind, "service": "checkout", "key": f"env:{key}", **more}

    return {
        "users": [user("ana", full_name="Ana Wijaya"), user("budi")],
        "teams": [{"name": "payments", "members": ["ana", "budi"], "lead": "ana"}],
        "channels": [{"name": "room", "kind": "log"}],
        "schedules": [
            {"name": "primary", "time_zone": "Europe/Paris", "owner": "payments",
             "layers": [{"name": "weekly", "people": ["ana", "budi"], "every": "1w", "start": "2026-01-05T09:00",
                         "only": [{"days": "mon,tue,wed,thu,fri", "from": "08:00", "to": "20:00"}]}]}],
        "policies": [
            {"name": "everything", "last_resort": {"user": "ana"}, "repeat": 1,
             "steps": [{"notify": [{"user": "ana"}, {"channel": "room"}], "wait": "5m"},
                       {"notify": [{"schedule": "primary"}, {"team": "payments"}], "wait": "5m"}]}],
        "services": [{"name": "checkout", "policy": "everything", "owner": "payments"},
                     {"name": "search", "policy": "everything"}],
        "integrations": [door("prod-am", "alertmanager", "AM_KEY"), door("prod-pd", "pagerduty", "PD_KEY"),
                         door("prod-prom", "prometheus", "PROM_KEY", silences=True),
                         door("app", "native", "APP_KEY"), {"name": "new", "kind": "native", "service": "checkout"}],
        "heartbeats": [{"name": "nightly", "service": "checkout", "every": "1h", "key": "env:BEAT_KEY"}],
        "routes": [{"name": "search-team", "service": "search",
                    "match": [{"field": "details.labels.team", "value": "search"}]}],
        "absences": [{"name": "of-file", "user": "budi", "from": instant(0), "to": instant(9)}],
        "silences": [{"name": "of-file", "match": [{"field": "details.job", "value": "none"}],
                      "from": instant(0), "to": instant(9)}],
    }


OWNERS = {"AM_KEY": "integration:prod-am", "PROM_KEY": "integration:prod-prom", "PD_KEY": "integration:prod-pd",
          "APP_KEY": "integration:app", "BEAT_KEY": "heartbeat:nightly"}
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
PROM = "/in/prometheus/{key}"


class OpenapiTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.world = cls.enterClassContext(World({"TRUSTED_PROXIES": "127.0.0.1"}))
        cls.receiver = cls.world.receiver()
        cls.document = cls.world.get("/api/v1/openapi.json", token=None).json

    def test_redocly_finds_no_mistake(self):
        need("node")
        version = subprocess.run(["node", "--version"], capture_output=True, text=True, check=True).stdout
        if int(version.lstrip("v").partition(".")[0]) < 20:
            raise unittest.SkipTest(f"redocly needs Node.js 20.19 or later, this is {version.strip()}")
        if not REDOCLY.exists():
            raise unittest.SkipTest("tools/setup browser fetches redocly")
        path = self.world.write("openapi.json", json.dumps(self.document, indent=1))
        quiet = {**os.environ, "REDOCLY_TELEMETRY": "off", "REDOCLY_SUPPRESS_UPDATE_NOTICE": "true"}
        done = subprocess.run([REDOCLY, "lint", path, "--extends=recommended", f"--skip-rule={SKIPPED}",
                               "--format=json"], env=quiet, cwd=self.world.folder, capture_output=True,
                              text=True, timeout=60, check=False)
        said = done.stdout + done.stderr
        self.assertEqual(done.returncode, 0, said)
        totals = json.loads(re.search(r'"totals": (\{[^}]*\})', said)[1])
        self.assertEqual((totals["errors"], totals["warnings"]), (0, 0), said)

    def test_server_is_where_it_is_reached(self):
        self.assertEqual(self.document["servers"], [{"url": self.world.url}])

    def test_every_operation_answers_as_documented(self):
        self.client = Described(self.world, self.document)
        self.scopes = {scope: self.world.token(scope) for scope in ("read", "respond", "admin")}
        for scene in (self.configuration, self.doors, self.pagerduty, self.alerts, self.on_call, self.prometheus,
                      self.silences, self.keys, self.trials, self.server, self.pages, self.people, self.floods):
            try:
                scene()
            except (AttributeError, LookupError, TypeError, ValueError) as error:  # it needed what a refusal does not hold
                self.client.complaints.append(f"{scene.__name__} broke off: {error!r}")
        self.client.refuse_all(self.scopes)
        self.client.left_out()
        self.client.all_said()
        self.assertEqual(self.client.complaints, [], "\n" + "\n".join(self.client.complaints))

    # --- asking with a scope ---

    def admin(self, method, path, status, body=None, **how):
        return self.client.good(method, path, status, body, bearer=self.scopes["admin"], **how)

    def get(self, path, status=200, **how):
        return self.admin("GET", path, status, **how)

    def post(self, path, status, body=None, **how):
        return self.admin("POST", path, status, body, **how)

    def send(self, path, status, body=None, **how):
        """By a door, without a token."""
        return self.client.good("POST", path, status, body, **how)

    # --- the scenes ---

    def configuration(self):
        apply, whole = "/api/v1/config/apply", document(self.receiver)
        keys = {OWNERS[name]: key for name, key in KEYS.items()}
        self.post(apply, 200, {"document": whole, "keys": keys, "dry_run": True})
        self.assertEqual(len(self.post(apply, 200, {"document": whole, "keys": keys}).json["keys"]), 1)
        self.post(apply, 422, {"document": {"users": [{"name": "x"}, {"nme": "y"}], "services": 1}})
        self.get("/api/v1/config/export")
        for section, name in (("users", "ana"), ("teams", "payments"), ("channels", "room"), ("routes", "search-team"),
                              ("policies", "everything"), ("services", "checkout"), ("integrations", "app"),
                              ("schedules", "primary")):
            self.get(f"/api/v1/{section}", query="?limit=1")
            self.get(f"/api/v1/{section}/{{name}}", name=name)
            self.get(f"/api/v1/{section}/{{name}}", 404, name="nobody")

    def doors(self):
        native, key = "/api/v1/alerts", KEYS["APP_KEY"]
        alert = {"summary": "down", "dedup_key": "a", "severity": "critical", "source": "db1",
                 "details": {"labels": {"team": "search"}}, "links": [{"href": "https://example.com/run", "text": "Run"}]}
        said = self.send(native, 202, alert, bearer=key)
        self.alert_id = said.json["alert_id"]
        self.send(native, 202, alert, bearer=key)
        self.send(native, 202, {"action": "resolve", "dedup_key": "nobody's"}, bearer=key)
        self.post(native, 202, {"summary": "by hand", "service": "search"}, headers={"Idempotency-Key": "k"})
        self.client.call("POST", native, {"summary": 5}, bearer=key)
        self.client.call("POST", native, {"severity": "info"}, bearer=key)
        self.client.call("POST", native, {"summary": "s"}, bearer=KEYS["AM_KEY"])
        self.client.call("POST", native, {"summary": "s"}, bearer=self.scopes["read"])
        self.client.call("POST", native, b'{"summary": "mended",}', bearer=key)

        firing = {"status": "firing", "labels": {"alertname": "Disk"}, "annotations": {}, "startsAt": instant(-1)}
        webhook = {"version": "4", "groupKey": "{}", "truncatedAlerts": 0, "status": "firing", "receiver": "tocsin",
                   "groupLabels": {}, "commonLabels": {}, "commonAnnotations": {}, "externalURL": "http://am",
                   "alerts": [firing, {**firing, "fingerprint": "f1", "status": "resolved", "endsAt": instant(0)}]}
        key = KEYS["AM_KEY"]
        self.send("/in/alertmanager/{key}", 202, webhook, key=key)
        self.client.call("POST", "/in/alertmanager/{key}", {"alerts": [firing, 5]}, key=key)
        self.client.call("POST", "/in/alertmanager/{key}", {"alerts": 5}, key=key)
        self.send("/heartbeat/{key}", 200, key=KEYS["BEAT_KEY"])
        self.get("/api/v1/integrations/{name}/payloads", name="prod-am")

    def pagerduty(self):
        key = KEYS["PD_KEY"]
        payload = {"summary": "s", "source": "x", "severity": "error", "custom_details": {"a": 1}}
        event = {"routing_key": key, "event_action": "trigger", "payload": payload,
                 "links": [{"href": "https://example.com", "text": "t"}]}
        self.send("/v2/enqueue", 202, event)
        self.send("/v2/enqueue", 202, {"routing_key": key, "event_action": "resolve", "dedup_key": "none"})
        self.send("/v2/change/enqueue", 202, {"routing_key": key, "payload": payload})
        v1 = "/generic/2010-04-15/create_event.json"
        self.send(v1, 200, {"service_key": key, "event_type": "trigger", "description": "d", "details": {"a": 1}})
        for path, word in (("/v2/enqueue", "routing_key"), ("/v2/change/enqueue", "routing_key"), (v1, "service_key")):
            for wrong in (key, "f" * 32, KEYS["APP_KEY"]):
                said = self.client.call("POST", path, {word: wrong, "event_action": "fly"})
                self.assertEqual((said.status, said.type), (400, "application/json"), path)  # in PagerDuty's words

    def alerts(self):
        one = {"id": self.alert_id}
        self.get("/api/v1/alerts", query="?status=open&limit=2")
        self.get("/api/v1/alerts", 400, query="?status=closed")
        self.get("/api/v1/alerts/{id}", **one)
        self.receiver_link()
        self.get("/api/v1/alerts/{id}/explain", **one)
        self.post("/api/v1/alerts/{id}/escalate", 200, {}, **one)
        self.post("/api/v1/alerts/{id}/page", 200, {"target": {"user": "budi"}, "note": "please"}, **one)
        self.post("/api/v1/alerts/{id}/snooze", 200, {"for": "1h"}, **one)
        self.post("/api/v1/alerts/{id}/acknowledge", 200, **one)
        self.post("/api/v1/alerts/{id}/acknowledge", 200, {"user": "ana"}, **one)
        self.get("/api/v1/alerts/{id}/explain", **one)
        self.post("/api/v1/alerts/{id}/resolve", 200, {}, **one)
        self.post("/api/v1/alerts/{id}/resolve", 422, {"user": "nobody"}, **one)
        for verb, body in (("escalate", {}), ("acknowledge", {}), ("snooze", {"for": "1h"}),
                           ("page", {"target": {"user": "budi"}})):
            self.post(f"/api/v1/alerts/{{id}}/{verb}", 409, body, **one)
        self.get("/api/v1/alerts/{id}/explain", **one)
        said = self.get("/api/v1/events", query=f"?subject=alert:{self.alert_id}&limit=5")
        kinds = self.document["components"]["schemas"]["KnownOccurrence"]["discriminator"]["mapping"]
        self.assertLessEqual({event["kind"] for event in said.json["items"]} | {"stream.reset"}, kinds.keys())
        self.get("/api/v1/events", 409, query="?after=999999999")
        self.get("/api/v1/stream", query="?after=0")
        self.get("/api/v1/misses")
        self.get("/api/v1/retention")
        self.get("/api/v1/users/{name}/misses", name="ana")
        self.post("/api/v1/routes/replay", 200, {"routes": [], "last": 20})
        for query, status in (("?service=checkout", 200), ("?service=nope", 422), ("", 400)):
            self.get("/api/v1/whatif", status, query=query)
        self.post("/api/v1/whatif", 200, {"service": "checkout", "severity": "info", "at": instant(5)})

    def on_call(self):
        primary = {"name": "primary"}
        schedule = "/api/v1/schedules/{name}"
        self.get(f"{schedule}/on-call", query="?at=2026-01-07T10:00:00Z", **primary)
        self.get(f"{schedule}/on-call", 400, query="?at=noon", **primary)
        self.get(f"{schedule}/shifts", query="?from=2026-01-05T00:00:00Z&to=2026-01-25T00:00:00Z", **primary)
        self.get(f"{schedule}/gaps", query="?from=2026-01-05T00:00:00Z&to=2026-01-25T00:00:00Z", **primary)
        override = {"from": "2099-01-05T09:00", "to": "2099-01-06T09:00", "who": "budi", "comment": "swap"}
        made = self.post(f"{schedule}/overrides", 201, override, **primary)
        self.get(f"{schedule}/overrides", **primary)
        self.post(f"{schedule}/overrides", 422, {**override, "who": "nobody"}, **primary)
        self.admin("DELETE", f"{schedule}/overrides/{{id}}", 204, id=made.json["id"], **primary)
        self.admin("DELETE", f"{schedule}/overrides/{{id}}", 404, id=made.json["id"], **primary)
        self.admin("DELETE", f"{schedule}/overrides/{{id}}", 404, id="first", **primary)
        off_duty = "/api/v1/users/{name}/off-duty"
        self.post(off_duty, 200, {"until": instant(24 * 20), "dry_run": True}, name="ana")
        done = self.post(off_duty, 200, {"until": instant(24 * 20), "comment": "ill", "reassign": True}, name="ana")
        self.get("/api/v1/absences")
        self.post(off_duty, 200, {"until": instant(24 * 10)}, name="budi")
        self.post(f"{schedule}/overrides", 201, {**override, "from": "2026-01-05T09:00", "who": "ana"}, **primary)
        self.admin("DELETE", "/api/v1/absences/{name}", 409, name="of-file")
        self.admin("DELETE", "/api/v1/absences/{name}", 200, name=done.json["absence"])
        self.admin("DELETE", "/api/v1/absences/{name}", 404, name=done.json["absence"])
        self.post(off_duty, 422, {"until": "2020-01-01T00:00:00Z"}, name="ana")
        self.swaps()

    def swaps(self):
        asked = {"schedule": "primary", "user": "ana", "with": "budi", "from": instant(24 * 30), "until": instant(24 * 60)}
        self.post("/api/v1/swaps", 422, {**asked, "with": "ana"})
        for verb, who in (("accept", "budi"), ("decline", "budi"), ("withdraw", "ana")):
            made = self.post("/api/v1/swaps", 201, asked).json["id"]
            self.post(f"/api/v1/swaps/{{id}}/{verb}", 403, {"user": "ana" if who == "budi" else "budi"}, id=made)
            self.post(f"/api/v1/swaps/{{id}}/{verb}", 200, {"user": who, "note": "so be it"}, id=made)
            self.post(f"/api/v1/swaps/{{id}}/{verb}", 404, {"user": who}, id="99")
            asked = {**asked, "from": instant(24 * 70), "until": instant(24 * 100)}
        self.post("/api/v1/swaps/{id}/accept", 409, {"user": "budi"}, id=made)
        self.get("/api/v1/swaps", query="?state=accepted&user=ana&schedule=primary")
        self.get("/api/v1/swaps", 400, query="?state=maybe")
        self.get("/api/v1/swaps/{id}", id=made)
        self.get("/api/v1/swaps/{id}", 404, id="99")

    def prometheus(self):
        one = {"key": KEYS["PROM_KEY"]}
        api = f"{PROM}/api/v2"
        alert = {"labels": {"alertname": "Slow", "job": "web"}, "annotations": {"summary": "s"}, "startsAt": instant(-1),
                 "generatorURL": "http://prometheus/graph"}
        silence = {"matchers": [{"name": "job", "value": "web", "isRegex": False, "isEqual": True}], "comment": "c",
                   "startsAt": instant(0), "endsAt": instant(2), "createdBy": "ana"}
        self.send(f"{api}/alerts", 200, [alert, {"labels": {"alertname": "Slow", "job": "db"}}], **one)
        self.client.call("POST", f"{api}/alerts", [5], **one)
        made = self.send(f"{api}/silences", 200, silence, **one).json["silenceID"]
        self.client.call("POST", f"{api}/silences", {**silence, "matchers": []}, **one)
        self.client.call("POST", f"{api}/silences", {**silence, "id": "none"}, **one)
        for path in ("/api/v2/alerts", "/api/v2/alerts/groups", "/api/v2/silences"):
            self.client.good("GET", PROM + path, 200, **one)
            self.client.good("GET", PROM + path, 200, query="?filter=job%3D%22web%22&filter=a!%3D%22b%22", **one)
            self.client.good("GET", PROM + path, 400, query="?filter=%3D%3D", **one)
        for path in ("/api/v2/status", "/api/v2/receivers", "/-/ready", "/-/healthy"):
            self.client.good("GET", PROM + path, 200, **one)
        for method, status in (("GET", 200), ("DELETE", 200)):
            self.client.good(method, f"{api}/silence/{{id}}", status, id=made, **one)
        self.client.good("GET", f"{api}/silence/{{id}}", 404, id="none", **one)

    def silences(self):
        silence = {"match": [{"field": "service", "value": "search"}], "from": instant(0), "to": instant(3),
                   "comment": "work"}
        made = self.post("/api/v1/silences", 201, {"name": "works", **silence})
        self.post("/api/v1/silences", 200, {"name": "works", **silence, "comment": "more work"})
        self.post("/api/v1/silences", 422, {**silence, "to": instant(-3)})
        self.post("/api/v1/silences", 409, {"name": "of-file", **silence})
        self.admin("DELETE", "/api/v1/silences/{name}", 409, name="of-file")
        self.get("/api/v1/silences")
        self.get("/api/v1/silences", query="?holds=true")
        self.get("/api/v1/silences/{name}", name=made.json["name"])
        self.admin("DELETE", "/api/v1/silences/{name}", 204, name=made.json["name"])

    def keys(self):
        made = self.post("/api/v1/tokens", 201, {"name": "ci", "scope": "read", "expires_in": "90d"})
        self.post("/api/v1/tokens", 201, {"name": "ever", "scope": "respond"})
        self.post("/api/v1/tokens", 422, {"name": "x", "scope": "god"})
        self.client.good("GET", "/api/v1/users", 200, bearer=made.json["token"])
        self.get("/api/v1/tokens")
        self.admin("DELETE", "/api/v1/tokens/{name}", 204, name="ci")
        self.admin("DELETE", "/api/v1/tokens/{name}", 404, name="ci")
        self.post("/api/v1/integrations/{name}/key", 201, {"overlap": "1d"}, name="app")
        self.post("/api/v1/heartbeats/{name}/key", 201, name="nightly")
        made = self.post("/api/v1/feeds", 201, {"user": "ana"})
        self.post("/api/v1/feeds", 422, {"user": "nobody"})
        self.get("/api/v1/feeds")
        calendar = {"key": made.json["url"].rpartition("/")[2]}
        said = self.client.good("GET", "/cal/{key}", 200, **calendar)
        document = self.client.good("GET", "/api/v1/openapi.json", 200)
        self.client.good("GET", "/api/v1/openapi.json", 304, headers={"If-None-Match": document.headers["ETag"]})
        self.client.good("GET", "/cal/{key}", 304, headers={"If-None-Match": said.headers["ETag"]}, **calendar)
        self.admin("DELETE", "/api/v1/feeds/{owner}", 400, owner="user:ana", query="?id=x")
        self.admin("DELETE", "/api/v1/feeds/{owner}", 204, owner="user:ana")
        self.admin("DELETE", "/api/v1/feeds/{owner}", 404, owner="user:ana")

    def trials(self):
        self.post("/api/v1/users/{name}/test", 202, {"contact": "webhook"}, name="ana")
        self.post("/api/v1/users/{name}/test", 404, {"contact": "fax"}, name="ana")
        self.post("/api/v1/channels/{name}/test", 202, name="room")
        self.post("/api/v1/channels/{name}/test", 404, name="rom")
        self.get("/api/v1/heartbeats")
        for team in ("search", "none"):
            alert = {"summary": "s", "details": {"labels": {"team": team}}}
            self.post("/api/v1/routes/test", 200, {"integration": "app", "alert": alert})
        self.post("/api/v1/routes/test", 422, {"integration": "nope", "alert": {"summary": "s"}})

    def server(self):
        for path in ("/healthz", "/readyz", "/metrics", "/api/v1/openapi.json"):
            self.client.good("GET", path, 200)
        for path in ("/api/v1/nodes", "/api/v1/doctor", "/api/v1/events/verify"):
            self.get(path)
        in_the_way = self.world.data / "backups"
        in_the_way.write_text("")
        self.post("/api/v1/backup", 503)
        in_the_way.unlink()
        self.post("/api/v1/backup", 201)

    def receiver_link(self):
        """The one that ana's webhook was sent."""
        def find():
            texts = " ".join(call["body"].decode() for call in self.receiver.received())
            return re.search(r"/l/([A-Za-z0-9_.~-]+)", texts)

        self.link = self.world.wait("a message with a link", find)[1]

    def interface(self):
        """The web interface, where this program has one."""
        page = self.client.call("GET", "/", headers={"Accept": "text/html"})
        script = re.search(r'<script type="module" src="/assets/([^"]+)"', page.body.decode())
        self.client.call("GET", "/assets/{file}", file="none.js")
        if script is not None:
            packed = {"Accept-Encoding": "br"}
            found = self.client.good("GET", "/assets/{file}", 200, file=script[1], headers=packed)
            known = {**packed, "If-None-Match": found.headers["ETag"]}
            self.client.call("GET", "/assets/{file}", file=script[1], headers=known)

    def pages(self):
        form = f"token={self.scopes['respond']}".encode()
        signed_in = self.client.good("POST", "/login", 303, form, headers=FORM)
        cookie = {"Cookie": signed_in.headers["Set-Cookie"].partition(";")[0], "Origin": self.world.url}
        for path in ("/board", "/board/parts", "/board/live"):
            self.client.good("GET", path, 200, headers=cookie)
            self.client.call("GET", path)
            self.client.call("GET", path, headers={"Accept": "text/html"})
        for form, more in ((b"token=wrong", {}), (b"token=wrong", {"Accept": "text/html"}), (b"", {})):
            self.client.call("POST", "/login", form, headers={**FORM, **more})
        self.client.good("GET", "/login", 303)
        foreign = {**FORM, "Origin": "https://elsewhere.example"}
        self.client.good("POST", "/login", 403, b"token=x", headers=foreign)
        self.client.good("GET", "/static/{file}", 200, file="board.css")
        self.interface()
        alerts = self.world.alerts(status="open")
        button = "/board/alerts/{id}/acknowledge"
        self.client.good("POST", button, 303, b"", headers={**FORM, **cookie}, id=alerts[0]["id"])
        self.client.call("POST", button, b"", headers={**FORM, **cookie}, id=self.alert_id)
        self.client.good("POST", button, 403, b"", headers={**cookie, **foreign}, id=alerts[0]["id"])
        link = {"token": self.link}
        self.client.good("GET", "/l/{token}", 200, **link)
        self.client.call("GET", "/l/{token}", query="?alert=x", **link)
        for do in (b"do=acknowledge", b"do=resolve", b"do=fly", b"do=page&who=user:nobody", b"do=snooze&for=1h"):
            for accept in ("text/html", "*/*"):
                self.client.call("POST", "/l/{token}", do, headers={**FORM, "Accept": accept}, **link)
        self.client.good("POST", "/l/{token}", 403, b"do=acknowledge", headers=foreign, **link)
        self.client.call("POST", "/logout", headers=foreign)
        self.client.good("POST", "/logout", 303, b"", headers={**FORM, **cookie})

    def people(self):
        """Who sign in: their accounts, sessions and passwords."""
        accept, words = "/api/v1/account/accept", "correct horse battery"
        ours = {"Origin": self.world.url}
        link = self.post("/api/v1/accounts", 201, {"login": "budi", "role": "responder"}).json["link"]
        self.send(accept, 422, {"token": link.partition("#")[2], "password": "short"}, headers=ours)
        self.send(accept, 403, {"token": "x", "password": words}, headers={"Origin": "https://elsewhere.example"})
        self.send(accept, 200, {"token": link.partition("#")[2], "password": words}, headers=ours)
        self.post("/api/v1/accounts", 409, {"login": "budi", "role": "responder"})
        self.post("/api/v1/accounts", 403, {"login": "ana", "role": "owner"})
        self.post("/api/v1/accounts", 201, {"login": "ana", "role": "admin", "password": words})
        self.get("/api/v1/accounts")
        self.get("/api/v1/audit", query="?kind=account&limit=2")
        self.get("/api/v1/audit", 400, query="?kind=acount.created")
        login = {"login": "ana", "password": words}
        self.send("/api/v1/session", 401, {**login, "password": "wrong"}, headers=ours)
        said = self.send("/api/v1/session", 200, login, headers=ours)

        def signed(said):
            return {**ours, "Cookie": said.headers["Set-Cookie"].partition(";")[0], "X-Tocsin-CSRF": said.json["csrf"]}

        mine = signed(said)
        for name in ("me", "sessions"):
            self.client.good("GET", f"/api/v1/{name}", 200, headers=mine)
            self.get(f"/api/v1/{name}")
        self.client.good("DELETE", "/api/v1/session", 403, headers={**mine, "X-Tocsin-CSRF": "x"})
        self.send("/api/v1/session/check", 422, {"password": "wrong"}, headers=mine)
        mine = signed(self.send("/api/v1/session/check", 200, {"password": words}, headers=mine))
        change = "/api/v1/account/password"
        self.send(change, 422, {"old": words, "new": "short"}, headers=mine)
        mine = signed(self.send(change, 200, {"old": words, "new": words + "!"}, headers=mine))
        other = self.send("/api/v1/session", 200, {**login, "password": words + "!"}, headers=ours)
        self.client.good("DELETE", "/api/v1/sessions/{id}", 204, headers=mine, id=other.json["session"]["id"])
        self.client.good("DELETE", "/api/v1/session", 204, headers=mine)
        for path, body in (("session/check", {"password": words}), ("account/password", {"old": words, "new": words})):
            self.post(f"/api/v1/{path}", 409, body)
        self.admin("DELETE", "/api/v1/session", 409)
        for what, status in (("disable", 200), ("invite", 409), ("reset", 409), ("enable", 200), ("invite", 201),
                             ("reset", 201)):
            self.post(f"/api/v1/accounts/{{name}}/{what}", status, name="budi")
        self.post("/api/v1/accounts/{name}/role", 200, {"role": "frontline"}, name="budi")
        self.post("/api/v1/accounts/{name}/disable", 409, name="ana")
        self.post("/api/v1/accounts/{name}/role", 409, {"role": "partner"}, name="ana")

    def floods(self):
        """Too many wrong keys of one address."""
        guess = {"headers": {"X-Forwarded-For": "203.0.113.9"}}
        for _ in range(51):
            self.client.call("GET", "/api/v1/users", bearer="tcn_guess", **guess)
        self.client.good("GET", "/api/v1/users", 429, bearer="tcn_guess", **guess)
        for path, key in (("/heartbeat/{key}", "x"), ("/in/alertmanager/{key}", "x"), (f"{PROM}/api/v2/silences", "x")):
            self.client.good("POST", path, 429, b"{}", key=key, **guess)
        self.client.good("POST", "/api/v1/alerts", 429, b"{}", bearer="tcn_guess", **guess)
        self.client.good("GET", "/cal/{key}", 429, key="x.ics", **guess)
        self.client.good("POST", "/login", 429, b"token=x", headers={**FORM, **guess["headers"]})
        for path, word, status in (("/v2/enqueue", "routing_key", 429), ("/v2/change/enqueue", "routing_key", 429),
                                   ("/generic/2010-04-15/create_event.json", "service_key", 403)):
            self.client.good("POST", path, status, json.dumps({word: "f" * 32}).encode(), **guess)


if __name__ == "__main__":
    unittest.main(verbosity=2)
