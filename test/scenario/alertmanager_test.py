"""Debian's Alertmanager, unmodified: its webhook and its PagerDuty receiver, pointed at us."""

# engines: sqlite postgresql
import datetime
import json
import unittest

from team import KEYS, apply_team
from world import World, free_port, metric, need, request

CONFIG = """
global:
  resolve_timeout: 5m
route:
  receiver: webhook
  group_by: [alertname]
  group_wait: 0s
  group_interval: 1s
  repeat_interval: 1h
  routes:
    - {receiver: webhook, continue: true}
    - {receiver: pagerduty}
receivers:
  - name: webhook
    webhook_configs:
      - {url: "%(url)s/in/alertmanager/%(AM_KEY)s", send_resolved: true}
  - name: pagerduty
    pagerduty_configs:
      - {url: "%(url)s/v2/enqueue", routing_key: "%(PD_KEY)s", send_resolved: true}
"""

PAIR = """
route: {receiver: webhook, group_by: [alertname], group_wait: 0s, group_interval: 1s, repeat_interval: 2s}
receivers:
  - name: webhook
    webhook_configs:
      - {url: "%(url)s/in/alertmanager/%(AM_KEY)s", send_resolved: true}
"""

STRANGER = """
route: {receiver: stranger, group_wait: 0s, group_interval: 1s}
receivers:
  - name: stranger
    pagerduty_configs:
      - {url: "%(url)s/v2/enqueue", routing_key: "ffffffffffffffffffffffffffffffff"}
"""


class Alertmanager:
    def __init__(self, world, config):
        program, = need("prometheus-alertmanager")
        port = free_port()
        self.url = f"http://127.0.0.1:{port}"
        path = world.write(f"alertmanager-{port}.yml", config % {"url": world.url, **KEYS})
        world.run(f"alertmanager-{port}", [
            program, f"--config.file={path}", f"--storage.path={world.folder}/am-{port}",
            f"--web.listen-address=127.0.0.1:{port}", "--cluster.listen-address="])
        world.wait("Alertmanager is ready",
                   lambda: request("GET", f"{self.url}/-/ready").status == 200)

    def send(self, labels, **times):
        alert = {"labels": labels, "annotations": {"summary": f"{labels['alertname']} is firing"}, **times}
        answer = request("POST", f"{self.url}/api/v2/alerts", [alert])
        assert answer.status == 200, answer

    def metric(self, name, **labels):
        return metric(request("GET", f"{self.url}/metrics").text, name, **labels) or 0.0


class AlertmanagerTest(unittest.TestCase):
    def test_fires_and_resolves_through_both_receivers(self):
        with World() as world:
            pages = apply_team(world)
            sender = Alertmanager(world, CONFIG)
            labels = {"alertname": "DiskFull", "instance": "db7:9100", "severity": "critical"}
            sender.send(labels)

            opened = world.wait("both doors opened an alert", lambda: (
                lambda found: found if len(found) == 2 else None)(world.alerts(status="open")))
            by_door = {alert["integration"]: alert for alert in opened}
            self.assertEqual(set(by_door), {"prod-am", "prod-pd"})
            webhook, pagerduty = by_door["prod-am"], by_door["prod-pd"]
            self.assertEqual(webhook["summary"], "DiskFull is firing")
            self.assertEqual(webhook["severity"], "critical")
            self.assertEqual(webhook["source"], "db7:9100")
            self.assertEqual(webhook["details"]["labels"]["alertname"], "DiskFull")
            self.assertEqual(pagerduty["dedup_key"], pagerduty["dedup_key"].lower())
            self.assertEqual(len(pagerduty["dedup_key"]), 64)
            world.wait("ana was paged for both", lambda: len(pages.received("/ana")) >= 1)

            # As a rule's evaluation ends it: from when it began, until just now.
            began = request("GET", f"{sender.url}/api/v2/alerts").json[0]["startsAt"]
            sender.send(labels, startsAt=began, endsAt=datetime.datetime.now(datetime.timezone.utc).isoformat())
            world.wait("both are resolved", lambda: all(
                world.alert(alert["id"])["status"] == "resolved" for alert in opened))
            self.assertEqual(world.alert(webhook["id"])["resolved_by"], "integration:prod-am")

            for receiver in ("webhook", "pagerduty"):
                self.assertGreaterEqual(
                    sender.metric("alertmanager_notifications_total", integration=receiver), 2)
                self.assertEqual(
                    sender.metric("alertmanager_notifications_failed_total",
                                  integration=receiver), 0)

    def test_a_group_is_one_request_and_many_alerts(self):
        with World() as world:
            apply_team(world)
            sender = Alertmanager(world, CONFIG)
            for number in range(5):
                sender.send({"alertname": "Down", "instance": f"web{number}", "team": "search"})
            world.wait("five alerts are open at the webhook's door", lambda: len(
                [alert for alert in world.alerts(status="open")
                 if alert["integration"] == "prod-am"]) == 5)
            routed = [alert for alert in world.alerts(status="open")
                      if alert["integration"] == "prod-am"]
            self.assertEqual({alert["service"] for alert in routed}, {"search"})
            self.assertEqual({alert["route"] for alert in routed}, {"search-team"})
            self.assertEqual(
                sender.metric("alertmanager_notifications_failed_total", integration="webhook"), 0)

    def test_a_split_pair_pages_once(self):
        """Neither hears of the other, so both tell us; the first learns of the end some repeats before the second."""
        with World() as world:
            pages = apply_team(world)
            pair = [Alertmanager(world, PAIR) for _ in range(2)]
            labels = {"alertname": "DiskFull", "instance": "db7:9100", "severity": "critical"}
            began = (datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(seconds=30)).isoformat()
            for sender in pair:
                sender.send(labels, startsAt=began)
            alert, = world.wait("it is open", lambda: world.alerts(status="open"))
            world.wait("both repeat it", lambda: world.alert(alert["id"])["count"] >= 4)

            def end(sender):
                sender.send(labels, startsAt=began, endsAt=datetime.datetime.now(datetime.timezone.utc).isoformat())

            def kinds():
                return [event["kind"] for event in world.events() if event["subject"] == f"alert:{alert['id']}"]
            end(pair[0])
            world.wait("the second says that it goes on", lambda: "alert.continued" in kinds())
            self.assertEqual(world.alert(alert["id"])["status"], "open")
            end(pair[1])
            world.wait("it is over for both", lambda: world.alert(alert["id"])["status"] == "resolved")
            self.assertEqual(len(world.alerts()), 1)
            self.assertEqual(kinds().count("page.started"), 1)
            self.assertEqual(len([call for call in pages.received("/ana") if json.loads(call["body"])["type"] != "page.ended"]), 1)

    def test_an_unknown_routing_key_is_final(self):
        with World() as world:
            apply_team(world)
            sender = Alertmanager(world, STRANGER)
            sender.send({"alertname": "DiskFull"})
            failed = "alertmanager_notifications_failed_total"
            world.wait("it was refused", lambda: sender.metric(failed, integration="pagerduty") > 0)
            # 400 is not tried again; 5xx would be, for ever.
            self.assertEqual(sender.metric("alertmanager_notification_requests_total",
                                           integration="pagerduty"), 1)
            self.assertEqual(world.alerts(), [])


if __name__ == "__main__":
    unittest.main()
