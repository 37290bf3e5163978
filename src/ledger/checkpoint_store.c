#include <string.h>

#include "db/row.h"
#include "ledger/checkpoint.h"

enum { CHECKPOINT_SCHEMA = 8 }; /* a backup may be older than the table */

struct checkpoint_row {
    int64_t only_row;
    struct checkpoint checkpoint;
    unsigned char seal[EVENT_HASH_SIZE];
};

#define AT(member) offsetof(struct checkpoint_row, member)

static const struct column COLUMNS[] = {
    {"only_row", COLUMN_INT, AT(only_row), COLUMN_KEY},
    {"seq", COLUMN_INT, AT(checkpoint.seq)},
    {"at", COLUMN_UTC, AT(checkpoint.at)},
    {"hash", COLUMN_BYTES, AT(checkpoint.hash), .bytes = EVENT_HASH_SIZE},
    {"seal", COLUMN_BYTES, AT(seal), .bytes = EVENT_HASH_SIZE},
};

const struct table CHECKPOINT_TABLE = {
    .name = "event_checkpoint", .size = sizeof(struct checkpoint_row), ROW_COLUMNS(COLUMNS)};

static const struct column KEY_COLUMNS[] = {
    {"value", COLUMN_BYTES, 0, .bytes = CHECKPOINT_KEY_SIZE}};
static const struct table KEY = {.size = CHECKPOINT_KEY_SIZE, ROW_COLUMNS(KEY_COLUMNS)};

/* The key of the seals. */
static bool load_key(struct db *db, unsigned char out[CHECKPOINT_KEY_SIZE])
{
    return row_take(row_query(db, &KEY, "SELECT {columns} FROM secret WHERE name = 'checkpoint'"),
                    &KEY, out);
}

static void make_key(struct ledger_tx *tx, unsigned char out[CHECKPOINT_KEY_SIZE])
{
    if (load_key(tx->db, out)) {
        return;
    }
    random_fill(ledger_random(tx), out, CHECKPOINT_KEY_SIZE);
    struct db_query *query =
        db_query(tx->db, "INSERT INTO secret (name, value) VALUES ('checkpoint', $1)");
    db_bind_blob(query, 1, out, CHECKPOINT_KEY_SIZE);
    (void)db_run(query);
}

static bool has_table(struct db *db)
{
    struct db_query *query =
        db_query(db, "SELECT count(*) FROM schema_version WHERE version >= $1");
    db_bind_int(query, 1, CHECKPOINT_SCHEMA);
    return db_take_int(query) > 0;
}

bool checkpoint_load(struct db *db, struct checkpoint *out)
{
    struct checkpoint_row row = {0};
    unsigned char key[CHECKPOINT_KEY_SIZE] = {0}, seal[EVENT_HASH_SIZE];
    *out = (struct checkpoint){0};
    if (!has_table(db) ||
        !row_take(row_query(db, &CHECKPOINT_TABLE, "SELECT {columns} FROM event_checkpoint"),
                  &CHECKPOINT_TABLE, &row)) {
        return true;
    }
    *out = row.checkpoint;
    if (!load_key(db, key)) {
        return db_error(db) != DB_OK;
    }
    checkpoint_seal(out, key, seal);
    return memcmp(seal, row.seal, sizeof seal) == 0;
}

static void delete_up_to(struct db *db, const char *sql, int64_t seq)
{
    struct db_query *query = db_query(db, sql);
    db_bind_int(query, 1, seq);
    (void)db_run(query);
}

static bool load_hash(struct db *db, int64_t seq, unsigned char out[EVENT_HASH_SIZE])
{
    static const struct column columns[] = {{"hash", COLUMN_BYTES, 0, .bytes = EVENT_HASH_SIZE}};
    static const struct table hash = {.size = EVENT_HASH_SIZE, ROW_COLUMNS(columns)};
    struct db_query *query = row_query(db, &hash,
                                       "SELECT {columns} FROM event WHERE seq = $1"
                                       " AND seq < (SELECT max(seq) FROM event)");
    db_bind_int(query, 1, seq);
    return row_take(query, &hash, out);
}

int64_t event_forget(struct ledger_tx *tx, int64_t last_seq)
{
    struct checkpoint before;
    struct checkpoint_row row = {1, {.seq = last_seq, .at = tx->now}, {0}};
    unsigned char key[CHECKPOINT_KEY_SIZE];
    /* On what was tampered with nothing is built. */
    if (!checkpoint_load(tx->db, &before) || last_seq <= before.seq ||
        !load_hash(tx->db, last_seq, row.checkpoint.hash)) {
        return 0;
    }
    make_key(tx, key);
    checkpoint_seal(&row.checkpoint, key, row.seal);
    delete_up_to(tx->db, "DELETE FROM event_parent WHERE seq <= $1", last_seq);
    delete_up_to(tx->db, "DELETE FROM event WHERE seq <= $1", last_seq);
    row_put(tx->db, &CHECKPOINT_TABLE, &row);
    json_auto_t *data = checkpoint_json(&row.checkpoint);
    event_append(tx, PRINCIPAL_TOCSIN, &EVENT_RETENTION_CHECKPOINT, subject_only("retention"),
                 data);
    return last_seq - before.seq;
}
