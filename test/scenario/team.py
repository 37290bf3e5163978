"""The team of the scenarios: one person, one policy, one door of each kind."""

KEYS = {
    "AM_KEY": "am-0123456789abcdef0123456789abcdef",
    "PROM_KEY": "prom-0123456789abcdef0123456789abcdef",
    "PD_KEY": "0123456789abcdef0123456789abcdef",
    "APP_KEY": "app-0123456789abcdef0123456789abcdef",
    "BEAT_KEY": "beat-0123456789abcdef0123456789abcdef",
}

TEAM = """
users:
  - name: ana
    full_name: Ana Wijaya
    contacts:
      - {kind: webhook, to: "%(webhook)s/ana"}
    rules:
      high: [{after: 0s, contact: webhook}]
      low: [{after: 0s, contact: webhook}]
policies:
  - name: everything
    steps:
      - {notify: [{user: ana}], wait: 5m}
    last_resort: {user: ana}
services:
  - {name: checkout, policy: everything}
  - {name: search, policy: everything}
integrations:
  - {name: prod-am, kind: alertmanager, service: checkout, key: env:AM_KEY}
  - {name: prod-prom, kind: prometheus, service: checkout, key: env:PROM_KEY}
  - {name: prod-pd, kind: pagerduty, service: checkout, key: env:PD_KEY}
  - {name: app, kind: native, service: checkout, key: env:APP_KEY}
heartbeats:
  - {name: nightly, service: checkout, every: 1h, key: env:BEAT_KEY}
routes:
  - name: search-team
    match: [{field: details.labels.team, value: search}]
    service: search
"""


def apply_team(world, silences=False):
    """Puts the team into force; answers the receiver of ana's webhooks. silences: may Prometheus' key?"""
    receiver = world.receiver()
    team = TEAM % {"webhook": receiver.url}
    if silences:
        team = team.replace("key: env:PROM_KEY}", "key: env:PROM_KEY, silences: true}")
    world.apply(team, env=KEYS)
    return receiver
