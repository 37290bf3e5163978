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
        expr: room_temperature_celsius > 30
        labels: {severity: warning}
        annotations: {summary: "{{ $labels.room }} has {{ $value }} degrees"}
"""


class PrometheusTest(unittest.TestCase):
    def start(self, world, temperature):
        program, = need("prometheus")
        exporter = world.receiver(pages={"/metrics": lambda: (
            f'room_temperature_celsius{{room="server room"}} {temperature["now"]}\n')})
        port = free_port()
        rules = world.write("rules.yml", RULES)
        config = world.write("prometheus.yml", CONFIG % {
            "exporter": f"127.0.0.1:{exporter.port}", "rules": rules, "port": world.port, **KEYS})
        world.run("prometheus", [
            program, f"--config.file={config}", f"--storage.tsdb.path={world.folder}/tsdb",
            f"--web.listen-address=127.0.0.1:{port}", "--rules.alert.resend-delay=1s"])
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
