#include "db/engine.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* A connection that could not be opened: the pool hands it out so that its borrower meets the
 * failure in the one place where it looks for failures, db_error. */
static void dead_close(struct db *db)
{
    g_free(db);
}

static const struct db_engine DEAD_ENGINE = {.name = "none", .close = dead_close};

static struct db *dead_create(const char *why)
{
    struct db *db = g_new0(struct db, 1);
    db_init(db, &DEAD_ENGINE, DB_READ_ONLY);
    db->is_dead = true;
    (void)db_fail(db, DB_DOWN, "%s", why);
    return db;
}

struct db *db_none(const char *why)
{
    return dead_create(why);
}

static void finish_query(gpointer data)
{
    struct db_query *query = data;
    query->db->engine->finish(query);
}

static guint hash_key(gconstpointer data)
{
    const struct db_query_key *key = data;
    return g_direct_hash(key->text) * 31 + g_direct_hash(key->of);
}

static gboolean is_same_key(gconstpointer a, gconstpointer b)
{
    const struct db_query_key *one = a, *other = b;
    return one->text == other->text && one->of == other->of;
}

void db_init(struct db *db, const struct db_engine *engine, enum db_mode mode)
{
    db->engine = engine;
    db->mode = mode;
    db->error = DB_OK;
    db->queries = g_hash_table_new_full(hash_key, is_same_key, NULL, finish_query);
    db->broken = (struct db_query){.db = db, .is_broken = true};
}

struct db *db_open(const char *where, enum db_mode mode, struct fault *fault)
{
    return postgres_is_url(where) ? postgres_open(where, mode, fault)
                                  : sqlite_open(where, mode, fault);
}

void db_close(struct db **db)
{
    if (*db == NULL) {
        return;
    }
    g_clear_pointer(&(*db)->queries, g_hash_table_unref);
    (*db)->engine->close(*db);
    *db = NULL;
}

enum db_status db_fail(struct db *db, enum db_status status, const char *format, ...)
{
    if (db->error == DB_OK) {
        db->error = status;
        va_list args;
        va_start(args, format);
        (void)vsnprintf(db->error_text, sizeof db->error_text, format, args);
        va_end(args);
    }
    return db->error;
}

void db_forget_error(struct db *db)
{
    db->error = DB_OK;
    db->error_text[0] = '\0';
}

static const char *token_text(const struct db_engine *engine, const char *name, size_t length)
{
    for (size_t i = 0; i < engine->token_count; i++) {
        const struct db_token *token = &engine->tokens[i];
        if (strlen(token->name) == length && memcmp(token->name, name, length) == 0) {
            return token->text;
        }
    }
    return NULL;
}

/* Where the next {name} begins; NULL when there is none. Braces around anything else are JSON's. */
static const char *find_token(const char *at, size_t *out_length)
{
    for (at = strchr(at, '{'); at != NULL; at = strchr(at + 1, '{')) {
        *out_length = strspn(at + 1, "abcdefghijklmnopqrstuvwxyz_.>");
        if (*out_length > 0 && at[1 + *out_length] == '}') {
            return at;
        }
    }
    return NULL;
}

/* NOLINTBEGIN(misc-no-recursion): as deep as the words of a table, which are constants */

/* What a caller's word stands for may say words itself. */
static bool say_word(struct db *db, const struct db_words_of *words, const char *token,
                     GString *out)
{
    g_autoptr(GString) said = g_string_new(NULL);
    if (words == NULL || !words->say(words->self, token, said)) {
        return false;
    }
    g_autofree char *expanded = db_expand(db, said->str, words);
    if (expanded != NULL) {
        g_string_append(out, expanded);
    }
    return expanded != NULL;
}

static bool say_token(struct db *db, const struct db_words_of *words, const char *name,
                      size_t length, GString *out)
{
    g_autofree char *token = g_strndup(name, length);
    const char *text = token_text(db->engine, name, length);
    if (text != NULL) {
        g_string_append(out, text);
    }
    return text != NULL || say_word(db, words, token, out);
}

char *db_expand(struct db *db, const char *sql, const struct db_words_of *words)
{
    GString *out = g_string_sized_new(strlen(sql) + 64);
    size_t length = 0;
    const char *at = sql;
    for (const char *open; (open = find_token(at, &length)) != NULL; at = open + length + 2) {
        g_string_append_len(out, at, open - at);
        if (!say_token(db, words, open + 1, length, out)) {
            (void)db_fail(db, DB_FAILED, "no token {%.*s} in SQL: %.80s", (int)length, open + 1,
                          sql);
            g_string_free(out, TRUE);
            return NULL;
        }
    }
    g_string_append(out, at);
    return g_string_free(out, FALSE);
}

/* NOLINTEND(misc-no-recursion) */

enum db_status db_script(struct db *db, const char *sql)
{
    g_autofree char *expanded = db->error == DB_OK ? db_expand(db, sql, NULL) : NULL;
    if (expanded == NULL) {
        return db->error;
    }
    db->turn.has_written = true;
    return db->engine->script(db, expanded);
}

static void begin(struct db *db, bool is_reading)
{
    if (db->is_dead || (db->mode == DB_READ_ONLY && db->is_in_transaction)) {
        return;
    }
    CHECK(!db->is_in_transaction);
    db_forget_error(db);
    db->is_too_long = false;
    db->is_in_transaction = true;
    db->is_reading = is_reading;
    turn_begin(db);
}

void db_begin(struct db *db)
{
    begin(db, db->mode == DB_READ_ONLY);
}

void db_begin_read(struct db *db)
{
    begin(db, true);
}

void db_take_time(struct db *db, enum db_time time)
{
    if (db->is_in_transaction && db->error == DB_OK && db->engine->take_time != NULL) {
        db->engine->take_time(db, time);
    }
}

enum db_status db_commit(struct db *db)
{
    if (!db->is_in_transaction) {
        CHECK(db->mode == DB_READ_ONLY);
        return db->error;
    }
    enum db_status status = db->error == DB_OK ? turn_commit(db) : db->error;
    if (status != DB_OK) {
        db->engine->rollback(db);
    }
    db->is_in_transaction = false;
    return status;
}

void db_rollback(struct db *db)
{
    if (db->is_in_transaction) {
        db->engine->rollback(db);
        db->is_in_transaction = false;
    }
}

void db_tidy(struct db *db, bool is_tight)
{
    if (!db->is_dead && db->mode != DB_READ_ONLY && !db->is_in_transaction) {
        db->engine->tidy(db, is_tight);
    }
}

bool db_hold_room(struct db *db, int64_t bytes)
{
    bool is_ours = !db->is_dead && db->mode != DB_READ_ONLY && !db->is_in_transaction &&
                   db->engine->hold_room != NULL;
    return !is_ours || db->engine->hold_room(db, bytes);
}

bool db_is_in_place(struct db *db)
{
    return db->is_dead || db->engine->is_in_place == NULL || db->engine->is_in_place(db);
}

bool db_space(struct db *db, struct db_space *out)
{
    *out = (struct db_space){0};
    return !db->is_dead && db->engine->space != NULL && db->engine->space(db, out);
}

int64_t db_give_back(struct db *db, int64_t reserve)
{
    CHECK(db->is_in_transaction && !db->is_reading);
    return db->engine->give_back != NULL ? db->engine->give_back(db, reserve) : 0;
}

void db_set_stop(struct db *db, const atomic_bool *stop)
{
    db->stop = stop;
}

void db_refuse(struct db *db, const char *why)
{
    (void)db_fail(db, DB_DOWN, "%s", why);
}

enum db_status db_error(const struct db *db)
{
    return db->error;
}

const char *db_error_text(const struct db *db)
{
    return db->error_text;
}

struct db_query *db_query_known(struct db *db, struct db_query_key key)
{
    if (!db->is_in_transaction && !db->is_dead) {
        db_forget_error(db);
    }
    if (db->error != DB_OK) {
        return &db->broken;
    }
    struct db_query *query = g_hash_table_lookup(db->queries, &key);
    if (query != NULL) {
        db->engine->ready(query);
    }
    return query;
}

struct db_query *db_query_prepare(struct db *db, struct db_query_key key, const char *sql,
                                  const struct db_words_of *words)
{
    g_autofree char *expanded = db_expand(db, sql, words);
    struct db_query *query = expanded == NULL ? NULL : db->engine->prepare(db, expanded);
    if (query == NULL) {
        return &db->broken;
    }
    query->db = db;
    query->is_select = g_ascii_strncasecmp(sql, "SELECT", 6) == 0;
    query->key = key;
    g_hash_table_insert(db->queries, &query->key, query);
    return query;
}

struct db_query *db_query(struct db *db, const char *sql)
{
    const struct db_query_key key = {sql, NULL};
    struct db_query *query = db_query_known(db, key);
    return query != NULL ? query : db_query_prepare(db, key, sql, NULL);
}

void db_bind_int(struct db_query *query, int at, int64_t value)
{
    if (!query->is_broken) {
        query->db->engine->bind_int(query, at, value);
    }
}

void db_bind_utc(struct db_query *query, int at, struct utc value)
{
    if (utc_is_set(value)) {
        db_bind_int(query, at, value.us);
    }
}

void db_bind_text(struct db_query *query, int at, const char *value)
{
    if (!query->is_broken && value != NULL) {
        query->db->engine->bind_text(query, at, value);
    }
}

void db_bind_blob(struct db_query *query, int at, const void *bytes, size_t size)
{
    if (!query->is_broken) {
        query->db->engine->bind_blob(query, at, bytes, size);
    }
}

void db_bind_real(struct db_query *query, int at, double value)
{
    if (!query->is_broken) {
        query->db->engine->bind_real(query, at, value);
    }
}

/* Whoever only reads waits for nobody, and so may not write. */
static enum db_status note_write(struct db *db)
{
    if (db->is_in_transaction && db->is_reading && db->mode != DB_READ_ONLY) {
        return db_fail(db, DB_FAILED, "a transaction that only reads cannot write");
    }
    db->turn.has_written = true;
    return DB_OK;
}

void db_keep(struct db_query *query, int topic_at)
{
    if (!query->is_broken && query->db->engine->keep != NULL) {
        CHECK(query->is_select);
        query->db->engine->keep(query, topic_at);
    }
}

void db_keep_about(struct db_query *query, const char *topic)
{
    if (!query->is_broken && query->db->engine->keep_about != NULL) {
        CHECK(query->is_select);
        query->db->engine->keep_about(query, topic);
    }
}

void db_stale(struct db *db, const char *topic)
{
    if (db->engine->stale != NULL) {
        db->engine->stale(db, topic);
    }
}

bool db_ask_ahead(struct db *db)
{
    return db->engine->ask_ahead != NULL && db->is_in_transaction && db->error == DB_OK &&
           db->engine->ask_ahead(db, true);
}

void db_ask_ahead_end(struct db *db)
{
    if (db->engine->ask_ahead != NULL) {
        (void)db->engine->ask_ahead(db, false);
    }
}

enum db_status db_step(struct db_query *query)
{
    struct db *db = query->db;
    enum db_status status = db->error;
    if (query->is_broken) {
        return status == DB_OK ? DB_FAILED : status; /* asked for before the last db_begin */
    }
    if (status == DB_OK && !query->is_select) {
        status = note_write(db);
    }
    if (status == DB_OK) {
        status = db->engine->step(query);
    }
    if (status != DB_ROW) {
        db->engine->reset(query);
    }
    return status;
}

static enum db_status run_unawaited(struct db_query *query)
{
    enum db_status status = query->is_select ? DB_OK : note_write(query->db);
    return status == DB_OK ? query->db->engine->run(query) : status;
}

enum db_status db_run(struct db_query *query)
{
    if (!query->is_broken && query->db->error == DB_OK && query->db->engine->run != NULL) {
        return run_unawaited(query);
    }
    enum db_status status = db_step(query);
    if (status == DB_ROW) {
        db_reset(query);
    }
    return status;
}

int64_t db_insert(struct db_query *query)
{
    return query->is_broken ? 0 : query->db->engine->insert(query);
}

void db_reset(struct db_query *query)
{
    if (!query->is_broken) {
        query->db->engine->reset(query);
    }
}

int64_t db_int(struct db_query *query, int column)
{
    return query->is_broken ? 0 : query->db->engine->column_int(query, column);
}

struct utc db_utc(struct db_query *query, int column)
{
    return (struct utc){db_int(query, column)};
}

const char *db_text(struct db_query *query, int column)
{
    return query->is_broken ? NULL : query->db->engine->column_text(query, column);
}

const void *db_blob(struct db_query *query, int column, size_t *out_size)
{
    *out_size = 0;
    return query->is_broken ? NULL : query->db->engine->column_blob(query, column, out_size);
}

double db_real(struct db_query *query, int column)
{
    return query->is_broken ? 0.0 : query->db->engine->column_real(query, column);
}

bool db_is_null(struct db_query *query, int column)
{
    return query->is_broken || query->db->engine->column_is_null(query, column);
}

void db_settle(struct db *db)
{
    if (!db->is_dead && db->is_in_transaction && db->engine->settle != NULL) {
        db->engine->settle(db);
    }
}

int64_t db_changes(const struct db *db)
{
    return db->is_dead ? 0 : db->engine->changes(db);
}

struct db *db_open_or_dead(const char *where)
{
    struct fault fault = {0};
    struct db *db = db_open(where, DB_READ_ONLY, &fault);
    return db != NULL ? db : dead_create(fault.text);
}

size_t db_take_ids(struct db_query *query, int64_t *out_ids, size_t max)
{
    size_t count = 0;
    while (count < max && db_step(query) == DB_ROW) {
        out_ids[count++] = db_int(query, 0);
    }
    db_reset(query);
    return count;
}

GArray *db_take_all_ids(struct db_query *query)
{
    GArray *ids = g_array_new(FALSE, FALSE, sizeof(int64_t));
    while (db_step(query) == DB_ROW) {
        int64_t id = db_int(query, 0);
        g_array_append_val(ids, id);
    }
    return ids;
}

GPtrArray *db_take_all_texts(struct db_query *query)
{
    GPtrArray *texts = g_ptr_array_new_with_free_func(g_free);
    while (db_step(query) == DB_ROW) {
        g_ptr_array_add(texts, g_strdup(db_text(query, 0)));
    }
    return texts;
}

char *db_take_text(struct db_query *query)
{
    char *text = db_step(query) == DB_ROW ? g_strdup(db_text(query, 0)) : NULL;
    db_reset(query);
    return text;
}

int64_t db_take_int(struct db_query *query)
{
    int64_t number = db_step(query) == DB_ROW ? db_int(query, 0) : 0;
    db_reset(query);
    return number;
}

struct utc db_take_utc(struct db_query *query)
{
    return (struct utc){db_take_int(query)};
}

bool db_is_any(struct db_query *query)
{
    bool is_there = db_step(query) == DB_ROW;
    db_reset(query);
    return is_there;
}

struct utc db_take_instant(struct db_query *query)
{
    bool is_set = db_step(query) == DB_ROW && !db_is_null(query, 0);
    struct utc at = is_set ? db_utc(query, 0) : UTC_NEVER;
    db_reset(query);
    return at;
}
