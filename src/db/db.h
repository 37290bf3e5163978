/* db/db.h - one interface, two engines: SQLite built in, PostgreSQL for several nodes.
 *
 * SQL is one text for both, with $1-style parameters, and lives only in migrations and _store.c
 * files; where the engines truly differ a named token stands in the text ({lock}: FOR UPDATE or
 * nothing; {newid}: RETURNING id or nothing). Instants are integers (microseconds, UTC). No now()
 * in SQL.
 *
 * Errors are sticky: after the first failed statement of a transaction every later one fails at
 * once and db_commit refuses, so stores need not check each step; the ledger checks once. Outside a
 * transaction each statement stands for itself.
 * A connection belongs to one thread at a time. */
#ifndef DB_DB_H
#define DB_DB_H

#include "base/fault.h"
#include "base/utc.h"

struct db;
struct db_query;

enum db_status {
    DB_OK = 1,
    DB_ROW,        /* db_step: a row is ready */
    DB_DONE,       /* db_step: no more rows */
    DB_FULL,       /* disk full, read-only or over quota: try later */
    DB_DOWN,       /* the database cannot be reached, or I/O failed */
    DB_CONSTRAINT, /* a unique or foreign key said no */
    DB_UNCERTAIN,  /* a commit whose answer was lost: look up, then decide */
    DB_FAILED,     /* our bug: bad SQL, corrupt file */
};

enum db_mode { DB_READ_WRITE = 1, DB_READ_ONLY };

/* `where` is a SQLite file path (":memory:" for tests) or, later, postgresql://…. NULL and a fault
 * when it cannot be opened. The writer sets WAL and synchronous=FULL and takes an exclusive
 * advisory lock beside the file, so that a second server on the same data is refused. */
NODISCARD struct db *db_open(const char *where, enum db_mode mode, struct fault *fault);
void db_close(struct db **db);

/* Runs the embedded migrations that are missing; each in a transaction. False and a fault when the
 * schema is newer than this program or a step failed. */
NODISCARD bool db_migrate(struct db *db, struct utc now, struct fault *fault);

void db_begin(struct db *db);
/* After a failed commit nothing is kept and the transaction is over. */
NODISCARD enum db_status db_commit(struct db *db);
void db_rollback(struct db *db); /* no transaction open: does nothing */

/* Housekeeping of the writer between transactions (SQLite: moves the write-ahead log into the file
 * when it has grown). Apart from db_commit so that nobody waits for it to be answered. */
void db_tidy(struct db *db);

/* The first error since db_begin (still there after the transaction's end, until the next begin or
 * query), else DB_OK; and its text for the log. */
enum db_status db_error(const struct db *db);
const char *db_error_text(const struct db *db);

/* A statement, prepared once per connection and cached by the address of `sql`, which must
 * therefore be a string literal or otherwise live for ever. Ready to bind. Never NULL: after an
 * error the answer is a query whose steps fail. A query must be used up (DB_DONE) or reset before
 * it is asked for again. */
NODISCARD struct db_query *db_query(struct db *db, const char *sql);

/* Parameters count from 1 and are NULL until bound. Texts are copied. */
void db_bind_int(struct db_query *query, int at, int64_t value);
void db_bind_utc(struct db_query *query, int at, struct utc value);   /* unset binds NULL */
void db_bind_text(struct db_query *query, int at, const char *value); /* NULL binds NULL */
void db_bind_blob(struct db_query *query, int at, const void *bytes, size_t size);
void db_bind_real(struct db_query *query, int at, double value);

/* DB_ROW, DB_DONE or an error (sticky). After DB_DONE or an error the query is reset. */
enum db_status db_step(struct db_query *query);
/* Steps once, expecting no row or not caring for it, and resets. */
enum db_status db_run(struct db_query *query);
/* Runs an INSERT of one row whose text ends in {newid}: the id that the row got; 0 after an error. */
int64_t db_insert(struct db_query *query);
void db_reset(struct db_query *query);

/* Steps to the end: the first column of each row, at most `max` of them; answers how many. */
NODISCARD size_t db_take_ids(struct db_query *query, int64_t *out_ids, size_t max);
/* The one instant that the query answers; UTC_NEVER for none or NULL. */
NODISCARD struct utc db_take_instant(struct db_query *query);

/* Columns count from 0. Texts and blobs are borrowed until the next step or reset. NULL columns
 * read as 0, unset, NULL. */
int64_t db_int(struct db_query *query, int column);
struct utc db_utc(struct db_query *query, int column);
const char *db_text(struct db_query *query, int column);
const void *db_blob(struct db_query *query, int column, size_t *out_size);
double db_real(struct db_query *query, int column);
bool db_is_null(struct db_query *query, int column);

/* Rows changed by the last db_run on this connection. */
int64_t db_changes(const struct db *db);

/* Read-only connections for request threads. db_pool_take begins the read transaction and
 * db_pool_give ends it: what is read in between is one state of the database. Safe from any thread.
 * Never NULL: one that cannot be opened fails every step with DB_DOWN. */
struct db_pool;
NODISCARD struct db_pool *db_pool_create(const char *where);
void db_pool_destroy(struct db_pool **pool);
NODISCARD struct db *db_pool_take(struct db_pool *pool);
void db_pool_give(struct db_pool *pool, struct db *db);

/* Copies the whole database, online, to a new file and verifies the copy (integrity and row
 * counts). Takes as long as the database is big: use a connection of the pool, so that nobody waits
 * for it. False and a fault when the target exists or the copy does not verify. */
NODISCARD bool db_backup(struct db *db, const char *target_path, struct fault *fault);
/* Checks that the file is a sound Tocsin database of a schema this program can read. */
NODISCARD bool db_verify(const char *path, struct fault *fault);

#endif
