#include "access/token_store.h"

bool access_key_is_live(const struct access_key *key, struct utc now)
{
    return !utc_is_set(key->revoked_at) &&
           (!utc_is_set(key->expires_at) || utc_before(now, key->expires_at));
}

static void bind_owner(struct db_query *query, int owner_kind, const char *owner)
{
    db_bind_text(query, 1, enum_to_name(KEY_OWNER_NAMES, owner_kind));
    db_bind_text(query, 2, owner);
}

#define AT(member) offsetof(struct access_key, member)

static const struct column COLUMNS[] = {
    {"id", COLUMN_INT, AT(id), COLUMN_ID},
    {"owner_kind", COLUMN_WORD, AT(owner_kind), .names = KEY_OWNER_NAMES},
    {"owner", COLUMN_BORROWED, AT(owner)},
    {"hash", COLUMN_BYTES, AT(hash), COLUMN_FIXED, .bytes = KEY_HASH_SIZE},
    {"scope", COLUMN_WORD, AT(scope), COLUMN_FIXED, .names = TOKEN_SCOPE_NAMES},
    {"created_at", COLUMN_UTC, AT(created_at), COLUMN_FIXED},
    {"expires_at", COLUMN_UTC, AT(expires_at)},
    {"revoked_at", COLUMN_UTC, AT(revoked_at)},
    {"last_used_at", COLUMN_UTC, AT(last_used_at)},
};

const struct table ACCESS_KEY_TABLE = {
    .name = "access_key", .size = sizeof(struct access_key), ROW_COLUMNS(COLUMNS)};

void access_key_insert(struct db *db, struct access_key *key)
{
    row_insert(db, &ACCESS_KEY_TABLE, key);
}

void access_key_list(struct db *db, int owner_kind, const char *owner,
                     void (*each)(void *self, const struct access_key *key), void *self)
{
    struct db_query *query =
        row_query(db, &ACCESS_KEY_TABLE,
                  "SELECT {columns} FROM access_key WHERE ($1 = '' OR owner_kind = $1)"
                  " AND ($2 = '' OR owner = $2) ORDER BY id");
    db_bind_text(query, 1, owner_kind == 0 ? "" : enum_to_name(KEY_OWNER_NAMES, owner_kind));
    db_bind_text(query, 2, owner == NULL ? "" : owner);
    struct access_key key;
    while (row_next(query, &ACCESS_KEY_TABLE, &key)) {
        each(self, &key);
    }
}

bool access_key_exists(struct db *db, int owner_kind, const char *owner, struct utc now)
{
    struct db_query *query =
        db_query(db, "SELECT 1 FROM access_key WHERE owner_kind = $1 AND owner = $2 AND revoked_at "
                     "IS NULL AND (expires_at IS NULL OR expires_at > $3) LIMIT 1");
    bind_owner(query, owner_kind, owner);
    db_bind_utc(query, 3, now);
    return db_is_any(query);
}

bool access_key_load(struct db *db, const unsigned char hash[KEY_HASH_SIZE], struct access_key *out,
                     char **out_owner)
{
    struct db_query *query =
        row_query(db, &ACCESS_KEY_TABLE, "SELECT {columns} FROM access_key WHERE hash = $1");
    db_bind_blob(query, 1, hash, KEY_HASH_SIZE);
    *out_owner = NULL;
    bool is_found = row_next(query, &ACCESS_KEY_TABLE, out);
    if (is_found) {
        out->owner = *out_owner = g_strdup(out->owner); /* the row goes with the reset */
    }
    db_reset(query);
    return is_found;
}

void access_key_expire(struct db *db, int owner_kind, const char *owner, struct utc at,
                       int64_t except_id)
{
    struct db_query *query = db_query(
        db, "UPDATE access_key SET expires_at = $3 WHERE owner_kind = $1 AND owner = $2 AND "
            "id <> $4 AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > $3)");
    bind_owner(query, owner_kind, owner);
    db_bind_utc(query, 3, at);
    db_bind_int(query, 4, except_id);
    (void)db_run(query);
}

int64_t access_key_revoke(struct db *db, int owner_kind, const char *owner, int64_t id,
                          struct utc at)
{
    struct db_query *query = db_query(
        db,
        "UPDATE access_key SET revoked_at = $3 WHERE owner_kind = $1 AND owner = $2 AND "
        "($4 = 0 OR id = $4) AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > $3)");
    bind_owner(query, owner_kind, owner);
    db_bind_utc(query, 3, at);
    db_bind_int(query, 4, id);
    return db_run(query) == DB_DONE ? db_changes(db) : 0;
}

void access_key_revive(struct db *db, int64_t id)
{
    struct db_query *query =
        db_query(db, "UPDATE access_key SET revoked_at = NULL, expires_at = NULL WHERE id = $1");
    db_bind_int(query, 1, id);
    (void)db_run(query);
}

void access_key_give(struct db *db, int64_t id, int owner_kind, const char *owner)
{
    struct db_query *query =
        db_query(db, "UPDATE access_key SET owner_kind = $1, owner = $2, revoked_at = NULL, "
                     "expires_at = NULL WHERE id = $3");
    bind_owner(query, owner_kind, owner);
    db_bind_int(query, 3, id);
    (void)db_run(query);
}

void access_key_touch(struct db *db, const unsigned char hash[KEY_HASH_SIZE], struct utc used_at)
{
    struct db_query *query = db_query(db, "UPDATE access_key SET last_used_at = $2 WHERE hash = $1"
                                          " AND (last_used_at IS NULL OR last_used_at < $2)");
    db_bind_blob(query, 1, hash, KEY_HASH_SIZE);
    db_bind_utc(query, 2, used_at);
    (void)db_run(query);
}

int64_t access_key_version(struct db *db)
{
    struct db_query *query = db_query(db, "SELECT version FROM key_state WHERE only_row = 1");
    db_keep(query, 0);
    return db_take_int(query);
}

void access_key_changed(struct db *db)
{
    (void)db_run(db_query(db, "UPDATE key_state SET version = version + 1 WHERE only_row = 1"));
}
