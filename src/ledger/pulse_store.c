#include "ledger/ledger_private.h"

enum { PULSE_SCHEMA = 3 }; /* a backup may be older than the table */

/* The greater seq stays: a server that starts on a chain that was cut short must not wipe the trace. */
void pulse_save(struct db *db, struct utc at, int64_t seq)
{
    struct db_query *query =
        db_query(db, "INSERT INTO pulse (only_row, at, seq) VALUES (1, $1, $2)"
                     " ON CONFLICT (only_row) DO UPDATE SET at = excluded.at,"
                     " seq = CASE WHEN excluded.seq > pulse.seq THEN excluded.seq"
                     " ELSE pulse.seq END");
    db_bind_utc(query, 1, at);
    db_bind_int(query, 2, seq);
    (void)db_run(query);
}

int64_t pulse_seq(struct db *db)
{
    struct db_query *query =
        db_query(db, "SELECT count(*) FROM schema_version WHERE version >= $1");
    db_bind_int(query, 1, PULSE_SCHEMA);
    return db_take_int(query) > 0 ? db_take_int(db_query(db, "SELECT max(seq) FROM pulse")) : 0;
}
