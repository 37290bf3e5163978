/* db/postgres.h - what the files of the PostgreSQL engine share.
 *
 * Statements are sent in libpq's pipeline mode: what needs no answer is only queued, and whoever
 * needs one first ends the queue with a Sync and reads all answers up to his own. Always a Sync and
 * never a Flush alone: only after a Sync does the server count the time in which we leave a
 * transaction idle, and throws out a node that froze while it held the turn.
 * No wait for a server is without an end: after POSTGRES_ANSWER_MS the connection is given up; in a
 * transaction that takes its time (db_take_time), POSTGRES_LONG_MS after the last answer. A wait for the
 * resolver, while a host is a name, is as long as that takes: libpq gives us no hold of it. */
#ifndef DB_POSTGRES_H
#define DB_POSTGRES_H

#include <libpq-fe.h>

#include "db/back_off.h"
#include "db/engine.h"

enum {
    POSTGRES_ANSWER_MS = 5000,
    POSTGRES_LONG_MS = 3660 * 1000, /* a migration may rewrite a table; the server gives up first */
    POSTGRES_STOP_MS = 200,         /* so often is looked whether to stop, see db_set_stop */
    POSTGRES_HALF_MS = 35 * 1000,   /* a little longer than the server allows */
    POSTGRES_VERSION_MIN = 150000,
};

#define POSTGRES_CHANNEL "tocsin" /* of NOTIFY */

/* Where to connect: a list for PQconnectdbParams. */
struct postgres_place {
    char **keywords;
    char **values;
};

enum reply_kind {
    REPLY_WORD = 1, /* BEGIN and the like */
    REPLY_PREPARE,
    REPLY_DESCRIBE,
    REPLY_STEP, /* its rows go to the query */
    REPLY_KEEP, /* and these to what is kept for it */
    REPLY_RUN,
    REPLY_MANY, /* rows that were gathered: each was counted by itself */
    REPLY_COMMIT,
    REPLY_SYNC,
};

/* The answer to a question with certain values, as long as the transaction: see db_keep. */
struct kept {
    const struct postgres_query *query;
    char *values;
    PGresult *result; /* NULL until it has come */
};

/* An answer that the server owes us. They come in the order of asking. */
struct reply {
    enum reply_kind kind;
    struct postgres_query *query;
    struct kept *kept;
};

struct postgres_db {
    struct db base;
    struct postgres_place place;
    PGconn *conn;      /* NULL while there is none */
    uint64_t number;   /* of the connection: statements are prepared for each anew */
    uint64_t prepared; /* statements so far, for their names */
    GArray *replies;   /* of struct reply; those before `first` have come */
    guint first;
    int64_t answers;          /* that have come, ever */
    int answer_ms;            /* POSTGRES_ANSWER_MS; shorter for a test */
    int long_ms;              /* POSTGRES_LONG_MS; shorter for a test */
    enum db_time time;        /* of the transaction under way; 0: what others have */
    bool is_synced;           /* nothing was sent since the last Sync */
    bool is_begin_due;        /* BEGIN goes with the first statement */
    bool is_committing;       /* COMMIT was sent */
    bool is_refused;          /* the server said that this transaction failed */
    bool is_kept_waiting;     /* for a lock, in vain */
    bool is_impatient;        /* the transaction under way waits for locks less long */
    bool is_doomed;           /* the connection is of no use any more */
    GPtrArray *kept;          /* of struct kept */
    GHashTable *topics;       /* topic -> GPtrArray of those of `kept` that are not stale */
    bool is_asking_ahead;     /* see db_ask_ahead */
    GPtrArray *tables;        /* names of those whose rows are gathered */
    GPtrArray *gathered;      /* of struct postgres_query: those with rows that were not sent yet */
    bool is_last_gathered;    /* what was run last was put to them */
    int64_t changes;          /* rows of the last statement that was run */
    int64_t round_trips;      /* waits for an answer, for measurements */
    struct back_off back_off; /* before the next attempt to connect */
    /* What the last attempt met. */
    char why_away[FAULT_TEXT_SIZE];
};

struct postgres_value {
    Oid type; /* 0: NULL */
    bool is_binary;
    int size;
    char *bytes; /* NULL for NULL; else `digits` or on the heap */
    char digits[40];
};

enum { POSTGRES_VALUES = DB_PARAMETERS_MAX + 2 }; /* $1 is [1]; and one for the id of an insert */

struct postgres_query {
    struct db_query base;
    char *sql;
    int count;                  /* parameters, with that of the id */
    int id_at;                  /* the parameter of the new id; 0: none */
    uint64_t connection;        /* on which it is prepared; 0: none */
    char name[24];              /* on the server */
    Oid types[POSTGRES_VALUES]; /* as which it is prepared */
    struct postgres_value values[POSTGRES_VALUES];
    bool is_kept; /* see db_keep; until it is asked for again */
    int topic_at;
    const char *topic; /* or NULL: see topic_at */
    PGresult *result;
    bool is_borrowed; /* the result belongs to what is kept */
    int row;
    GPtrArray *decoded; /* blobs of the row, NULL until one is asked for */
    uint64_t tables;    /* that the text names, of the first `looked_for` */
    guint looked_for;
    /* Of one that inserts a plain row (postgres_gather.c); else `many` is NULL. */
    struct postgres_query *many;    /* the statement for many rows */
    bool is_many;                   /* it is that */
    int table;                      /* its number */
    bool knows_arrays;              /* `described` came, and there are arrays of all of them */
    Oid described[POSTGRES_VALUES]; /* what the server takes its parameters for */
    GString **rows;                 /* an array's text for each parameter, that of $1 is [1] */
    guint row_count;
};

/* --- postgres_connect.c --- */

/* False and a fault that never shows the password. */
NODISCARD bool postgres_place_parse(const char *url, struct postgres_place *out,
                                    struct fault *fault);
/* The same with one of its hosts only, counted round; or with all, beginning at that one. */
void postgres_place_pick(const struct postgres_place *all, unsigned nth,
                         struct postgres_place *out);
void postgres_place_turn(const struct postgres_place *all, unsigned nth,
                         struct postgres_place *out);
/* "" when it has no such word. */
NODISCARD const char *postgres_place_value(const struct postgres_place *place, const char *keyword);
/* How many hosts it names. */
NODISCARD unsigned postgres_place_count(const struct postgres_place *place);
void postgres_place_clear(struct postgres_place *place);
/* Connects as every connection must be; NULL and a fault. Blocks for 2 s per host at most, and for as long as
 * the resolver takes. */
NODISCARD PGconn *postgres_connect(const struct postgres_place *place, struct fault *fault);
/* What is done to each new connection: our version of the server, our settings of the session. */
NODISCARD bool postgres_set_up(PGconn *conn, struct fault *fault);
/* The host of the last connection has fallen silent: the one after it is tried first. */
void postgres_doubt_host(void);
NODISCARD bool postgres_check_version(int version, struct fault *fault);
/* The answer to a query outside of the pipeline; NULL when the connection was lost or it failed. */
NODISCARD PGresult *postgres_ask(PGconn *conn, const char *sql);
/* The same, which waits for so many milliseconds at most; the connection is of no use after NULL. */
NODISCARD PGresult *postgres_ask_within(PGconn *conn, const char *sql, int ms);
/* The last message of the connection in one line, to be freed with g_free. */
NODISCARD char *postgres_message(const PGconn *conn);

/* Waits until the socket can be read (or, if wanted, written), but not past `end` on the elapsed
 * clock. */
NODISCARD bool postgres_poll(const PGconn *conn, bool wants_write, struct span end);
NODISCARD struct span postgres_end_in(int ms);

/* --- postgres_pooler.c --- */

/* Of a connection behind a pooler that nothing was set in yet: false and a fault when sessions are handed
 * round there. Makes a second connection, for the time of the question; true when that cannot be had. */
NODISCARD bool postgres_check_pooler(PGconn *conn, struct fault *fault);

/* --- postgres_refusal.c --- */

/* libpq's message about a connection that did not come about, with what to do about it. False. */
bool postgres_refuse(const char *message, const char *database, const char *user,
                     struct fault *fault);

/* --- postgres_rights.c --- */

/* May the account do what a server needs? */
NODISCARD bool postgres_check_rights(PGconn *conn, struct fault *fault);

/* --- postgres_error.c --- */

/* What a SQLSTATE (NULL: none came, the connection is lost) means to our caller, and whether the
 * connection is worth keeping. */
NODISCARD enum db_status postgres_status_of(const char *sqlstate);
NODISCARD bool postgres_is_doom(const char *sqlstate);

/* --- postgres_pipe.c --- */

NODISCARD bool postgres_first_connect(struct postgres_db *pg, struct fault *fault);
/* Connected and ready for a statement; else DB_DOWN. */
enum db_status postgres_ready(struct postgres_db *pg);
void postgres_drop(struct postgres_db *pg);
/* Queues; a failure shows in db->error. */
void postgres_send_word(struct postgres_db *pg, enum reply_kind kind, const char *sql);
void postgres_send_query(struct postgres_query *query, enum reply_kind kind, struct kept *kept);
/* Ends those who hold a lock and will not give it back. Outside of a transaction. */
void postgres_evict(struct postgres_db *pg);
/* Waits for everything that was sent; answers db->error. */
enum db_status postgres_await(struct postgres_db *pg);
/* Pushes everything out without waiting for the answers. */
void postgres_let_go(struct postgres_db *pg);
/* Whatever came before. The answer is not waited for. */
void postgres_roll_back(struct postgres_db *pg);
enum db_status postgres_script(struct db *db, const char *sql);

/* --- postgres_gather.c --- */

/* Of a new query, and of one that ends. */
void postgres_gather_prepare(struct postgres_query *query);
void postgres_gather_finish(struct postgres_query *query);
/* What the server answered about its parameters. */
void postgres_gather_types(struct postgres_query *query, const PGresult *described);
/* Takes the row whose values are bound; false: it must be sent. */
NODISCARD bool postgres_gather(struct postgres_query *query);
/* Sends what was gathered for the tables that `before` names, which comes next; NULL: all. */
void postgres_gather_send(struct postgres_db *pg, struct postgres_query *before);
void postgres_gather_forget(struct postgres_db *pg);

/* --- postgres_kept.c --- */

void postgres_init_kept(struct postgres_db *pg);
void postgres_clear_kept(struct postgres_db *pg);
/* The transaction is over. */
void postgres_forget_kept(struct postgres_db *pg);
/* The place for the answer to the query with the values that are bound; new: it must be asked for. */
NODISCARD struct kept *postgres_find_kept(struct postgres_query *query, bool *out_is_new);
void postgres_stale_by_write(struct postgres_db *pg);
void postgres_keep(struct db_query *query, int topic_at);
void postgres_keep_about(struct db_query *query, const char *topic);
void postgres_stale(struct db *db, const char *topic);
bool postgres_ask_ahead(struct db *db, bool is_on);

/* --- postgres_query.c: the row of functions for struct db_engine --- */

struct db_query *postgres_prepare(struct db *db, const char *sql);
void postgres_finish(struct db_query *query);
void postgres_ready_query(struct db_query *query);
enum db_status postgres_step(struct db_query *base);
enum db_status postgres_run(struct db_query *base);
void postgres_reset(struct db_query *query);
int64_t postgres_insert(struct db_query *base);
void postgres_bind_int(struct db_query *query, int at, int64_t number);
void postgres_bind_text(struct db_query *query, int at, const char *text);
void postgres_bind_blob(struct db_query *query, int at, const void *bytes, size_t size);
void postgres_bind_real(struct db_query *query, int at, double number);
int64_t postgres_int(struct db_query *query, int column);
const char *postgres_text(struct db_query *query, int column);
const void *postgres_blob(struct db_query *query, int column, size_t *out_size);
double postgres_real(struct db_query *query, int column);
bool postgres_is_null(struct db_query *query, int column);

/* Of a text that ends in the token {newid}. */
#define POSTGRES_NEWID "/* newid */"

#endif
