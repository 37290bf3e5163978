"""Debian's amtool asks a real Alertmanager and us the same, with the same alerts in both."""

import base64
import datetime
import json
import re
import subprocess
import unittest
import urllib.parse

from team import KEYS, TEAM, apply_team
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

    theirs = None

    def __init__(self, world, with_theirs=True):
        self.amtool, program = need("amtool", "prometheus-alertmanager")
        self.ids = {}
        self.ours = f"{world.url}/in/prometheus/{KEYS['PROM_KEY']}"
        if with_theirs:
            self.start(world, program)

    def start(self, world, program):
        port = free_port()
        world.run("alertmanager", [
            program, f"--config.file={world.write('am.yml', CONFIG)}",
            f"--storage.path={world.folder}/am", f"--web.listen-address=127.0.0.1:{port}",
            "--cluster.listen-address="])
        self.theirs = f"http://127.0.0.1:{port}"
        world.wait("Alertmanager is ready",
                   lambda: request("GET", f"{self.theirs}/-/ready").status == 200)

    def run(self, url, *args):
        return subprocess.run([self.amtool, f"--alertmanager.url={url}", "--no-version-check", *args],
                              capture_output=True, text=True, check=False, timeout=30)

    def fill(self):
        alerts = [{"labels": labels, "annotations": {"summary": f"number {number}"},
                   "startsAt": f"2026-01-05T10:00:{number:02}.250Z",
                   "generatorURL": f"http://prometheus.example.com/{number}"}
                  for number, labels in enumerate(ALERTS)]
        for url in (self.theirs, self.ours):
            answer = request("POST", f"{url}/api/v2/alerts", alerts)
            assert answer.status == 200, answer


    def silences(self, url):
        return json.loads(self.run(url, "silence", "query", "-o", "json").stdout)

    def all_silences(self, url):
        return request("GET", f"{url}/api/v2/silences").json

    def compare_silence(self, test, command, same_id=False):
        """Of the same command both must say and keep the same. ID0 is the first that was made."""
        said = []
        for url in (self.theirs, self.ours):
            ids = self.ids.setdefault(url, [])
            words = [ids[int(word[2:])] if word.startswith("ID") else word for word in command]
            done = self.run(url, "silence", *words)
            if command[0] == "add" and done.returncode == 0:
                ids.append(done.stdout.strip())
            if same_id:
                test.assertIn(words[1], done.stdout)
            kept = [silence_without_times(silence) for silence in self.all_silences(url)]
            lines = [] if command[0] == "add" else silence_lines(done.stdout)
            said.append((done.returncode, lines, sorted(kept)))
            if done.returncode != 0 and command[0] == "add":
                test.assertRegex(done.stderr, r"\[400\]|comment required|bad matcher|regexp")
        test.assertEqual(said[1], said[0], command)


def silence_without_times(silence):
    end = "unset" if silence["status"]["state"] == "expired" else silence["endsAt"][:16]
    return (silence["status"]["state"], end, silence["createdBy"], silence["comment"],
            json.dumps(silence["matchers"], sort_keys=True))


def silence_lines(text):
    """Without the column of ids, and seconds."""
    return [re.sub(r":\d\d UTC", " UTC", line[36:].strip()) for line in text.splitlines()]


def paged(pages):
    return {name for name in ("hushed", "Loud", "not theirs")
            if any(name in str(page) for page in pages.received("/ana"))}


def without_times(alerts):
    """Of what both know alike: the moments at which each heard of it differ."""
    return [{key: alert[key] for key in ("labels", "annotations", "fingerprint", "generatorURL")}
            | {"starts_at": alert["startsAt"][:23], "state": alert["status"]["state"], "silences": len(alert["status"]["silencedBy"]),
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

    def test_silences_are_made_and_changed_as_in_alertmanager(self):
        with World() as world:
            pages = apply_team(world, silences=True)
            both = Both(world)
            both.fill()
            world.wait("all are paged", lambda: len(pages.received("/ana")) >= 1)
            for command in (["add", "alertname=Latency", "instance=~web-.*", "note!=x", "-c", "slow",
                             "-a", "chen", "-d", "1h"],
                            ["add", "alertname=DiskFull", "-c", "disks", "-a", "ana", "-d", "30m",
                             "--start", "2099-01-01T00:00:00Z"],
                            ["add", "x=", "-c", "all"], ["add", "x=y", "alertname=~[", "-c", "bad"],
                            ["add", "a=b", "-c", "old", "--start", "2026-01-01T00:00:00Z",
                             "--end", "2026-01-02T00:00:00Z"], ["add", "a=b"],
                            ["query"], ["query", "alertname=Latency"], ["query", "note=x"],
                            ["query", "alertname=~D.*"], ["query", "--created-by", "chen"],
                            ["query", "--within", "2h"]):
                with self.subTest(command=command):
                    both.compare_silence(self, command)
            self.assertEqual(len(both.ids[both.ours]), 2, both.silences(both.ours))
            both.compare_silence(self, ["update", "ID0", "-d", "3h", "-c", "slower"], same_id=True)
            both.compare_silence(self, ["update", "ID1", "-c", "new disks"], same_id=True)
            both.compare_silence(self, ["query"])
            for command in (["expire", "ID0"], ["expire", "ID0"], ["query", "--expired"], ["query"],
                            ["update", "ID0", "-d", "2h"], ["query"], ["expire", "ID1"],
                            ["query", "--expired", "alertname=DiskFull"]):
                with self.subTest(command=command):
                    both.compare_silence(self, command)
            for url in (both.theirs, both.ours):
                done = both.run(url, "silence", "expire", "0b8ed2b6-0c14-4d51-a4e6-9d1d1d3f7cd1")
                self.assertNotEqual(done.returncode, 0, done)

    def test_other_clients_silences_are_read_as_by_alertmanager(self):
        now = datetime.datetime.now(datetime.timezone.utc)
        later = now + datetime.timedelta(hours=2)
        matchers = [{"name": "alertname", "value": "Lines", "isRegex": False}]
        times = {"startsAt": now.isoformat(), "endsAt": later.isoformat()}
        said = {"comment": "c", "createdBy": "ana"}
        bodies = [
            {"matchers": matchers, **times, **said},
            # Nagstamon's acknowledgement: a start without an offset.
            {"matchers": matchers, **said, "startsAt": now.replace(tzinfo=None).isoformat(),
             "endsAt": later.isoformat()},
            # karma's: milliseconds and Z, an empty id.
            {"id": "", "matchers": [{**matchers[0], "isEqual": True}], **said,
             "startsAt": now.strftime("%Y-%m-%dT%H:%M:%S.000Z"),
             "endsAt": later.strftime("%Y-%m-%dT%H:%M:%S.000Z")},
            # One that was read is sent back, with all that it came with.
            {"matchers": matchers, **times, **said, "status": {"state": "active"},
             "updatedAt": now.isoformat()},
            {"matchers": [{"name": "a", "value": "x", "isRegex": True, "isEqual": False}], **times,
             **said},
            {"matchers": [{"name": "a", "value": "", "isRegex": False}], **times, **said},
            {"matchers": [], **times, **said},
            {"matchers": [{"name": "a", "value": "(", "isRegex": True}], **times, **said},
            {"matchers": matchers, **said, "startsAt": later.isoformat(), "endsAt": now.isoformat()},
            {"matchers": matchers, **said, "startsAt": "soon", "endsAt": later.isoformat()},
            {"id": "0b8ed2b6-0c14-4d51-a4e6-9d1d1d3f7cd1", "matchers": matchers, **times, **said},
        ]
        with World() as world:
            apply_team(world, silences=True)
            both = Both(world)
            for body in bodies:
                with self.subTest(body=body):
                    theirs, ours = (request("POST", f"{url}/api/v2/silences", body)
                                    for url in (both.theirs, both.ours))
                    self.assertEqual(ours.status < 300, theirs.status < 300, (theirs, ours))
                    if theirs.status >= 300:
                        self.assertIsInstance(ours.json, str)
                        continue
                    kept = [request("GET", f"{url}/api/v2/silence/{answer.json['silenceID']}").json
                            for url, answer in ((both.theirs, theirs), (both.ours, ours))]
                    self.assertEqual(silence_without_times(kept[1]), silence_without_times(kept[0]))
                    self.assertEqual(kept[1]["startsAt"][:16], kept[0]["startsAt"][:16])

    def test_silences_hold_back_pages(self):
        with World() as world:
            pages = apply_team(world, silences=True)
            both = Both(world, with_theirs=False)
            silence = both.run(both.ours, "silence", "add", "alertname=Quiet", "-c", "known trouble",
                               "-a", "chen").stdout.strip()
            request("POST", f"{both.ours}/api/v2/alerts", [{
                "labels": {"alertname": "Quiet"}, "annotations": {"summary": "hushed"}}])
            request("POST", f"{both.ours}/api/v2/alerts", [{"labels": {"alertname": "Loud"}}])
            # The same label of another integration's alert is not held.
            world.post("/api/v1/alerts", {"summary": "not theirs", "details": {
                "labels": {"alertname": "Quiet"}}}, token=KEYS["APP_KEY"])
            world.wait("the others are paged", lambda: len(paged(pages)) == 2)
            self.assertEqual(paged(pages), {"Loud", "not theirs"})
            listed, = world.cli_json("silence", "list")
            self.assertEqual((listed["name"], listed["author"], listed["created_by"],
                              listed["comment"], listed["holds"]),
                             (silence, "chen", "integration:prod-prom", "known trouble", 1))
            shown = world.cli("silence", "list").stdout
            self.assertIn("chen (integration:prod-prom)", shown)
            self.assertIn('alertname="Quiet"', shown)
            both.run(both.ours, "silence", "expire", silence)
            world.wait("it is paged now", lambda: "hushed" in paged(pages))
            self.assertIn("Nothing is silenced", world.cli("silence", "list").stdout)
            self.assertIn(silence, world.cli("silence", "list", "--all").stdout)

    def test_who_may_silence(self):
        with World() as world:
            apply_team(world)
            both = Both(world, with_theirs=False)
            add = ["silence", "add", "alertname=Quiet", "-c", "why"]
            done = both.run(both.ours, *add)
            self.assertNotEqual(done.returncode, 0)
            self.assertIn("set silences: true on integration prod-prom", done.stderr)
            for scope, may in (("read", False), ("respond", True)):
                config = world.write("http.yml", "authorization: {credentials: %s}" %
                                     world.token(scope))
                done = both.run(both.ours, f"--http.config.file={config}", *add)
                self.assertEqual(done.returncode == 0, may, done)
            made = done.stdout.strip()
            # The key by itself ends nothing; as a password, a token does.
            url = f"{both.ours}/api/v2/silence/{made}"
            answer = request("DELETE", url)
            self.assertEqual(answer.status, 500)
            self.assertIn("may not silence", answer.json)
            for password, status in ((world.token("read"), 500), (world.token("respond"), 200)):
                basic = base64.b64encode(f"anybody:{password}".encode()).decode()
                answer = request("DELETE", url, headers={"Authorization": f"Basic {basic}"})
                self.assertEqual(answer.status, status, answer)
            self.assertEqual(request("GET", url).json["status"]["state"], "expired")

    def test_a_key_reaches_its_own_silences_only(self):
        with World() as world:
            apply_team(world, silences=True)
            both = Both(world, with_theirs=False)
            world.cli("silence", "add", "service=checkout", "--for", "1h", "--name", "broad")
            world.cli("silence", "add", "integration=app", "--for", "1h", "--name", "of another")
            shown, = both.silences(both.ours)
            self.assertEqual(shown["matchers"], [{"name": "tocsin.service", "value": "checkout",
                                                  "isRegex": False, "isEqual": True}])
            for command in (["expire", shown["id"]], ["update", shown["id"], "-d", "2h"]):
                done = both.run(both.ours, "silence", *command)
                self.assertNotEqual(done.returncode, 0)
                self.assertIn("more than this integration's alerts", done.stderr)
            self.assertEqual(both.silences(both.ours), [shown])
            config = world.write("http.yml", "authorization: {credentials: %s}" %
                                 world.token("respond"))
            done = both.run(both.ours, f"--http.config.file={config}", "silence", "update",
                            shown["id"], "-d", "2h")
            self.assertEqual(done.returncode, 0, done)
            after, = both.silences(both.ours)
            self.assertEqual((after["id"], after["matchers"]), (shown["id"], shown["matchers"]))
            self.assertEqual(world.cli_json("silence", "list")[0]["match"],
                             [{"field": "service", "op": "equals", "value": "checkout"}])

    def test_a_silence_outlives_its_service_and_can_be_ended(self):
        with World() as world:
            apply_team(world)
            world.cli("silence", "add", "service=search", "--for", "1h", "--name", "broad")
            team = world.write("less.yaml", (TEAM % {"webhook": "http://127.0.0.1:9"}).partition("routes:")[0]
                               .replace("  - {name: search, policy: everything}\n", ""))
            world.cli("apply", team, "--prune", "--yes", env=KEYS)
            both = Both(world, with_theirs=False)
            config = world.write("http.yml", "authorization: {credentials: %s}" % world.token("respond"))
            shown, = both.silences(both.ours)
            done = both.run(both.ours, f"--http.config.file={config}", "silence", "expire", shown["id"])
            self.assertEqual(done.returncode, 0, done)
            self.assertEqual(both.silences(both.ours), [])

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

    def test_what_cannot_be_evaluated_is_refused(self):
        """An empty list would say that nothing is wrong."""
        with World() as world:
            apply_team(world)
            ours = f"{world.url}/in/prometheus/{KEYS['PROM_KEY']}"
            labels = {"alertname": "Disk", "v": "a" * 60 + "!"}
            self.assertEqual(request("POST", f"{ours}/api/v2/alerts", [{"labels": labels}]).status, 200)
            for path in ("alerts", "alerts/groups"):
                for sign in ("=~", "!~"):
                    with self.subTest(path=path, sign=sign):
                        wanted = urllib.parse.quote(f'v{sign}"(a|aa)+|.*!"')
                        answer = request("GET", f"{ours}/api/v2/{path}?filter={wanted}")
                        self.assertEqual(answer.status, 400, answer)
                        self.assertIn("filter: A regular expression takes too many steps", answer.json)
            receiver = urllib.parse.quote("(.?)" * 40 + "[0-9]")
            answer = request("GET", f"{ours}/api/v2/alerts?receiver={receiver}")
            self.assertEqual(answer.status, 400, answer)
            self.assertIn("receiver: ", answer.json)

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
                     ("GET", f"{stranger}/api/v2/alerts", None, 400, "not known"),
                     ("GET", f"{stranger}/api/v2/status", None, 400, "not known"),
                     ("POST", f"{ours}/api/v2/alerts", "[", 400, "not valid JSON"),
                     ("POST", f"{ours}/api/v2/alerts", [{}], 400, "labels")]
            for method, url, body, status, part in cases:
                with self.subTest(url=url, body=str(body)[:20]):
                    answer = request(method, url, body)
                    self.assertEqual(answer.status, status, answer)
                    self.assertEqual(answer.headers["Content-Type"], "application/json")
                    self.assertIsInstance(answer.json, str)
                    self.assertIn(part, answer.json)
            shown = Both(world, with_theirs=False).run(stranger, "alert", "query")
            self.assertIn("This key is not known", shown.stderr)


def shown_groups(groups):
    shown = [{"labels": group["labels"], "receiver": group["receiver"],
              "alerts": sorted(without_times(group["alerts"]), key=lambda a: a["fingerprint"])}
             for group in groups]
    return sorted(shown, key=lambda group: group["labels"]["alertname"])


if __name__ == "__main__":
    unittest.main()
