/* The engine's own part: opening, and where transactions begin and end. */
#include "db/postgres.h"

static const struct db_token TOKENS[] = {
    {"id", "BIGINT PRIMARY KEY"}, /* counted in the turn */
    {"blob", "BYTEA"},
    {"lock", "FOR UPDATE"},
    {"newid", POSTGRES_NEWID},
    {"rows", ""},
    {"clock", "CAST(extract(epoch FROM clock_timestamp()) * 1000000 AS BIGINT)"},
};

static struct postgres_db *of(struct db *db)
{
    return (struct postgres_db *)db;
}

static enum db_status begin(struct db *db)
{
    struct postgres_db *pg = of(db);
    pg->time = 0;
    pg->is_committing = false;
    /* First what the last transaction is still owed is taken in: that it failed says nothing of this one. */
    bool is_ready = postgres_ready(pg) == DB_OK;
    pg->is_refused = false;
    pg->is_begin_due = true;
    postgres_forget_kept(pg);
    postgres_gather_forget(pg);
    pg->is_impatient = pg->is_kept_waiting && !db->is_reading;
    if (is_ready && pg->is_impatient) {
        postgres_evict(pg);
    }
    return db->error;
}

/* Ends a transaction of which nothing is lost. Answers at once. */
static void end_unawaited(struct postgres_db *pg, const char *word)
{
    if (!pg->is_begin_due && pg->conn != NULL && pg->base.error == DB_OK) {
        postgres_send_word(pg, REPLY_WORD, word);
        postgres_let_go(pg);
    }
    pg->is_begin_due = false;
}

static enum db_status commit(struct db *db)
{
    struct postgres_db *pg = of(db);
    postgres_gather_send(pg, NULL);
    bool is_all_known = pg->first == pg->replies->len; /* else a statement may have failed */
    if (pg->is_begin_due || (!db->turn.has_written && is_all_known)) {
        end_unawaited(pg, "COMMIT");
        return DB_OK;
    }
    if (pg->time == DB_TIME_HALF_MINUTE) { /* for its statements, and not for the commit */
        (void)postgres_await(pg);
        pg->time = 0;
    }
    /* A statement that is cancelled while it waits for a standby reports success: this one must not
     * be. We give it up ourselves. */
    postgres_send_word(pg, REPLY_WORD, "SET LOCAL statement_timeout = 0");
    pg->is_committing = db->error == DB_OK && !db->is_reading;
    postgres_send_word(pg, REPLY_COMMIT, "COMMIT");
    enum db_status status = postgres_await(pg);
    pg->is_committing = false;
    pg->time = 0;
    return status;
}

/* The answer is taken in at the next begin. */
static void roll_back(struct db *db)
{
    struct postgres_db *pg = of(db);
    postgres_gather_forget(pg);
    if (!pg->is_begin_due && pg->conn != NULL) {
        postgres_roll_back(pg);
    }
    pg->is_begin_due = false;
    pg->time = 0;
}

/* Keepalives find a peer that is dead; whoever lives and works is waited for. */
static void take_time(struct db *db, enum db_time time)
{
    struct postgres_db *pg = of(db);
    pg->time = time;
    if (time == DB_TIME_HALF_MINUTE) {
        postgres_send_word(pg, REPLY_WORD, "SET LOCAL statement_timeout = '30s'");
        return;
    }
    postgres_send_word(pg, REPLY_WORD, "SET LOCAL statement_timeout = '1h'");
    postgres_send_word(pg, REPLY_WORD, "SET LOCAL idle_in_transaction_session_timeout = 0");
    (void)postgres_await(pg); /* counts from now on: who takes time may do so elsewhere first */
}

static void announce(struct db *db)
{
    postgres_send_word(of(db), REPLY_WORD, "NOTIFY " POSTGRES_CHANNEL);
}

static void tidy(struct db *db, bool is_tight)
{
    (void)db; /* the server does it by itself */
    (void)is_tight;
}

static void settle(struct db *db)
{
    postgres_gather_send(of(db), NULL);
    (void)postgres_await(of(db));
}

static int64_t changes(const struct db *db)
{
    struct postgres_db *pg = (struct postgres_db *)(uintptr_t)db;
    settle(&pg->base);
    int64_t count = pg->is_last_gathered ? 1 : pg->changes;
    return db->error == DB_OK ? count : 0;
}

static void close_all(struct db *db)
{
    struct postgres_db *pg = of(db);
    postgres_drop(pg);
    g_array_unref(pg->replies);
    postgres_clear_kept(pg);
    g_ptr_array_unref(pg->gathered);
    g_ptr_array_unref(pg->tables);
    postgres_place_clear(&pg->place);
    g_free(pg);
}

static const struct db_engine POSTGRES_ENGINE = {
    .name = "postgresql",
    .tokens = TOKENS,
    .token_count = G_N_ELEMENTS(TOKENS),
    .is_shared = true,
    .close = close_all,
    .script = postgres_script,
    .begin = begin,
    .commit = commit,
    .rollback = roll_back,
    .take_time = take_time,
    .announce = announce,
    .tidy = tidy,
    .settle = settle,
    .changes = changes,
    .insert = postgres_insert,
    .prepare = postgres_prepare,
    .finish = postgres_finish,
    .ready = postgres_ready_query,
    .step = postgres_step,
    .run = postgres_run,
    .reset = postgres_reset,
    .keep = postgres_keep,
    .keep_about = postgres_keep_about,
    .stale = postgres_stale,
    .ask_ahead = postgres_ask_ahead,
    .bind_int = postgres_bind_int,
    .bind_text = postgres_bind_text,
    .bind_blob = postgres_bind_blob,
    .bind_real = postgres_bind_real,
    .column_int = postgres_int,
    .column_text = postgres_text,
    .column_blob = postgres_blob,
    .column_real = postgres_real,
    .column_is_null = postgres_is_null,
};

struct db *postgres_open(const char *where, enum db_mode mode, struct fault *fault)
{
    struct postgres_db *pg = g_new0(struct postgres_db, 1);
    struct db *db = &pg->base;
    db_init(db, &POSTGRES_ENGINE, mode);
    db->is_shared = true;
    pg->replies = g_array_new(FALSE, FALSE, sizeof(struct reply));
    postgres_init_kept(pg);
    pg->tables = g_ptr_array_new_with_free_func(g_free);
    pg->gathered = g_ptr_array_new();
    pg->is_synced = true;
    pg->answer_ms = POSTGRES_ANSWER_MS;
    pg->long_ms = POSTGRES_LONG_MS;
    if (!postgres_place_parse(where, &pg->place, fault) || !postgres_first_connect(pg, fault)) {
        db_close(&db);
    }
    return db;
}
