#include "db/postgres.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

/* Types of the server, fixed numbers of its catalogue. */
enum { TYPE_BOOL = 16, TYPE_BLOB = 17, TYPE_INT = 20, TYPE_TEXT = 25, TYPE_REAL = 701 };

static struct postgres_query *of(struct db_query *query)
{
    return (struct postgres_query *)query;
}

static struct postgres_db *db_of(struct db_query *query)
{
    return (struct postgres_db *)query->db;
}

/* The greatest n of all $n. */
static int count_parameters(const char *sql)
{
    gint64 most = 0;
    for (const char *at = strchr(sql, '$'); at != NULL; at = strchr(at + 1, '$')) {
        most = MAX(most, g_ascii_strtoll(at + 1, NULL, 10));
    }
    CHECK(most <= DB_PARAMETERS_MAX);
    return (int)most;
}

/* "INSERT INTO t (a) VALUES ($1)" becomes "INSERT INTO t (id, a) VALUES ($2, $1)". */
static char *with_id(const char *sql, int id_at)
{
    /* {newid} belongs to an INSERT of one row of values. */
    const char *columns = strchr(sql, '(');
    CHECK(columns != NULL);
    const char *word = strstr(columns, "VALUES");
    CHECK(word != NULL);
    const char *values = strchr(word, '(');
    CHECK(values != NULL);
    size_t length = strlen(sql) - strlen(POSTGRES_NEWID);
    return g_strdup_printf("%.*s(id, %.*s($%d, %.*s", (int)(columns - sql), sql,
                           (int)(values - columns - 1), columns + 1, id_at,
                           (int)(length - (size_t)(values - sql) - 1), values + 1);
}

struct db_query *postgres_prepare(struct db *db, const char *sql)
{
    struct postgres_query *query = g_new0(struct postgres_query, 1);
    query->base.db = db;
    query->count = count_parameters(sql);
    if (g_str_has_suffix(sql, POSTGRES_NEWID)) {
        query->id_at = ++query->count;
        query->sql = g_strchomp(with_id(sql, query->id_at));
    } else {
        query->sql = g_strdup(sql);
    }
    postgres_gather_prepare(query);
    return &query->base;
}

static void clear_value(struct postgres_value *value)
{
    if (value->bytes != value->digits) {
        g_free(value->bytes);
    }
    value->bytes = NULL;
    value->is_binary = false;
    value->type = 0;
}

static void clear_values(struct postgres_query *query)
{
    for (int i = 1; i <= query->count; i++) {
        clear_value(&query->values[i]);
    }
}

void postgres_finish(struct db_query *query)
{
    postgres_reset(query);
    postgres_gather_finish(of(query));
    clear_values(of(query));
    g_clear_pointer(&of(query)->decoded, g_ptr_array_unref);
    g_free(of(query)->sql);
    g_free(query);
}

void postgres_ready_query(struct db_query *query)
{
    CHECK(of(query)->result == NULL); /* asked for again before it was used up */
    of(query)->is_kept = false;
    clear_values(of(query));
}

static void forget_decoded(struct postgres_query *query)
{
    if (query->decoded != NULL) {
        g_ptr_array_set_size(query->decoded, 0);
    }
}

static enum db_status ask(struct postgres_query *query)
{
    postgres_send_query(query, REPLY_STEP, NULL);
    if (!query->base.is_select) {
        postgres_stale_by_write(db_of(&query->base));
    }
    return postgres_await(db_of(&query->base));
}

/* From what is kept, or to be kept. */
static enum db_status ask_to_keep(struct postgres_query *query)
{
    struct postgres_db *pg = db_of(&query->base);
    bool is_new = false;
    struct kept *kept = postgres_find_kept(query, &is_new);
    if (is_new) {
        postgres_send_query(query, REPLY_KEEP, kept);
    }
    if (pg->is_asking_ahead) {
        return pg->base.error;
    }
    if (kept->result == NULL && postgres_await(pg) != DB_OK) {
        return pg->base.error;
    }
    query->result = kept->result;
    query->is_borrowed = true;
    return DB_OK;
}

enum db_status postgres_step(struct db_query *base)
{
    struct postgres_query *query = of(base);
    const struct postgres_db *pg = db_of(base);
    forget_decoded(query);
    if (query->result == NULL) {
        bool is_kept = query->is_kept && base->db->is_in_transaction;
        enum db_status status = DB_OK;
        if (is_kept || !pg->is_asking_ahead) {
            status = is_kept ? ask_to_keep(query) : ask(query);
        }
        if (status != DB_OK || pg->is_asking_ahead) {
            return status == DB_OK ? DB_DONE : status;
        }
        CHECK(query->result != NULL);
        query->row = -1;
    }
    return ++query->row < PQntuples(query->result) ? DB_ROW : DB_DONE;
}

enum db_status postgres_run(struct db_query *base)
{
    CHECK(!db_of(base)->is_asking_ahead); /* who asks ahead writes nothing */
    if (!postgres_gather(of(base))) {
        postgres_send_query(of(base), REPLY_RUN, NULL);
    }
    if (!base->is_select) {
        postgres_stale_by_write(db_of(base));
    }
    if (!base->db->is_in_transaction || base->db->is_reading) {
        (void)postgres_await(db_of(base));
    }
    return base->db->error == DB_OK ? DB_DONE : base->db->error;
}

void postgres_reset(struct db_query *query)
{
    if (!of(query)->is_borrowed) {
        PQclear(of(query)->result);
    }
    of(query)->result = NULL;
    of(query)->is_borrowed = false;
    forget_decoded(of(query));
}

static struct postgres_value *slot_of(struct db_query *query, int at)
{
    CHECK(at >= 1 && at <= of(query)->count); /* the statement has no such parameter */
    struct postgres_value *value = &of(query)->values[at];
    clear_value(value);
    return value;
}

void postgres_bind_int(struct db_query *query, int at, int64_t number)
{
    struct postgres_value *value = slot_of(query, at);
    (void)snprintf(value->digits, sizeof value->digits, "%" G_GINT64_FORMAT, number);
    value->bytes = value->digits;
    value->is_binary = false;
    value->type = TYPE_INT;
}

void postgres_bind_text(struct db_query *query, int at, const char *text)
{
    struct postgres_value *value = slot_of(query, at);
    value->bytes = g_strdup(text);
    value->is_binary = false;
    value->type = TYPE_TEXT;
}

void postgres_bind_blob(struct db_query *query, int at, const void *bytes, size_t size)
{
    CHECK(size <= INT_MAX);
    struct postgres_value *value = slot_of(query, at);
    value->bytes = size == 0 ? g_strdup("") : g_memdup2(bytes, size);
    value->size = (int)size;
    value->is_binary = true;
    value->type = TYPE_BLOB;
}

void postgres_bind_real(struct db_query *query, int at, double number)
{
    struct postgres_value *value = slot_of(query, at);
    (void)g_ascii_dtostr(value->digits, sizeof value->digits, number);
    value->bytes = value->digits;
    value->is_binary = false;
    value->type = TYPE_REAL;
}

int64_t postgres_insert(struct db_query *base)
{
    struct db *db = base->db;
    CHECK(of(base)->id_at != 0); /* the text does not end in {newid} */
    if (db->error == DB_OK && db->next_id <= 0) {
        (void)db_fail(db, DB_FAILED, "an insert outside of a turn: %.120s", of(base)->sql);
    }
    if (db->error != DB_OK) {
        return 0;
    }
    int64_t id = db->next_id++;
    postgres_bind_int(base, of(base)->id_at, id);
    return db_run(base) == DB_DONE ? id : 0;
}

/* The value as the server wrote it; NULL for NULL. */
static const char *raw(struct db_query *query, int column)
{
    const PGresult *result = of(query)->result;
    CHECK(result != NULL && column >= 0 && column < PQnfields(result));
    return PQgetisnull(result, of(query)->row, column) ? NULL
                                                       : PQgetvalue(result, of(query)->row, column);
}

int64_t postgres_int(struct db_query *query, int column)
{
    const char *text = raw(query, column);
    if (text == NULL) {
        return 0;
    }
    return text[0] == 't' ? 1 : g_ascii_strtoll(text, NULL, 10); /* "t" and "f" are truth values */
}

double postgres_real(struct db_query *query, int column)
{
    const char *text = raw(query, column);
    return text == NULL ? 0.0 : g_ascii_strtod(text, NULL);
}

bool postgres_is_null(struct db_query *query, int column)
{
    return raw(query, column) == NULL;
}

/* "\x6162" -> "ab", with a NUL after it; kept until the next step. */
static const char *decode(struct postgres_query *query, const char *text, size_t *out_size)
{
    CHECK(text[0] == '\\' && text[1] == 'x'); /* bytea_output is hex, we set it */
    size_t size = (strlen(text) - 2) / 2;
    char *bytes = g_malloc(size + 1);
    for (size_t i = 0; i < size; i++) {
        bytes[i] = (char)(g_ascii_xdigit_value(text[2 + 2 * i]) * 16 +
                          g_ascii_xdigit_value(text[3 + 2 * i]));
    }
    bytes[size] = '\0';
    if (query->decoded == NULL) {
        query->decoded = g_ptr_array_new_with_free_func(g_free);
    }
    g_ptr_array_add(query->decoded, bytes);
    *out_size = size;
    return bytes;
}

const void *postgres_blob(struct db_query *query, int column, size_t *out_size)
{
    const char *text = raw(query, column);
    *out_size = 0;
    if (text == NULL) {
        return NULL;
    }
    if (PQftype(of(query)->result, column) == TYPE_BLOB) {
        return decode(of(query), text, out_size);
    }
    *out_size = (size_t)PQgetlength(of(query)->result, of(query)->row, column);
    return text;
}

const char *postgres_text(struct db_query *query, int column)
{
    const char *text = raw(query, column);
    if (text == NULL) {
        return NULL;
    }
    size_t size = 0;
    switch (PQftype(of(query)->result, column)) {
    case TYPE_BLOB:
        return decode(of(query), text, &size);
    case TYPE_BOOL:
        return text[0] == 't' ? "1" : "0";
    default:
        return text;
    }
}
