#include "paging/end_store.h"

#include <string.h>

#include "base/json.h"
#include "paging/topic_store.h"

/* An attempt that may have reached somebody: under way, delivered, or with an outcome nobody knows. */
#define MAY_HAVE_ARRIVED(notification)                                        \
    "EXISTS (SELECT 1 FROM carried c JOIN delivery d ON d.id = c.delivery_id" \
    " WHERE c.notification_id = " notification                                \
    ".id AND d.state IN ({delivery.claimed}, {delivery.delivered}, {delivery.unknown}))"

static void receiver_free(gpointer receiver)
{
    struct end_receiver *self = receiver;
    g_free(self->who);
    g_free(self->contact);
    g_free(self);
}

static struct end_receiver *receiver_named(GPtrArray *receivers, const char *who)
{
    for (guint i = 0; i < receivers->len; i++) {
        struct end_receiver *receiver = g_ptr_array_index(receivers, i);
        if (strcmp(receiver->who, who) == 0) {
            return receiver;
        }
    }
    struct end_receiver *receiver = g_new0(struct end_receiver, 1);
    receiver->who = g_strdup(who);
    g_ptr_array_add(receivers, receiver);
    return receiver;
}

GPtrArray *end_receivers(struct db *db, struct subject subject)
{
    GPtrArray *receivers = g_ptr_array_new_with_free_func(receiver_free);
    /* Those that were delivered last: their contact is the one that counts. */
    struct db_query *q = paging_query(
        db,
        "SELECT m.user_name, m.contact FROM notification n"
        " JOIN mailbox m ON m.id = n.mailbox_id WHERE " IS_ABOUT(
            "n.", "$1",
            "$2") " AND n.kind IN ({message.page}, {message.still_on_it}) AND (n.state IN "
                  "({notification.sending}, {notification.delivered}) OR n.tries > 0)"
                  " ORDER BY CASE n.state WHEN {notification.delivered} THEN 1 ELSE 0 END, n.id");
    bind_subject(q, 1, 2, subject);
    while (db_step(q) == DB_ROW) {
        struct end_receiver *receiver = receiver_named(receivers, db_text(q, 0));
        g_free(receiver->contact);
        receiver->contact = g_strdup(db_text(q, 1));
    }
    db_reset(q);
    return receivers;
}

bool end_is_told(struct db *db, struct subject subject, const char *who)
{
    struct db_query *q = paging_query(
        db,
        "SELECT 1 FROM notification n JOIN mailbox m ON m.id = n.mailbox_id"
        " WHERE " IS_ABOUT(
            "n.", "$1",
            "$3") " AND n.kind = {message.ended} AND n.state IN ({notification.waiting}, "
                  "{notification.sending}, {notification.delivered})"
                  " AND m.user_name = $2 AND NOT EXISTS (SELECT 1 FROM notification p"
                  " JOIN mailbox o ON o.id = p.mailbox_id AND o.user_name = m.user_name"
                  " WHERE " SAME_SUBJECT(
                      "p",
                      "n") " AND p.id > n.id AND p.kind IN ({message.page}, {message.still_on_it})"
                           " AND " MAY_HAVE_ARRIVED("p") ") LIMIT 1");
    bind_subject(q, 1, 3, subject);
    db_bind_text(q, 2, who);
    return db_is_any(q);
}

bool end_was_told(struct db *db, struct subject subject)
{
    struct db_query *q = paging_query(
        db,
        "SELECT 1 FROM notification n WHERE " IS_ABOUT(
            "n.", "$1", "$2") " AND n.kind = {message.ended}"
                              " AND " MAY_HAVE_ARRIVED(
                                  "n") " AND NOT EXISTS (SELECT 1 FROM notification p"
                                       " WHERE " SAME_SUBJECT(
                                           "p", "n") " AND p.id > n.id AND p.kind = {message.page}"
                                                     " AND " MAY_HAVE_ARRIVED("p") ") LIMIT 1");
    bind_subject(q, 1, 2, subject);
    return db_is_any(q);
}

int64_t end_times_told(struct db *db, struct subject subject, struct utc since)
{
    struct db_query *q = paging_query(
        db, "SELECT COUNT(*) FROM notification n WHERE " IS_ABOUT(
                "n.", "$1", "$3") " AND n.kind = {message.ended}"
                                  " AND n.created_at > $2 AND " MAY_HAVE_ARRIVED(
                                      "n") " GROUP BY n.mailbox_id ORDER BY 1 DESC LIMIT 1");
    bind_subject(q, 1, 3, subject);
    db_bind_utc(q, 2, since);
    int64_t times = db_step(q) == DB_ROW ? db_int(q, 0) : 0;
    db_reset(q);
    return times;
}

int64_t end_drop_unwanted(struct db *db, int64_t mailbox_id, struct utc due, struct utc now)
{
    struct db_query *q = paging_query(
        db,
        "UPDATE notification SET state = {notification.cancelled}, settled_at = $3 WHERE "
        "mailbox_id = $1 AND kind = {message.ended}"
        " AND state = {notification.waiting>cancelled} AND due_at <= $2"
        " AND NOT (EXISTS (SELECT 1 FROM escalation e WHERE " SAME_SUBJECT(
            "e", "notification") " AND " IS_OVER("e") ")"
                                                      " AND EXISTS (SELECT 1 FROM notification n "
                                                      "JOIN mailbox m ON m.id = n.mailbox_id"
                                                      " JOIN mailbox own ON own.user_name = "
                                                      "m.user_name AND own.id = $1"
                                                      " WHERE " SAME_SUBJECT(
                                                          "n",
                                                          "notification") " AND n.kind IN "
                                                                          "({message.page}, "
                                                                          "{message.still_on_it})"
                                                                          " AND " MAY_HAVE_ARRIVED(
                                                                              "n") "))");
    db_bind_int(q, 1, mailbox_id);
    db_bind_utc(q, 2, due);
    db_bind_utc(q, 3, now);
    (void)db_run(q);
    news_doubt(db);
    return db_changes(db);
}

/* To the person of mailbox $1 a page of the notification's alert is on its way. */
#define IS_PAGE_ON_ITS_WAY                                                                \
    "EXISTS (SELECT 1 FROM notification n JOIN mailbox m ON m.id = n.mailbox_id"          \
    " JOIN mailbox own ON own.user_name = m.user_name AND own.id = $1"                    \
    " JOIN carried c ON c.notification_id = n.id JOIN delivery d ON d.id = c.delivery_id" \
    " WHERE " SAME_SUBJECT(                                                               \
        "n", "notification") " AND n.kind = {message.page} AND d.state = {delivery.claimed})"

int64_t end_put_off(struct db *db, int64_t mailbox_id, struct utc now, struct utc until)
{
    struct db_query *q = paging_query(
        db, "UPDATE notification SET due_at = $3 WHERE mailbox_id = $1 AND kind IN "
            "({message.ended}, {message.restated})"
            " AND state = {notification.waiting} AND due_at <= $2 AND " IS_PAGE_ON_ITS_WAY);
    db_bind_int(q, 1, mailbox_id);
    db_bind_utc(q, 2, now);
    db_bind_utc(q, 3, until);
    (void)db_run(q);
    return db_changes(db);
}

bool end_awaits_page(struct db *db, const struct notification *end)
{
    struct db_query *q =
        paging_query(db, "SELECT 1 FROM notification WHERE mailbox_id = $1 AND id = $2"
                         " AND " IS_PAGE_ON_ITS_WAY);
    db_bind_int(q, 1, end->mailbox_id);
    db_bind_int(q, 2, end->id);
    return db_is_any(q);
}

struct utc end_update_due(struct db *db, int64_t mailbox_id, struct utc now)
{
    /* "passes > 0" names the index, which SQLite would not find by "passes = 3". */
    struct db_query *q =
        paging_query(db, "SELECT MIN(due_at) FROM notification WHERE mailbox_id = $1"
                         " AND state = {notification.waiting} AND passes > 0 AND passes = "
                         "{pass.update} AND due_at > $2");
    db_bind_int(q, 1, mailbox_id);
    db_bind_utc(q, 2, now);
    struct utc at = db_step(q) == DB_ROW ? db_utc(q, 0) : (struct utc){0};
    db_reset(q);
    return utc_is_set(at) ? at : UTC_NEVER;
}

bool end_find_told(struct db *db, const struct notification *end, const struct delivery *to,
                   int items_max, struct told_message *out)
{
    struct db_query *q = paging_query(
        db,
        "SELECT d.id, d.provider_id, d.items FROM delivery d WHERE d.id = (SELECT MAX(x.id)"
        " FROM notification n JOIN carried c ON c.notification_id = n.id"
        " JOIN delivery x ON x.id = c.delivery_id WHERE " IS_ABOUT(
            "n.", "$1",
            "$8") " AND n.kind = {message.page}"
                  " AND x.state IN ({delivery.claimed}, {delivery.delivered}, {delivery.unknown}) "
                  "AND x.user_name = $2 AND x.contact = "
                  "$3) AND d.state = {delivery.delivered}"
                  " AND d.address = $4 AND d.channel = $5 AND d.provider_id <> '' AND d.items <= $6"
                  " AND NOT EXISTS (SELECT 1 FROM carried c JOIN notification n ON n.id = "
                  "c.notification_id"
                  " JOIN escalation e ON " SAME_SUBJECT(
                      "e", "n") " WHERE c.delivery_id = d.id AND "
                                "NOT " IS_OVER("e") ")"
                                                    " AND NOT EXISTS "
                                                    "(SELECT 1 FROM carried "
                                                    "c JOIN delivery x ON "
                                                    "x.id = c.delivery_id"
                                                    " WHERE "
                                                    "c.notification_id = $7 "
                                                    "AND x.state = {delivery.refused})");
    bind_subject(q, 1, 8, end->subject);
    db_bind_text(q, 2, to->who);
    db_bind_text(q, 3, to->contact);
    db_bind_text(q, 4, to->address);
    db_bind_int(q, 5, to->channel);
    db_bind_int(q, 6, items_max);
    db_bind_int(q, 7, end->id);
    bool is_there = db_step(q) == DB_ROW;
    if (is_there) {
        *out = (struct told_message){db_int(q, 0), g_strdup(db_text(q, 1)), db_int(q, 2),
                                     STANDING_OVER};
    }
    db_reset(q);
    return is_there;
}

int64_t end_carry(struct db *db, const struct delivery *delivery, int64_t told_id, struct utc now)
{
    /* What a later message told of the same alert is not for this one to say: that would stand there as it is. */
    struct db_query *q = paging_query(
        db, "INSERT INTO carried (notification_id, delivery_id)"
            " SELECT id, $1 FROM notification WHERE mailbox_id = $2 AND kind = {message.ended} AND "
            "state = {notification.waiting}"
            " AND ((due_at <= $3 AND $4 = 0) OR (EXISTS"
            " (SELECT 1 FROM carried c JOIN notification n ON n.id = c.notification_id"
            " WHERE c.delivery_id = $4 AND " SAME_SUBJECT(
                "n",
                "notification") ") AND NOT EXISTS (SELECT 1 FROM notification p"
                                " JOIN carried c ON c.notification_id = p.id JOIN delivery x ON "
                                "x.id = c.delivery_id"
                                " WHERE " SAME_SUBJECT(
                                    "p",
                                    "notification") " AND p.kind = {message.page} AND x.id > $4"
                                                    " AND x.state IN ({delivery.claimed}, "
                                                    "{delivery.delivered}, {delivery.unknown}) AND "
                                                    "x.user_name = $5 AND x.contact = $6)))");
    db_bind_int(q, 1, delivery->id);
    db_bind_int(q, 2, delivery->mailbox_id);
    db_bind_utc(q, 3, now);
    db_bind_int(q, 4, told_id);
    db_bind_text(q, 5, delivery->who);
    db_bind_text(q, 6, delivery->contact);
    (void)db_run(q);
    int64_t total = db_changes(db);
    carried_begin(db, delivery->id);
    return total;
}

char *end_note(struct db *db, struct subject subject, const struct topic_events *events)
{
    struct fault fault;
    g_autofree char *text = subject_text(subject);
    struct db_query *q = paging_query(db, "SELECT data FROM event WHERE subject = $1 AND kind = $2"
                                          " ORDER BY seq DESC LIMIT 1");
    db_bind_text(q, 1, text);
    db_bind_text(q, 2, events->resolved->name);
    g_autofree char *data = db_step(q) == DB_ROW ? g_strdup(db_text(q, 0)) : NULL;
    db_reset(q);
    json_auto_t *value = data != NULL ? json_read(data, strlen(data), &fault) : NULL;
    return g_strdup(json_text(value, "note", NULL));
}
