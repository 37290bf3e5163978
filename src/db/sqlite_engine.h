/* db/sqlite_engine.h - what the files of the SQLite engine share. */
#ifndef DB_SQLITE_ENGINE_H
#define DB_SQLITE_ENGINE_H

#include <errno.h>
#include <sqlite3.h>
#include <sys/types.h>

#include "db/engine.h"

enum { SQLITE_PAGE = 4096 }; /* bytes; what SQLite chooses for a new file */

/* The methods of a file that keeps its room (sqlite_room.c). */
struct sqlite_kept_file {
    sqlite3_io_methods methods;
    int64_t least;                                           /* bytes below which it is not cut */
    int64_t beyond;                                          /* … and beyond what is in it */
    int (*truncate)(sqlite3_file *file, sqlite3_int64 size); /* as it was */
};

struct sqlite_db {
    struct db base;
    char *where;
    sqlite3 *handle;                           /* NULL: hung up */
    sqlite3_stmt *begin, *begin_read, *commit; /* NULL until first needed, as the next */
    sqlite3_stmt *page_count;
    struct sqlite_kept_file kept_file, kept_log;
    dev_t log_device; /* of the log that is open … */
    ino_t log_number; /* … 0: not known yet */
    int lock_fd;      /* -1: none is held */
    int file_fd; /* the file once more, to the end: to close it drops SQLite's locks; -1: no plain file */
    int log_pages; /* pages in the write-ahead log after the last commit; 0: just tidied */
    int log_used;  /* of them and what was there before, those that nothing is written over yet */
};

struct sqlite_query {
    struct db_query base;
    sqlite3_stmt *stmt;
    uint8_t slot[DB_PARAMETERS_MAX + 1]; /* of SQLite for our $n; 0: the text has no $n */
};

static inline sqlite3 *sqlite_handle(const struct db *db)
{
    return ((const struct sqlite_db *)db)->handle;
}

/* Opens again what was hung up. False after db_fail. */
NODISCARD bool sqlite_is_open(struct db *db);

/* See db_hold_room and db_is_in_place. */
NODISCARD bool sqlite_hold_room(struct db *db, int64_t bytes);
NODISCARD bool sqlite_is_in_place(struct db *db);
/* See db_space and db_give_back. */
NODISCARD bool sqlite_space(struct db *db, struct db_space *out);
NODISCARD int64_t sqlite_give_back(struct db *db, int64_t reserve);
/* Whoever opens a file that another program keeps room in leaves it there. */
void sqlite_keep_room(struct db *db);

/* Out of space or over a limit, or the file system turned read-only, by its errno. */
static inline bool sqlite_is_want_of_space(int error)
{
    return error == ENOSPC || error == EDQUOT || error == EROFS || error == EFBIG;
}

/* Translates a failed call (of which errno, zeroed before it, still tells), keeps it with db_fail and
 * answers the kept status. `what` names the work, or is the statement. */
enum db_status sqlite_fail(struct db *db, int code, const char *what);

/* False and a fault when something else than a file is there: to open a pipe would wait for who writes into it.
 * True where there is nothing. */
NODISCARD bool sqlite_is_file(const char *path, struct fault *fault);

/* What to say before SQLite's own words, which know no way on, when this result of a call means damage; else "". */
const char *sqlite_damage_remedy(int code);

/* The row of functions for struct db_engine, in sqlite_query.c. */
struct db_query *sqlite_prepare(struct db *db, const char *sql);
void sqlite_finish(struct db_query *query);
void sqlite_ready(struct db_query *query);
enum db_status sqlite_step(struct db_query *query);
void sqlite_reset(struct db_query *query);
int64_t sqlite_insert(struct db_query *query);
void sqlite_bind_int(struct db_query *query, int at, int64_t value);
void sqlite_bind_text(struct db_query *query, int at, const char *value);
void sqlite_bind_blob(struct db_query *query, int at, const void *bytes, size_t size);
void sqlite_bind_real(struct db_query *query, int at, double value);
int64_t sqlite_int(struct db_query *query, int column);
const char *sqlite_text(struct db_query *query, int column);
const void *sqlite_blob(struct db_query *query, int column, size_t *out_size);
double sqlite_real(struct db_query *query, int column);
bool sqlite_is_null(struct db_query *query, int column);

#endif
