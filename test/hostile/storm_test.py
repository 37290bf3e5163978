"""The largest outage: thousands of alerts in one request, more than is taken, and bodies that are lost. Somebody
hears of each."""

import http.client
import json
import os
import pathlib
import re
import socket
import sys
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "scenario"))

from team import KEYS, apply_team  # noqa: E402
from world import World, metric  # noqa: E402

AM = f"/in/alertmanager/{KEYS['AM_KEY']}"
PROM = f"/in/prometheus/{KEYS['PROM_KEY']}/api/v2/alerts"
SENDERS_TIMEOUT_S = 10  # Alertmanager's and Prometheus'
IS_PLAIN = not os.environ.get("ASAN_OPTIONS") and not os.environ.get("TSAN_OPTIONS")
# A body of 16 MB, its document and its alerts at one time; measured: 160 MB.
STORM_MIB = 250


def alert(number, labels=11, group="storm"):
    """As Kubernetes' rules make them, of 1 to 2 kB."""
    more = {f"label_{i}": f"value {i} of the pod" for i in range(labels - 3)}
    return {"status": "firing",
            "labels": {"alertname": "KubePodNotReady", "severity": "critical",
                       "pod": f"{group}-{number:05d}-7f9c4d5b8-abcde", **more},
            "annotations": {"summary": f"Pod {group}-{number:05d} is not ready",
                            "description": "The pod has been in a non-ready state for 15 minutes. " * 4,
                            "runbook_url": "https://runbooks.example/kubepodnotready"},
            "startsAt": "2026-01-01T10:00:00Z", "endsAt": "0001-01-01T00:00:00Z",
            "generatorURL": "http://prometheus.example:9090/graph?g0.expr=" + "sum+by" * 20,
            "fingerprint": f"{group}{number:011x}"}


def notification(count, labels=11, group="storm"):
    return json.dumps({"version": "4", "status": "firing", "receiver": "pager", "groupKey": "g",
                       "alerts": [alert(i, labels, group) for i in range(count)]})


def peak_mib(pid):
    for line in pathlib.Path(f"/proc/{pid}/status").read_text("ascii").splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) / 1024
    raise AssertionError(f"process {pid} has no memory")


class StormTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.world = cls.enterClassContext(World({"BODY_MAX": 16 * 1024 * 1024, "ALERTS_PER_REQUEST": 10500}))
        cls.ana = apply_team(cls.world)

    def post(self, path, body, **options):
        return self.world.post(path, body, token=None, **options)

    def own_alert(self, integration, kind):
        """The open alert about something that was not taken; it is among the newest."""
        newest = self.world.get("/api/v1/alerts?status=open&limit=200").json["items"]
        found = [one for one in newest if one["source"] == "tocsin" and one["integration"] == integration
                 and one["dedup_key"] == f"tocsin:refused:{kind}"]
        self.assertLessEqual(len(found), 1, found)
        return found[0] if found else None

    def last_problem(self, integration):
        return self.world.items(f"/api/v1/integrations/{integration}/payloads")[0]["problem"]

    def refused(self, kind):
        return metric(self.world.get("/metrics").text, "tocsin_intake_refused_total", kind=kind) or 0

    def messages(self):
        return b"\n".join(call["body"] for call in self.ana.received("/ana")).decode()

    def is_told(self, alert_id):
        """Somebody was: a digest of thousands need not name it."""
        pages = self.world.get(f"/api/v1/alerts/{alert_id}/explain").json["pages"]
        return any(told["state"] == "delivered" for page in pages for told in page["notifications"])

    def test_1500_alerts_with_usual_labels(self):
        answer = self.post(AM, notification(1500, group="many"))
        self.assertEqual((answer.status, answer.json), (202, {"accepted": 1500}))
        self.world.wait("somebody is paged", lambda: "KubePodNotReady" in self.messages()
                        or "is not ready" in self.messages())

    def test_2000_alerts_with_16_labels(self):
        answer = self.post(AM, notification(2000, labels=16, group="wide"))
        self.assertEqual((answer.status, answer.json), (202, {"accepted": 2000}))

    def test_10000_of_the_smallest_alerts(self):
        alerts = ['{"status":"firing","labels":{"alertname":"Small","n":"%d"},"x":[1,2,3]}' % number for number in range(10000)]
        answer = self.post(AM, '{"alerts":[%s]}' % ",".join(alerts))
        self.assertEqual((answer.status, answer.json), (202, {"accepted": 10000}))

    def test_10000_alerts_within_the_senders_patience(self):
        body = notification(10000)
        began = time.monotonic()
        answer = self.post(AM, body)
        took = time.monotonic() - began
        self.assertEqual((answer.status, answer.json), (202, {"accepted": 10000}))
        if IS_PLAIN:
            self.assertLess(took, SENDERS_TIMEOUT_S)
            self.assertLess(peak_mib(self.world.server.pid), STORM_MIB)
        # A 202 means that all are kept: also after the process is killed.
        self.world.kill()
        self.world.start()
        newest = self.world.get("/api/v1/alerts?status=open&limit=1").json["items"][0]
        again = self.post(AM, body)
        self.assertEqual((again.status, again.json), (202, {"accepted": 10000}))
        self.assertEqual(self.world.get("/api/v1/alerts?status=open&limit=1").json["items"][0]["id"], newest["id"],
                         "each was there already")

    def test_more_alerts_than_are_taken(self):
        answer = self.post(AM, notification(10507, labels=3, group="more"))
        self.assertEqual(answer.status, 202, answer)
        self.assertEqual((answer.json["accepted"], answer.json["cut_off"]), (10500, 7))
        self.assertIn("7 of the alerts", answer.json["note"])
        self.assertIn("7 of the alerts", self.last_problem("prod-am"))
        found = self.own_alert("prod-am", "cut-off")
        self.assertEqual(found["summary"], "7 alerts of prod-am were cut off: too much in one request")
        self.assertEqual(found["service"], "checkout")
        # With the next digest: the storms before took up this minute.
        self.world.wait("the owner is told", lambda: self.is_told(found["id"]), patience_s=75)

    def test_body_longer_than_is_taken(self):
        """The first 16 MiB of it are read, alert by alert."""
        alerts = [alert(i, group="long") for i in range(9000)]
        for one in alerts:
            one["annotations"]["description"] = "x" * 2500
        body = json.dumps(alerts)
        self.assertGreater(len(body), 17 * 1024 * 1024)
        before = self.refused("cut-off")
        answer = self.post(PROM, body)
        self.assertEqual(answer.status, 200, answer)
        self.assertEqual(self.refused("cut-off"), before + 1)
        found = self.own_alert("prod-prom", "cut-off")
        taken = int(re.fullmatch("Alerts of prod-prom after the first ([0-9]+) were cut off: too much in one request",
                                 found["summary"])[1])
        self.assertTrue(4000 < taken < 9000, taken)
        self.assertIn(f"after the first {taken} alerts was cut off", self.last_problem("prod-prom"))

    def test_nothing_of_a_long_body_can_be_read(self):
        big = json.dumps({"summary": "x" * 17 * 1024 * 1024})
        for _ in range(2):
            answer = self.world.post("/api/v1/alerts", big, token=KEYS["APP_KEY"])
            self.assertEqual(answer.status, 413, answer)
            self.assertIn("16777216", answer.json["detail"])
        found = self.world.wait("the owner has an alert", lambda: self.own_alert("app", "too-large"))
        self.assertEqual(found["summary"], "app was refused: body too large")
        self.assertEqual(self.refused("too-large"), 2)
        findings = self.world.cli_json("doctor", check=False)["findings"]
        said = [one["what"] for one in findings if one["subject"] == "integration:app"
                and one["check"] == "refused"]
        self.assertEqual(len(said), 1, findings)
        self.assertIn("2 requests of app", said[0])
        self.assertIn("body too large", said[0])
        self.assertIn("body too large", self.world.server.log(400))

    def test_senders_that_hang_up_in_the_middle(self):
        """Three in a row: it never gets through. (Of one whose end is there before its header was read, nothing
        is known.)"""

        def hang_up():
            with socket.create_connection(("127.0.0.1", self.world.port)) as sender:
                sender.sendall(f"POST {PROM} HTTP/1.1\r\nHost: x\r\nContent-Length: 5000\r\n\r\n[".encode())
            return self.own_alert("prod-prom", "broken-off")

        found = self.world.wait("the owner has an alert", hang_up)
        self.assertEqual(found["summary"], "prod-prom was refused 3 times: body broken off")

    def test_what_cannot_be_read(self):
        """One odd request is nobody's business; the third is, whatever is taken between."""
        event = {"routing_key": KEYS["PD_KEY"], "event_action": "trigger"}
        for _ in range(2):
            self.assertEqual(self.post("/v2/enqueue", event).status, 400)
        good = {**event, "payload": {"summary": "s", "source": "x", "severity": "error"}}
        self.assertEqual(self.post("/v2/enqueue", good).status, 202)
        self.assertIsNone(self.own_alert("prod-pd", "unreadable"))
        self.assertEqual(self.post("/v2/enqueue", event).status, 400)
        found = self.world.wait("the owner has an alert", lambda: self.own_alert("prod-pd", "unreadable"))
        self.assertIn("prod-pd was refused 3 times", found["summary"])


class EndlessTest(unittest.TestCase):
    def setUp(self):
        self.world = self.enterContext(World())
        apply_team(self.world)

    def test_body_of_any_length(self):
        """More than is read of one that is refused: what fits is taken all the same, in the same memory."""
        alerts = [alert(i, group="endless") for i in range(70000)]
        body = json.dumps({"version": "4", "groupKey": "endless", "alerts": alerts}).encode()
        self.assertGreater(len(body), 65 * 1024 * 1024)
        pieces = [body[i:i + 1024 * 1024] for i in range(0, len(body), 1024 * 1024)]
        for name, sent, headers in (("a length", body, {"Content-Length": str(len(body))}),
                                    ("chunks", iter(pieces), {"Transfer-Encoding": "chunked"})):
            with self.subTest(name):
                connection = http.client.HTTPConnection("127.0.0.1", self.world.port, timeout=60)
                self.addCleanup(connection.close)
                connection.request("POST", AM, body=sent, headers=headers, encode_chunked="Transfer-Encoding" in headers)
                reply = connection.getresponse()
                said = json.loads(reply.read())
                self.assertEqual(reply.status, 202, said)
                self.assertGreater(said["accepted"], 5000)
                self.assertIn("was cut off", said["note"])
        if IS_PLAIN:
            self.assertLess(peak_mib(self.world.server.pid), STORM_MIB)

    def test_body_that_does_not_end(self):
        """What fits is taken when it is there, whatever becomes of the rest."""
        body = json.dumps([alert(i, group="stuck") for i in range(18000)]).encode()
        with socket.create_connection(("127.0.0.1", self.world.port), timeout=20) as connection:
            connection.sendall(f"POST {PROM} HTTP/1.1\r\nHost: x\r\nContent-Length: {1 << 40}\r\n\r\n".encode())
            connection.sendall(body[:17 * 1024 * 1024])
            self.world.wait("the alerts are there", lambda: any(
                "stuck" in one["summary"] for one in self.world.get("/api/v1/alerts?limit=200").json["items"]))


if __name__ == "__main__":
    unittest.main()
