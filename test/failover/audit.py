"""Judges at the end: account, journals and the database that is left must agree. Shares no code with
the server; the chain of events is computed anew."""
import collections
import datetime
import hashlib
import json
import statistics
import struct
import urllib.parse

# A request that left before the acknowledgement was committed may arrive a little after its answer.
IN_FLIGHT_US = 2_000_000
SECOND = 1_000_000


class Account:
    """What the senders were answered."""

    def __init__(self, entries):
        self.entries = entries
        self.accepted = [e for e in entries if 200 <= e["status"] < 300]
        self.answered_at = sorted(e["answered"] for e in self.accepted)
        self.others = collections.Counter(e["status"] for e in entries if not 200 <= e["status"] < 300)

    def rate(self, begin, end):
        count = sum(1 for at in self.answered_at if begin <= at < end)
        return count * SECOND / max(1, end - begin)


class Arrival:
    """A message that reached the provider."""

    def __init__(self, line):
        at, self.what, self.path, body = line.rstrip("\n").split(" ", 3)
        self.at = int(at)
        message = json.loads(body)
        data = message["data"]
        self.built = int(datetime.datetime.fromisoformat(message["timestamp"]).timestamp() * SECOND)
        self.host = urllib.parse.urlsplit(data["ack_url"]).netloc if data.get("ack_url") else None
        self.delivery = str(data["delivery_id"])
        self.alerts = [alert["id"] for alert in data["alerts"]]
        self.may_repeat = bool(data["may_repeat"])


def read_arrivals(path):
    with open(path, encoding="utf-8", errors="replace") as file:
        return [Arrival(line) for line in file if line.endswith("\n")]


def read_acknowledgements(path):
    """alert -> (first asked, answered 200), and the answers that were neither 200 nor 503."""
    kept, odd = {}, []
    with open(path, encoding="utf-8") as file:
        for line in file:
            alert, asked, answered, status, node = line.split()
            if status == "200":
                kept[alert] = (int(asked), int(answered))
            else:
                odd.append((alert, status, node))
    return kept, odd


def judge_account(verdict, account, kept):
    """`kept`: alert -> (key, status, acknowledged at), from the database."""
    verdict.check("every alert answered 2xx is there",
                  (e for e in account.accepted if kept.get(e["id"], (None,))[0] != e["key"]),
                  "%d alerts" % len(account.accepted))
    keys = collections.Counter(row[0] for row in kept.values())
    verdict.check("no alert is there twice", (key for key, count in keys.items() if count > 1))
    verdict.check("nothing but lost connections and 503 refused an alert", (s for s in account.others if s not in (0, 503)))
    verdict.check("each 503 said when to come again",
                  (e for e in account.entries if e["status"] == 503 and not e["id"].startswith("retry:")),
                  "%d of them" % account.others[503])


def judge_answers(verdict, account, faults, addresses, within_s):
    """Every node that can answer does, within its time-out, whatever the database is doing."""
    slowest, late = 0, []
    blind = [(addresses[node.name], fault.at, fault.calm) for fault in faults for node in fault.blind]
    for e in account.entries:
        if any(e["address"] == address and e["sent"] < end and e["answered"] > begin for address, begin, end in blind):
            continue
        took = (e["answered"] - e["sent"]) / SECOND
        if e["status"] == 503:
            slowest = max(slowest, took)
        if took > within_s:
            late.append((e["key"], e["address"], e["status"], round(took, 2)))
    verdict.check("every request was answered within %g s" % within_s, late, "slowest 503 after %.2f s" % slowest)
    return slowest


def judge_database(verdict, server, account, acknowledged):
    kept = {row[0]: (row[1], int(row[2]), row[3] and int(row[3])) for row in server.rows(
        "SELECT id, dedup_key, status, acknowledged_at FROM alert")}
    judge_account(verdict, account, kept)
    paged = {row[0] for row in server.rows("SELECT DISTINCT subject_id FROM page WHERE reason <> ''")}
    verdict.check("each was paged with a reason, or acknowledged before its turn",
                  (e for e in account.accepted if e["id"] in kept and e["id"] not in paged and kept[e["id"]][2] is None))
    # Somebody whose messages are bundled has one that waits; a later page to them joins it.
    verdict.check("each page made a notification, or joined one", server.rows(
        "SELECT p.id, p.subject_id FROM page p JOIN alert a ON a.id = p.subject_id"
        " WHERE a.acknowledged_at IS NULL AND p.next_at IS NULL AND NOT EXISTS"
        " (SELECT 1 FROM notification n JOIN mailbox m ON m.id = n.mailbox_id"
        "  WHERE n.subject_id = p.subject_id AND m.user_name = p.user_name)"))
    verdict.check("every acknowledgement answered 200 is there",
                  (a for a in acknowledged if kept.get(a, (None, None, None))[2] is None),
                  "%d acknowledged" % len(acknowledged))
    verdict.check("no page was made after the acknowledgement", server.rows(
        "SELECT p.id, p.subject_id FROM page p JOIN alert a ON a.id = p.subject_id"
        " WHERE p.created_at > a.acknowledged_at"))
    verdict.check("no delivery was claimed after the acknowledgement", server.rows(
        "SELECT d.id, n.subject_id FROM delivery d JOIN carried c ON c.delivery_id = d.id"
        " JOIN notification n ON n.id = c.notification_id JOIN alert a ON a.id = n.subject_id"
        " WHERE d.claimed_at > a.acknowledged_at"))
    # In the order in which they were claimed, each lane's deliveries bear epochs that only go up.
    verdict.check("no node worked a lane that it had lost", server.rows(
        "SELECT id, lane, epoch, before FROM (SELECT id, lane, epoch, lag(epoch) OVER (PARTITION BY lane ORDER BY id)"
        " AS before FROM delivery) d WHERE epoch < before"))
    verdict.check("no lane had two nodes at a time", server.rows(
        "SELECT lane, epoch, count(DISTINCT node) FROM delivery GROUP BY lane, epoch HAVING count(DISTINCT node) > 1"))
    verdict.check("nothing that was due still waits", server.rows(
        "SELECT e.id, e.next_at FROM escalation e WHERE e.next_at <"
        " (SELECT max(at) - 10000000 FROM event)"))


def number(value):
    return struct.pack("<q", value)


def text(value):
    if value is None:
        return number(-1)
    data = value.encode()
    return number(len(data)) + data


def judge_chain(verdict, server):
    """The hashes are computed here once more."""
    before, expected, bad = bytes(32), 0, []
    for seq, at, actor, kind, subject, data, kept in server.rows(
            "SELECT seq, at, actor, kind, subject, data, encode(hash, 'hex') FROM event ORDER BY seq"):
        expected += 1
        before = hashlib.blake2b(before + number(int(seq)) + number(int(at)) + text(actor) + text(kind) + text(subject)
                                 + text(data), digest_size=32).digest()
        if int(seq) != expected or before.hex() != kept:
            bad.append(int(seq))
            expected, before = int(seq), bytes.fromhex(kept)
    verdict.check("one chain of events without a gap", bad, "%d events" % expected)


def judge_listeners(verdict, listeners, goal):
    verdict.check("live events reached each follower in order, none missing, none twice",
                  [complaint for each in listeners for complaint in each["complaints"]],
                  "%s events, %s changes of node" % ([each["count"] for each in listeners],
                                                     [each["moves"] for each in listeners]))
    verdict.check("each follower came to the end", [each for each in listeners if each["last"] < goal])


def was_held_back(arrival, acknowledged_at, faults):
    """It had left before the acknowledgement, into a cable that was cut, and came when that was healed."""
    return arrival.built <= acknowledged_at and any(
        f.mute and f.mute.at() == arrival.host and arrival.built <= f.mended and f.at <= arrival.at for f in faults)


def judge_messages(verdict, server, arrivals, acknowledged, faults):
    """Answers the repeats of each fault."""
    late = [(alert, arrival.at - acknowledged[alert][1]) for arrival in arrivals for alert in arrival.alerts
            if alert in acknowledged and arrival.at > acknowledged[alert][1] + IN_FLIGHT_US
            and not was_held_back(arrival, acknowledged[alert][1], faults)]
    verdict.check("no message named an alert after its acknowledgement", late, "%d messages" % len(arrivals))
    arrived = {arrival.delivery for arrival in arrivals}
    delivered = [row[0] for row in server.rows("SELECT id FROM delivery WHERE state = 2")]
    verdict.check("what was recorded as delivered did arrive", (d for d in delivered if d not in arrived),
                  "%d deliveries" % len(delivered))
    carried = collections.defaultdict(list)
    for notification, delivery in server.rows("SELECT notification_id, delivery_id FROM carried"):
        carried[delivery].append(notification)
    return judge_repeats(verdict, arrivals, carried, faults)


def judge_repeats(verdict, arrivals, carried, faults):
    """Somebody told twice of the same page: it must say so, and a fault brings at most one."""
    told, silent, repeats, unexplained = {}, [], collections.Counter(), []
    for arrival in sorted(arrivals, key=lambda each: each.at):
        if arrival.what == "refused":
            continue  # nobody was told
        for notification in carried[arrival.delivery]:
            before = told.get(notification)
            told[notification] = arrival
            if before is None:
                continue
            if not arrival.may_repeat:
                silent.append((notification, before.delivery, before.what, arrival.delivery))
            if before.what != "ok":
                continue  # the provider's own doing
            fault = next((f for f in reversed(faults) if f.at <= arrival.at), None)
            # What was in flight when it happened may be repeated much later: by the fault that cut it off.
            cause = next((f for f in reversed(faults) if f.at - 5 * SECOND <= before.at), fault)
            if cause is None:
                unexplained.append((notification, arrival.delivery))
            else:
                repeats[notification, cause.number] += 1
    verdict.check("a repeated page said that it may be one", silent)
    verdict.check("nothing was repeated without a fault", unexplained)
    verdict.check("at most one repeat per page and fault", (key for key, count in repeats.items() if count > 1),
                  "%d in all" % sum(repeats.values()))
    by_fault = collections.Counter()
    for (_, fault), count in repeats.items():
        by_fault[fault] += count
    return by_fault


def longest_gap(instants, begin, end):
    """Seconds without any of the (sorted) instants between begin and end."""
    gap, last = 0, begin
    for at in instants:
        if begin < at <= end:
            gap, last = max(gap, at - last), at
        elif at > end:
            break
    return max(gap, end - last if last < end else 0) / SECOND


def resumed_after(fault, arrivals_at):
    """Seconds from the fault's end for the database until a message was handed to the provider."""
    first = next((at for at in arrivals_at if at > fault.writable), None)
    return (first - fault.writable) / SECOND if first else float("inf")


def lateness(server, wait_us):
    """(lane, due, late by) in microseconds of each second step that became due by itself. A wait runs from when the
    first step's message went out, for at this load many go in digests; those held up again since are left out."""
    rows = server.rows(
        "SELECT e.lane, COALESCE((SELECT min(d.claimed_at) FROM notification n JOIN carried c ON c.notification_id = n.id"
        " JOIN delivery d ON d.id = c.delivery_id WHERE n.page_id = p.id), p.created_at),"
        " q.created_at, a.acknowledged_at FROM page p JOIN escalation e"
        " ON e.id = p.escalation_id JOIN alert a ON a.id = p.subject_id LEFT JOIN page q"
        " ON q.escalation_id = p.escalation_id AND q.step = 1 AND q.round = 0"
        " WHERE p.step = 0 AND p.round = 0 AND a.service LIKE 'two-%%' AND NOT EXISTS (SELECT 1 FROM event h"
        " WHERE h.subject = 'alert:' || a.id AND h.kind = 'escalation.held')")
    found = []
    for lane, told, again, acknowledged in rows:
        due = int(told) + wait_us
        if again is not None:
            found.append((int(lane), due, int(again) - due))
        elif acknowledged is None:
            found.append((int(lane), due, float("inf")))
    return found


# The last message to the person of page p was refused for good, or the last two did not arrive: of those that had begun
# when q was made, or had ended (what is under way to a contact that fails is no reason to count on it).
WAS_NOT_REACHED = (
    "(SELECT coalesce(bool_or(l.state = 4 AND l.nth = 1) OR count(*) FILTER (WHERE l.state IN (3, 4, 5)) = 2, false)"
    " FROM (SELECT d.state, row_number() OVER (ORDER BY d.claimed_at DESC) AS nth FROM delivery d"
    " WHERE d.user_name = p.user_name AND d.{instant} <= q.created_at) l WHERE l.nth <= 2)")


def judge_waits(verdict, server):
    """While we keep a message back the wait of its step does not run: the next step comes after it. But for who
    could not be reached."""
    verdict.check("no second step was told before the first", server.rows(
        "SELECT p.subject_id, q.created_at - p.created_at FROM page p JOIN page q ON q.escalation_id = p.escalation_id"
        " AND q.step = 1 AND q.round = 0 WHERE p.step = 0 AND p.round = 0 AND NOT EXISTS (SELECT 1 FROM notification n"
        " JOIN carried c ON c.notification_id = n.id JOIN delivery d ON d.id = c.delivery_id WHERE n.subject_id = p.subject_id"
        " AND d.user_name = p.user_name AND d.claimed_at <= q.created_at) AND NOT "
        + WAS_NOT_REACHED.format(instant="claimed_at") + " AND NOT " + WAS_NOT_REACHED.format(instant="finished_at")))


def waits_of(fault, due, is_mine):
    """Seconds that what became due around the fault waited, of the lost node's lanes or of the others'."""
    return [(at + late - max(at, fault.at)) / SECOND for lane, at, late in due
            if (lane in fault.lanes) == is_mine
            and fault.at - SECOND // 2 <= at <= fault.at + (fault.within_s + 1) * SECOND and at + late > fault.at]


def taken_over(fault, due):
    """Seconds until the last of the dead node's lanes was worked again; None when none of it was due."""
    return max(waits_of(fault, due, True), default=None)


def late_anyway(fault, due):
    """Seconds that due work of living nodes waited at that time, for it waits for its turn at this load."""
    return max(waits_of(fault, due, False), default=0)


def median_wait(calms, due):
    """Seconds, of what became due while nothing was wrong."""
    return statistics.median([late / SECOND for _, at, late in due if any(b <= at <= e for b, e in calms)] or [0])
