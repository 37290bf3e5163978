#include "source/payload_store.h"

struct payload_row {
    struct payload payload;
    const char *integration;
    int slot;
};

#define AT(member) offsetof(struct payload_row, member)

static const struct column COLUMNS[] = {
    {"integration", COLUMN_BORROWED, AT(integration), COLUMN_KEY},
    {"slot", COLUMN_ENUM, AT(slot), COLUMN_KEY},
    {"at", COLUMN_UTC, AT(payload.at)},
    {"status", COLUMN_ENUM, AT(payload.status)},
    {"problem", COLUMN_BORROWED, AT(payload.problem)},
    {"body", COLUMN_BORROWED, AT(payload.body)},
};

const struct table PAYLOAD_TABLE = {
    .name = "payload", .size = sizeof(struct payload_row), ROW_COLUMNS(COLUMNS)};

void payload_save(struct db *db, const char *integration, int slot, const struct payload *payload)
{
    struct payload_row row = {*payload, integration, slot};
    row_put(db, &PAYLOAD_TABLE, &row);
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

void payload_each_of(struct db *db, const char *integration,
                     void (*each)(void *self, const struct payload *payload), void *self)
{
    struct db_query *query =
        row_query(db, &PAYLOAD_TABLE,
                  "SELECT {columns} FROM payload WHERE integration = $1 ORDER BY at DESC");
    db_bind_text(query, 1, integration);
    struct payload_row row;
    while (row_next(query, &PAYLOAD_TABLE, &row)) {
        each(self, &row.payload);
    }
}

void payload_each_before(struct db *db, struct utc before, int max,
                         void (*each)(void *self, const char *integration, int slot,
                                      const struct payload *payload),
                         void *self)
{
    struct db_query *query = row_query(
        db, &PAYLOAD_TABLE, "SELECT {columns} FROM payload WHERE at < $1 ORDER BY at LIMIT $2");
    db_bind_utc(query, 1, before);
    db_bind_int(query, 2, max);
    struct payload_row row;
    while (row_next(query, &PAYLOAD_TABLE, &row)) {
        each(self, row.integration, row.slot, &row.payload);
    }
}

void payload_delete(struct db *db, const char *integration, int slot, struct utc at)
{
    struct db_query *query =
        db_query(db, "DELETE FROM payload WHERE integration = $1 AND slot = $2 AND at = $3");
    db_bind_text(query, 1, integration);
    db_bind_int(query, 2, slot);
    db_bind_utc(query, 3, at);
    (void)db_run(query);
}

void payload_each(struct db *db,
                  void (*each)(void *self, const char *integration, int slot,
                               const struct payload *payload),
                  void *self)
{
    struct db_query *query =
        row_query(db, &PAYLOAD_TABLE, "SELECT {columns} FROM payload ORDER BY at");
    struct payload_row row;
    while (row_next(query, &PAYLOAD_TABLE, &row)) {
        each(self, row.integration, row.slot, &row.payload);
    }
}
