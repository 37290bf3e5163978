#include "paging/mail_store.h"

#include <string.h>

#include "paging/topic_store.h"

/* Of a mailbox in which nothing waits: less urgent than all there are. */
enum { SEVERITY_NOTHING = 9 };

#define AT(member) offsetof(struct mailbox, member)

static const struct column MAILBOX_COLUMNS[] = {
    {"id", COLUMN_INT, AT(id), COLUMN_ID},
    {"user_name", COLUMN_TEXT, AT(who), COLUMN_FIXED},
    {"contact", COLUMN_TEXT, AT(contact), COLUMN_FIXED},
    {"urgency", COLUMN_ENUM, AT(urgency), COLUMN_FIXED},
    {"severity", COLUMN_ENUM, AT(severity)},
    {"next_at", COLUMN_UTC, AT(next_at)},
    {"lane", COLUMN_ENUM, AT(lane), COLUMN_FIXED},
    {"failures", COLUMN_INT, AT(failures)},
    {"failed_at", COLUMN_UTC, AT(failed_at)},
    {"retry_at", COLUMN_UTC, AT(retry_at)},
    {"refused", COLUMN_BOOL, AT(is_refused)},
    {"waits_for", COLUMN_INT, AT(waits_for), COLUMN_NULL},
    {"slow", COLUMN_BOOL, AT(is_slow)},
};
#undef AT

const struct table MAILBOX_TABLE = {
    .name = "mailbox",
    .size = sizeof(struct mailbox),
    ROW_COLUMNS(MAILBOX_COLUMNS),
    .words = PAGING_WORDS,
};

void mailbox_clear(struct mailbox *mailbox)
{
    row_clear(&MAILBOX_TABLE, mailbox);
}

bool mailbox_load(struct db *db, int64_t id, struct mailbox *out)
{
    return row_load(db, &MAILBOX_TABLE, id, out);
}

bool mailbox_find(struct db *db, const char *who, const char *contact, int urgency,
                  struct mailbox *out)
{
    struct db_query *q = row_query(
        db, &MAILBOX_TABLE,
        "SELECT {columns} FROM mailbox WHERE user_name = $1 AND contact = $2 AND urgency = $3");
    db_bind_text(q, 1, who);
    db_bind_text(q, 2, contact);
    db_bind_int(q, 3, urgency);
    db_keep(q, 1);
    return row_take(q, &MAILBOX_TABLE, out);
}

void mailbox_take(struct db *db, const char *who, const char *contact, int urgency,
                  struct mailbox *out)
{
    if (mailbox_find(db, who, contact, urgency, out)) {
        return;
    }
    *out = (struct mailbox){
        .who = g_strdup(who),
        .contact = g_strdup(contact),
        .urgency = urgency,
        .severity = SEVERITY_NOTHING,
        .lane = lane_of(who),
    };
    row_insert(db, &MAILBOX_TABLE, out);
    db_stale(db, who);
}

void mailbox_save(struct db *db, const struct mailbox *mailbox)
{
    row_save(db, &MAILBOX_TABLE, mailbox);
    db_stale(db, mailbox->who);
}

void mailboxes_go_on(struct db *db, int64_t delivery_id, struct utc now)
{
    struct db_query *q =
        paging_query(db, "UPDATE mailbox SET waits_for = NULL, slow = 0, next_at = $1"
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
    struct db_query *q = paging_query(db, "SELECT id FROM mailbox WHERE next_at <= $2 AND " IN_LANES
                                          " ORDER BY urgency, severity, next_at, id LIMIT $3");
    db_bind_int(q, 1, (int64_t)lanes);
    db_bind_utc(q, 2, now);
    db_bind_int(q, 3, (int64_t)max);
    return db_take_ids(q, out_ids, max);
}

struct utc mailbox_next(struct db *db, lane_set lanes)
{
    struct db_query *q =
        paging_query(db, "SELECT next_at FROM mailbox WHERE next_at IS NOT NULL AND " IN_LANES
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
    struct db_query *q =
        paging_query(db, "SELECT MIN(due_at), MIN(severity) FROM notification"
                         " WHERE mailbox_id = $1 AND state = {notification.waiting}");
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
        paging_query(db, "UPDATE mailbox SET next_at = next_at + $1, retry_at = retry_at + $1,"
                         " failed_at = failed_at + $1 WHERE next_at IS NOT NULL OR failures > 0");
    db_bind_int(q, 1, by.us);
    (void)db_run(q);
    db_stale(db, NULL);
    q = paging_query(
        db, "UPDATE notification SET due_at = due_at + $1 WHERE state = {notification.waiting}");
    db_bind_int(q, 1, by.us);
    (void)db_run(q);
    q = paging_query(db, "UPDATE delivery SET lease_until = lease_until + $1"
                         " WHERE lease_until IS NOT NULL");
    db_bind_int(q, 1, by.us);
    (void)db_run(q);
    /* The last hour as it was before the jump: else the bound on noise would forget it, or hold
     * messages back until the clock is where it was. What is older must not come into the last hour
     * again when the clock passes there a second time. */
    struct utc hour_before = {now.us - by.us - SPAN_H(1).us};
    q = paging_query(
        db, "UPDATE delivery SET bounded_at = 0 WHERE bounded_at > $1 AND bounded_at <= $2");
    db_bind_int(q, 1, now.us - SPAN_H(1).us);
    db_bind_int(q, 2, hour_before.us);
    (void)db_run(q);
    q = paging_query(db, "UPDATE delivery SET bounded_at = bounded_at + $1 WHERE bounded_at > $2");
    db_bind_int(q, 1, by.us);
    db_bind_int(q, 2, hour_before.us);
    (void)db_run(q);
}

#define AT(member) offsetof(struct notification, member)

static const struct column NOTIFICATION_COLUMNS[] = {
    {"id", COLUMN_INT, AT(id), COLUMN_ID},
    {"mailbox_id", COLUMN_INT, AT(mailbox_id)},
    {"page_id", COLUMN_INT, AT(page_id), COLUMN_NULL},
    SUBJECT_COLUMNS(notification),
    {"kind", COLUMN_ENUM, AT(kind)},
    {"state", COLUMN_ENUM, AT(state)},
    {"severity", COLUMN_ENUM, AT(severity)},
    {"passes", COLUMN_ENUM, AT(passes)},
    {"due_at", COLUMN_UTC, AT(due_at)},
    {"tries", COLUMN_INT, AT(tries)},
    {"data", COLUMN_TEXT, AT(data)},
    {"created_at", COLUMN_UTC, AT(created_at)},
    {"settled_at", COLUMN_UTC, AT(settled_at)},
};
#undef AT

/* Inserted whole; what changes in one is written by the statements below. */
const struct table NOTIFICATION_TABLE = {
    .name = "notification",
    .size = sizeof(struct notification),
    ROW_COLUMNS(NOTIFICATION_COLUMNS),
    .words = PAGING_WORDS,
};

static struct db_query *ask(struct db *db, const char *sql)
{
    return row_query(db, &NOTIFICATION_TABLE, sql);
}

void notification_clear(struct notification *notification)
{
    row_clear(&NOTIFICATION_TABLE, notification);
}

void notification_insert(struct db *db, struct notification *n)
{
    row_insert(db, &NOTIFICATION_TABLE, n);
}

void notifications_hurry(struct db *db, int64_t mailbox_id, struct utc now)
{
    struct db_query *q =
        paging_query(db, "UPDATE notification SET due_at = $2 WHERE mailbox_id = $1"
                         " AND state = {notification.waiting} AND tries > 0 AND due_at > $2");
    db_bind_int(q, 1, mailbox_id);
    db_bind_utc(q, 2, now);
    (void)db_run(q);
}

bool notification_waits(struct db *db, int64_t mailbox_id, struct subject subject)
{
    struct db_query *q = paging_query(
        db,
        "SELECT 1 FROM notification n JOIN page p ON p.id = n.page_id AND p.state = {page.active}"
        " WHERE " IS_ABOUT("n.", "$1",
                           "$3") " AND n.mailbox_id = $2 AND n.state = {notification.waiting} AND "
                                 "n.kind = {message.page} LIMIT 1");
    bind_subject(q, 1, 3, subject);
    db_bind_int(q, 2, mailbox_id);
    return db_is_any(q);
}

bool notification_was_sent(struct db *db, struct subject subject)
{
    struct db_query *q = paging_query(
        db, "SELECT 1 FROM notification WHERE " IS_ABOUT(
                "", "$1", "$2") " AND state IN ({notification.sending}, {notification.delivered}) "
                                "AND kind = {message.page} LIMIT 1");
    bind_subject(q, 1, 2, subject);
    return db_is_any(q);
}

struct utc notification_due_worse(struct db *db, int64_t mailbox_id, int severity, struct utc now)
{
    struct db_query *q = paging_query(db, "SELECT MIN(due_at) FROM notification WHERE mailbox_id = "
                                          "$1 AND state = {notification.waiting}"
                                          " AND severity < $2 AND due_at > $3");
    db_bind_int(q, 1, mailbox_id);
    db_bind_int(q, 2, severity);
    db_bind_utc(q, 3, now);
    return db_take_instant(q);
}

void notification_settle(struct db *db, int64_t id, int state, struct utc now)
{
    struct db_query *q =
        paging_query(db, "UPDATE notification SET state = $1, settled_at = $2 WHERE id = $3"
                         " AND state = {notification.waiting}");
    CHECK(state_may(&NOTIFICATION_STATES, NOTIFICATION_WAITING, state));
    db_bind_int(q, 1, state);
    db_bind_utc(q, 2, now);
    db_bind_int(q, 3, id);
    (void)db_run(q);
    news_doubt(db);
}

int64_t notification_cancel_all(struct db *db, struct subject subject, bool keeps_asked,
                                struct utc now)
{
    struct db_query *q = paging_query(
        db, "UPDATE notification SET state = {notification.cancelled}, settled_at = $1"
            " WHERE " IS_ABOUT("", "$2", "$3") " AND state = {notification.waiting>cancelled}"
                                               " AND ($4 = 0 OR NOT EXISTS (SELECT 1 FROM page p "
                                               "WHERE p.id = notification.page_id"
                                               " AND p.escalation_id IS NULL))");
    db_bind_utc(q, 1, now);
    bind_subject(q, 2, 3, subject);
    db_bind_int(q, 4, keeps_asked);
    (void)db_run(q);
    news_doubt(db);
    return db_changes(db);
}

static GArray *take_notifications(struct db_query *q)
{
    GArray *list = g_array_new(FALSE, TRUE, sizeof(struct notification));
    struct notification n;
    while (row_next(q, &NOTIFICATION_TABLE, &n)) {
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
    struct db_query *q = ask(db, "SELECT {n.columns} FROM notification n WHERE n.mailbox_id = $1 "
                                 "AND n.state = {notification.waiting}"
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
    struct db_query *q =
        ask(db, "SELECT {n.columns} FROM notification n WHERE n.mailbox_id = $1 AND n.state = "
                "{notification.waiting}"
                " AND n.severity = $2 AND n.due_at <= $3 AND n.kind = {message.page}"
                " ORDER BY n.id DESC LIMIT $4");
    db_bind_int(q, 1, mailbox_id);
    db_bind_int(q, 2, severity);
    db_bind_utc(q, 3, now);
    db_bind_int(q, 4, max);
    return take_notifications(q);
}

GArray *notifications_passing(struct db *db, int64_t mailbox_id, struct utc now, int max)
{
    struct db_query *q = ask(db, "SELECT {n.columns} FROM notification n WHERE n.mailbox_id = $1 "
                                 "AND n.state = {notification.waiting}"
                                 " AND n.passes > 0 AND n.passes < {pass.update} AND n.due_at <= "
                                 "$2 ORDER BY n.severity, n.id"
                                 " LIMIT $3");
    db_bind_int(q, 1, mailbox_id);
    db_bind_utc(q, 2, now);
    db_bind_int(q, 3, max);
    return take_notifications(q);
}

GArray *notifications_of_delivery(struct db *db, int64_t delivery_id, int max)
{
    struct db_query *q =
        ask(db, "SELECT {n.columns} FROM carried c JOIN notification n ON n.id = c.notification_id"
                " WHERE c.delivery_id = $1 ORDER BY n.id LIMIT $2");
    db_bind_int(q, 1, delivery_id);
    db_bind_int(q, 2, max);
    return take_notifications(q);
}

GArray *notifications_of_kind(struct db *db, struct subject subject, int kind)
{
    struct db_query *q = ask(db, "SELECT {n.columns} FROM notification n WHERE " IS_ABOUT(
                                     "n.", "$1", "$3") " AND n.kind = $2"
                                                       " ORDER BY n.id");
    bind_subject(q, 1, 3, subject);
    db_bind_int(q, 2, kind);
    return take_notifications(q);
}

GArray *notifications_of_page(struct db *db, int64_t page_id)
{
    struct db_query *q =
        ask(db, "SELECT {n.columns} FROM notification n WHERE n.page_id = $1 ORDER BY n.id");
    db_bind_int(q, 1, page_id);
    return take_notifications(q);
}
