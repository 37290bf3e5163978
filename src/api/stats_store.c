#include "api/stats_store.h"

#include "alert/alert.h"
#include "db/row.h"
#include "ledger/event.h"
#include "paging/state.h"

static const struct row_word WORDS[] = {
    {"alert", ALERT_STATUS_NAMES, NULL}, {"notification", NOTIFICATION_STATE_NAMES, NULL}, {NULL}};

static const struct table STATS = {.words = WORDS};

static int64_t count(struct db *db, const char *sql)
{
    return db_take_int(row_query(db, &STATS, sql));
}

void stats_load(struct db *db, struct utc now, struct stats *out)
{
    out->alerts_open = count(db, "SELECT COUNT(*) FROM alert WHERE status = {alert.open}");
    out->alerts_acknowledged =
        count(db, "SELECT COUNT(*) FROM alert WHERE status = {alert.acknowledged}");
    out->notifications_waiting =
        count(db, "SELECT COUNT(*) FROM notification WHERE state = {notification.waiting}");
    struct db_query *overdue =
        db_query(db, "SELECT COUNT(*) FROM escalation WHERE next_at IS NOT NULL AND next_at < $1");
    db_bind_utc(overdue, 1, now);
    out->escalations_overdue = db_take_int(overdue);
    out->heartbeats_missing = count(db, "SELECT COUNT(*) FROM heartbeat_state WHERE missing = 1");
    out->last_seq = event_last_seq(db);
}
