/* While we hold a message back, the wait of the step that sent it does not run; part of
 * page/page_store.h. */
#include "page/mail_store.h"
#include "page/page_store.h"

/* Of page p's step: an attempt to tell somebody of the alert was made before. */
#define IS_SOMEBODY_TRIED(but)                                                                 \
    "EXISTS (SELECT 1 FROM page q JOIN notification o ON o.alert_id = q.alert_id"              \
    " JOIN mailbox b ON b.id = o.mailbox_id AND b.user_name = q.user_name"                     \
    " WHERE q.alert_id = p.alert_id AND q.escalation_id = p.escalation_id AND q.step = p.step" \
    " AND q.round = p.round AND q.state = 1 AND o.kind = 1 AND o.tries > 0" but ")"

struct utc escalation_held_until(struct db *db, const struct escalation *e, struct utc now)
{
    /* A mailbox that fails holds nothing back: what it cannot deliver is no reason to wait. */
    struct db_query *q = db_query(
        db, "SELECT m.next_at FROM page p JOIN notification n ON n.alert_id = p.alert_id"
            " JOIN mailbox m ON m.id = n.mailbox_id AND m.user_name = p.user_name"
            " WHERE p.alert_id = $1 AND p.escalation_id = $2 AND p.step = $3"
            " AND p.round = $4 AND p.state = 1 AND n.state = 1 AND n.kind = 1 AND n.tries = 0"
            " AND n.due_at <= $5 AND m.next_at >= $6 AND m.failures = 0"
            " AND NOT " IS_SOMEBODY_TRIED("") " ORDER BY m.next_at LIMIT 1");
    db_bind_int(q, 1, e->alert_id);
    db_bind_int(q, 2, e->id);
    db_bind_int(q, 3, e->step - 1);
    db_bind_int(q, 4, e->round);
    db_bind_utc(q, 5, now);
    db_bind_utc(q, 6, utc_add(now, SPAN_S(-1)));
    struct utc at = {0};
    bool is_held = db_step(q) == DB_ROW;
    at = is_held ? utc_add(db_utc(q, 0), e->wait) : at;
    db_reset(q);
    return at;
}

void escalation_begin_waits(struct db *db, int64_t delivery_id, struct utc held_since,
                            struct utc at)
{
    /* The message may have been made for an earlier step: it says the same of the alert. Or it goes by a
     * second contact, while the one to the first is held. */
    struct db_query *q = db_query(
        db, "UPDATE escalation SET next_at = $1 + wait_us WHERE state = 1"
            " AND next_is_date = 0 AND wait_us > 0 AND id IN (SELECT e.id"
            " FROM carried c JOIN delivery d ON d.id = c.delivery_id"
            " JOIN notification n ON n.id = c.notification_id"
            " JOIN page p ON p.alert_id = n.alert_id AND p.user_name = d.user_name"
            " JOIN escalation e ON e.id = p.escalation_id AND e.step = p.step + 1"
            " AND e.round = p.round WHERE c.delivery_id = $2 AND n.kind = 1 AND n.tries = 1"
            " AND (n.due_at < $3 OR EXISTS (SELECT 1 FROM notification w"
            " JOIN mailbox v ON v.id = w.mailbox_id AND v.user_name = d.user_name"
            " WHERE w.alert_id = n.alert_id AND w.kind = 1 AND w.state = 1"
            " AND w.tries = 0 AND w.due_at < $3)) AND NOT " IS_SOMEBODY_TRIED(
                " AND (o.tries > 1 OR o.id NOT IN (SELECT notification_id FROM carried"
                " WHERE delivery_id = $2))") ")");
    db_bind_utc(q, 1, at);
    db_bind_int(q, 2, delivery_id);
    db_bind_utc(q, 3, held_since);
    (void)db_run(q);
}

void escalation_wait_anew(struct db *db, const struct page *page, struct utc now)
{
    struct db_query *q = db_query(
        db, "UPDATE escalation SET next_at = $1 + wait_us WHERE id = $2 AND state = 1"
            " AND next_is_date = 0 AND wait_us > 0 AND step = $3 AND round = $4"
            " AND NOT EXISTS (SELECT 1 FROM page p WHERE p.id = $5 AND " IS_SOMEBODY_TRIED("") ")");
    db_bind_utc(q, 1, now);
    db_bind_int(q, 2, page->escalation_id);
    db_bind_int(q, 3, page->step + 1);
    db_bind_int(q, 4, page->round);
    db_bind_int(q, 5, page->id);
    (void)db_run(q);
}
