#include "paging/mail_store.h"

#include <string.h>

#include "paging/topic_store.h"

/* Of a mailbox in which nothing waits: less urgent than all there are. */
enum { SEVERITY_NOTHING = 9 };

#define MAILBOX_COLUMNS                                                                       \
    "id, user_name, contact, urgency, severity, next_at, lane, failures, retry_at, refused, " \
    "failed_at, waits_for, slow"

void mailbox_clear(struct mailbox *mailbox)
{
    g_free(mailbox->who);
    g_free(mailbox->contact);
    *mailbox = (struct mailbox){0};
}

static bool take_mailbox(struct db_query *q, struct mailbox *out)
{
    bool is_found = db_step(q) == DB_ROW;
    if (is_found) {
        *out = (struct mailbox){
            .id = db_int(q, 0),
            .who = g_strdup(db_text(q, 1)),
            .contact = g_strdup(db_text(q, 2)),
            .urgency = (int)db_int(q, 3),
            .severity = (int)db_int(q, 4),
            .next_at = db_utc(q, 5),
            .lane = (int)db_int(q, 6),
            .failures = db_int(q, 7),
            .retry_at = db_utc(q, 8),
            .is_refused = db_int(q, 9) != 0,
            .failed_at = db_utc(q, 10),
            .waits_for = db_int(q, 11),
            .is_slow = db_int(q, 12) != 0,
        };
    }
    db_reset(q);
    return is_found;
}

bool mailbox_load(struct db *db, int64_t id, struct mailbox *out)
{
    struct db_query *q = db_query(db, "SELECT " MAILBOX_COLUMNS " FROM mailbox WHERE id = $1");
    db_bind_int(q, 1, id);
    db_keep(q, 0);
    return take_mailbox(q, out);
}

bool mailbox_find(struct db *db, const char *who, const char *contact, int urgency,
                  struct mailbox *out)
{
    struct db_query *q =
        db_query(db, "SELECT " MAILBOX_COLUMNS
                     " FROM mailbox WHERE user_name = $1 AND contact = $2 AND urgency = $3");
    db_bind_text(q, 1, who);
    db_bind_text(q, 2, contact);
    db_bind_int(q, 3, urgency);
    db_keep(q, 1);
    return take_mailbox(q, out);
}

void mailbox_take(struct db *db, const char *who, const char *contact, int urgency,
                  struct mailbox *out)
{
    if (mailbox_find(db, who, contact, urgency, out)) {
        return;
    }
    struct db_query *q =
        db_query(db, "INSERT INTO mailbox (user_name, contact, urgency, severity, next_at, lane)"
                     " VALUES ($1, $2, $3, $4, NULL, $5) {newid}");
    db_bind_text(q, 1, who);
    db_bind_text(q, 2, contact);
    db_bind_int(q, 3, urgency);
    db_bind_int(q, 4, SEVERITY_NOTHING);
    db_bind_int(q, 5, lane_of(who));
    *out = (struct mailbox){
        .id = db_insert(q),
        .who = g_strdup(who),
        .contact = g_strdup(contact),
        .urgency = urgency,
        .severity = SEVERITY_NOTHING,
        .lane = lane_of(who),
    };
    db_stale(db, who);
}

void mailbox_save(struct db *db, const struct mailbox *mailbox)
{
    struct db_query *q =
        db_query(db, "UPDATE mailbox SET severity = $1, next_at = $2, failures = $3, retry_at = $4,"
                     " refused = $5, failed_at = $6, waits_for = $7, slow = $8 WHERE id = $9");
    db_bind_int(q, 1, mailbox->severity);
    db_bind_utc(q, 2, mailbox->next_at);
    db_bind_int(q, 3, mailbox->failures);
    db_bind_utc(q, 4, mailbox->retry_at);
    db_bind_int(q, 5, mailbox->is_refused);
    db_bind_utc(q, 6, mailbox->failed_at);
    if (mailbox->waits_for != 0) {
        db_bind_int(q, 7, mailbox->waits_for);
    }
    db_bind_int(q, 8, mailbox->is_slow);
    db_bind_int(q, 9, mailbox->id);
    (void)db_run(q);
    db_stale(db, mailbox->who);
}

void mailboxes_go_on(struct db *db, int64_t delivery_id, struct utc now)
{
    struct db_query *q = db_query(db, "UPDATE mailbox SET waits_for = NULL, slow = 0, next_at = $1"
                                      " WHERE waits_for = $2");
    db_bind_utc(q, 1, now);
    db_bind_int(q, 2, delivery_id);
    (void)db_run(q);
    if (db_changes(db) > 0) {
        db_stale(db, NULL);
    }
}

size_t mailbox_due(struct db *db, struct utc now, lane_set lanes, int64_t *out_ids, size_t max)
{
    struct db_query *q = db_query(db, "SELECT id FROM mailbox WHERE next_at <= $2 AND " IN_LANES
                                      " ORDER BY urgency, severity, next_at, id LIMIT $3");
    db_bind_int(q, 1, (int64_t)lanes);
    db_bind_utc(q, 2, now);
    db_bind_int(q, 3, (int64_t)max);
    return db_take_ids(q, out_ids, max);
}

struct utc mailbox_next(struct db *db, lane_set lanes)
{
    struct db_query *q =
        db_query(db, "SELECT next_at FROM mailbox WHERE next_at IS NOT NULL AND " IN_LANES
                     " ORDER BY next_at LIMIT 1");
    db_bind_int(q, 1, (int64_t)lanes);
    return db_take_instant(q);
}

struct utc mailbox_opens_at(const struct mailbox *mailbox, struct utc now)
{
    bool is_closed = mailbox->failures >= MAILBOX_FAILS || mailbox->is_refused;
    /* A clock that jumped back must not make a wait endless. */
    struct utc furthest = utc_add(now, (struct span){2 * MAILBOX_RETRY_MAX.us});
    return is_closed && utc_before(mailbox->retry_at, furthest) ? mailbox->retry_at
                                                                : (struct utc){0};
}

void mailbox_judge_next(struct db *db, struct mailbox *mailbox, struct utc now)
{
    struct db_query *q = db_query(db, "SELECT MIN(due_at), MIN(severity) FROM notification"
                                      " WHERE mailbox_id = $1 AND state = 1");
    db_bind_int(q, 1, mailbox->id);
    bool is_waiting = db_step(q) == DB_ROW && !db_is_null(q, 0);
    /* An attempt that failed holds back all that waits. */
    mailbox->next_at =
        is_waiting ? utc_later(db_utc(q, 0), mailbox_opens_at(mailbox, now)) : (struct utc){0};
    mailbox->severity = is_waiting ? (int)db_int(q, 1) : SEVERITY_NOTHING;
    db_reset(q);
}

void mailbox_hurry(struct db *db, struct mailbox *mailbox, struct utc now)
{
    if (mailbox->waits_for == 0 && utc_before(now, mailbox->next_at)) {
        mailbox->next_at =
            utc_earlier(mailbox->next_at, utc_later(now, mailbox_opens_at(mailbox, now)));
    }
    mailbox_save(db, mailbox);
}

void mailbox_rearm(struct db *db, struct mailbox *mailbox, struct utc now)
{
    mailbox_judge_next(db, mailbox, now);
    mailbox_save(db, mailbox);
}

void mail_shift_waits(struct db *db, struct utc now, struct span by)
{
    /* Also where nothing waits: one that failed waits before it is asked again. */
    struct db_query *q =
        db_query(db, "UPDATE mailbox SET next_at = next_at + $1, retry_at = retry_at + $1,"
                     " failed_at = failed_at + $1 WHERE next_at IS NOT NULL OR failures > 0");
    db_bind_int(q, 1, by.us);
    (void)db_run(q);
    db_stale(db, NULL);
    q = db_query(db, "UPDATE notification SET due_at = due_at + $1 WHERE state = 1");
    db_bind_int(q, 1, by.us);
    (void)db_run(q);
    q = db_query(db, "UPDATE delivery SET lease_until = lease_until + $1"
                     " WHERE lease_until IS NOT NULL");
    db_bind_int(q, 1, by.us);
    (void)db_run(q);
    /* The last hour as it was before the jump: else the bound on noise would forget it, or hold
     * messages back until the clock is where it was. What is older must not come into the last hour
     * again when the clock passes there a second time. */
    struct utc hour_before = {now.us - by.us - SPAN_H(1).us};
    q = db_query(db,
                 "UPDATE delivery SET bounded_at = 0 WHERE bounded_at > $1 AND bounded_at <= $2");
    db_bind_int(q, 1, now.us - SPAN_H(1).us);
    db_bind_int(q, 2, hour_before.us);
    (void)db_run(q);
    q = db_query(db, "UPDATE delivery SET bounded_at = bounded_at + $1 WHERE bounded_at > $2");
    db_bind_int(q, 1, by.us);
    db_bind_int(q, 2, hour_before.us);
    (void)db_run(q);
}

#define NOTIFICATION_COLUMNS                                                                    \
    "n.id, n.mailbox_id, n.page_id, n.subject_id, n.subject_kind, n.kind, n.state, n.severity," \
    " n.due_at, n.tries, n.data, n.created_at, n.settled_at, n.passes"

void notification_clear(struct notification *notification)
{
    g_free(notification->data);
    *notification = (struct notification){0};
}

void notification_insert(struct db *db, struct notification *n)
{
    struct db_query *q = db_query(
        db, "INSERT INTO notification (mailbox_id, page_id, subject_id, kind, state, severity,"
            " due_at, tries, data, created_at, passes, subject_kind)"
            " VALUES ($1, $2, $3, $4, $5, $6, $7, 0, $8, $9, $10, $11) {newid}");
    db_bind_int(q, 1, n->mailbox_id);
    if (n->page_id != 0) {
        db_bind_int(q, 2, n->page_id);
    }
    bind_subject(q, 3, 11, n->subject);
    db_bind_int(q, 4, n->kind);
    db_bind_int(q, 5, n->state);
    db_bind_int(q, 6, n->severity);
    db_bind_utc(q, 7, n->due_at);
    db_bind_text(q, 8, n->data);
    db_bind_utc(q, 9, n->created_at);
    db_bind_int(q, 10, n->passes);
    n->id = db_insert(q);
}

void notifications_hurry(struct db *db, int64_t mailbox_id, struct utc now)
{
    struct db_query *q = db_query(db, "UPDATE notification SET due_at = $2 WHERE mailbox_id = $1"
                                      " AND state = 1 AND tries > 0 AND due_at > $2");
    db_bind_int(q, 1, mailbox_id);
    db_bind_utc(q, 2, now);
    (void)db_run(q);
}

bool notification_waits(struct db *db, int64_t mailbox_id, struct subject subject)
{
    struct db_query *q = db_query(
        db, "SELECT 1 FROM notification n JOIN page p ON p.id = n.page_id AND p.state = 1"
            " WHERE " IS_ABOUT(
                "n.", "$1", "$3") " AND n.mailbox_id = $2 AND n.state = 1 AND n.kind = 1 LIMIT 1");
    bind_subject(q, 1, 3, subject);
    db_bind_int(q, 2, mailbox_id);
    return db_is_any(q);
}

bool notification_was_sent(struct db *db, struct subject subject)
{
    struct db_query *q =
        db_query(db, "SELECT 1 FROM notification WHERE " IS_ABOUT(
                         "", "$1", "$2") " AND state IN (2, 3) AND kind = 1 LIMIT 1");
    bind_subject(q, 1, 2, subject);
    return db_is_any(q);
}

struct utc notification_due_worse(struct db *db, int64_t mailbox_id, int severity, struct utc now)
{
    struct db_query *q =
        db_query(db, "SELECT MIN(due_at) FROM notification WHERE mailbox_id = $1 AND state = 1"
                     " AND severity < $2 AND due_at > $3");
    db_bind_int(q, 1, mailbox_id);
    db_bind_int(q, 2, severity);
    db_bind_utc(q, 3, now);
    return db_take_instant(q);
}

void notification_settle(struct db *db, int64_t id, int state, struct utc now)
{
    struct db_query *q =
        db_query(db, "UPDATE notification SET state = $1, settled_at = $2 WHERE id = $3");
    db_bind_int(q, 1, state);
    db_bind_utc(q, 2, now);
    db_bind_int(q, 3, id);
    (void)db_run(q);
    news_doubt(db);
}

int64_t notification_cancel_all(struct db *db, struct subject subject, struct utc now)
{
    struct db_query *q = db_query(db, "UPDATE notification SET state = $1, settled_at = $2"
                                      " WHERE " IS_ABOUT("", "$3", "$4") " AND state = 1");
    db_bind_int(q, 1, NOTIFICATION_CANCELLED);
    db_bind_utc(q, 2, now);
    bind_subject(q, 3, 4, subject);
    (void)db_run(q);
    news_doubt(db);
    return db_changes(db);
}

static GArray *take_notifications(struct db_query *q)
{
    GArray *list = g_array_new(FALSE, TRUE, sizeof(struct notification));
    while (db_step(q) == DB_ROW) {
        struct notification n = {
            .id = db_int(q, 0),
            .mailbox_id = db_int(q, 1),
            .page_id = db_int(q, 2),
            .subject = subject_at(q, 3),
            .kind = (int)db_int(q, 5),
            .state = (int)db_int(q, 6),
            .severity = (int)db_int(q, 7),
            .due_at = db_utc(q, 8),
            .tries = db_int(q, 9),
            .data = g_strdup(db_text(q, 10)),
            .created_at = db_utc(q, 11),
            .settled_at = db_utc(q, 12),
            .passes = (int)db_int(q, 13),
        };
        g_array_append_val(list, n);
    }
    db_reset(q);
    return list;
}

void notifications_free(GArray *notifications)
{
    for (guint i = 0; i < notifications->len; i++) {
        notification_clear(&g_array_index(notifications, struct notification, i));
    }
    g_array_unref(notifications);
}

GArray *notifications_waiting(struct db *db, int64_t mailbox_id, struct utc now, int max)
{
    struct db_query *q = db_query(db, "SELECT " NOTIFICATION_COLUMNS
                                      " FROM notification n WHERE n.mailbox_id = $1 AND n.state = 1"
                                      " AND n.due_at <= $2 ORDER BY n.severity, n.id LIMIT $3");
    db_bind_int(q, 1, mailbox_id);
    db_bind_utc(q, 2, now);
    db_bind_int(q, 3, max);
    db_keep(q, 0);
    return take_notifications(q);
}

GArray *notifications_newest(struct db *db, int64_t mailbox_id, int severity, struct utc now,
                             int max)
{
    struct db_query *q = db_query(db, "SELECT " NOTIFICATION_COLUMNS
                                      " FROM notification n WHERE n.mailbox_id = $1 AND n.state = 1"
                                      " AND n.severity = $2 AND n.due_at <= $3 AND n.kind = 1"
                                      " ORDER BY n.id DESC LIMIT $4");
    db_bind_int(q, 1, mailbox_id);
    db_bind_int(q, 2, severity);
    db_bind_utc(q, 3, now);
    db_bind_int(q, 4, max);
    return take_notifications(q);
}

GArray *notifications_passing(struct db *db, int64_t mailbox_id, struct utc now, int max)
{
    struct db_query *q = db_query(
        db, "SELECT " NOTIFICATION_COLUMNS
            " FROM notification n WHERE n.mailbox_id = $1 AND n.state = 1"
            " AND n.passes > 0 AND n.passes < 3 AND n.due_at <= $2 ORDER BY n.severity, n.id"
            " LIMIT $3");
    db_bind_int(q, 1, mailbox_id);
    db_bind_utc(q, 2, now);
    db_bind_int(q, 3, max);
    return take_notifications(q);
}

GArray *notifications_of_delivery(struct db *db, int64_t delivery_id, int max)
{
    struct db_query *q =
        db_query(db, "SELECT " NOTIFICATION_COLUMNS
                     " FROM carried c JOIN notification n ON n.id = c.notification_id"
                     " WHERE c.delivery_id = $1 ORDER BY n.id LIMIT $2");
    db_bind_int(q, 1, delivery_id);
    db_bind_int(q, 2, max);
    return take_notifications(q);
}

GArray *notifications_of_kind(struct db *db, struct subject subject, int kind)
{
    struct db_query *q =
        db_query(db, "SELECT " NOTIFICATION_COLUMNS
                     " FROM notification n WHERE " IS_ABOUT("n.", "$1", "$3") " AND n.kind = $2"
                                                                              " ORDER BY n.id");
    bind_subject(q, 1, 3, subject);
    db_bind_int(q, 2, kind);
    return take_notifications(q);
}

GArray *notifications_of_page(struct db *db, int64_t page_id)
{
    struct db_query *q = db_query(db, "SELECT " NOTIFICATION_COLUMNS
                                      " FROM notification n WHERE n.page_id = $1 ORDER BY n.id");
    db_bind_int(q, 1, page_id);
    return take_notifications(q);
}
