#include "sim/eye_store.h"

static void look_for(struct db *eye, const char *sql, const char *what, struct eye_due *out)
{
    struct db_query *query = db_query(eye, sql);
    if (db_step(query) == DB_ROW && utc_before(db_utc(query, 0), out->at)) {
        *out = (struct eye_due){what, db_int(query, 1), db_int(query, 2), db_utc(query, 0)};
    }
    db_reset(query);
}

#define EARLIEST_OF(table)                                                               \
    "SELECT next_at, id, lane FROM " table " WHERE next_at IS NOT NULL ORDER BY next_at" \
    " LIMIT 1"

void eye_next_due(struct db *eye, struct eye_due *out)
{
    *out = (struct eye_due){.what = "nothing", .at = UTC_NEVER};
    look_for(eye, EARLIEST_OF("escalation"), "escalation", out);
    look_for(eye, EARLIEST_OF("page"), "page", out);
    look_for(eye, EARLIEST_OF("mailbox"), "mailbox", out);
}

size_t eye_lanes(struct db *eye, struct eye_lane *out, size_t max)
{
    struct db_query *query = db_query(eye, "SELECT lane, holder, epoch FROM lane ORDER BY lane");
    size_t count = 0;
    while (count < max && db_step(query) == DB_ROW) {
        out[count++] = (struct eye_lane){db_int(query, 0), db_int(query, 1), db_int(query, 2)};
    }
    db_reset(query);
    return count;
}

size_t eye_claims(struct db *eye, int64_t after, struct eye_claim *out, size_t max)
{
    struct db_query *query = db_query(
        eye, "SELECT id, lane, epoch, node FROM delivery WHERE id > $1 ORDER BY id LIMIT 100");
    size_t count = 0;
    db_bind_int(query, 1, after);
    while (count < max && db_step(query) == DB_ROW) {
        out[count++] = (struct eye_claim){db_int(query, 0), db_int(query, 1), db_int(query, 2),
                                          db_int(query, 3)};
    }
    db_reset(query);
    return count;
}

size_t eye_carried(struct db *eye, int64_t delivery, int64_t *out_ids, size_t max)
{
    struct db_query *query =
        db_query(eye, "SELECT notification_id FROM carried WHERE delivery_id = $1");
    db_bind_int(query, 1, delivery);
    return db_take_ids(query, out_ids, max);
}
