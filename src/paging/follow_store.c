/* What waits follows its alert, and gives way to what is more urgent. Part of paging/mail_store.h and page_store.h. */
#include "paging/mail_store.h"
#include "paging/page_store.h"
#include "paging/topic_store.h"

GArray *notifications_follow(struct db *db, struct subject subject, int severity)
{
    GArray *mailboxes = g_array_new(FALSE, FALSE, sizeof(int64_t));
    /* Also what is under way: it may be tried again. */
    struct db_query *q = paging_query(
        db, "UPDATE notification SET severity = $1 WHERE " IS_ABOUT(
                "", "$2", "$3") " AND kind IN ({message.page}, {message.still_on_it}) AND state IN "
                                "({notification.waiting}, {notification.sending})");
    db_bind_int(q, 1, severity);
    bind_subject(q, 2, 3, subject);
    (void)db_run(q);
    q = paging_query(db, "SELECT DISTINCT mailbox_id FROM notification WHERE " IS_ABOUT(
                             "", "$1", "$2") " AND kind IN ({message.page}, {message.still_on_it}) "
                                             "AND state = {notification.waiting}");
    bind_subject(q, 1, 2, subject);
    while (db_step(q) == DB_ROW) {
        int64_t id = db_int(q, 0);
        g_array_append_val(mailboxes, id);
    }
    db_reset(q);
    return mailboxes;
}

void notifications_cancel_of_page(struct db *db, int64_t page_id, struct utc now)
{
    struct db_query *q =
        paging_query(db, "UPDATE notification SET state = {notification.cancelled}, settled_at = $1"
                         " WHERE page_id = $2 AND state = {notification.waiting>cancelled}");
    db_bind_utc(q, 1, now);
    db_bind_int(q, 2, page_id);
    (void)db_run(q);
    news_doubt(db);
}

size_t page_lower(struct db *db, const struct page *page, int64_t *out_ids, size_t max)
{
    struct db_query *q = paging_query(
        db, "SELECT id FROM page WHERE " IS_ABOUT(
                "", "$1",
                "$6") " AND user_name = $2 AND urgency > $3"
                      " AND escalation_id = $4 AND state = {page.active} ORDER BY id LIMIT $5");
    bind_subject(q, 1, 6, page->subject);
    db_bind_text(q, 2, page->who);
    db_bind_int(q, 3, page->urgency);
    db_bind_int(q, 4, page->escalation_id);
    db_bind_int(q, 5, (int64_t)max);
    return db_take_ids(q, out_ids, max);
}

int64_t notification_let_pass(struct db *db, int64_t mailbox_id, struct subject subject, int passes)
{
    int64_t id = 0;
    struct db_query *q = paging_query(
        db, "SELECT id FROM notification WHERE mailbox_id = $1 AND " IS_ABOUT(
                "", "$2", "$3") " AND kind = {message.page} AND state = {notification.waiting} AND "
                                "passes = 0 ORDER BY id LIMIT 1");
    db_bind_int(q, 1, mailbox_id);
    bind_subject(q, 2, 3, subject);
    if (db_take_ids(q, &id, 1) == 0) {
        return 0;
    }
    q = paging_query(db, "UPDATE notification SET passes = $1 WHERE id = $2");
    db_bind_int(q, 1, passes);
    db_bind_int(q, 2, id);
    (void)db_run(q);
    return id;
}
