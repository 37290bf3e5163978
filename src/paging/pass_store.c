/* What the bound on noise does not hold back; part of paging/mail_store.h. */
#include "paging/mail_store.h"
#include "paging/topic_store.h"

/* Topic of what is kept: each alert of a batch asks. */
static const char NEWS[] = "news";

bool news_is_known(struct db *db, int64_t mailbox_id, const char *service, struct utc now)
{
    /* One that failed or was not wanted any more told nobody. */
    struct db_query *q = paging_query(
        db, "SELECT 1 FROM news w JOIN notification n ON n.id = w.notification_id"
            " WHERE w.mailbox_id = $1 AND w.service = $2"
            " AND (n.state IN ({notification.waiting}, {notification.sending}) OR (n.state = "
            "{notification.delivered} AND n.settled_at > $3))");
    db_bind_int(q, 1, mailbox_id);
    db_bind_text(q, 2, service);
    db_bind_utc(q, 3, utc_add(now, SPAN_H(-1)));
    db_keep_about(q, NEWS);
    return db_is_any(q);
}

void news_save(struct db *db, int64_t mailbox_id, const char *service, int64_t notification_id)
{
    struct db_query *q = paging_query(
        db, "INSERT INTO news (mailbox_id, service, notification_id) VALUES ($1, $2, $3)"
            " ON CONFLICT (mailbox_id, service)"
            " DO UPDATE SET notification_id = excluded.notification_id");
    db_bind_int(q, 1, mailbox_id);
    db_bind_text(q, 2, service);
    db_bind_int(q, 3, notification_id);
    (void)db_run(q);
    news_doubt(db);
}

void news_doubt(struct db *db)
{
    db_stale(db, NEWS);
}

size_t passes_recent(struct db *db, int64_t mailbox_id, struct utc now, struct utc *out, size_t max)
{
    struct db_query *q =
        paging_query(db, "SELECT bounded_at FROM delivery WHERE mailbox_id = $1"
                         " AND bounded_at > $2 AND bounded_at <= $3 AND passes = 1"
                         " AND state <> {delivery.cancelled} ORDER BY bounded_at DESC LIMIT $4");
    db_bind_int(q, 1, mailbox_id);
    db_bind_utc(q, 2, utc_add(now, SPAN_MIN(-1)));
    db_bind_utc(q, 3, now);
    db_bind_int(q, 4, (int64_t)max);
    size_t count = 0;
    while (count < max && db_step(q) == DB_ROW) {
        out[count++] = db_utc(q, 0);
    }
    db_reset(q);
    return count;
}
