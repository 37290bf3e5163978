/* How the notifications that one delivery carries are settled, all in one statement: a digest may
 * carry tens of thousands; and which pages are among them. Part of paging/mail_store.h. */
#include "paging/mail_store.h"
#include "paging/topic_store.h"

#define CARRIED "(SELECT notification_id FROM carried WHERE delivery_id = $1)"

void carried_begin(struct db *db, int64_t delivery_id)
{
    struct db_query *q =
        paging_query(db, "UPDATE notification SET state = {notification.sending}, tries = tries + 1"
                         " WHERE id IN " CARRIED " AND state = {notification.waiting>sending}");
    db_bind_int(q, 1, delivery_id);
    (void)db_run(q);
}

void carried_settle(struct db *db, int64_t delivery_id, int state, struct utc now)
{
    struct db_query *q =
        paging_query(db, "UPDATE notification SET state = $2, settled_at = $3"
                         " WHERE id IN " CARRIED " AND state = {notification.sending}");
    CHECK(state_may(&NOTIFICATION_STATES, NOTIFICATION_SENDING, state));
    db_bind_int(q, 1, delivery_id);
    db_bind_int(q, 2, state);
    db_bind_utc(q, 3, now);
    (void)db_run(q);
    news_doubt(db);
}

void carried_wait_again(struct db *db, int64_t delivery_id, struct patience patience,
                        struct utc due_at, struct utc now)
{
    struct db_query *q = paging_query(
        db, "UPDATE notification SET state = {notification.failed}, settled_at = $2"
            " WHERE id IN " CARRIED " AND state = {notification.sending>failed} AND (tries >= $3 "
            "OR (SELECT COUNT(*) FROM carried b"
            " JOIN delivery d ON d.id = b.delivery_id"
            " WHERE b.notification_id = notification.id AND d.state = {delivery.unknown}) >= $4)");
    db_bind_int(q, 1, delivery_id);
    db_bind_utc(q, 2, now);
    db_bind_int(q, 3, patience.tries_max);
    db_bind_int(q, 4, patience.unknown_max);
    (void)db_run(q);
    q = paging_query(
        db,
        "UPDATE notification SET state = {notification.waiting}, due_at = $2 WHERE id IN " CARRIED
        " AND state = {notification.sending>waiting}");
    db_bind_int(q, 1, delivery_id);
    db_bind_utc(q, 2, due_at);
    (void)db_run(q);
    news_doubt(db);
}

void carried_put_back(struct db *db, int64_t delivery_id, struct utc now)
{
    struct db_query *q = paging_query(
        db, "UPDATE notification SET state = {notification.waiting}, due_at = $2, tries = tries - 1"
            " WHERE id IN " CARRIED " AND state = {notification.sending>waiting}");
    db_bind_int(q, 1, delivery_id);
    db_bind_utc(q, 2, now);
    (void)db_run(q);
}

static GArray *take_pages(struct db_query *q)
{
    GArray *pages = g_array_new(FALSE, FALSE, sizeof(int64_t));
    while (db_step(q) == DB_ROW) {
        int64_t id = db_int(q, 0);
        g_array_append_val(pages, id);
    }
    db_reset(q);
    return pages;
}

GArray *carried_pages(struct db *db, int64_t delivery_id, int state, int64_t tries_max)
{
    struct db_query *q = paging_query(
        db, "SELECT n.page_id FROM carried c JOIN notification n ON n.id = c.notification_id"
            " WHERE c.delivery_id = $1 AND n.state = $2 AND n.tries <= $3"
            " AND n.page_id IS NOT NULL ORDER BY n.severity, n.id");
    db_bind_int(q, 1, delivery_id);
    db_bind_int(q, 2, state);
    db_bind_int(q, 3, tries_max);
    return take_pages(q);
}

GArray *pages_waiting(struct db *db, int64_t mailbox_id, struct utc now, int max)
{
    struct db_query *q =
        paging_query(db, "SELECT n.page_id FROM notification n WHERE n.mailbox_id = $1 AND n.state "
                         "= {notification.waiting}"
                         " AND n.due_at <= $2 AND n.page_id IS NOT NULL AND NOT EXISTS (SELECT 1"
                         " FROM notification o WHERE o.page_id = n.page_id AND o.id > n.id)"
                         " ORDER BY n.severity, n.id LIMIT $3");
    db_bind_int(q, 1, mailbox_id);
    db_bind_utc(q, 2, now);
    db_bind_int(q, 3, max);
    return take_pages(q);
}
