"""Debian's amtool asks a real Alertmanager and us the same, with the same alerts in both."""

import json
import subprocess
import unittest

from team import KEYS, apply_team
from world import World, free_port, need, request

CONFIG = """
route: {receiver: prod-prom, group_by: [alertname], group_wait: 1h}
receivers: [{name: prod-prom}]
"""

ALERTS = [
    {"alertname": "DiskFull", "severity": "critical", "instance": "db7", "team": "storage"},
    {"alertname": "DiskFull", "severity": "warning", "instance": "db8", "team": "storage"},
    {"alertname": "Latency", "severity": "warning", "instance": "web-1", "path": "C:\\dir"},
    {"alertname": "Latency", "severity": "critical", "instance": "web-2", "note": 'say "hi"'},
    {"alertname": "Lines", "severity": "info", "note": "one\ntwo"},
    {"alertname": "Naïve", "severity": "info", "city": "Zürich 東京"},
    {"alertname": "Bare"},
    {"alertname": "Braces", "note": "{a=b}", "empty": ""},
]

# What a person types behind `amtool alert query`. The last ones are no filters at all.
QUERIES = [
    [], ["DiskFull"], ["alertname=DiskFull"], ['alertname="DiskFull"'], ["alertname = DiskFull"],
    ["alertname!=DiskFull"], ["alertname=~Disk.*"], ["alertname=~Disk"], ["alertname=~isk.ull"],
    ["alertname!~Disk.*"], ["alertname=~DiskFull|Latency"], ["alertname!~DiskFull|Latency"],
    ["severity=critical", "alertname=Latency"], ["severity=critical", "team="], ["team=storage"],
    ["team!="], ["team=~.+"], ["team!~.+"], ["team=~.*"], ["missing=x"], ["missing!=x"],
    ['path="C:\\\\dir"'], ["path=C:\\\\dir"], ['path=~"C:.dir"'], ['note="say \\"hi\\""'],
    ['note="one\\ntwo"'], ["note=~one.two"], ["note=~(?s)one.two"], ["note={a=b}"],
    ["city=~Zürich.*"], ["city=Zürich 東京"], ["alertname=~(?i)diskfull"], ["instance=~db[0-7]"],
    ["instance=~web-\\d"], ["instance!~web-\\d", "instance!="], ["empty="],
    ["--silenced"], ["--active"], ["--inhibited"], ["--unprocessed"], ["--silenced", "--active"],
    ["--silenced", "alertname=DiskFull"], ["--receiver=prod-prom"], ["--receiver=prod"],
    ["--receiver=prod-.*"], ["--receiver=prod-prom|other", "Bare"],
    ["alertname=~["], ["alertname=~*"], ['alertname="DiskFull'], ['a="b" c"'],
    ["--receiver=("],
]


class Both:
    """A real Alertmanager beside our server."""

    def __init__(self, world):
        self.world = world
        self.amtool, program = need("amtool", "prometheus-alertmanager")
        port = free_port()
        world.run("alertmanager", [
            program, f"--config.file={world.write('am.yml', CONFIG)}",
            f"--storage.path={world.folder}/am", f"--web.listen-address=127.0.0.1:{port}",
            "--cluster.listen-address="])
        self.theirs = f"http://127.0.0.1:{port}"
        self.ours = f"{world.url}/in/prometheus/{KEYS['PROM_KEY']}"
        world.wait("Alertmanager is ready",
                   lambda: request("GET", f"{self.theirs}/-/ready").status == 200)

    def run(self, url, *args):
        return subprocess.run([self.amtool, f"--alertmanager.url={url}", "--no-version-check", *args],
                              capture_output=True, text=True, check=False, timeout=30)

    def fill(self):
        alerts = [{"labels": labels, "annotations": {"summary": f"number {number}"},
                   "generatorURL": f"http://prometheus.example.com/{number}"}
                  for number, labels in enumerate(ALERTS)]
        for url in (self.theirs, self.ours):
            answer = request("POST", f"{url}/api/v2/alerts", alerts)
            assert answer.status == 200, answer


def without_times(alerts):
    """Of what both know alike: the moments at which each heard of it differ."""
    return [{key: alert[key] for key in ("labels", "annotations", "fingerprint", "generatorURL")}
            | {"state": alert["status"]["state"], "silences": len(alert["status"]["silencedBy"]),
               "inhibitors": alert["status"]["inhibitedBy"], "receivers": alert["receivers"]}
            for alert in alerts]


class AmtoolTest(unittest.TestCase):
    def test_queries_are_answered_as_by_alertmanager(self):
        with World() as world:
            apply_team(world)
            both = Both(world)
            both.fill()
            both.run(both.theirs, "silence", "add", "alertname=DiskFull", "severity=warning",
                     "--comment=new disks")
            world.cli("silence", "add", "details.labels.alertname=DiskFull",
                      "details.labels.severity=warning", "--for", "1h")
            found = 0
            for query in QUERIES:
                with self.subTest(query=query):
                    found += self.compare(both, query)
            self.assertGreater(found, 60)  # it was not nothing against nothing
            self.compare_groups(both)

    def compare(self, both, query):
        theirs, ours = (both.run(url, "alert", "query", "-o", "json", *query)
                        for url in (both.theirs, both.ours))
        self.assertEqual(ours.returncode, theirs.returncode, (theirs, ours))
        if theirs.returncode != 0:
            # Not the same words; but a reason, in the form that amtool shows.
            self.assertIn("[GET /alerts][400] getAlertsBadRequest", theirs.stderr)
            reason = ours.stderr.partition("[GET /alerts][400] getAlertsBadRequest")[2].strip()
            self.assertRegex(reason, "^(filter|receiver): .{20}")
            return 0
        alerts = json.loads(ours.stdout)
        self.assertEqual(without_times(alerts), without_times(json.loads(theirs.stdout)))
        return len(alerts)

    def compare_groups(self, both):
        for query in ("", "?active=false", "?filter=severity%3Dcritical"):
            theirs, ours = (request("GET", f"{url}/api/v2/alerts/groups{query}").json
                            for url in (both.theirs, both.ours))
            self.assertEqual(shown_groups(ours), shown_groups(theirs), query)

    def test_status_can_be_read(self):
        with World() as world:
            apply_team(world)
            both = Both(world)
            for command in (["cluster", "show"], ["config", "show"], ["config", "routes"]):
                done = both.run(both.ours, *command)
                self.assertEqual(done.returncode, 0, done)
            self.assertIn("receiver: prod-prom", done.stdout)
            first = request("GET", f"{both.ours}/api/v2/status").json
            self.assertEqual(set(first["versionInfo"]), set(
                request("GET", f"{both.theirs}/api/v2/status").json["versionInfo"]))
            # Since when it runs, not what time it is.
            self.assertEqual(request("GET", f"{both.ours}/api/v2/status").json["uptime"],
                             first["uptime"])

    def test_refusals_are_one_text(self):
        with World() as world:
            apply_team(world)
            ours = f"{world.url}/in/prometheus/{KEYS['PROM_KEY']}"
            stranger = f"{world.url}/in/prometheus/tcn_int_AAAAAAAA"
            cases = [("GET", f"{ours}/api/v2/alerts?filter=x", None, 400, "filter: "),
                     ("GET", f"{ours}/api/v2/alerts?active=perhaps", None, 400, "active: "),
                     ("GET", f"{ours}/api/v2/alerts?activ=true", None, 400, '"active"'),
                     ("GET", f"{ours}/api/v2/alerts/groups?filter=a%3D~%5B", None, 400, "filter: "),
                     ("GET", f"{ours}/api/v2/nothing", None, 404, "nothing at this address"),
                     ("PUT", f"{ours}/api/v2/alerts", [], 405, "takes GET"),
                     ("GET", f"{stranger}/api/v2/alerts", None, 404, "not known"),
                     ("GET", f"{stranger}/api/v2/status", None, 404, "not known"),
                     ("POST", f"{ours}/api/v2/alerts", "[", 400, "not valid JSON"),
                     ("POST", f"{ours}/api/v2/alerts", [{}], 400, "labels")]
            for method, url, body, status, part in cases:
                with self.subTest(url=url, body=str(body)[:20]):
                    answer = request(method, url, body)
                    self.assertEqual(answer.status, status, answer)
                    self.assertEqual(answer.headers["Content-Type"], "application/json")
                    self.assertIsInstance(answer.json, str)
                    self.assertIn(part, answer.json)


def shown_groups(groups):
    shown = [{"labels": group["labels"], "receiver": group["receiver"],
              "alerts": sorted(without_times(group["alerts"]), key=lambda a: a["fingerprint"])}
             for group in groups]
    return sorted(shown, key=lambda group: group["labels"]["alertname"])


if __name__ == "__main__":
    unittest.main()
