#include "api/stats_store.h"

#include "alert/alert.h"
#include "ledger/event.h"

static int64_t one_number(struct db_query *query)
{
    int64_t number = 0;
    if (db_step(query) == DB_ROW) {
        number = db_int(query, 0);
    }
    db_reset(query);
    return number;
}

static int64_t alerts_of_status(struct db *db, int status)
{
    struct db_query *query = db_query(db, "SELECT COUNT(*) FROM alert WHERE status = $1");
    db_bind_int(query, 1, status);
    return one_number(query);
}

void stats_load(struct db *db, struct utc now, struct stats *out)
{
    out->alerts_open = alerts_of_status(db, ALERT_OPEN);
    out->alerts_acknowledged = alerts_of_status(db, ALERT_ACKNOWLEDGED);
    /* The number stands in the text so that the partial index is used. */
    out->notifications_waiting =
        one_number(db_query(db, "SELECT COUNT(*) FROM notification WHERE state = 1"));
    struct db_query *overdue =
        db_query(db, "SELECT COUNT(*) FROM escalation WHERE next_at IS NOT NULL AND next_at < $1");
    db_bind_utc(overdue, 1, now);
    out->escalations_overdue = one_number(overdue);
    out->heartbeats_missing =
        one_number(db_query(db, "SELECT COUNT(*) FROM heartbeat_state WHERE missing = 1"));
    out->last_seq = event_last_seq(db);
}
