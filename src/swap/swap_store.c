#include "swap/swap_store.h"

static const struct column COLUMNS[] = {{"next_at", COLUMN_UTC, offsetof(struct swap, next_at)}};
static const struct row_word WORDS[] = {{"swap", SWAP_STATE_NAMES, NULL}, {NULL}};

const struct table SWAP_TABLE = {.name = "swap",
                                 .size = sizeof(struct swap),
                                 .record = &SWAP_RECORD,
                                 ROW_COLUMNS(COLUMNS),
                                 .words = WORDS};

void swap_insert(struct db *db, struct swap *swap)
{
    row_insert(db, &SWAP_TABLE, swap);
}

void swap_save(struct db *db, const struct swap *swap)
{
    row_save(db, &SWAP_TABLE, swap);
}

bool swap_load(struct db *db, int64_t id, struct swap *out)
{
    return row_load(db, &SWAP_TABLE, id, out);
}

bool swap_find_same(struct db *db, const struct swap *asked, struct swap *out)
{
    struct db_query *query = row_query(
        db, &SWAP_TABLE,
        "SELECT {columns} FROM swap WHERE state = {swap.open} AND schedule = $1 AND asker = $2"
        " AND COALESCE(asked, '') = $3 AND since = $4 AND until = $5"
        " AND COALESCE(back_since, 0) = $6 AND COALESCE(back_until, 0) = $7 ORDER BY id LIMIT 1");
    db_bind_text(query, 1, asked->schedule);
    db_bind_text(query, 2, asked->asker);
    db_bind_text(query, 3, asked->asked != NULL ? asked->asked : "");
    db_bind_utc(query, 4, asked->from);
    db_bind_utc(query, 5, asked->until);
    db_bind_int(query, 6, asked->back_from.us);
    db_bind_int(query, 7, asked->back_until.us);
    return row_take(query, &SWAP_TABLE, out);
}

void swap_list(struct db *db, const struct swap_filter *filter, int64_t before_id, int limit,
               void (*each)(void *self, const struct swap *swap), void *self)
{
    struct db_query *query =
        row_query(db, &SWAP_TABLE,
                  "SELECT {columns} FROM swap WHERE id < $1 AND ($2 = 0 OR state = $2)"
                  " AND ($3 = '' OR schedule = $3) AND ($4 = '' OR asker = $4 OR asked = $4)"
                  " ORDER BY id DESC LIMIT $5");
    db_bind_int(query, 1, before_id == 0 ? G_MAXINT64 : before_id);
    db_bind_int(query, 2, filter->state);
    db_bind_text(query, 3, filter->schedule != NULL ? filter->schedule : "");
    db_bind_text(query, 4, filter->user != NULL ? filter->user : "");
    db_bind_int(query, 5, limit);
    struct swap swap = {0};
    while (row_next(query, &SWAP_TABLE, &swap)) {
        each(self, &swap);
        swap_clear(&swap);
    }
}

struct utc swap_first_due(struct db *db)
{
    struct db_query *query =
        db_query(db, "SELECT next_at FROM swap WHERE next_at IS NOT NULL ORDER BY next_at LIMIT 1");
    db_keep(query, 0);
    return db_take_instant(query);
}

size_t swap_due(struct db *db, struct utc now, int64_t *out_ids, size_t max)
{
    struct db_query *query =
        db_query(db, "SELECT id FROM swap WHERE next_at <= $1 ORDER BY next_at, id LIMIT $2");
    db_bind_utc(query, 1, now);
    db_bind_int(query, 2, (int64_t)max);
    return db_take_ids(query, out_ids, max);
}

void swap_put_off(struct db *db, struct utc now, struct span by)
{
    struct db_query *query =
        db_query(db, "UPDATE swap SET next_at = $1 WHERE id = (SELECT id FROM swap"
                     " WHERE next_at <= $2 ORDER BY next_at, id LIMIT 1)");
    db_bind_utc(query, 1, utc_add(now, by));
    db_bind_utc(query, 2, now);
    (void)db_run(query);
}
