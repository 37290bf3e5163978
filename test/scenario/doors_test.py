"""Every door by hand: what is taken, what is refused and how, and what can be read back."""

# engines: sqlite postgresql
import http.client
import itertools
import json
import random
import unittest

from team import KEYS, apply_team
from world import World

AM = f"/in/alertmanager/{KEYS['AM_KEY']}"
PROM = f"/in/prometheus/{KEYS['PROM_KEY']}/api/v2/alerts"


class DoorsTest(unittest.TestCase):
    """Each test comes from an address of its own: wrong keys are counted by address."""

    addresses = itertools.count(1)

    @classmethod
    def setUpClass(cls):
        cls.world = cls.enterClassContext(World({"TRUSTED_PROXIES": "127.0.0.1"}))
        cls.receiver = apply_team(cls.world)

    def setUp(self):
        self.address = f"198.51.100.{next(self.addresses)}"

    def post(self, path, body, token=None, headers=None, **options):
        return self.world.post(path, body, token=token, headers={"X-Forwarded-For": self.address, **(headers or {})}, **options)

    def alert(self, body, token=KEYS["APP_KEY"], headers=None):
        return self.post("/api/v1/alerts", body, token=token, headers=headers)

    def event(self, **fields):
        payload = {"summary": "s", "source": "x", "severity": "error"}
        return self.post("/v2/enqueue", {"routing_key": KEYS["PD_KEY"], "event_action": "trigger",
                                         "payload": payload, **fields})

    def assert_problem(self, answer, status, field=None):
        self.assertEqual(answer.status, status, answer)
        self.assertEqual(answer.headers["Content-Type"], "application/problem+json")
        self.assertEqual(answer.json["status"], status)
        if field is not None:
            self.assertEqual(answer.json["field"], field, answer)

    # --- our own ---

    def test_native_life_of_an_alert(self):
        first = self.alert({"summary": "it is down", "dedup_key": "life", "severity": "critical"})
        self.assertEqual(first.status, 202, first)
        self.assertEqual((first.json["dedup_key"], first.json["outcome"]), ("life", "opened"))
        again = self.alert({"summary": "it is down", "dedup_key": "life"})
        self.assertEqual((again.json["alert_id"], again.json["outcome"]),
                         (first.json["alert_id"], "joined"))
        taken = self.alert({"action": "acknowledge", "dedup_key": "life"})
        self.assertEqual(taken.json["outcome"], "acknowledged")
        over = self.alert({"action": "resolve", "dedup_key": "life"})
        self.assertEqual(over.json["outcome"], "resolved")
        unknown = self.alert({"action": "resolve", "dedup_key": "life"})
        self.assertEqual((unknown.status, unknown.json["outcome"]), (202, "unknown"))
        anew = self.alert({"summary": "it is down", "dedup_key": "life"})
        self.assertEqual(anew.json["outcome"], "opened")
        self.assertNotEqual(anew.json["alert_id"], first.json["alert_id"])
        self.assertEqual(self.world.alert(first.json["alert_id"])["count"], 2)

    def test_native_key_is_made_up(self):
        one, two = self.alert({"summary": "a"}), self.alert({"summary": "a"})
        self.assertNotEqual(one.json["dedup_key"], two.json["dedup_key"])
        self.assertEqual(two.json["outcome"], "opened")

    def test_native_request_sent_again_is_one_alert(self):
        def send(key):
            return self.alert({"summary": "a"}, headers={"Idempotency-Key": key})
        first, again, other = send("r-1"), send("r-1"), send("r-2")
        self.assertEqual((first.json["outcome"], again.json["outcome"]), ("opened", "joined"))
        self.assertEqual(first.json["alert_id"], again.json["alert_id"])
        self.assertNotEqual(first.json["alert_id"], other.json["alert_id"])

    def test_native_refuses_by_field(self):
        self.assert_problem(self.alert({}), 400, "summary")
        self.assert_problem(self.alert({"action": "resolve"}), 400, "dedup_key")
        self.assert_problem(self.alert(b'{"summary": "\xff"}'), 400)
        self.assert_problem(self.alert(b'{"summary": "s"'), 400)
        self.assert_problem(self.alert(b""), 400)
        self.assert_problem(self.alert(b" " * (16 * 1024 * 1024 + 1)), 413)

    def test_native_pages_for_a_program_and_tells_a_person(self):
        for field, value in (("severity", "P1"), ("sevrity", "info"), ("source", 5), ("links", [{"href": "x"}]),
                             ("action", "explode"), ("details", [1]), ("service", "search"), ("integration", "x")):
            odd = {"summary": f"odd {field}", "dedup_key": f"odd-{field}", field: value}
            taken = self.alert(odd)
            self.assertEqual((taken.status, taken.json["outcome"]), (202, "opened"), taken)
            self.assertRegex(taken.json["note"], rf"^{field}(\[0\])?: ")
            kept = self.world.items("/api/v1/integrations/app/payloads")[0]
            self.assertEqual((kept["status"], kept["problem"]), (202, taken.json["note"]))
            alert = self.world.alert(taken.json["alert_id"])
            self.assertEqual((alert["summary"], alert["service"]), (f"odd {field}", "checkout"))
            if field not in ("service", "integration"):  # with a token they say where it goes
                told = self.alert({"service": "checkout", **odd}, token="respond")
                self.assert_problem(told, 400, "links[0].href" if field == "links" else field)

    def test_native_wants_a_good_key(self):
        self.assert_problem(self.alert({"summary": "s"}, token=None), 401)
        self.assert_problem(self.alert({"summary": "s"}, token="tcn_int_nonsense"), 401)
        self.assert_problem(self.alert({"summary": "s"}, token=KEYS["AM_KEY"]), 403)
        self.assert_problem(self.alert({"summary": "s", "service": "search"}, token="read"), 403)

    def test_native_with_a_token(self):
        self.assert_problem(self.alert({"summary": "s"}, token="respond"), 400, "service")
        self.assert_problem(self.alert({"summary": "s", "service": "x"}, token="respond"), 400,
                            "service")
        self.assert_problem(self.alert({"summary": "s", "integration": "x"}, token="respond"), 400,
                            "integration")
        taken = self.alert({"summary": "s", "service": "search"}, token="respond")
        self.assertEqual(taken.status, 202, taken)
        self.assertEqual(self.world.alert(taken.json["alert_id"])["service"], "search")
        taken = self.alert({"summary": "s", "integration": "prod-am"}, token="respond")
        self.assertEqual(self.world.alert(taken.json["alert_id"])["integration"], "prod-am")

    def test_command_line(self):
        done = self.world.cli_json("alert", "the disk is full", "--service", "search",
                                   "--dedup-key", "cli")
        self.assertEqual(done["outcome"], "opened")
        self.assertEqual(self.world.alert(done["alert_id"])["summary"], "the disk is full")

    # --- PagerDuty ---

    def test_pagerduty_answers_as_documented(self):
        taken = self.event(dedup_key="pd")
        self.assertEqual(taken.status, 202)
        self.assertEqual(taken.json, {"status": "success", "message": "Event processed",
                                      "dedup_key": "pd"})
        made_up = self.event()
        self.assertEqual(made_up.status, 202)
        self.assertTrue(made_up.json["dedup_key"])
        for action in ("acknowledge", "resolve", "resolve"):  # also when nothing is open any more
            self.assertEqual(self.event(event_action=action, dedup_key="pd").json["dedup_key"],
                             "pd")

    def test_a_slash_at_the_end_of_a_door(self):
        """Some programs put one there."""
        alerts = {"version": "4", "alerts": [{"status": "firing", "labels": {"alertname": "Slash"}}]}
        self.assertEqual(self.post(AM + "/", alerts).status, 202)
        self.assertEqual(self.post(PROM + "/", [{"labels": {"alertname": "Slash"}}]).status, 200)
        self.assertEqual(self.world.get(PROM + "/", token=None).status, 200)
        self.assertEqual(self.post("/api/v1/alerts/", {"summary": "s"}, token=KEYS["APP_KEY"]).status, 202)
        self.assertEqual(self.post(f"/heartbeat/{KEYS['BEAT_KEY']}/", b"").status, 200)
        self.assertEqual(self.post("/v2/enqueue/", {"routing_key": KEYS["PD_KEY"], "event_action": "trigger", "payload": {
            "summary": "s", "source": "x", "severity": "error"}}).status, 202)
        self.assertEqual(self.post(AM + "//", alerts).status, 404)
        self.assertEqual(self.world.get("/api/v1/services/").status, 404)

    def test_pagerduty_refuses_as_documented(self):
        for body in ({"routing_key": "f" * 32, "event_action": "trigger"}, {}, [], b"{", b"\xff",
                     {"routing_key": KEYS["PD_KEY"], "event_action": "close"},
                     {"routing_key": KEYS["PD_KEY"], "event_action": "trigger"},
                     {"routing_key": KEYS["AM_KEY"], "event_action": "trigger"},
                     {"routing_key": KEYS["PD_KEY"], "event_action": "resolve"}):
            refused = self.post("/v2/enqueue", body)
            self.assertEqual(refused.status, 400, refused)
            self.assertEqual(refused.json["status"], "invalid event")
            self.assertEqual(refused.json["message"], "Event object is invalid")
            self.assertTrue(all(isinstance(text, str) and text for text in refused.json["errors"]))
            self.assertTrue(refused.json["errors"])

    def test_pagerduty_takes_what_pages_all_the_same(self):
        body = {"routing_key": KEYS["PD_KEY"], "event_action": "trigger", "dedup_key": 5,
                "payload": {"summary": "odd", "source": None, "severity": "Sev1"}}
        taken = self.post("/v2/enqueue", body)
        self.assertEqual((taken.status, taken.json["dedup_key"]), (202, "5"))
        self.assertIn("dedup_key", taken.json["note"])
        self.assertEqual(self.latest("5")["severity"], "critical")
        taken = self.post("/v2/enqueue", {**body, "dedup_key": "worse", "payload": {"severity": "blue"}})
        self.assertIn("payload.severity", taken.json["note"])
        alert = self.latest("worse")
        self.assertEqual((alert["severity"], alert["summary"]), ("error", "worse: an alert without a summary"))
        self.assertEqual(self.post("/v2/enqueue", {**body, "event_action": "resolve"}).status, 202)
        self.assertEqual(self.latest("5")["status"], "resolved")

    def test_pagerduty_v1(self):
        v1 = "/generic/2010-04-15/create_event.json"
        body = {"service_key": KEYS["PD_KEY"], "event_type": "trigger", "incident_key": "v1",
                "description": "HTTP fails", "details": {"load": 0.75}}
        taken = self.post(v1, body)
        self.assertEqual((taken.status, taken.json), (200, {
            "status": "success", "message": "Event processed", "incident_key": "v1"}))
        self.assertEqual(self.latest("v1")["summary"], "HTTP fails")
        made_up = self.post(v1, {key: body[key] for key in body if key != "incident_key"})
        self.assertTrue(made_up.json["incident_key"])
        for event, status in (("acknowledge", "acknowledged"), ("resolve", "resolved")):
            self.assertEqual(self.post(v1, {**body, "event_type": event}).status, 200)
            self.assertEqual(self.latest("v1")["status"], status)
        other_words = self.post(v1, {**body, "event_type": "Close"})
        self.assertEqual((other_words.status, other_words.json["note"]), (200, 'event_type: is "Close": taken as resolve'))
        for bad in ({}, {**body, "event_type": "explode", "description": ""}, {**body, "service_key": "f" * 32},
                    {**body, "service_key": KEYS["AM_KEY"]}):
            refused = self.post(v1, bad)
            self.assertEqual((refused.status, refused.json["status"]), (400, "invalid event"))
            self.assertTrue(refused.json["errors"])

    def test_pagerduty_change_is_an_event_only(self):
        before = len(self.world.alerts())
        taken = self.post("/v2/change/enqueue", {
            "routing_key": KEYS["PD_KEY"], "payload": {
                "summary": "deployed 1.2.3", "source": "ci", "timestamp": "2026-01-05T10:00:00Z",
                "custom_details": {"by": "ana"}},
            "links": [{"href": "https://ci.example.org/7", "text": "Build"}]})
        self.assertEqual((taken.status, taken.json["status"]), (202, "success"))
        self.assertEqual(len(self.world.alerts()), before)
        recorded = [event for event in self.world.events() if event["kind"] == "change.recorded"]
        self.assertEqual(recorded[-1]["data"], {
            "summary": "deployed 1.2.3", "source": "ci", "timestamp": "2026-01-05T10:00:00Z",
            "details": {"by": "ana"},
            "links": [{"href": "https://ci.example.org/7", "text": "Build"}]})

    # --- Alertmanager and Prometheus ---

    def test_one_bad_alert_does_not_spoil_the_good(self):
        taken = self.post(AM, {"version": "4", "alerts": [
            {"status": "firing", "annotations": {"summary": "Bad"}},
            {"status": "firing", "labels": {"alertname": "Good"}, "new_key": True}]})
        self.assertEqual(taken.status, 202, taken)
        self.assertEqual((taken.json["accepted"], taken.json["refused"]), (1, 1))
        self.assertEqual(self.world.alerts(status="open")[0]["summary"], "Good")

    def test_others_formats_are_refused_by_field(self):
        self.assert_problem(self.post(AM, {"alerts": [{"status": "on"}]}), 400,
                            "alerts[0].labels")
        told = self.post(PROM, [{"labels": {"a": None}}])  # as Alertmanager would
        self.assertEqual((told.status, told.headers["Content-Type"]), (400, "application/json"))
        self.assertRegex(told.json, r"^\[0\]\.labels: ")
        self.assert_problem(self.post("/in/alertmanager/nonsense", {}), 404)
        self.assert_problem(self.post(f"/in/alertmanager/{KEYS['PROM_KEY']}", {}), 404)
        self.assertEqual(self.post(PROM, []).status, 200)

    # --- what programs send and cannot be told ---

    def firing(self, name, **more):
        return {"status": "firing", "labels": {"alertname": name, "severity": "critical"},
                "annotations": {"summary": name}, "fingerprint": name, **more}

    def summaries(self, *names):
        found = {alert["dedup_key"]: alert["summary"] for alert in self.world.alerts()}
        return [found.get(name) for name in names]

    def test_one_bad_text_does_not_spoil_the_request(self):
        """At each door: what is good is taken, and what was mended is said and kept."""
        for number, (sent, right) in enumerate((
                (rb'"job said \u0000 and died"', "job said \ufffd and died"),
                (b'"half a pair \\ud800"', "half a pair \ufffd"),
                (b'"caf\xe9"', "caf\ufffd"),
                (b'"one", "summary": "the last"', "the last"),
                (b'"raw \x1b[31m\tred"', "raw \x1b[31m\tred"),
                (b'"n", "value": NaN, "huge": 1e999', "n"))):
            good, odd = f"Good{number}", f"Odd{number}"
            body = json.dumps({"alerts": [self.firing(good), self.firing(odd)]}).encode()
            body = body.replace(b'"summary": "' + odd.encode() + b'"', b'"summary": ' + sent)
            taken = self.post(AM, body)
            self.assertEqual((taken.status, taken.json["accepted"]), (202, 2), (sent, taken))
            self.assertIn("mended", taken.json["note"])
            self.assertEqual(self.summaries(good, odd), [good, right])
            native = self.alert(b'{"dedup_key": "n%d", "summary": %s}' %
                                (number, sent.split(b', "value"')[0]))
            self.assertEqual(native.status, 202, (sent, native))
            self.assertEqual(self.summaries(f"n{number}"), [right])
            event = self.post("/v2/enqueue", json.dumps({
                "routing_key": KEYS["PD_KEY"], "event_action": "trigger",
                "dedup_key": f"p{number}", "payload": {"summary": "?", "source": "x",
                "severity": "error"}}).encode().replace(b'"summary": "?"', b'"summary": ' + sent))
            self.assertEqual(event.status, 202, (sent, event))
            self.assertEqual(self.summaries(f"p{number}"), [right])
        kept = self.world.items("/api/v1/integrations/prod-am/payloads")[0]
        self.assertEqual(kept["status"], 202)
        self.assertIn("mended", kept["problem"])

    def test_a_mark_and_large_numbers_change_nothing_else(self):
        taken = self.alert(b'\xef\xbb\xbf{"summary": "from PowerShell", "dedup_key": "mark"}')
        self.assertEqual((taken.status, self.summaries("mark")), (202, ["from PowerShell"]))
        taken = self.alert(b'{"summary": "counter", "details": {"n": 5, "id": 9007199254740993,'
                           b' "bytes": 18446744073709551615}}')
        self.assertEqual(self.world.alert(taken.json["alert_id"])["details"],
                         {"n": 5, "id": 9007199254740993, "bytes": "18446744073709551615"})
        self.assertIn("too large", taken.json["note"])
        self.assertNotIn("note", self.alert({"summary": "s"}).json)

    def test_one_alert_that_cannot_be_read_spoils_no_other(self):
        """Too deep, an odd number, too many values, a comma too many: in one of three."""
        wide = b"[" + b",".join([b"1"] * 210000) + b"]"
        for number, (odd, taken) in enumerate(((b'{"a":' + b"[" * 100 + b"]" * 100 + b"}", 3), (b"007", 3),
                                               (b'{"x":0x1F,"y":None}', 3), (wide, 3), (b"{,}", 2), (b"12:30", 2))):
            def alert(name, annotations):
                return (b'{"status":"firing","labels":{"alertname":"%s%d"},"fingerprint":"%s%d","annotations":%s}'
                        % (name, number, name, number, annotations))
            body = b'{"alerts":[%s,%s,%s]}' % (alert(b"before", b"{}"), alert(b"odd", odd), alert(b"after", b"{}"))
            answer = self.post(AM, body)
            self.assertEqual((answer.status, answer.json["accepted"]), (202, taken), (odd[:20], answer))
            self.assertIn("mended", answer.json["note"])
            self.assertEqual(self.summaries(f"before{number}", f"odd{number}", f"after{number}"),
                             [f"before{number}", f"odd{number}" if taken == 3 else None, f"after{number}"])
            kept = self.world.items("/api/v1/integrations/prod-am/payloads")[0]
            self.assertIn(answer.json["note"], kept["problem"])
            if taken == 2:
                self.assertEqual(answer.json["refused"], 1)
                self.assertIn("alerts[1]", answer.json["first_problem"])
        taken = self.alert(b'{"summary": "wide", "dedup_key": "wide", "details": {"x": ' + wide + b"}}")
        self.assertEqual((taken.status, self.summaries("wide")), (202, ["wide"]), taken)

    def test_payloads_say_what_was_cut_or_mended(self):
        alert, pd = self.firing("cut"), {"routing_key": KEYS["PD_KEY"]}
        event = {"summary": "s", "source": "x", "severity": "error"}
        for name, path, body, problem in (
                ("prod-am", AM, {"alerts": [{**alert, "annotations": {"summary": "x" * 1025}}]}, "summary: is cut"),
                ("prod-am", AM, {"alerts": [{**alert, "endsAt": "soon"}]}, "endsAt: is no instant"),
                ("prod-am", AM, {"alerts": [{**alert, "annotations": {"big": "x" * 70000}}]}, "labels and annotations: are longer"),
                ("prod-am", AM, {"alerts": [alert], "groupKey": "g", "truncatedAlerts": 4}, "truncatedAlerts: "),
                ("prod-prom", PROM, [{**alert, "startsAt": 5}], "startsAt: is no instant"),
                ("prod-pd", "/v2/enqueue", {**pd, "event_action": "trigger", "payload": {**event, "summary": "x" * 1025}},
                 "payload.summary: is cut"),
                ("prod-pd", "/v2/enqueue", {**pd, "event_action": "trigger", "payload": event, "links": [{"href": "x"}]},
                 "links[0]: is no address"),
                ("prod-pd", "/v2/change/enqueue", {**pd, "payload": {**event, "source": 7}}, "payload.source: is no text"),
                ("app", "/api/v1/alerts", {"summary": "x" * 1025}, "summary: is cut"),
                ("app", "/api/v1/alerts", {"summary": "s", "source": "x" * 5000}, "source: is cut"),
                ("app", "/api/v1/alerts", {"summary": "s", "details": {"x": "x" * 70000}}, "details: are longer")):
            with self.subTest(problem):
                answer = self.post(path, body, token=KEYS["APP_KEY"] if name == "app" else None)
                self.assertLess(answer.status, 300, answer)
                if path != PROM:  # Alertmanager's own answer to that is empty
                    self.assertIn(problem, answer.json["note"])
                self.assertIn(problem, self.world.items(f"/api/v1/integrations/{name}/payloads")[0]["problem"])
                self.assertIn(problem, self.world.cli("integration", "payloads", name).stdout)

    def test_the_owner_hears_what_was_refused(self):
        """In a world of its own, where nothing else was refused before."""
        with World() as world:
            apply_team(world)
            odd = {"alerts": [self.firing("beside"), {"status": "firing", "labels": {}}, self.firing("too")]}
            for _ in range(3):
                self.assertEqual(world.post(AM, odd).status, 202)
            world.wait("the owner hears of it",
                       lambda: [alert["summary"] for alert in world.alerts(status="open")
                                if alert["dedup_key"] == "tocsin:refused:unreadable"] ==
                       ['prod-am was refused in part 3 times, the last one: alerts[1].labels: must have at least one label, '
                        'or a fingerprint beside; 2 alerts of the request were taken'])

    def test_the_owner_hears_of_a_wrong_address(self):
        """Nobody reads what a sender is answered."""
        with World() as world:
            apply_team(world)
            for _ in range(3):
                self.assertEqual(world.alerts(), [])
                self.assertEqual(world.post(PROM.replace("/v2/", "/v1/"), [], token=None).status, 404)
            world.wait("the owner hears of it", world.alerts)
            told, = world.alerts()
            self.assertEqual((told["dedup_key"], told["service"]), ("tocsin:refused:door", "checkout"))
            self.assertEqual(told["summary"], "prod-prom was refused 3 times, the last one: POST "
                             "/in/prometheus/KEY/api/v1/alerts was answered 404, for the address of an integration of kind "
                             "prometheus is POST /in/prometheus/KEY/api/v2/alerts; nothing of the request was taken")
            self.assertIn("path_prefix", told["details"]["remedy"])
            found, = [one for one in world.cli_json("doctor", check=False)["findings"] if one["check"] == "refused"]
            self.assertIn("3 requests of prod-prom were not taken", found["what"])
            self.assertIn("path_prefix", found["remedy"])
            self.assertIn('tocsin_intake_refused_total{kind="door"} 3', world.get("/metrics").text)
            self.assertNotIn(KEYS["PROM_KEY"], world.server.log(100000))

    def test_of_too_many_values_what_fits_is_taken(self):
        few, many = (b'{"status":"firing","labels":{"alertname":"%s"},"fingerprint":"%s","annotations":{"x":[%s]}}'
                     % (name, name, b",".join([b"1"] * count)) for name, count in ((b"few", 10), (b"many", 30000)))
        answer = self.post(AM, b'{"alerts":[%s]}' % b",".join([few] + [many] * 8 + [few]))
        self.assertEqual((answer.status, answer.json["accepted"]), (202, 7), answer)
        self.assertIn("holds more values than are taken at once: what comes after the first 7", answer.json["note"])
        self.assertEqual(self.summaries("few", "many"), ["few", "many"])
        told = [alert for alert in self.world.alerts(status="open") if alert.get("source") == "tocsin"]
        self.assertIn("Alerts of prod-am after the first 7 were cut off", [alert["summary"][:48] for alert in told], told)

    def test_what_is_whole_before_the_json_ends_is_taken(self):
        """The body is whole, what is in it is not: cut by a template or a proxy, no connection that broke."""
        whole = b",".join(b'{"status":"firing","labels":{"alertname":"%s"},"fingerprint":"%s"}' % (name, name)
                          for name in (b"cut-a", b"cut-b"))
        answer = self.post(AM, b'{"alerts":[%s,{"status":"firing","labels":{"alertn' % whole)
        self.assertEqual((answer.status, answer.json["accepted"]), (202, 2), answer)
        self.assertIn("ends in the middle: what comes after the first 2", answer.json["note"])
        self.assertEqual(self.summaries("cut-a", "cut-b"), ["cut-a", "cut-b"])
        self.assertIn("ends in the middle", self.world.items("/api/v1/integrations/prod-am/payloads")[0]["problem"])
        told = [alert["summary"] for alert in self.world.alerts(status="open")
                if alert["dedup_key"] == "tocsin:refused:cut-off"]
        self.assertEqual(told, ["Alerts of prod-am after the first 2 were cut off: "
                                "the JSON of the request ends in the middle"])
        answer = self.post(PROM, b'[{"labels":{"alertname":"CutProm"}},{"labels":{"alertname":"Cu')
        self.assertEqual(answer.status, 200, answer)
        self.assertEqual(len([a for a in self.world.alerts() if a["summary"] == "CutProm"]), 1)
        self.assert_problem(self.post(AM, b'{"alerts":[{"status":"firing","labels":{"alertn'), 400)
        # The notification's status may have stood behind the alerts.
        answer = self.post(AM, b'{"alerts":[{"labels":{"alertname":"over"}}],"status":"resol')
        self.assertEqual((answer.status, answer.json["accepted"], answer.json["refused"]), (202, 0, 1), answer)
        self.assertEqual([a for a in self.world.alerts() if a["summary"] == "over"], [])
        # Half of one alert may be another: the key and the action may be what is missing.
        self.assert_problem(self.alert(b'{"summary":"half","links":[{"href":"http://x/"},{"hr'), 400)
        for rest in (b'"log":"%s"' % (b"x" * (16 << 20)),
                     b",".join(b'"p%d":[%s]' % (n, b",".join([b"1"] * 30000)) for n in range(8))):
            alert = b'{"summary":"half","links":[{"href":"http://x/"}],%s,"dedup_key":"k","action":"resolve"}' % rest
            self.assert_problem(self.alert(alert), 413)
        self.assertEqual([a for a in self.world.alerts() if a["summary"] == "half"], [])

    def test_one_long_text_costs_no_label(self):
        """The route, the silence and what others know the alert by stay what they were."""
        with World() as world:
            apply_team(world)
            world.cli("silence", "add", "details.labels.team=search", "--for", "1h")

            def shown(name):
                return [one for one in world.get(PROM, token=None).json if one["labels"].get("alertname") == name]

            prints = set()
            for name, size in itertools.product(("LongA", "LongB"), (70_000, 5, 71_000)):
                alert = {"labels": {"alertname": name, "team": "search"}, "annotations": {"dump": "x" * size, "summary": name}}
                self.assertEqual(world.post(PROM, [alert], token=None).status, 200)
                self.assertEqual(world.post(AM, {"alerts": [{**alert, "status": "firing"}]}, token=None).status, 202)
                kept, = shown(name)
                self.assertEqual(kept["labels"], alert["labels"])
                self.assertEqual(kept["annotations"]["summary"], name)
                self.assertEqual(kept["annotations"]["dump"].endswith("… (cut)"), size > 65_536)
                self.assertEqual(kept["status"]["state"], "suppressed", kept)
                prints.add(kept["fingerprint"])
            self.assertEqual(len(prints), 2)
            self.assertEqual({alert["service"] for alert in world.alerts()}, {"search"})
            for name in ("prod-prom", "prod-am"):
                self.assertIn("1 text is cut", world.items(f"/api/v1/integrations/{name}/payloads")[0]["problem"])
            two = [{"labels": {"alertname": "Wide", "team": "search", "wide": "w" * 70_000 + end}} for end in "ab"]
            self.assertEqual(world.post(PROM, two, token=None).status, 200)
            self.assertEqual(len({one["fingerprint"] for one in shown("Wide")}), 2, "they differ behind the cut")

    def test_a_null_label_is_absent(self):
        sent = self.post(PROM, b'[{"labels":{"alertname":"NullLabel","team":null,"n":5}}]')
        self.assertEqual(sent.status, 200, sent)
        alert, = [alert for alert in self.world.alerts() if alert["summary"] == "NullLabel"]
        self.assertEqual(alert["details"]["labels"], {"alertname": "NullLabel", "n": "5"})
        kept = self.world.items("/api/v1/integrations/prod-prom/payloads")[0]
        self.assertIn("[0].labels.team", kept["problem"])

    def test_an_alert_is_taken_without_a_time_that_cannot_be_read(self):
        odd = {"NoZone": "2026-01-05T10:00:00", "Y9999": "9999-12-31T23:59:59.999Z",
               "Before1970": "1969-12-31T23:59:59Z", "GoZeroLocal": "0000-12-31T19:03:58-04:56", "Last": "9999-12-31T23:59:59Z"}
        taken = self.post(AM, {"alerts": [
            self.firing(name, startsAt=at, endsAt="0001-01-01T00:00:00Z")
            for name, at in odd.items()]})
        self.assertEqual((taken.status, taken.json["accepted"]), (202, 5), taken)
        self.assertIn("alerts[0].startsAt", taken.json["note"])
        found = [alert for alert in self.world.alerts() if alert["dedup_key"] in odd]
        self.assertEqual([alert.get("started_at") for alert in found], [None] * 5)

    def test_a_blank_summary_is_none(self):
        body = {"summary": " \u200b\u00a0\ufeff", "source": "db7", "dedup_key": "blank"}
        self.assertEqual(self.alert(body).status, 202)
        self.assertEqual(self.summaries("blank"), ["db7: an alert without a summary"])
        self.assert_problem(self.alert({**body, "service": "search"}, token="respond"), 400,
                            "summary")

    # --- episodes, by the sender's clock ---

    def episode(self, status, start, end="0001-01-01T00:00:00Z", name="PaymentsDown", **more):
        return self.post(AM, {"alerts": [{
            **self.firing(name), "status": status, "startsAt": f"2026-01-05T{start}:00Z",
            "endsAt": end if len(end) > 5 else f"2026-01-05T{end}:00Z", **more}]})

    def latest(self, key):
        return [alert for alert in self.world.alerts() if alert["dedup_key"] == key][0]

    def test_a_late_copy_of_an_older_resolve_changes_nothing(self):
        self.episode("firing", "10:00")
        self.episode("resolved", "10:00", "10:05")
        first = self.latest("PaymentsDown")
        self.assertEqual((first["status"], first["ended_at"]),
                         ("resolved", "2026-01-05T10:05:00Z"))
        self.episode("firing", "10:20")
        self.episode("resolved", "10:00", "10:05")
        second = self.latest("PaymentsDown")
        self.assertNotEqual(second["id"], first["id"])
        self.assertEqual(second["status"], "open")
        ignored = [event for event in self.world.events()
                   if event["kind"] == "alert.resolve_ignored"]
        self.assertEqual(ignored[-1]["subject"], f"alert:{second['id']}")
        self.episode("resolved", "10:20", "10:20")
        self.assertEqual(self.latest("PaymentsDown")["status"], "resolved")

    def test_a_split_pair_of_alertmanagers_is_one_alert(self):
        """As recorded: one is told of the end, the other, cut off, repeats the firing."""
        self.episode("firing", "11:00", name="Split")
        first = self.latest("Split")
        self.episode("resolved", "11:00", "11:05", name="Split")
        self.episode("firing", "11:00", name="Split")
        again = self.latest("Split")
        self.assertEqual((again["id"], again["status"]), (first["id"], "open"))
        kinds = [event["kind"] for event in self.world.events()
                 if event["subject"] == f"alert:{first['id']}" and event["kind"].startswith("alert")]
        self.assertEqual(kinds, ["alert.triggered", "alert.resolved", "alert.continued"])
        self.episode("resolved", "11:00", "11:05", name="Split")
        self.assertEqual(self.latest("Split")["status"], "resolved")

    def send_disk(self, door, level, used):
        """One of several reports of the same trouble, as that door's senders write it."""
        summary, link = f"{door}: disk {used} %", f"https://graph.example.org/{used}"
        labels = {"alertname": door, "severity": level}
        event = {"summary": summary, "severity": level, "source": "db7", "custom_details": {"used": used}}
        reports = {
            "native": lambda: self.alert({"summary": summary, "dedup_key": door, "severity": level,
                                          "details": {"used": used}, "links": [{"href": link}]}),
            "pagerduty": lambda: self.event(dedup_key=door, payload=event, links=[{"href": link, "text": "Graph"}]),
            "pagerduty-v1": lambda: self.post("/generic/2010-04-15/create_event.json", {
                "service_key": KEYS["PD_KEY"], "event_type": "trigger", "incident_key": door, "description": summary,
                "details": {"used": used}, "contexts": [{"type": "link", "href": link}]}),
            "alertmanager": lambda: self.post(AM, {"alerts": [{
                "status": "firing", "fingerprint": door, "labels": labels, "generatorURL": link,
                "annotations": {"summary": summary, "used": str(used)}}]}),
            "prometheus": lambda: self.post(PROM, [{
                "labels": {"alertname": door}, "generatorURL": link, "annotations": {"summary": summary, "used": str(used)}}]),
        }
        if door == "command line":
            self.world.cli("alert", summary, "--service", "checkout", "--dedup-key", door, "--severity", level,
                           "--detail", f"used={used}", "--link", link)
        else:
            sent = reports[door]()
            self.assertIn(sent.status, (200, 202), sent)

    def told_of(self, alert_id, summary):
        """The messages in which ana is told of it by that summary, and what they say of it."""
        messages = [json.loads(call["body"])["data"] for call in self.receiver.received("/ana")]
        return [(message, item) for message in messages for item in message["alerts"]
                if (item["id"], item["summary"]) == (str(alert_id), summary)]

    def page_of(self, alert_id, summary):
        """What a message says of the alert, and the page behind its link; a digest's page names it among others."""
        asked = self.post(f"/api/v1/alerts/{alert_id}/page", {"target": {"user": "ana"}}, token="respond")
        self.assertEqual(asked.status, 200, asked)
        message, item = self.world.wait("ana is told", lambda: self.told_of(alert_id, summary))[-1]
        only = "" if message["total"] == 1 else f"?alert={alert_id}"
        page = self.world.get(message["ack_url"] + only, token=None)
        self.assertEqual(page.status, 200, page)
        return item, page.text

    def test_a_repeat_renews_what_is_said(self):
        """At each door: summary, details, links and severity; the page has both, and history each version. At the
        Prometheus door the labels are the alert, and version 1 of PagerDuty's events knows no severity."""
        reports = (("warning", 91), ("critical", 97), ("error", 95))
        for door in ("native", "command line", "pagerduty", "pagerduty-v1", "alertmanager", "prometheus"):
            with self.subTest(door):
                for level, used in reports:
                    self.send_disk(door, level, used)
                alert, = [alert for alert in self.world.alerts() if alert["summary"] == f"{door}: disk 95 %"]
                self.assertEqual((alert["first_summary"], alert["count"]), (f"{door}: disk 91 %", 3))
                self.assertIn("95", json.dumps(alert["details"]))
                self.assertNotRegex(json.dumps(alert["details"]), "91|97")
                self.assertEqual([link["href"] for link in alert["links"]], ["https://graph.example.org/95"])
                versions = [event["data"] for event in self.world.events()
                            if event["subject"] == f"alert:{alert['id']}" and
                            event["kind"] in ("alert.triggered", "alert.repeated")]
                self.assertEqual([data["summary"] for data in versions], [f"{door}: disk {used} %" for _, used in reports])
                for before, after, (_, used) in zip(reports, versions[1:], reports[1:]):
                    self.assertEqual([link["href"] for link in after["links_before"]],
                                     [f"https://graph.example.org/{before[1]}"])
                    self.assertIn(str(before[1]), json.dumps(after["details_before"]))
                    self.assertIn(str(used), json.dumps(after["details"]))
                told, page = self.page_of(alert["id"], f"{door}: disk 95 %")
                self.assertEqual([link["href"] for link in told["links"]], ["https://graph.example.org/95"])
                for text in (f"{door}: disk 95 %", f"{door}: disk 91 %", "https://graph.example.org/95"):
                    self.assertIn(text, page)
                self.assertNotIn("https://graph.example.org/91", page)
                if door in ("prometheus", "pagerduty-v1"):
                    self.assertNotIn("first_severity", alert)
                    continue
                self.assertEqual((alert["severity"], alert["first_severity"]), ("error", "warning"))
                self.assertEqual([data["severity"] for data in versions], ["warning", "critical", "error"])
                self.assertEqual(told["severity"], "error")
                self.assertIn(f"warning: {door}: disk 91 %", page)

    def test_what_alertmanager_cut_off_is_told_until_it_is_whole(self):
        def notify(truncated):
            sent = self.post(AM, {"groupKey": "{}:{a=1}", "truncatedAlerts": truncated,
                                  "alerts": [self.firing("InGroup")]})
            self.assertEqual((sent.status, sent.json["accepted"]), (202, 1), sent)
        notify(12)
        notify(12)
        told = self.latest("truncated:{}:{a=1}")
        self.assertEqual((told["status"], told["severity"], told["count"]), ("open", "critical", 2))
        self.assertIn("12 more alerts", told["summary"])
        notify(0)
        self.assertEqual(self.latest("truncated:{}:{a=1}")["status"], "resolved")
        notify(0)

    def test_any_order_of_labels(self):
        one = '[{"labels":{"alertname":"Order","a":"1","b":"2"}}]'
        two = '[{"labels":{"b":"2","a":"1","alertname":"Order"}}]'
        self.assertEqual(self.post(PROM, one).status, 200)
        self.assertEqual(self.post(PROM, two).status, 200)
        found = [alert for alert in self.world.alerts() if alert["summary"] == "Order"]
        self.assertEqual([alert["count"] for alert in found], [2])

    def test_no_bytes_at_all_make_a_5xx(self):
        """A sender that gets a 5xx tries again for ever; one that sends nonsense must not."""
        chance = random.Random(20261122)
        alert = {"status": "firing", "labels": {"alertname": "A"}, "endsAt": "2026-11-22T10:00:00Z"}
        event = {"routing_key": KEYS["PD_KEY"], "event_action": "trigger", "dedup_key": "nonsense",
                 "payload": {"summary": "s", "source": "x", "severity": "error"}}
        doors = [(AM, {"alerts": [alert]}), (PROM, [alert]), ("/v2/enqueue", event),
                 ("/v2/change/enqueue", event), ("/api/v1/alerts", {"summary": "s"})]
        line = http.client.HTTPConnection("127.0.0.1", self.world.port, timeout=30)
        statuses = set()
        for number in range(1000):
            path, body = doors[number % len(doors)]
            body = bytearray(json.dumps(body).encode())
            for _ in range(chance.randrange(4)):
                at = chance.randrange(len(body))
                body[at:at + chance.randrange(3)] = chance.choice(
                    [b"", b"\x00", b"\xff", b"[", b"}", b'"', b"1e999", b"null", b"-", b"\\u0000",
                     bytes([chance.randrange(256)])])
            line.request("POST", path, bytes(body),
                         {"Authorization": f"Bearer {KEYS['APP_KEY']}"})
            answer = line.getresponse()
            answer.read()
            self.assertLess(answer.status, 500, (path, bytes(body)))
            statuses.add(answer.status)
        line.close()
        self.assertLessEqual({200, 202, 400}, statuses)

    # --- heartbeats, payloads, GET ---

    def test_heartbeat(self):
        beat = f"/heartbeat/{KEYS['BEAT_KEY']}"
        self.assertEqual(self.post(beat, b"").status, 200)
        unknown = self.post("/heartbeat/nonsense", b"")
        self.assert_problem(unknown, 404)
        self.assertIn("tocsin heartbeat rotate", unknown.json["detail"])
        self.assert_problem(self.post(f"/heartbeat/{KEYS['APP_KEY']}", b""), 404)
        self.assertEqual(self.world.get(beat, token=None).status, 405)

    def test_get_changes_nothing(self):
        before = self.world.alerts()
        for path in (AM, "/v2/enqueue", "/v2/change/enqueue"):
            self.assertEqual(self.world.get(path, token=None).status, 405)
        self.assertEqual(self.world.alerts(), before)

    def test_last_payloads_can_be_read_back(self):
        with World() as world:
            apply_team(world)
            path = "/api/v1/integrations/prod-pd/payloads"
            key = KEYS["PD_KEY"]
            body = {"routing_key": key, "event_action": "trigger", "dedup_key": "p",
                    "payload": {"summary": "s", "source": "x", "severity": "error"}}
            self.assertEqual(world.post("/v2/enqueue", body, token=None).status, 202)
            self.assertEqual(
                world.post("/v2/enqueue", {**body, "payload": []}, token=None).status, 400)
            odd = {**body, "payload": {**body["payload"], "severity": "blue"}}
            self.assertEqual(world.post("/v2/enqueue", odd, token=None).status, 202)
            kept = world.items(path)
            self.assertEqual([payload["status"] for payload in kept], [202, 400, 202])
            escaped = json.dumps(body).replace(key, "".join(f"\\u{ord(c):04x}" for c in key))
            self.assertEqual(world.post("/v2/enqueue", escaped.encode(), token=None).status, 202)
            self.assertEqual(json.loads(world.items(path)[0]["body"])["routing_key"], "[secret]")
            self.assertIn("payload.severity", kept[0]["problem"])
            self.assertIn("payload", kept[1]["problem"])
            self.assertEqual(json.loads(kept[2]["body"])["dedup_key"], "p")
            self.assertNotIn(key, json.dumps(kept))
            self.assertEqual(world.get(path, token="read").status, 403)
            self.assertEqual(world.get(path, token=None).status, 401)
            for number in range(30):
                world.post("/v2/enqueue", {**body, "dedup_key": str(number)}, token=None)
            self.assertEqual(len(world.items(path)), 20)
            large = b'{"version": "4", "note": "' + b"x" * (16 * 1024 * 1024) + b'"}'
            self.assertEqual(
                world.post(f"/in/alertmanager/{KEYS['AM_KEY']}", large, token=None).status, 413)
            kept = world.items("/api/v1/integrations/prod-am/payloads")
            self.assertEqual([payload["status"] for payload in kept], [413])
            self.assertIn("16777216 bytes", kept[0]["problem"])
            self.assertLess(len(kept[0]["body"]), 70000)


if __name__ == "__main__":
    unittest.main()
