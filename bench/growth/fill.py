"""A database as it is after years: alerts that are over, with all that was sent for them, and the chain of events with its
hashes. Written straight into the file of a server that is down; what events it had are replaced."""
import hashlib
import sqlite3
import struct
import time

DAY_US = 86400 * 1000000
BATCH = 20000
KINDS = ("alert.triggered", "page.started", "delivery.sent", "delivery.delivered", "alert.acknowledged",
         "escalation.paused", "alert.repeated", "alert.resolved", "delivery.sent", "delivery.delivered")
INSERTS = {
    "alert": "INSERT INTO alert (id, integration, dedup_key, service, status, severity, urgency, summary, count, flapping,"
             " first_at, last_at, resolved_at, resolved_by, lane) VALUES (?, ?, ?, ?, 3, 1, 1, ?, 1, 0, ?, ?, ?, ?, 0)",
    "escalation": "INSERT INTO escalation (id, subject_id, policy_version, state, step, round, severity, started_at,"
                  " next_is_date) VALUES (?, ?, 1, 5, 1, 0, 1, ?, 0)",
    "page": "INSERT INTO page (id, subject_id, escalation_id, user_name, urgency, step, round, reason, state, next_rule,"
            " created_at, ended_at) VALUES (?, ?, ?, ?, 1, 0, 0, '{}', 2, 1, ?, ?)",
    "notification": "INSERT INTO notification (id, mailbox_id, page_id, subject_id, kind, state, severity, due_at, tries,"
                    " created_at, settled_at) VALUES (?, 1, ?, ?, 1, 3, 1, ?, 1, ?, ?)",
    "delivery": "INSERT INTO delivery (id, mailbox_id, user_name, contact, channel, address, urgency, severity, items, state,"
                " claimed_at, bounded_at, finished_at) VALUES (?, 1, ?, 'webhook', 2, 'http://x', 1, 1, 1, 2, ?, ?, ?)",
    "carried": "INSERT INTO carried (notification_id, delivery_id) VALUES (?, ?)",
    "event": "INSERT INTO event (seq, at, actor, kind, subject, data, hash) VALUES (?, ?, ?, ?, ?, ?, ?)",
}


def text_bytes(text):
    if text is None:
        return struct.pack("<q", -1)
    data = text.encode()
    return struct.pack("<q", len(data)) + data


def event_hash(before, seq, at, actor, kind, subject, data):
    """As event_hash in src/ledger/event.c."""
    return hashlib.blake2b(before + struct.pack("<qq", seq, at) + text_bytes(actor) + text_bytes(kind) +
                           text_bytes(subject) + text_bytes(data), digest_size=32).digest()


def alert_rows(number, at, rows):
    person, service = "p%d" % (number % 10), "s%d" % (number % 10)
    over = at + 600 * 1000000
    rows["alert"].append((number, "i%d" % (number % 10), "old-%d" % number, service,
                          "Disk of host %d is full" % number, at, at, over, "user:" + person))
    rows["escalation"].append((number, number, at))
    rows["page"].append((number, number, number, person, at, over))
    for delivery in (2 * number - 1, 2 * number):
        rows["notification"].append((delivery, number, number, at, at, over))
        rows["delivery"].append((delivery, person, at, at, at + 100000))
        rows["carried"].append((delivery, delivery))


def fill(path, alerts, per_alert=10, days=500, now_us=None):
    """Answers how many events there are now. The alerts lie `days` back, evenly."""
    now_us = now_us or int(time.time() * 1000000)
    db = sqlite3.connect(path, isolation_level=None)
    db.execute("PRAGMA synchronous = OFF")
    db.execute("PRAGMA cache_size = -400000")
    db.execute("BEGIN")
    db.execute("DELETE FROM event")
    db.execute("DELETE FROM event_parent")
    indexes = db.execute("SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL"
                         " AND tbl_name IN (%s)" % ", ".join("'%s'" % name for name in INSERTS)).fetchall()
    for name, _ in indexes:
        db.execute("DROP INDEX " + name)
    rows = {name: [] for name in INSERTS}
    seq, last = 0, bytes(32)
    for number in range(1, alerts + 1):
        at = now_us - days * DAY_US + number * (days * DAY_US // (alerts + 1))
        alert_rows(number, at, rows)
        subject = "alert:%d" % number
        for i in range(per_alert):
            seq += 1
            kind = KINDS[i % len(KINDS)]
            data = '{"summary":"Disk of host %d is full","service":"s%d","severity":"critical"}' % (number, number % 10)
            last = event_hash(last, seq, at + i * 1000, "tocsin", kind, subject, data)
            rows["event"].append((seq, at + i * 1000, "tocsin", kind, subject, data, last))
        if number % BATCH == 0 or number == alerts:
            for name, waiting in rows.items():
                db.executemany(INSERTS[name], waiting)
                waiting.clear()
    for _, sql in indexes:
        db.execute(sql)
    db.execute("COMMIT")
    db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    db.close()
    return seq
