/* db/db.h - one interface, two engines: SQLite built in, PostgreSQL for several nodes.
 *
 * SQL is one text for both, with $1-style parameters, and lives only in migrations and _store.c
 * files; where the engines truly differ a named token stands in the text ({lock}: FOR UPDATE or
 * nothing; {newid}: RETURNING id or nothing). Instants are integers (microseconds, UTC). No now()
 * in SQL. What a table's columns are, and what numbers stand for, is said once: db/row.h.
 *
 * Errors are sticky: after the first failed statement of a transaction every later one fails at
 * once and db_commit refuses, so stores need not check each step; the ledger checks once. Outside a
 * transaction each statement stands for itself.
 * A connection belongs to one thread at a time. */
#ifndef DB_DB_H
#define DB_DB_H

#include <glib.h>
#include <stdatomic.h>

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
    DB_UNCERTAIN,  /* a commit whose answer was lost: db_resolve, then decide */
    DB_CONFLICT,   /* another writer was in the way; nothing was kept: run it again */
    DB_DAMAGED, /* the file, or what a server keeps, is not what was written: a person must act */
    DB_FAILED,  /* our bug: bad SQL */
};

enum db_mode {
    DB_READ_WRITE = 1,
    DB_READ_ONLY,
    DB_SHARED, /* SQLite only, for tests and the simulator: one of several writers, as on PostgreSQL */
};

/* `where` is a SQLite file path (":memory:" for tests) or postgresql://…, with several hosts if
 * wanted. NULL and a fault when it cannot be opened. The writer of a file sets WAL and
 * synchronous=FULL and takes an exclusive advisory lock beside the file, so that a second server on
 * the same data is refused. On PostgreSQL any number of writers may be open: see "Taking turns". A
 * lost connection is made again by itself at the next begin; what fails in between is DB_DOWN. */
NODISCARD struct db *db_open(const char *where, enum db_mode mode, struct fault *fault);
void db_close(struct db **db);
/* After a db_open that failed: does that pass by itself? True while every server that `where` names is
 * down, starts, has no connection left or takes no writes (or does not come to the point where it could say:
 * a certificate, a name that does not resolve). False when one of them refuses us for good (account,
 * password, database, version, rights), and for a file. Takes up to 2 s for each that is
 * silent, and as long as the resolver needs for names. */
NODISCARD bool db_is_away(const char *where);

/* Runs the embedded migrations that are missing; each in a transaction. False and a fault when the
 * schema is newer than this program or a step failed. */
NODISCARD bool db_migrate(struct db *db, struct utc now, struct fault *fault);
/* The version of the newest migration in this program. */
NODISCARD int64_t db_schema_known(void);

void db_begin(struct db *db);
/* After a failed commit nothing is kept and the transaction is over. */
NODISCARD enum db_status db_commit(struct db *db);
void db_rollback(struct db *db); /* no transaction open: does nothing */

/* Begins a transaction of a writer that only reads: it takes no turn and waits for nobody. Ended by
 * db_commit or db_rollback. */
void db_begin_read(struct db *db);

enum db_time {
    DB_TIME_HOUR =
        1, /* each statement and the commit, with any pause between them: copies, migrations */
    /* Its statements together: longer than anything that is worked while others wait, shorter than a
     * watchdog's patience. Who falls silent is ended as always, and the commit is waited for as always. */
    DB_TIME_HALF_MINUTE,
};

/* The transaction under way may take that much time; others are given up after some seconds. Does nothing on
 * SQLite. */
void db_take_time(struct db *db, enum db_time time);

/* --- Taking turns ---
 * Where several writers share the database, a write transaction has it to itself all the same:
 * db_begin waits for its turn (the lock of the one row of table turn), which lasts until the end of
 * the transaction. So what was read in it cannot be changed by others before it commits, on either
 * engine. Turns are numbered; whoever finds another number than its own last one knows that others
 * have written meanwhile, and that what it remembers may be old. */

/* False: this writer is the only one there can be, and the three below answer 0, unset and DB_OK. */
NODISCARD bool db_is_shared(const struct db *db);
/* In a transaction: the number of the last turn that was committed before it. Its own, when it
 * commits, is the next one. A transaction that only reads is told what it sees. */
NODISCARD int64_t db_turn(struct db *db);
/* Changes with each connection that is made. Behind a new one may be another server, a standby that was
 * promoted: what the old one had not told it yet never happened there, and the same number may stand
 * for other turns. */
NODISCARD uint64_t db_session(const struct db *db);
/* After a commit that answered DB_OK, until the next begin: the number that it got; 0 when it had
 * changed nothing and so took none. */
NODISCARD int64_t db_turn_taken(const struct db *db);
/* The database server's clock, read when the turn was taken (or at the first call in a transaction
 * that only reads): the one clock that all nodes have in common. */
NODISCARD struct utc db_now(struct db *db);
/* After a commit that answered DB_UNCERTAIN: was it kept? DB_OK: yes, for good; DB_DONE: no, and it
 * never will be, so it may be run again; anything else: not known yet, ask again. Takes a turn of
 * its own to find out, and at most the time-out of a statement. */
NODISCARD enum db_status db_resolve(struct db *db);
/* The transaction under way is worth waking other nodes for: told by NOTIFY when it commits. */
void db_announce(struct db *db);

/* The transaction under way must not be: it fails with DB_DOWN and that text. */
void db_refuse(struct db *db, const char *why);

/* Housekeeping of the writer between transactions (SQLite: moves the write-ahead log into the file
 * when it has grown; `is_tight`, for room is short: when it has grown a little). Apart from db_commit so that
 * nobody waits for it to be answered. */
void db_tidy(struct db *db, bool is_tight);
/* Keeps `bytes` of the disk inside the database's own files, beyond what is in them: that much in the file
 * and as much in its log, where other programs cannot take it. The writer, between transactions; often,
 * for what is written takes of it. False: the disk (or a quota) has no room for it. True where a server sees to
 * its own disk. */
NODISCARD bool db_hold_room(struct db *db, int64_t bytes);
/* False: the file or its log was removed, moved or replaced under the writer's hands, so that the next start
 * would not find what is written now. Between transactions. */
NODISCARD bool db_is_in_place(struct db *db);

/* A database in a file of its own: how large it is, without the room that db_hold_room keeps beyond, and how much of it
 * nothing is in, for what is written next. `can_shrink`: see db_give_back; false of a file that an earlier version
 * made. Any connection. False: a server sees to that itself. */
struct db_space {
    int64_t bytes, free_bytes;
    bool can_shrink;
};

NODISCARD bool db_space(struct db *db, struct db_space *out);
/* In a write transaction: moves a few pages from the end of the file into room that nothing is in, as long as more
 * than `reserve` bytes of that are left. The file becomes so much shorter when its log is moved into it (db_tidy), and
 * keeps its room. Answers how many bytes were given back; 0: there is nothing more to give. */
NODISCARD int64_t db_give_back(struct db *db, int64_t reserve);

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
/* Steps once, expecting no row or not caring for it, and resets. On PostgreSQL it may be sent without
 * waiting, and plain rows are gathered, to be inserted as one statement a table before anything names the
 * table: then a failure shows in a later call, at the latest in db_commit. */
enum db_status db_run(struct db_query *query);
/* Runs an INSERT of one row whose text ends in {newid}: the id that the row got; 0 after an error. On
 * PostgreSQL ids of all tables are counted in the turn, so that no answer is waited for: every INSERT
 * into a table with an {id} is made by this, but where the id is given. */
int64_t db_insert(struct db_query *query);
void db_reset(struct db_query *query);

/* Steps to the end: the first column of each row, at most `max` of them; answers how many. */
NODISCARD size_t db_take_ids(struct db_query *query, int64_t *out_ids, size_t max);
/* Has it a row at all? False also after an error, which is sticky like any other. Asks for the first one
 * and resets: the text should say LIMIT 1 where there may be many, so that a server does not send them. */
NODISCARD bool db_is_any(struct db_query *query);
/* The first column of every row, to be freed with g_array_unref and g_ptr_array_unref. */
NODISCARD GArray *db_take_all_ids(struct db_query *query);      /* of int64_t */
NODISCARD GPtrArray *db_take_all_texts(struct db_query *query); /* of char *, owned */
/* The one value that the query answers. Newly allocated, NULL for none or NULL; 0 for none or NULL;
 * unset for none or NULL; UTC_NEVER for none or NULL. */
NODISCARD char *db_take_text(struct db_query *query);
NODISCARD int64_t db_take_int(struct db_query *query);
NODISCARD struct utc db_take_utc(struct db_query *query);
NODISCARD struct utc db_take_instant(struct db_query *query);

/* Columns count from 0. Who reads more than one reads by a description: db/row.h. Texts and blobs are borrowed until the next step or reset. NULL columns
 * read as 0, unset, NULL. */
int64_t db_int(struct db_query *query, int column);
struct utc db_utc(struct db_query *query, int column);
const char *db_text(struct db_query *query, int column);
const void *db_blob(struct db_query *query, int column, size_t *out_size);
double db_real(struct db_query *query, int column);
bool db_is_null(struct db_query *query, int column);

/* Waits, in a transaction, for all that was written so far: a failure of it is known then. */
void db_settle(struct db *db);
/* Rows changed by the last db_run on this connection. */
int64_t db_changes(const struct db *db);

/* --- Asking ahead ---
 * On PostgreSQL an answer that is waited for costs the way to the server and back, and in a turn all
 * other writers wait as well. Who will ask many questions one after the other asks them all ahead
 * first: they go out together, and when they are asked in earnest the answers are here. An engine
 * to which this is nothing does nothing. */

/* Of a SELECT whose parameters are bound (none of them bytes), before its first step: its answer is
 * kept until the end of the transaction for whoever asks the same with the same values. It is about a
 * topic, the text that is bound as parameter `topic_at`: whoever writes what may change it calls db_stale
 * with that text, or with NULL for all topics. 0: everything that is written makes it stale. db_keep_about
 * names the topic itself. */
void db_keep(struct db_query *query, int topic_at);
void db_keep_about(struct db_query *query, const char *topic); /* a literal, or lives for ever */
void db_stale(struct db *db, const char *topic);

/* True: until db_ask_ahead_end every step only sends its question, if db_keep was said of it, or else
 * does nothing, and answers DB_DONE. Nothing may be written meanwhile. False: there is nothing to be
 * gained (or an error), and steps are what they always are: do not ask ahead. */
NODISCARD bool db_ask_ahead(struct db *db);
void db_ask_ahead_end(struct db *db);

/* Read-only connections for request threads. db_pool_take begins the read transaction and
 * db_pool_give ends it: what is read in between is one state of the database. Safe from any thread.
 * Never NULL: one that cannot be opened fails every step with DB_DOWN. */
struct db_pool;
NODISCARD struct db_pool *db_pool_create(const char *where);
void db_pool_destroy(struct db_pool **pool);
NODISCARD struct db *db_pool_take(struct db_pool *pool);
void db_pool_give(struct db_pool *pool, struct db *db);
/* Connections that were made before are not used again, also those that are taken now: behind a new one may
 * be another server, and an old one may still answer, knowing nothing of what was written since. */
void db_pool_renew(struct db_pool *pool);
/* What db_pool_take would give without a database: for a borrower who knows already that it is away, and
 * does not want to wait until the pool has found out. */
NODISCARD struct db *db_none(const char *why);

/* Copies the whole database, online, to a new file and verifies the copy (integrity and row
 * counts). Takes as long as the database is big: use a connection of the pool, so that nobody waits
 * for it. False and a fault when the target exists or the copy does not verify. */
NODISCARD bool db_backup(struct db *db, const char *target_path, struct fault *fault);
/* What takes its time on this connection (a long read, db_backup) is given up within a second after `stop`
 * has become true, by whatever thread. NULL, or db_pool_give: not any more. Borrowed. */
void db_set_stop(struct db *db, const atomic_bool *stop);
/* Reads every table and index of a database file, gently: it takes a while, and neither the writer nor
 * readers wait for it. Run once. DB_OK: sound; DB_DAMAGED and a fault that names the table, if it can be
 * told; DB_DOWN and a fault: it could not be found out, or was stopped. Servers check their own
 * pages when they read them. */
struct db_check;
NODISCARD struct db_check *db_check_create(const char *path);
NODISCARD enum db_status db_check_run(struct db_check *check, struct fault *fault);
void db_check_stop(struct db_check *check); /* soon; from any thread */
void db_check_free(struct db_check **check);
/* Checks that the file is a sound Tocsin database of a schema this program can read. */
NODISCARD bool db_verify(const char *path, struct fault *fault);

/* What a person tells one copy from another by. */
struct db_summary {
    int64_t schema;
    int64_t alerts;
    struct utc newest; /* of the events; unset without any */
};

/* Of a file that db_verify finds sound. */
NODISCARD bool db_summarize(const char *path, struct db_summary *out, struct fault *fault);

#endif
