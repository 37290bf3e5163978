/* api/stats_store.h - what the metrics ask of the database at each scrape. */
#ifndef API_STATS_STORE_H
#define API_STATS_STORE_H

#include "db/db.h"

struct stats {
    int64_t alerts_open, alerts_acknowledged;
    int64_t notifications_waiting;
    int64_t escalations_overdue; /* due and not yet judged */
    int64_t heartbeats_missing;
    int64_t last_seq; /* of the event log */
};

void stats_load(struct db *db, struct utc now, struct stats *out);

#endif
