/* db/engine.h - what an engine must do for db.c. Only db.c, migrate.c and the engines include it.
 *
 * db.c keeps what is the same everywhere: sticky errors, the cache of statements, tokens and
 * migrations; turn.c takes turns. An engine puts struct db and struct db_query first in structs of
 * its own. */
#ifndef DB_ENGINE_H
#define DB_ENGINE_H

#include <glib.h>

#include "db/db.h"
#include "db/link.h"

enum { DB_ERROR_TEXT_SIZE = 400, DB_PARAMETERS_MAX = 48 };

/* {name} in a statement stands for `text`. */
struct db_token {
    const char *name;
    const char *text;
};

/* By which a statement is found again: addresses of what lives for ever. The linker may keep two equal texts once, so
 * that a text whose words another thing gives (a table's columns) is another statement for each such thing. */
struct db_query_key {
    const void *text; /* of the text, or of something else that it is found by */
    const void *of;   /* what gave its words; NULL: nothing */
};

struct db_query {
    struct db *db;
    struct db_query_key key;
    bool is_broken; /* stands in for a statement after an error: takes binds, never steps */
    bool is_select; /* changes nothing */
};

/* Calls that answer an enum db_status set the error by db_fail themselves before they answer one. */
struct db_engine {
    const char *name;
    const struct db_token *tokens;
    size_t token_count;
    bool is_shared; /* others may write to the database as well */

    void (*close)(struct db *db); /* frees the engine's struct; the queries are finished already */
    enum db_status (*script)(struct db *db, const char *sql); /* many statements, no parameters */
    enum db_status (*begin)(struct db *db); /* db->is_reading: one that only reads */
    enum db_status (*commit)(struct db *db);
    void (*rollback)(struct db *db);                     /* none open: does nothing */
    void (*take_time)(struct db *db, enum db_time time); /* see db_take_time; may be NULL */
    void (*announce)(struct db *db); /* before a commit; may be NULL, see db_announce */
    void (*plant)(struct db *db);    /* db->bugs were set; may be NULL */
    void (*hang_up)(struct db *db);  /* the queries are finished already; may be NULL */
    void (*tidy)(struct db *db, bool is_tight);
    bool (*hold_room)(struct db *db, int64_t bytes); /* NULL: the disk is not ours to see to … */
    bool (*is_in_place)(struct db *db);              /* … likewise */
    bool (*space)(struct db *db, struct db_space *out);   /* … likewise */
    int64_t (*give_back)(struct db *db, int64_t reserve); /* … likewise */
    void (*settle)(struct db *db);                        /* see db_settle; may be NULL */
    int64_t (*changes)(const struct db *db);
    int64_t (*insert)(struct db_query *query); /* see db_insert; steps by db_step, or db_run */

    struct db_query *(*prepare)(struct db *db, const char *sql); /* NULL after db_fail */
    void (*finish)(struct db_query *query);
    void (*ready)(struct db_query *query); /* forgets bindings; a busy query is our bug */
    enum db_status (*step)(struct db_query *query);
    /* As step, for a caller who wants no row: may be sent without waiting, and then answers DB_DONE.
     * NULL: the same as step. */
    enum db_status (*run)(struct db_query *query);
    void (*reset)(struct db_query *query);
    /* See "Asking ahead"; all four may be NULL. */
    void (*keep)(struct db_query *query, int topic_at);
    void (*keep_about)(struct db_query *query, const char *topic);
    void (*stale)(struct db *db, const char *topic);
    bool (*ask_ahead)(struct db *db, bool is_on);

    void (*bind_int)(struct db_query *query, int at, int64_t value);
    void (*bind_text)(struct db_query *query, int at, const char *value);
    void (*bind_blob)(struct db_query *query, int at, const void *bytes, size_t size);
    void (*bind_real)(struct db_query *query, int at, double value);

    int64_t (*column_int)(struct db_query *query, int column);
    const char *(*column_text)(struct db_query *query, int column);
    const void *(*column_blob)(struct db_query *query, int column, size_t *out_size);
    double (*column_real)(struct db_query *query, int column);
    bool (*column_is_null)(struct db_query *query, int column);
};

/* The turn of the transaction under way, see "Taking turns" in db.h. */
struct db_turn {
    bool is_known;  /* what follows was read */
    int64_t number; /* of the last turn that was committed before it */
    struct utc now;
    bool has_written;
    bool is_announced;
    bool is_resolving; /* finds out about an earlier one */
    bool is_asking;    /* the link, whether it may begin: nothing has happened yet */
    int64_t taken;     /* its own number once it is committed; 0: it changed nothing */
};

struct db {
    const struct db_engine *engine;
    enum db_mode mode;
    bool is_dead;     /* never opened: every step fails with DB_DOWN */
    bool is_shared;   /* others may write: set when it is opened */
    bool is_turnless; /* the tables for turns are not there yet */
    bool is_in_transaction;
    bool is_reading;  /* the transaction under way only reads */
    bool is_too_long; /* its error is that it took more than all the time it may take */
    unsigned bugs;    /* enum db_bug */
    uint64_t era;     /* of its pool when it was opened: see db_pool_renew */
    const struct db_link *link;
    const atomic_bool *stop; /* see db_set_stop; may be NULL */
    struct db_turn turn;
    uint64_t session;  /* counts the connections that were made */
    int64_t next_id;   /* PostgreSQL: the next insert takes it and counts it up */
    int64_t writer;    /* names this connection in commit_mark */
    int64_t uncertain; /* number of the turn whose outcome is not known; 0: none */
    enum db_status error;
    char error_text[DB_ERROR_TEXT_SIZE];
    GHashTable *queries; /* struct db_query_key -> the struct db_query that it is in */
    struct db_query broken;
};

/* Fills the common part. */
void db_init(struct db *db, const struct db_engine *engine, enum db_mode mode);

/* Keeps the first error since db_begin; answers the kept status. */
PRINTF_LIKE(3, 4)
enum db_status db_fail(struct db *db, enum db_status status, const char *format, ...);
/* Of a transaction that is over, or is begun again. */
void db_forget_error(struct db *db);

/* Writes what {token} stands for in the words of a caller; false: it has no such word. */
struct db_words_of {
    bool (*say)(const void *self, const char *token, GString *out);
    const void *self;
};

/* `sql` with its tokens replaced, to be freed with g_free; NULL after db_fail for an unknown one. `words`, which
 * may be NULL, are asked for what the engine does not know. */
NODISCARD char *db_expand(struct db *db, const char *sql, const struct db_words_of *words);

/* The parts of db_query, for statements that are not found by their text's address alone. The known one, ready to bind, or the broken one after an error; NULL: it was not
 * prepared yet. And that: never NULL. `sql` is only read. */
NODISCARD struct db_query *db_query_known(struct db *db, struct db_query_key key);
NODISCARD struct db_query *db_query_prepare(struct db *db, struct db_query_key key, const char *sql,
                                            const struct db_words_of *words);

static inline bool db_is_stopped(const struct db *db)
{
    return db->stop != NULL && atomic_load(db->stop);
}

/* A read-only connection, or one whose steps all fail with DB_DOWN. Never NULL. */
NODISCARD struct db *db_open_or_dead(const char *where);

/* Begins and commits: the engine's part, the turn and what the link does to both. In turn.c. */
void turn_begin(struct db *db);
/* Takes the turn late, in a transaction that was begun while db->is_turnless. */
void turn_take(struct db *db);
enum db_status turn_commit(struct db *db);

/* Runs several statements without parameters, tokens expanded. */
enum db_status db_script(struct db *db, const char *sql);

/* The version of the newest migration in the database (0: none yet; -1: error). */
NODISCARD int64_t db_schema_found(struct db *db);

/* The engine for PostgreSQL. */
NODISCARD struct db *postgres_open(const char *where, enum db_mode mode, struct fault *fault);
NODISCARD bool postgres_is_url(const char *where);

/* The engine for SQLite. */
NODISCARD struct db *sqlite_open(const char *where, enum db_mode mode, struct fault *fault);
NODISCARD bool sqlite_backup(struct db *db, const char *target_path, struct fault *fault);
NODISCARD bool sqlite_verify(const char *path, struct fault *fault);

#endif
