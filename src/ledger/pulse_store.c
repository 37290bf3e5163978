#include "ledger/ledger_private.h"

void pulse_save(struct db *db, struct utc at, int64_t seq)
{
    struct db_query *query =
        db_query(db, "INSERT INTO pulse (only_row, at, seq) VALUES (1, $1, $2)"
                     " ON CONFLICT (only_row) DO UPDATE SET at = excluded.at, seq = excluded.seq");
    db_bind_utc(query, 1, at);
    db_bind_int(query, 2, seq);
    (void)db_run(query);
}
