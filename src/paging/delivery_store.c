/* Deliveries and the state of contacts; the other half of paging/mail_store.h. */
#include <string.h>

#include "paging/mail_store.h"
#include "paging/topic_store.h"

/* page_is_live (paging/work.h) as a condition on page p and its subject's escalation e. */
#define PAGE_IS_LIVE                                                \
    "(p.state = {page.active} AND (" IS_OPEN("e") " OR (" IS_TAKEN( \
        "e") " AND p.escalation_id IS NULL)))"

#define AT(member) offsetof(struct delivery, member)

static const struct column COLUMNS[] = {
    {"id", COLUMN_INT, AT(id), COLUMN_ID},
    {"mailbox_id", COLUMN_INT, AT(mailbox_id), COLUMN_FIXED},
    {"user_name", COLUMN_TEXT, AT(who), COLUMN_FIXED},
    {"contact", COLUMN_TEXT, AT(contact), COLUMN_FIXED},
    {"channel", COLUMN_ENUM, AT(channel), COLUMN_FIXED},
    {"address", COLUMN_TEXT, AT(address), COLUMN_FIXED},
    {"urgency", COLUMN_ENUM, AT(urgency), COLUMN_FIXED},
    {"severity", COLUMN_ENUM, AT(severity)},
    {"items", COLUMN_INT, AT(items)},
    {"passes", COLUMN_BOOL, AT(passes), COLUMN_FIXED},
    {"lane", COLUMN_ENUM, AT(lane), COLUMN_FIXED},
    {"epoch", COLUMN_INT, AT(epoch), COLUMN_FIXED},
    {"node", COLUMN_INT, AT(node), COLUMN_FIXED},
    {"state", COLUMN_ENUM, AT(state)},
    {"claimed_at", COLUMN_UTC, AT(claimed_at), COLUMN_FIXED},
    {"bounded_at", COLUMN_UTC, AT(claimed_at), COLUMN_FIXED | COLUMN_WRITTEN},
    {"lease_until", COLUMN_UTC, AT(lease_until)},
    {"finished_at", COLUMN_UTC, AT(finished_at)},
    {"provider_id", COLUMN_TEXT, AT(provider_id)},
    {"detail", COLUMN_TEXT, AT(detail)},
};

const struct table DELIVERY_TABLE = {
    .name = "delivery",
    .size = sizeof(struct delivery),
    ROW_COLUMNS(COLUMNS),
    .words = PAGING_WORDS,
};

static struct db_query *ask(struct db *db, const char *sql)
{
    return row_query(db, &DELIVERY_TABLE, sql);
}

void delivery_clear(struct delivery *delivery)
{
    row_clear(&DELIVERY_TABLE, delivery);
}

void delivery_insert(struct db *db, struct delivery *d)
{
    row_insert(db, &DELIVERY_TABLE, d);
}

void delivery_save(struct db *db, const struct delivery *d)
{
    row_save(db, &DELIVERY_TABLE, d);
}

static void each_delivery(struct db_query *q,
                          void (*each)(void *self, const struct delivery *delivery), void *self)
{
    struct delivery delivery;
    while (row_next(q, &DELIVERY_TABLE, &delivery)) {
        each(self, &delivery);
        delivery_clear(&delivery);
    }
    db_reset(q);
}

bool delivery_load(struct db *db, int64_t id, struct delivery *out)
{
    return row_load(db, &DELIVERY_TABLE, id, out);
}

size_t delivery_expired(struct db *db, struct utc now, lane_set lanes, int64_t *out_ids, size_t max)
{
    struct db_query *q =
        paging_query(db, "SELECT id FROM delivery WHERE lease_until <= $2 AND " IN_LANES
                         " ORDER BY severity, id LIMIT $3");
    db_bind_int(q, 1, (int64_t)lanes);
    db_bind_utc(q, 2, now);
    db_bind_int(q, 3, (int64_t)max);
    return db_take_ids(q, out_ids, max);
}

void delivery_extend_leases(struct db *db, struct utc until)
{
    /* Of a node that is gone nobody will say how it went. */
    struct db_query *q =
        paging_query(db, "UPDATE delivery SET lease_until = $1 WHERE lease_until < $1 AND"
                         " node IN (SELECT id FROM node WHERE state < {node.gone})");
    db_bind_utc(q, 1, until);
    (void)db_run(q);
}

struct utc delivery_next_lease(struct db *db, lane_set lanes, struct utc until)
{
    struct db_query *q = paging_query(db, "SELECT lease_until FROM delivery WHERE lease_until <= $2"
                                          " AND " IN_LANES " ORDER BY lease_until LIMIT 1");
    db_bind_int(q, 1, (int64_t)lanes);
    db_bind_utc(q, 2, until);
    db_keep(q, 0);
    return db_take_instant(q);
}

void delivery_put_off(struct db *db, struct utc now, lane_set lanes, struct span by)
{
    struct db_query *q = paging_query(
        db, "UPDATE delivery SET lease_until = lease_until + $3 WHERE id = (SELECT id FROM delivery"
            " WHERE lease_until <= $2 AND " IN_LANES " ORDER BY severity, id LIMIT 1)");
    db_bind_int(q, 1, (int64_t)lanes);
    db_bind_utc(q, 2, now);
    db_bind_int(q, 3, by.us);
    (void)db_run(q);
}

void delivery_expire_claimed(struct db *db, struct utc now)
{
    struct db_query *q =
        paging_query(db, "UPDATE delivery SET lease_until = $1 WHERE lease_until IS NOT NULL");
    db_bind_utc(q, 1, now);
    (void)db_run(q);
}

size_t delivery_of_node(struct db *db, struct utc now, int64_t node, int64_t *out_ids, size_t max)
{
    struct db_query *q = paging_query(
        db, "SELECT id FROM delivery WHERE lease_until > $1 AND node = $2 ORDER BY id LIMIT $3");
    db_bind_utc(q, 1, now);
    db_bind_int(q, 2, node);
    db_bind_int(q, 3, (int64_t)max);
    return db_take_ids(q, out_ids, max);
}

void delivery_expire_of_node(struct db *db, struct utc now, int64_t node)
{
    struct db_query *q = paging_query(
        db, "UPDATE delivery SET lease_until = $1 WHERE lease_until IS NOT NULL AND node = $2");
    db_bind_utc(q, 1, now);
    db_bind_int(q, 2, node);
    (void)db_run(q);
}

size_t delivery_recent(struct db *db, int64_t mailbox_id, struct utc now, struct sent *out,
                       size_t max)
{
    /* Failed attempts count: a provider that refuses or is away is not asked more often than one that
     * takes what we send. Only what was never sent is no message. */
    struct db_query *q = paging_query(
        db,
        "SELECT bounded_at, severity, state FROM delivery WHERE mailbox_id = $1"
        " AND bounded_at > $2 AND bounded_at <= $3 AND state <> {delivery.cancelled} AND passes = 0"
        " ORDER BY bounded_at DESC, id DESC LIMIT $4");
    db_bind_int(q, 1, mailbox_id);
    db_bind_utc(q, 2, utc_add(now, SPAN_H(-1)));
    /* What lies ahead was left there by a clock that jumped back: see mail_shift_waits. */
    db_bind_utc(q, 3, now);
    db_bind_int(q, 4, (int64_t)max);
    db_keep(q, 0);
    size_t count = 0;
    while (count < max && db_step(q) == DB_ROW) {
        int64_t state = db_int(q, 2);
        out[count++] = (struct sent){
            .at = db_utc(q, 0),
            .severity = (int)db_int(q, 1),
            .is_failed = state == DELIVERY_RETRY || state == DELIVERY_REFUSED,
        };
    }
    db_reset(q);
    return count;
}

void deliveries_under_way(struct db *db, struct utc now,
                          void (*each)(void *self, const struct delivery *delivery), void *self)
{
    struct db_query *q = paging_query(
        db, "SELECT id, channel, address, bounded_at, user_name, provider_id FROM delivery"
            " WHERE lease_until > 0 AND bounded_at > $1");
    db_bind_utc(q, 1, utc_add(now, SPAN_H(-1)));
    db_keep(q, 0);
    while (db_step(q) == DB_ROW) {
        struct delivery delivery = {
            .id = db_int(q, 0),
            .channel = (int)db_int(q, 1),
            .address = g_strdup(db_text(q, 2)),
            .claimed_at = db_utc(q, 3),
            .who = g_strdup(db_text(q, 4)),
            .provider_id = g_strdup(db_text(q, 5)),
        };
        each(self, &delivery);
        delivery_clear(&delivery);
    }
    db_reset(q);
}

void delivery_carry(struct db *db, int64_t delivery_id, int64_t notification_id)
{
    struct db_query *q =
        paging_query(db, "INSERT INTO carried (notification_id, delivery_id) VALUES ($1, $2)");
    db_bind_int(q, 1, notification_id);
    db_bind_int(q, 2, delivery_id);
    (void)db_run(q);
    q = paging_query(db, "UPDATE notification SET state = {notification.sending}, tries = tries + 1"
                         " WHERE id = $1 AND state = {notification.waiting>sending}");
    db_bind_int(q, 1, notification_id);
    (void)db_run(q);
}

void delivery_carry_pages(struct db *db, const struct delivery *delivery, struct utc now)
{
    struct db_query *q = paging_query(
        db, "INSERT INTO carried (notification_id, delivery_id)"
            " SELECT n.id, $1 FROM notification n JOIN escalation e ON " SAME_SUBJECT(
                "e", "n") " JOIN page p ON p.id = n.page_id"
                          " WHERE n.mailbox_id = $2 AND n.state = {notification.waiting} AND "
                          "n.kind = {message.page} AND n.due_at <= $3"
                          " AND " PAGE_IS_LIVE);
    db_bind_int(q, 1, delivery->id);
    db_bind_int(q, 2, delivery->mailbox_id);
    db_bind_utc(q, 3, now);
    (void)db_run(q);
    carried_begin(db, delivery->id);
}

int64_t delivery_count_subjects(struct db *db, int64_t id, size_t by_severity[5])
{
    /* Two pages of one alert may be on it: of a step and of a last resort that is the same person. */
    struct db_query *q = paging_query(
        db, "SELECT worst, COUNT(*) FROM (SELECT MIN(n.severity) AS worst FROM carried c"
            " JOIN notification n ON n.id = c.notification_id WHERE c.delivery_id = $1"
            " GROUP BY n.subject_id, n.subject_kind) AS told GROUP BY worst");
    db_bind_int(q, 1, id);
    int64_t total = 0;
    while (db_step(q) == DB_ROW) {
        int64_t severity = db_int(q, 0);
        CHECK(severity >= 1 && severity <= 4);
        by_severity[severity] = (size_t)db_int(q, 1);
        total += db_int(q, 1);
    }
    db_reset(q);
    return total;
}

bool delivery_is_wanted(struct db *db, int64_t delivery_id, struct utc now)
{
    struct db_query *q = paging_query(
        db,
        "SELECT 1 FROM carried c JOIN delivery d ON d.id = c.delivery_id"
        " JOIN notification n ON n.id = c.notification_id"
        " LEFT JOIN escalation e ON " SAME_SUBJECT(
            "e",
            "n") " LEFT JOIN page p ON p.id = n.page_id"
                 " WHERE c.delivery_id = $1 AND d.lease_until > $2"
                 " AND (n.kind IN ({message.still_on_it}, {message.test}, {message.gap}, "
                 "{message.restated}, {message.notice}) OR (n.kind = {message.ended} AND " IS_OVER(
                     "e") ")"
                          " OR (n.kind = {message.page} AND " PAGE_IS_LIVE ")) LIMIT 1");
    db_bind_int(q, 1, delivery_id);
    db_bind_utc(q, 2, now);
    return db_is_any(q);
}

bool delivery_is_live(struct db *db, int64_t delivery_id)
{
    return delivery_is_wanted(db, delivery_id, (struct utc){1}); /* every lease ends after 1970 */
}

bool delivery_may_repeat(struct db *db, int64_t id)
{
    struct db_query *q = paging_query(
        db, "SELECT 1 FROM carried c JOIN notification n ON n.id = c.notification_id"
            " JOIN carried b ON b.notification_id = c.notification_id"
            " JOIN delivery d ON d.id = b.delivery_id"
            " WHERE c.delivery_id = $1 AND n.tries > 1 AND d.state = {delivery.unknown} LIMIT 1");
    db_bind_int(q, 1, id);
    return db_is_any(q);
}

int64_t notification_unknown_attempts(struct db *db, int64_t id)
{
    struct db_query *q =
        paging_query(db, "SELECT COUNT(*) FROM carried c JOIN delivery d ON d.id = c.delivery_id"
                         " WHERE c.notification_id = $1 AND d.state = {delivery.unknown}");
    db_bind_int(q, 1, id);
    int64_t count = db_step(q) == DB_ROW ? db_int(q, 0) : 0;
    db_reset(q);
    return count;
}

size_t delivery_subjects(struct db *db, int64_t delivery_id, struct subject *out, size_t max)
{
    struct db_query *q = paging_query(
        db, "SELECT DISTINCT n.subject_id, n.subject_kind FROM carried c JOIN notification n"
            " ON n.id = c.notification_id WHERE c.delivery_id = $1"
            " AND n.subject_id IS NOT NULL ORDER BY n.subject_id DESC, n.subject_kind LIMIT $2");
    db_bind_int(q, 1, delivery_id);
    db_bind_int(q, 2, (int64_t)max);
    return take_subjects(q, out, max);
}

bool delivery_carries(struct db *db, int64_t delivery_id, struct subject subject)
{
    struct db_query *q = paging_query(db, "SELECT 1 FROM carried c JOIN notification n"
                                          " ON n.id = c.notification_id WHERE c.delivery_id = $1"
                                          " AND " IS_ABOUT("n.", "$2", "$3") " LIMIT 1");
    db_bind_int(q, 1, delivery_id);
    bind_subject(q, 2, 3, subject);
    return db_is_any(q);
}

char *delivery_last_address(struct db *db, int64_t mailbox_id)
{
    struct db_query *q = paging_query(db, "SELECT address FROM delivery WHERE mailbox_id = $1"
                                          " ORDER BY bounded_at DESC, id DESC LIMIT 1");
    db_bind_int(q, 1, mailbox_id);
    char *address = db_step(q) == DB_ROW ? g_strdup(db_text(q, 0)) : NULL;
    db_reset(q);
    return address;
}

int64_t delivery_page(struct db *db, int64_t delivery_id, struct subject subject)
{
    struct db_query *q = paging_query(
        db, "SELECT n.page_id FROM carried c"
            " JOIN notification n ON n.id = c.notification_id"
            " WHERE c.delivery_id = $1 AND " IS_ABOUT(
                "n.", "$2", "$3") " AND n.page_id IS NOT NULL ORDER BY n.id DESC LIMIT 1");
    int64_t id = 0;
    db_bind_int(q, 1, delivery_id);
    bind_subject(q, 2, 3, subject);
    return db_take_ids(q, &id, 1) == 1 ? id : 0;
}

void delivery_list(struct db *db, int64_t before_id, int limit,
                   void (*each)(void *self, const struct delivery *delivery), void *self)
{
    struct db_query *q = ask(db, "SELECT {d.columns} FROM delivery d WHERE ($1 = 0 OR d.id < $1)"
                                 " ORDER BY d.id DESC LIMIT $2");
    db_bind_int(q, 1, before_id);
    db_bind_int(q, 2, limit);
    each_delivery(q, each, self);
}

void delivery_attempts(struct db *db, int64_t notification_id,
                       void (*each)(void *self, const struct delivery *delivery), void *self)
{
    struct db_query *q =
        ask(db, "SELECT {d.columns} FROM carried c JOIN delivery d"
                " ON d.id = c.delivery_id WHERE c.notification_id = $1 ORDER BY d.id");
    db_bind_int(q, 1, notification_id);
    each_delivery(q, each, self);
}

void contact_note_failure(struct db *db, const char *user, const char *contact, const char *address,
                          const char *failure, struct utc now)
{
    struct db_query *q = paging_query(
        db, "INSERT INTO contact_state (user_name, contact, address, failed_at, failure)"
            " VALUES ($1, $2, $3, $4, $5) ON CONFLICT (user_name, contact) DO UPDATE SET"
            " failed_at = excluded.failed_at, failure = excluded.failure");
    db_bind_text(q, 1, user);
    db_bind_text(q, 2, contact);
    db_bind_text(q, 3, address);
    if (failure != NULL) {
        db_bind_utc(q, 4, now);
    }
    db_bind_text(q, 5, failure);
    (void)db_run(q);
}

void contact_note_verified(struct db *db, const char *user, const char *contact,
                           const char *address, struct utc now)
{
    struct db_query *q = paging_query(
        db, "INSERT INTO contact_state (user_name, contact, address, verified_at)"
            " VALUES ($1, $2, $3, $4) ON CONFLICT (user_name, contact) DO UPDATE SET"
            " address = excluded.address, verified_at = excluded.verified_at, failed_at = NULL,"
            " failure = NULL");
    db_bind_text(q, 1, user);
    db_bind_text(q, 2, contact);
    db_bind_text(q, 3, address);
    db_bind_utc(q, 4, now);
    (void)db_run(q);
}

bool contact_is_verified(struct db *db, const char *user, const char *contact, const char *address)
{
    struct db_query *q = paging_query(db, "SELECT 1 FROM contact_state WHERE user_name = $1"
                                          " AND contact = $2 AND address = $3"
                                          " AND verified_at IS NOT NULL");
    db_bind_text(q, 1, user);
    db_bind_text(q, 2, contact);
    db_bind_text(q, 3, address);
    return db_is_any(q);
}
