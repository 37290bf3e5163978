#include "sim/eye_store.h"

static void look_for(struct db *eye, const char *sql, const char *what, struct utc *earliest,
                     const char **out_what)
{
    struct utc at = db_take_instant(db_query(eye, sql));
    if (utc_before(at, *earliest)) {
        *earliest = at;
        *out_what = what;
    }
}

struct utc eye_next_due(struct db *eye, const char **out_what)
{
    struct utc earliest = UTC_NEVER;
    look_for(eye, "SELECT min(next_at) FROM escalation WHERE next_at IS NOT NULL", "an escalation",
             &earliest, out_what);
    look_for(eye, "SELECT min(next_at) FROM page WHERE next_at IS NOT NULL", "a page", &earliest,
             out_what);
    look_for(eye, "SELECT min(next_at) FROM mailbox WHERE next_at IS NOT NULL", "a mailbox",
             &earliest, out_what);
    return earliest;
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
