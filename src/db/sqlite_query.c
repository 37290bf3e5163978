#include "db/sqlite_engine.h"

#include <errno.h>
#include <stdio.h>

static struct sqlite_query *of(struct db_query *query)
{
    return (struct sqlite_query *)query;
}

struct db_query *sqlite_prepare(struct db *db, const char *sql)
{
    sqlite3_stmt *stmt = NULL;
    const char *rest = "";
    if (!sqlite_is_open(db)) {
        return NULL;
    }
    errno = 0;
    int code =
        sqlite3_prepare_v3(sqlite_handle(db), sql, -1, SQLITE_PREPARE_PERSISTENT, &stmt, &rest);
    if (code != SQLITE_OK) {
        (void)sqlite_fail(db, code, sql);
        return NULL;
    }
    CHECK(stmt != NULL && *rest == '\0'); /* one statement per text */
    struct sqlite_query *query = g_new0(struct sqlite_query, 1);
    query->base.db = db;
    query->stmt = stmt;
    for (int i = 1; i <= DB_PARAMETERS_MAX; i++) {
        char name[8];
        (void)snprintf(name, sizeof name, "$%d", i);
        query->slot[i] = (uint8_t)sqlite3_bind_parameter_index(stmt, name);
    }
    return &query->base;
}

void sqlite_finish(struct db_query *query)
{
    (void)sqlite3_finalize(of(query)->stmt); /* repeats the error of the last step: known */
    g_free(query);
}

void sqlite_ready(struct db_query *query)
{
    CHECK(!sqlite3_stmt_busy(of(query)->stmt)); /* asked for again before it was used up */
    (void)sqlite3_clear_bindings(of(query)->stmt);
}

enum db_status sqlite_step(struct db_query *query)
{
    errno = 0;
    int code = sqlite3_step(of(query)->stmt);
    if (code == SQLITE_ROW) {
        return DB_ROW;
    }
    if (code == SQLITE_DONE) {
        return DB_DONE;
    }
    return sqlite_fail(query->db, code, sqlite3_sql(of(query)->stmt));
}

void sqlite_reset(struct db_query *query)
{
    (void)sqlite3_reset(of(query)->stmt); /* repeats the error of the last step: known */
}

int64_t sqlite_insert(struct db_query *query)
{
    return db_step(query) == DB_DONE ? sqlite3_last_insert_rowid(sqlite_handle(query->db)) : 0;
}

static int slot_of(struct db_query *query, int at)
{
    CHECK(at >= 1 && at <= DB_PARAMETERS_MAX);
    int slot = of(query)->slot[at];
    CHECK(slot != 0); /* the statement has no such parameter */
    return slot;
}

/* Too long a text is the only failure of a bind that is not ours. */
static void check_bind(struct db_query *query, int code)
{
    if (code != SQLITE_OK) {
        (void)sqlite_fail(query->db, code, sqlite3_sql(of(query)->stmt));
    }
}

void sqlite_bind_int(struct db_query *query, int at, int64_t value)
{
    check_bind(query, sqlite3_bind_int64(of(query)->stmt, slot_of(query, at), value));
}

void sqlite_bind_text(struct db_query *query, int at, const char *value)
{
    check_bind(query,
               sqlite3_bind_text(of(query)->stmt, slot_of(query, at), value, -1, SQLITE_TRANSIENT));
}

void sqlite_bind_blob(struct db_query *query, int at, const void *bytes, size_t size)
{
    /* A NULL pointer would bind NULL; an empty blob is meant. */
    check_bind(query, sqlite3_bind_blob64(of(query)->stmt, slot_of(query, at),
                                          bytes == NULL ? "" : bytes, size, SQLITE_TRANSIENT));
}

void sqlite_bind_real(struct db_query *query, int at, double value)
{
    check_bind(query, sqlite3_bind_double(of(query)->stmt, slot_of(query, at), value));
}

int64_t sqlite_int(struct db_query *query, int column)
{
    return sqlite3_column_int64(of(query)->stmt, column);
}

const char *sqlite_text(struct db_query *query, int column)
{
    return (const char *)sqlite3_column_text(of(query)->stmt, column);
}

const void *sqlite_blob(struct db_query *query, int column, size_t *out_size)
{
    const void *bytes = sqlite3_column_blob(of(query)->stmt, column);
    *out_size = (size_t)sqlite3_column_bytes(of(query)->stmt, column);
    return bytes;
}

double sqlite_real(struct db_query *query, int column)
{
    return sqlite3_column_double(of(query)->stmt, column);
}

bool sqlite_is_null(struct db_query *query, int column)
{
    return sqlite3_column_type(of(query)->stmt, column) == SQLITE_NULL;
}
