#!/usr/bin/env python3
# timeout: 420
# alone: yes
"""50 real kill -9 under at least 500 alerts/s: what was answered 2xx is kept, and is paged.

A client keeps the account of every answer; a person acknowledges some alerts while the server is
shot and started again; a webhook receiver keeps a journal. At the end the journal, the account and
the database that survived must agree:
  - every alert answered 2xx is there, and was paged (or acknowledged before its turn), with a reason;
  - nothing was paged, claimed or delivered after the acknowledgement of its alert was committed;
  - a message that came twice said that it might;
  - what was recorded as delivered did arrive;
  - the server was ready again within a second, each time.
KILLS (50), SEED and RATE (800) may be set in the environment.
"""
import collections
import http.client
import os
import random
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "load"))
import yard
from verdict import Verdict

KILLS = int(os.environ.get("KILLS", "50"))
RATE = int(os.environ.get("RATE", "800"))
SEED = int(os.environ.get("SEED") or random.SystemRandom().randrange(1 << 32))
RATE_MIN = 500
READY_MAX_S = 1.0
SERVICES = 120
ACKNOWLEDGED_SHARE = 0.15
# A request that left before the acknowledgement was committed may arrive a little after its answer.
IN_FLIGHT_US = 2_000_000
SETTLE_S = 60


class Person(threading.Thread):
    """Acknowledges alerts through the local socket; keeps the instant of each 200."""

    def __init__(self, server, seed):
        super().__init__(daemon=True)
        self.server, self.random = server, random.Random(seed)
        self.work, self.has_work, self.ended = collections.deque(), threading.Event(), False
        self.asked, self.answered, self.refused = {}, {}, []

    def take(self, entry):
        if 200 <= entry["status"] < 300 and self.random.random() < ACKNOWLEDGED_SHARE:
            self.work.append(entry["id"])
            self.has_work.set()

    def finish(self):
        self.ended = True
        self.has_work.set()
        self.join(60)

    def run(self):
        connection = None
        while True:
            if not self.work:
                if self.ended:
                    return
                self.has_work.wait(0.5)
                self.has_work.clear()
                continue
            alert = self.work.popleft()
            self.asked.setdefault(alert, time.time_ns() // 1000)
            try:
                connection = connection or self.server.local()
                status, body = yard.call(connection, "POST", "/api/v1/alerts/%s/acknowledge" % alert, {})
                if status == 200:
                    self.answered[alert] = time.time_ns() // 1000
                elif status != 503:
                    self.refused.append((alert, status, body))
            except (OSError, http.client.HTTPException):
                # Shot in the middle: whether it was kept is for the database to say. Ask once more.
                if connection:
                    connection.close()
                connection = None
                self.work.append(alert)
                self.has_work.clear()
                self.has_work.wait(0.01)


def shoot(server, rng):
    """Kills and starts again; seconds until ready, for each time."""
    ready = []
    for _ in range(KILLS):
        # The server lives for this long: until it ends by itself (it must not) or we shoot.
        try:
            status = server.process.wait(rng.uniform(0.15, 1.1))
            raise SystemExit("the server ended by itself with status %s:\n%s" % (status, server.log_tail()))
        except yard.subprocess.TimeoutExpired:
            pass
        server.kill()
        ready.append(server.start(config=False))
    return ready


def settle(server):
    """Waits until nothing is left to page: no escalation, page or notification that is due."""
    left = "never asked"
    deadline = time.monotonic() + SETTLE_S
    while time.monotonic() < deadline:
        left = server.database.rows("SELECT count(*) FROM alert a WHERE status = 1 AND NOT EXISTS"
                                    " (SELECT 1 FROM page p WHERE p.subject_id = a.id)")[0][0]
        if left == 0:
            return 0
        try:
            server.process.wait(0.25)
            raise SystemExit("the server ended by itself:\n" + server.log_tail())
        except yard.subprocess.TimeoutExpired:
            pass
    return left


def judge_database(verdict, database, accepted, person):
    if database.url is None:
        verdict.check("the database is sound", [row[0] for row in database.rows("PRAGMA integrity_check") if row[0] != "ok"])
    kept = {str(row[0]): row[1:] for row in database.rows(
        "SELECT id, dedup_key, status, acknowledged_at FROM alert")}
    verdict.check("every alert answered 2xx is there",
                  (e for e in accepted if kept.get(e["id"], (None,))[0] != e["key"]), "%d alerts" % len(accepted))
    paged = {str(row[0]) for row in database.rows("SELECT DISTINCT subject_id FROM page WHERE reason <> ''")}
    verdict.check("each was paged with a reason, or acknowledged before its turn",
                  (e for e in accepted if e["id"] in kept and e["id"] not in paged and kept[e["id"]][2] is None))
    # Somebody whose messages are bundled has one that waits; a later page to them joins it.
    verdict.check("each page made a notification, or joined one", database.rows(
        "SELECT p.id, p.subject_id FROM page p JOIN alert a ON a.id = p.subject_id"
        " WHERE a.acknowledged_at IS NULL AND p.next_at IS NULL AND NOT EXISTS"
        " (SELECT 1 FROM notification n JOIN mailbox m ON m.id = n.mailbox_id"
        "  WHERE n.subject_id = p.subject_id AND m.user_name = p.user_name)"))
    verdict.check("every acknowledgement answered 200 is there",
                  (a for a in person.answered if kept.get(a, (None, None, None))[2] is None),
                  "%d acknowledged" % len(person.answered))
    verdict.check("no acknowledgement was refused", person.refused)
    verdict.check("no page was made after the acknowledgement", database.rows(
        "SELECT p.id, p.subject_id FROM page p JOIN alert a ON a.id = p.subject_id"
        " WHERE p.created_at > a.acknowledged_at"))
    verdict.check("no delivery was claimed after the acknowledgement", database.rows(
        "SELECT d.id, n.subject_id FROM delivery d JOIN carried c ON c.delivery_id = d.id"
        " JOIN notification n ON n.id = c.notification_id JOIN alert a ON a.id = n.subject_id"
        " WHERE d.claimed_at > a.acknowledged_at"))
    return [row[0] for row in database.rows("SELECT id FROM delivery WHERE state = 2")]


def judge_journal(verdict, arrivals, delivered, person):
    late, seen, silent_repeats, arrived = [], set(), [], set()
    for at, _, body in arrivals:
        data = body.get("data", {})
        arrived.add(str(data.get("delivery_id")))
        for alert in data.get("alerts", []):
            answered = person.answered.get(alert["id"])
            if answered is not None and at > answered + IN_FLIGHT_US:
                late.append((alert["id"], at - answered))
        message = data.get("message_id")
        if message in seen and not data.get("may_repeat"):
            silent_repeats.append(message)
        seen.add(message)
    verdict.check("no message named an alert after its acknowledgement", late, "%d messages" % len(arrivals))
    verdict.check("a repeated message said that it may be one", silent_repeats)
    verdict.check("what was recorded as delivered did arrive", (d for d in delivered if str(d) not in arrived),
                  "%d deliveries" % len(delivered))


def main():
    print("seed %d, %d kills, %d alerts/s offered" % (SEED, KILLS, RATE))
    rng = random.Random(SEED)
    verdict = Verdict()
    with yard.temporary() as folder:
        sink = yard.Sink(folder)
        config, env, keys = yard.team(SERVICES, sink.port, steps=2, wait="2s")
        server = yard.Server(folder, config, env)
        server.start()
        began = time.monotonic()
        load = yard.Load(folder, server.port, keys, RATE)
        person = Person(server, SEED)
        follower = yard.Follower(load.ledger, person.take)
        person.start()
        follower.start()
        ready = shoot(server, rng)
        took = time.monotonic() - began
        load.finish(stop=True)
        follower.finish()
        person.finish()
        accepted = [e for e in load.entries() if 200 <= e["status"] < 300]
        refused = collections.Counter(e["status"] for e in load.entries() if not 200 <= e["status"] < 300)
        unpaged = settle(server)
        server.stop()
        sink.stop()
        print("%d alerts accepted in %.1f s (%.0f/s, the dead time included); not accepted: %s"
              % (len(accepted), took, len(accepted) / took, dict(refused)))
        ready.sort()
        print("ready again after %.0f ms (median), %.0f ms (worst)"
              % (ready[len(ready) // 2] * 1000, ready[-1] * 1000))
        verdict.check("at least %d alerts/s" % RATE_MIN, [len(accepted) / took] if len(accepted) / took < RATE_MIN else [])
        verdict.check("ready again within %.0f s" % READY_MAX_S, [s for s in ready if s > READY_MAX_S])
        verdict.check("everything open was paged in the end", [unpaged] if unpaged else [])
        verdict.check("only dead connections and 503 refused an alert", [s for s in refused if s not in (0, 503)])
        delivered = judge_database(verdict, server.database, accepted, person)
        judge_journal(verdict, sink.arrivals(), delivered, person)
        if verdict.failed:
            print(server.log_tail())
            print("again with: SEED=%d KILLS=%d python3 test/crash/kill_test.py" % (SEED, KILLS))
    print("%d passed, %d failed" % (verdict.passed, verdict.failed))
    return 1 if verdict.failed else 0


if __name__ == "__main__":
    sys.exit(main())
