#include "ledger/clock_store.h"

bool clock_mark_load(struct db *db, const char *boot, struct utc *out_wall,
                     struct span *out_elapsed)
{
    struct db_query *q =
        db_query(db, "SELECT wall_at, elapsed_us FROM clock_mark WHERE only_row = 1 AND boot = $1");
    db_bind_text(q, 1, boot);
    bool is_found = db_step(q) == DB_ROW;
    if (is_found) {
        *out_wall = db_utc(q, 0);
        out_elapsed->us = db_int(q, 1);
    }
    db_reset(q);
    return is_found;
}

void clock_mark_save(struct db *db, const char *boot, struct utc wall, struct span elapsed)
{
    struct db_query *q = db_query(
        db, "INSERT INTO clock_mark (only_row, boot, wall_at, elapsed_us) VALUES (1, $1, $2, $3)"
            " ON CONFLICT (only_row) DO UPDATE SET boot = excluded.boot,"
            " wall_at = excluded.wall_at, elapsed_us = excluded.elapsed_us");
    db_bind_text(q, 1, boot);
    db_bind_utc(q, 2, wall);
    db_bind_int(q, 3, elapsed.us);
    (void)db_run(q);
}
