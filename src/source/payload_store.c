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

void payload_each(struct db *db,
                  void (*each)(void *self, const char *integration, int slot,
                               const struct payload *payload),
                  void *self)
{
    struct db_query *query = db_query(
        db, "SELECT integration, slot, at, status, problem, body FROM payload ORDER BY at");
    while (db_step(query) == DB_ROW) {
        struct payload payload = {
            .at = db_utc(query, 2),
            .status = (int)db_int(query, 3),
            .problem = db_text(query, 4),
            .body = db_text(query, 5),
        };
        each(self, db_text(query, 0), (int)db_int(query, 1), &payload);
    }
}
