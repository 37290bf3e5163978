#include "ledger/clock_store.h"

#include "db/row.h"

struct clock_mark {
    int64_t only_row;
    const char *boot;
    struct utc wall;
    struct span elapsed;
};

static const struct column COLUMNS[] = {
    {"only_row", COLUMN_INT, offsetof(struct clock_mark, only_row), COLUMN_KEY},
    {"boot", COLUMN_BORROWED, offsetof(struct clock_mark, boot)},
    {"wall_at", COLUMN_UTC, offsetof(struct clock_mark, wall)},
    {"elapsed_us", COLUMN_SPAN, offsetof(struct clock_mark, elapsed)},
};

const struct table CLOCK_MARK_TABLE = {
    .name = "clock_mark", .size = sizeof(struct clock_mark), ROW_COLUMNS(COLUMNS)};

bool clock_mark_load(struct db *db, const char *boot, struct utc *out_wall,
                     struct span *out_elapsed)
{
    struct clock_mark mark;
    struct db_query *q = row_query(
        db, &CLOCK_MARK_TABLE, "SELECT {columns} FROM clock_mark WHERE only_row = 1 AND boot = $1");
    db_bind_text(q, 1, boot);
    bool is_found = row_take(q, &CLOCK_MARK_TABLE, &mark);
    if (is_found) {
        *out_wall = mark.wall;
        *out_elapsed = mark.elapsed;
    }
    return is_found;
}

void clock_mark_save(struct db *db, const char *boot, struct utc wall, struct span elapsed)
{
    struct clock_mark mark = {1, boot, wall, elapsed};
    row_put(db, &CLOCK_MARK_TABLE, &mark);
}
