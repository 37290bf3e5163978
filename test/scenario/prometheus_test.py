"""Debian's Prometheus, unmodified, pointing at us as its Alertmanager; and amtool reading back."""

import json
import subprocess
import unittest

from team import KEYS, apply_team
from world import World, free_port, metric, need, request

CONFIG = """
global: {scrape_interval: 200ms, evaluation_interval: 200ms}
scrape_configs:
  - job_name: room
    static_configs: [{targets: ["%(exporter)s"]}]
rule_files: ["%(rules)s"]
alerting:
  alertmanagers:
    - path_prefix: /in/prometheus/%(PROM_KEY)s
      static_configs: [{targets: ["127.0.0.1:%(port)d"]}]
"""

RULES = """
groups:
  - name: room
    rules:
      - alert: TooHot
        expr: max by (room) (room_temperature_celsius) > 30
        labels: {severity: warning}
        annotations: {summary: "{{ $labels.room }} has {{ $value }} degrees"}
"""


class PrometheusTest(unittest.TestCase):
    def start(self, world, temperature, name="prometheus", resend="1s", rules=RULES):
        program, = need("prometheus")
        exporter = world.receiver(pages={"/metrics": lambda: (
            f'room_temperature_celsius{{room="server room"}} {temperature["now"]}\n')})
        port = free_port()
        rules = world.write(f"{name}-rules.yml", rules)
        config = world.write(f"{name}.yml", CONFIG % {
            "exporter": f"127.0.0.1:{exporter.port}", "rules": rules, "port": world.port, **KEYS})
        world.run(name, [
            program, f"--config.file={config}", f"--storage.tsdb.path={world.folder}/{name}-tsdb",
            f"--web.listen-address=127.0.0.1:{port}", f"--rules.alert.resend-delay={resend}"])
        url = f"http://127.0.0.1:{port}"
        world.wait("Prometheus is ready", lambda: request("GET", f"{url}/-/ready").status == 200)
        return url

    def test_fires_repeats_and_resolves(self):
        with World() as world:
            pages = apply_team(world)
            temperature = {"now": 20}
            url = self.start(world, temperature)
            temperature["now"] = 41
            alert = world.wait("the alert is open", lambda: world.alerts(status="open"))[0]
            self.assertEqual(alert["integration"], "prod-prom")
            self.assertEqual(alert["summary"], "server room has 41 degrees")
            self.assertEqual(alert["severity"], "warning")
            self.assertEqual(alert["details"]["labels"]["alertname"], "TooHot")
            self.assertIn("expires_at", alert)
            world.wait("ana is paged", lambda: pages.received("/ana"))
            world.wait("it is repeated", lambda: world.alert(alert["id"])["count"] >= 3)
            self.assertEqual(len(world.alerts()), 1)

            self.read_with_amtool(world)

            temperature["now"] = 20
            world.wait("it is resolved",
                       lambda: world.alert(alert["id"])["status"] == "resolved")
            kinds = [event["kind"] for event in world.events()
                     if event["subject"] == f"alert:{alert['id']}"]
            self.assertEqual(kinds.count("alert.triggered"), 1)
            self.assertEqual(kinds.count("alert.resolved"), 1)
            self.assertEqual(len(world.alerts()), 1)

            metrics = request("GET", f"{url}/metrics").text
            self.assertGreater(metric(metrics, "prometheus_notifications_sent_total"), 3)
            self.assertEqual(metric(metrics, "prometheus_notifications_errors_total"), 0)
            self.assertEqual(metric(metrics, "prometheus_notifications_dropped_total"), 0)

    def read_with_amtool(self, world):
        """amtool decodes our answers with a client generated from Alertmanager's own schema."""
        program, = need("amtool")
        server = f"--alertmanager.url={world.url}/in/prometheus/{KEYS['PROM_KEY']}"
        query = subprocess.run([program, server, "alert", "query", "-o", "json"],
                               capture_output=True, text=True, check=True, timeout=30)
        alerts = json.loads(query.stdout)
        self.assertEqual([alert["labels"]["alertname"] for alert in alerts], ["TooHot"])
        self.assertEqual(alerts[0]["status"]["state"], "active")
        for matchers, count in ((["alertname=TooHot", "severity=warning"], 1),
                                (["alertname=TooHot", "severity=critical"], 0),
                                (["room=~server.*"], 1), (["room!~server.*"], 0)):
            query = subprocess.run([program, server, "alert", "query", "-o", "json", *matchers],
                                   capture_output=True, text=True, check=True, timeout=30)
            self.assertEqual(len(json.loads(query.stdout)), count, matchers)
        subprocess.run([program, server, "config", "show"], check=True, timeout=30,
                       capture_output=True)

    def kinds(self, world, alert):
        return [event["kind"] for event in world.events()
                if event["subject"] == f"alert:{alert['id']}"]

    def test_a_pair_pages_once(self):
        """The first of two replicas sees the end some seconds before the second."""
        with World() as world:
            pages = apply_team(world)
            first, second = {"now": 41}, {"now": 41}
            self.start(world, first, "first", "4s")
            self.start(world, second, "second", "4s")
            alert = world.wait("the alert is open", lambda: world.alerts(status="open"))[0]
            world.wait("ana is paged", lambda: pages.received("/ana"))
            world.wait("both send it", lambda: world.alert(alert["id"])["count"] >= 3)
            first["now"] = 20
            world.wait("the first has said that it is over, the second that it goes on",
                       lambda: "alert.continued" in self.kinds(world, alert))
            world.wait("it is open", lambda: world.alert(alert["id"])["status"] == "open")
            second["now"] = 20
            world.wait("it is resolved",
                       lambda: world.alert(alert["id"])["status"] == "resolved")
            self.assertEqual(len(world.alerts()), 1)
            self.assertEqual(self.kinds(world, alert).count("page.started"), 1)

    def test_vmalert(self):
        """Writes the key "alertname" twice into the labels of each alert."""
        program, = need("vmalert")
        with World() as world:
            apply_team(world)
            temperature = {"now": 41}
            source = self.start(world, temperature, rules="groups: []")
            rules = world.write("vmalert-rules.yml", RULES)
            door = f"{world.url}/in/prometheus/{KEYS['PROM_KEY']}"
            world.run("vmalert", [
                program, f"-rule={rules}", f"-datasource.url={source}", f"-notifier.url={door}",
                f"-httpListenAddr=127.0.0.1:{free_port()}", "-evaluationInterval=1s",
                "-datasource.queryStep=1s"])
            alert = world.wait("the alert is open", lambda: world.alerts(status="open"))[0]
            self.assertEqual(alert["details"]["labels"]["alertname"], "TooHot")
            self.assertEqual(alert["summary"], "server room has 41 degrees")
            temperature["now"] = 20
            world.wait("it is resolved",
                       lambda: world.alert(alert["id"])["status"] == "resolved")
            kept = world.items("/api/v1/integrations/prod-prom/payloads")
            self.assertIn('"alertname"', kept[0]["body"])
            self.assertEqual({payload["status"] for payload in kept}, {200})

    def test_amtool_adds_an_alert(self):
        with World() as world:
            apply_team(world)
            program, = need("amtool")
            server = f"--alertmanager.url={world.url}/in/prometheus/{KEYS['PROM_KEY']}"
            subprocess.run([program, server, "alert", "add", "Manual", "team=search",
                            "--annotation=summary=by hand"], check=True, timeout=30,
                           capture_output=True)
            alert = world.wait("the alert is open", lambda: world.alerts(status="open"))[0]
            self.assertEqual((alert["summary"], alert["service"]), ("by hand", "search"))
            subprocess.run([program, server, "alert", "add", "Manual", "team=search",
                            "--end=2020-01-01T00:00:00Z"], check=True, timeout=30,
                           capture_output=True)
            world.wait("it is resolved",
                       lambda: world.alert(alert["id"])["status"] == "resolved")


if __name__ == "__main__":
    unittest.main()
