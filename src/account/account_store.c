#include "account/account_store.h"

#define AT(member) offsetof(struct account, member)
static const struct column ACCOUNT_COLUMNS[] = {
    {"name", COLUMN_TEXT, AT(name), COLUMN_KEY},
    {"role", COLUMN_WORD, AT(role), .names = ROLE_NAMES},
    {"password", COLUMN_TEXT, AT(password)},
    {"is_disabled", COLUMN_BOOL, AT(is_disabled)},
    {"created_at", COLUMN_UTC, AT(created_at)},
    {"password_at", COLUMN_UTC, AT(password_at)},
    {"signed_in_at", COLUMN_UTC, AT(signed_in_at)},
};
const struct table ACCOUNT_TABLE = {
    .name = "account", .size = sizeof(struct account), ROW_COLUMNS(ACCOUNT_COLUMNS)};

#define OF_SESSION(member) offsetof(struct session, member)
static const struct column SESSION_COLUMNS[] = {
    {"id", COLUMN_INT, OF_SESSION(id), COLUMN_KEY},
    {"account", COLUMN_BORROWED, OF_SESSION(account), COLUMN_FIXED},
    {"hash", COLUMN_BYTES, OF_SESSION(hash), .bytes = KEY_HASH_SIZE},
    {"csrf", COLUMN_BORROWED, OF_SESSION(csrf), COLUMN_FIXED},
    {"made_at", COLUMN_UTC, OF_SESSION(made_at), COLUMN_FIXED},
    {"seen_at", COLUMN_UTC, OF_SESSION(seen_at)},
    {"checked_at", COLUMN_UTC, OF_SESSION(checked_at)},
    {"ends_at", COLUMN_UTC, OF_SESSION(ends_at), COLUMN_FIXED},
    {"agent", COLUMN_BORROWED, OF_SESSION(agent), COLUMN_FIXED},
    {"address", COLUMN_BORROWED, OF_SESSION(address), COLUMN_FIXED},
};
const struct table SESSION_TABLE = {
    .name = "account_session", .size = sizeof(struct session), ROW_COLUMNS(SESSION_COLUMNS)};

static const struct column SESSION_OF_COLUMNS[] = {
    {"role", COLUMN_WORD, offsetof(struct session_of, role), .names = ROLE_NAMES},
};
static const struct table SESSION_OF = {
    .size = sizeof(struct session_of), .base = &SESSION_TABLE, ROW_COLUMNS(SESSION_OF_COLUMNS)};

#define OF_LINK(member) offsetof(struct link_row, member)
static const struct column LINK_COLUMNS[] = {
    {"id", COLUMN_INT, OF_LINK(id), COLUMN_ID},
    {"kind", COLUMN_WORD, OF_LINK(kind), COLUMN_FIXED, .names = ACCOUNT_LINK_NAMES},
    {"account", COLUMN_TEXT, OF_LINK(account), COLUMN_FIXED},
    {"hash", COLUMN_BYTES, OF_LINK(hash), COLUMN_FIXED, .bytes = KEY_HASH_SIZE},
    {"made_at", COLUMN_UTC, OF_LINK(made_at), COLUMN_FIXED},
    {"expires_at", COLUMN_UTC, OF_LINK(expires_at), COLUMN_FIXED},
};
const struct table LINK_TABLE = {
    .name = "account_link", .size = sizeof(struct link_row), ROW_COLUMNS(LINK_COLUMNS)};

/* --- accounts --- */

void account_clear(struct account *account)
{
    row_clear(&ACCOUNT_TABLE, account);
}

void account_put(struct db *db, const struct account *account)
{
    row_put(db, &ACCOUNT_TABLE, account);
}

bool account_load(struct db *db, const char *name, struct account *out)
{
    struct db_query *query =
        row_query(db, &ACCOUNT_TABLE, "SELECT {columns} FROM account WHERE name = $1");
    db_bind_text(query, 1, name);
    bool is_found = row_take(query, &ACCOUNT_TABLE, out);
    if (!is_found) {
        *out = (struct account){0};
    }
    return is_found;
}

void account_list(struct db *db, void (*each)(void *self, const struct account *account),
                  void *self)
{
    struct db_query *query =
        row_query(db, &ACCOUNT_TABLE, "SELECT {columns} FROM account ORDER BY name");
    struct account account;
    while (row_next(query, &ACCOUNT_TABLE, &account)) {
        each(self, &account);
        account_clear(&account);
    }
}

/* --- sessions --- */

void session_insert(struct db *db, struct session *session)
{
    session->id = account_version(db) + 1;
    row_insert(db, &SESSION_TABLE, session);
}

void session_list_all(struct db *db, void (*each)(void *self, const struct session_of *one),
                      void *self)
{
    struct db_query *query =
        row_query(db, &SESSION_OF,
                  "SELECT {columns} FROM account_session JOIN account ON account.name = "
                  "account_session.account WHERE account.is_disabled = 0");
    struct session_of one;
    while (row_next(query, &SESSION_OF, &one)) {
        each(self, &one);
    }
}

void session_list(struct db *db, const char *account, int64_t before_id, int limit,
                  void (*each)(void *self, const struct session *session), void *self)
{
    struct db_query *query = row_query(db, &SESSION_TABLE,
                                       "SELECT {columns} FROM account_session WHERE id < $1 AND "
                                       "($2 = '' OR account = $2) ORDER BY id DESC LIMIT $3");
    db_bind_int(query, 1, before_id == 0 ? G_MAXINT64 : before_id);
    db_bind_text(query, 2, account != NULL ? account : "");
    db_bind_int(query, 3, limit);
    struct session session;
    while (row_next(query, &SESSION_TABLE, &session)) {
        each(self, &session);
    }
}

char *session_owner(struct db *db, int64_t id)
{
    struct db_query *query = db_query(db, "SELECT account FROM account_session WHERE id = $1");
    db_bind_int(query, 1, id);
    return db_take_text(query);
}

int64_t session_by_hash(struct db *db, const unsigned char hash[KEY_HASH_SIZE])
{
    struct db_query *query = db_query(db, "SELECT id FROM account_session WHERE hash = $1");
    db_bind_blob(query, 1, hash, KEY_HASH_SIZE);
    return db_take_int(query);
}

void session_renew(struct db *db, int64_t id, const unsigned char hash[KEY_HASH_SIZE],
                   struct utc now)
{
    struct db_query *query = db_query(db, "UPDATE account_session SET hash = $2, seen_at = $3, "
                                          "checked_at = $3 WHERE id = $1");
    db_bind_int(query, 1, id);
    db_bind_blob(query, 2, hash, KEY_HASH_SIZE);
    db_bind_utc(query, 3, now);
    (void)db_run(query);
}

void session_touch(struct db *db, int64_t id, struct utc seen_at)
{
    struct db_query *query =
        db_query(db, "UPDATE account_session SET seen_at = $2 WHERE id = $1 AND seen_at < $2");
    db_bind_int(query, 1, id);
    db_bind_utc(query, 2, seen_at);
    (void)db_run(query);
}

int64_t session_end(struct db *db, int64_t id)
{
    struct db_query *query = db_query(db, "DELETE FROM account_session WHERE id = $1");
    db_bind_int(query, 1, id);
    return db_run(query) == DB_DONE ? db_changes(db) : 0;
}

int64_t session_end_others(struct db *db, const char *account, int64_t but)
{
    struct db_query *query =
        db_query(db, "DELETE FROM account_session WHERE account = $1 AND id <> $2");
    db_bind_text(query, 1, account);
    db_bind_int(query, 2, but);
    return db_run(query) == DB_DONE ? db_changes(db) : 0;
}

void session_end_least_used(struct db *db, const char *account, int most)
{
    struct db_query *query =
        db_query(db, "DELETE FROM account_session WHERE account = $1 AND id NOT IN "
                     "(SELECT id FROM account_session WHERE account = $1 "
                     "ORDER BY seen_at DESC, id DESC LIMIT $2)");
    db_bind_text(query, 1, account);
    db_bind_int(query, 2, most);
    (void)db_run(query);
}

void session_end_old(struct db *db, struct utc unused_since, struct utc now)
{
    struct db_query *query =
        db_query(db, "DELETE FROM account_session WHERE seen_at <= $1 OR ends_at <= $2");
    db_bind_utc(query, 1, unused_since);
    db_bind_utc(query, 2, now);
    (void)db_run(query);
}

/* --- links --- */

void link_insert(struct db *db, struct link_row *link)
{
    row_insert(db, &LINK_TABLE, link);
}

bool link_by_hash(struct db *db, const unsigned char hash[KEY_HASH_SIZE], struct link_row *out)
{
    struct db_query *query =
        row_query(db, &LINK_TABLE, "SELECT {columns} FROM account_link WHERE hash = $1");
    db_bind_blob(query, 1, hash, KEY_HASH_SIZE);
    bool is_found = row_take(query, &LINK_TABLE, out);
    if (!is_found) {
        *out = (struct link_row){0};
    }
    return is_found;
}

void link_end_of(struct db *db, const char *account)
{
    struct db_query *query = account != NULL
                                 ? db_query(db, "DELETE FROM account_link WHERE account = $1")
                                 : db_query(db, "DELETE FROM account_link WHERE account IS NULL");
    if (account != NULL) {
        db_bind_text(query, 1, account);
    }
    (void)db_run(query);
}

void link_end_old(struct db *db, struct utc now)
{
    struct db_query *query = db_query(db, "DELETE FROM account_link WHERE expires_at <= $1");
    db_bind_utc(query, 1, now);
    (void)db_run(query);
}

/* --- */

int64_t account_version(struct db *db)
{
    struct db_query *query = db_query(db, "SELECT version FROM account_state WHERE only_row = 1");
    db_keep(query, 0);
    return db_take_int(query);
}

void account_changed(struct db *db)
{
    (void)db_run(db_query(db, "UPDATE account_state SET version = version + 1 WHERE only_row = 1"));
}
