#include "paging/restate_store.h"

#include "paging/topic_store.h"

/* The deliveries by which $2's contact $3 was told of the subject $1 of kind `kind`, the latest. */
#define TOLD(kind)                                                                        \
    "SELECT DISTINCT x.id FROM notification n JOIN carried c ON c.notification_id = n.id" \
    " JOIN delivery x ON x.id = c.delivery_id WHERE " IS_ABOUT(                           \
        "n.", "$1", kind) " AND n.kind = {message.page}"                                  \
                          " AND x.state = {delivery.delivered} AND x.user_name = $2 AND " \
                          "x.contact = $3 ORDER BY "                                      \
                          "x.id DESC LIMIT $4"

/* The escalations of what the delivery d told of. */
#define ITS_ESCALATIONS                                                                \
    "FROM carried c JOIN notification n ON n.id = c.notification_id JOIN escalation e" \
    " ON " SAME_SUBJECT("e", "n") " WHERE c.delivery_id = d.id"

bool restate_is_needed(struct db *db, struct subject subject, const char *who, const char *contact)
{
    enum { SEVERAL = 2 };

    int64_t ids[SEVERAL];
    struct db_query *q = paging_query(db, TOLD("$5"));
    bind_subject(q, 1, 5, subject);
    db_bind_text(q, 2, who);
    db_bind_text(q, 3, contact);
    db_bind_int(q, 4, SEVERAL);
    return db_take_ids(q, ids, SEVERAL) == SEVERAL;
}

bool restate_find_told(struct db *db, const struct notification *n, const struct delivery *to,
                       int items_max, struct told_message *out)
{
    struct db_query *q = paging_query(
        db,
        "SELECT d.id, d.provider_id, d.items, (SELECT MIN(" STANDING(
            "e") ") " ITS_ESCALATIONS ")"
                 " FROM delivery d WHERE d.id IN (" TOLD(
                     "$10") ")"
                            " AND d.channel = $5 AND d.address = $6 AND d.provider_id <> '' AND "
                            "d.items <= $7"
                            " AND (NOT EXISTS (SELECT 1 " ITS_ESCALATIONS " AND " IS_OPEN(
                                "e") ")"
                                     " OR EXISTS (SELECT 1 FROM carried c JOIN notification n ON "
                                     "n.id = c.notification_id"
                                     " JOIN notification m ON " SAME_SUBJECT(
                                         "m",
                                         "n") " AND m.kind IN ({message.ended}, {message.restated})"
                                              " JOIN carried b ON b.notification_id = m.id "
                                              "JOIN delivery u ON u.id = b.delivery_id"
                                              " WHERE c.delivery_id = d.id AND u.state = "
                                              "{delivery.delivered} "
                                              "AND u.provider_id = d.provider_id))"
                                              " AND NOT EXISTS (SELECT 1 FROM notification m "
                                              "JOIN carried c"
                                              " ON c.notification_id = m.id JOIN delivery u "
                                              "ON u.id = c.delivery_id"
                                              " WHERE " IS_ABOUT(
                                                  "m.", "$1",
                                                  "$10") " AND m.mailbox_id = $8 AND m.id >= "
                                                         "$9 AND m.kind IN ({message.ended}, "
                                                         "{message.restated})"
                                                         " AND u.state IN ({delivery.delivered}, "
                                                         "{delivery.refused}) "
                                                         "AND "
                                                         "u.provider_id = d.provider_id)"
                                                         " ORDER BY d.id DESC LIMIT 1");
    bind_subject(q, 1, 10, n->subject);
    db_bind_text(q, 2, to->who);
    db_bind_text(q, 3, to->contact);
    db_bind_int(q, 4, RESTATED_MAX);
    db_bind_int(q, 5, to->channel);
    db_bind_text(q, 6, to->address);
    db_bind_int(q, 7, items_max);
    db_bind_int(q, 8, n->mailbox_id);
    db_bind_int(q, 9, n->id);
    bool is_there = db_step(q) == DB_ROW;
    if (is_there) {
        *out = (struct told_message){db_int(q, 0), g_strdup(db_text(q, 1)), db_int(q, 2),
                                     (int)db_int(q, 3)};
    }
    db_reset(q);
    return is_there;
}

void restate_carry(struct db *db, const struct delivery *delivery, int64_t told_id)
{
    struct db_query *q =
        paging_query(db, "INSERT INTO carried (notification_id, delivery_id)"
                         " SELECT id, $1 FROM notification WHERE mailbox_id = $2 AND kind = "
                         "{message.restated} AND state = {notification.waiting}"
                         " AND EXISTS (SELECT 1 FROM carried c JOIN notification n"
                         " ON n.id = c.notification_id WHERE c.delivery_id = $3 AND " SAME_SUBJECT(
                             "n", "notification") ")");
    db_bind_int(q, 1, delivery->id);
    db_bind_int(q, 2, delivery->mailbox_id);
    db_bind_int(q, 3, told_id);
    (void)db_run(q);
}

void restate_go_on(struct db *db, int64_t delivery_id, struct utc now)
{
    /* What went well is no try that failed. */
    struct db_query *q = paging_query(
        db, "UPDATE notification SET state = {notification.waiting}, due_at = $2, tries = tries - 1"
            " WHERE state = {notification.sending>waiting}"
            " AND kind = {message.restated} AND id IN (SELECT notification_id FROM carried WHERE "
            "delivery_id = $1)");
    db_bind_int(q, 1, delivery_id);
    db_bind_utc(q, 2, now);
    (void)db_run(q);
}
