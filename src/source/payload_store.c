#include "source/payload_store.h"

void payload_save(struct db *db, const char *integration, int slot, const struct payload *payload)
{
    struct db_query *query =
        db_query(db, "INSERT INTO payload (integration, slot, at, status, problem, body)"
                     " VALUES ($1, $2, $3, $4, $5, $6)"
                     " ON CONFLICT (integration, slot) DO UPDATE SET at = excluded.at,"
                     " status = excluded.status, problem = excluded.problem, body = excluded.body");
    db_bind_text(query, 1, integration);
    db_bind_int(query, 2, slot);
    db_bind_utc(query, 3, payload->at);
    db_bind_int(query, 4, payload->status);
    db_bind_text(query, 5, payload->problem);
    db_bind_text(query, 6, payload->body);
    (void)db_run(query);
}

int payload_next_slot(struct db *db, const char *integration, int count)
{
    int oldest = 0, taken = 0;
    struct db_query *query =
        db_query(db, "SELECT slot FROM payload WHERE integration = $1 ORDER BY at");
    db_bind_text(query, 1, integration);
    uint64_t slots = 0;
    while (db_step(query) == DB_ROW) {
        int slot = (int)db_int(query, 0);
        if (slot >= 0 && slot < count) {
            oldest = taken == 0 ? slot : oldest;
            slots |= UINT64_C(1) << slot;
            taken++;
        }
    }
    for (int slot = 0; taken < count && slot < count; slot++) {
        if ((slots >> slot & 1) == 0) {
            return slot;
        }
    }
    return oldest;
}

static struct payload read_payload(struct db_query *row)
{
    return (struct payload){
        .at = db_utc(row, 2),
        .status = (int)db_int(row, 3),
        .problem = db_text(row, 4),
        .body = db_text(row, 5),
    };
}

void payload_each_of(struct db *db, const char *integration,
                     void (*each)(void *self, const struct payload *payload), void *self)
{
    struct db_query *query =
        db_query(db, "SELECT integration, slot, at, status, problem, body FROM payload"
                     " WHERE integration = $1 ORDER BY at DESC");
    db_bind_text(query, 1, integration);
    while (db_step(query) == DB_ROW) {
        struct payload payload = read_payload(query);
        each(self, &payload);
    }
}

void payload_each(struct db *db,
                  void (*each)(void *self, const char *integration, int slot,
                               const struct payload *payload),
                  void *self)
{
    struct db_query *query = db_query(
        db, "SELECT integration, slot, at, status, problem, body FROM payload ORDER BY at");
    while (db_step(query) == DB_ROW) {
        struct payload payload = read_payload(query);
        each(self, db_text(query, 0), (int)db_int(query, 1), &payload);
    }
}
