/* Rows that a transaction inserts one by one are gathered, and go out as one statement a table.
 *
 * A statement that inserts one row of plain values ("INSERT INTO t (a, b) VALUES ($1, $2)") is not sent: its values
 * are written behind those of the rows before, as an array for each parameter, and "INSERT INTO t (a, b) SELECT
 * unnest($1), unnest($2)" inserts them all, in their order. Any other statement whose text names the table makes the
 * rows go out first, so that nobody can tell; what names no such table need not wait for them. A table that is
 * written by what does not name it (a trigger, a foreign key, a view) would be seen too early: the schema has none.
 * Whoever wants to know whether his rows were taken asks for the changes, or settles.
 *
 * The first row on a database goes out alone: with it the server is asked for the types of the parameters. */
#include "db/postgres.h"

#include <string.h>

/* More rows than that gain nothing, and the server may as well begin. */
enum { GATHER_ROWS = 64, GATHER_BYTES = 128 * 1024, GATHER_TABLES = 64 };

/* Types of the server and of their arrays, fixed numbers of its catalogue. */
static const struct {
    Oid one;
    Oid array;
} TYPES[] = {{17, 1001}, {20, 1016}, {25, 1009}, {701, 1022}};

static Oid array_of(Oid one)
{
    for (size_t i = 0; i < G_N_ELEMENTS(TYPES); i++) {
        if (TYPES[i].one == one) {
            return TYPES[i].array;
        }
    }
    return 0;
}

/* --- texts --- */

static bool is_in_name(char c)
{
    return g_ascii_isalnum(c) || c == '_';
}

static bool skip(const char **at, const char *word)
{
    bool is_there = g_str_has_prefix(*at, word);
    *at += is_there ? strlen(word) : 0;
    return is_there;
}

/* Parameters, numbers and NULL between commas, up to the end of the text. */
static bool is_plain_values(const char *values)
{
    size_t length = strspn(values, "$0123456789, NUL");
    return strchr(values, '$') != NULL && strcmp(values + length, ")") == 0;
}

/* The table, of a text that is as above, and where its values begin; else NULL. */
static char *plain_table(const char *sql, const char **out_values)
{
    const char *at = sql;
    if (!skip(&at, "INSERT INTO ")) {
        return NULL;
    }
    const char *name = at;
    while (is_in_name(*at)) {
        at++;
    }
    size_t length = (size_t)(at - name);
    at += strcspn(at, ")");
    if (length == 0 || !skip(&at, ") VALUES (") || !is_plain_values(at)) {
        return NULL;
    }
    *out_values = at;
    return g_strndup(name, length);
}

/* "INSERT INTO t (a, b) VALUES ($1, 0)" becomes "INSERT INTO t (a, b) SELECT unnest($1), 0". */
static char *for_many(const char *sql, const char *values)
{
    GString *out = g_string_new_len(sql, values - sql - (gssize)strlen("VALUES ("));
    g_string_append(out, "SELECT ");
    for (const char *at = values; *at != ')';) {
        size_t digits = *at == '$' ? 1 + strspn(at + 1, "0123456789") : 0;
        if (digits > 0) {
            g_string_append_printf(out, "unnest(%.*s)", (int)digits, at);
        } else {
            g_string_append_c(out, *at);
        }
        at += MAX(digits, 1);
    }
    return g_string_free(out, FALSE);
}

/* Is it a word of the text? Also where it names no table: then rows go out earlier than they must. */
static bool has_word(const char *text, const char *word)
{
    size_t length = strlen(word);
    for (const char *at = strstr(text, word); at != NULL; at = strstr(at + 1, word)) {
        if ((at == text || !is_in_name(at[-1])) && !is_in_name(at[length])) {
            return true;
        }
    }
    return false;
}

/* --- statements --- */

/* The number of the table; -1: there are too many. */
static int table_number(struct postgres_db *pg, const char *name)
{
    for (guint i = 0; i < pg->tables->len; i++) {
        if (strcmp(pg->tables->pdata[i], name) == 0) {
            return (int)i;
        }
    }
    if (pg->tables->len == GATHER_TABLES) {
        return -1;
    }
    g_ptr_array_add(pg->tables, g_strdup(name));
    return (int)pg->tables->len - 1;
}

void postgres_gather_prepare(struct postgres_query *query)
{
    const char *values = NULL;
    g_autofree char *name = plain_table(query->sql, &values);
    int table = name == NULL ? -1 : table_number((struct postgres_db *)query->base.db, name);
    if (table < 0) {
        return;
    }
    query->table = table;
    query->many = g_new0(struct postgres_query, 1);
    query->many->base.db = query->base.db;
    query->many->count = query->count;
    query->many->is_many = true;
    query->many->sql = for_many(query->sql, values);
    query->rows = g_new0(GString *, query->count + 1);
}

static void forget_rows(struct postgres_query *query)
{
    for (int i = 1; query->row_count > 0 && i <= query->count; i++) {
        g_string_free(query->rows[i], TRUE);
    }
    query->row_count = 0;
}

void postgres_gather_finish(struct postgres_query *query)
{
    if (query->many == NULL) {
        return;
    }
    (void)g_ptr_array_remove(((struct postgres_db *)query->base.db)->gathered, query);
    forget_rows(query);
    g_free(query->rows);
    postgres_finish(&query->many->base);
}

void postgres_gather_types(struct postgres_query *query, const PGresult *described)
{
    query->knows_arrays = PQnparams(described) == query->count;
    for (int i = 1; query->knows_arrays && i <= query->count; i++) {
        query->described[i] = PQparamtype(described, i - 1);
        query->many->types[i] = array_of(query->described[i]);
        query->knows_arrays = query->many->types[i] != 0;
    }
}

/* Which tables does the text name? As a set of their numbers. */
static uint64_t tables_of(struct postgres_query *query, const struct postgres_db *pg)
{
    for (; query->looked_for < pg->tables->len; query->looked_for++) {
        bool is_named = has_word(query->sql, pg->tables->pdata[query->looked_for]);
        query->tables |= (uint64_t)is_named << query->looked_for;
    }
    return query->tables;
}

/* --- rows --- */

static void write_text(GString *out, const char *text)
{
    g_string_append_c(out, '"');
    for (const char *at = text; *at != '\0';) {
        size_t plain = strcspn(at, "\"\\");
        g_string_append_len(out, at, (gssize)plain);
        at += plain;
        if (*at != '\0') {
            g_string_append_c(out, '\\');
            g_string_append_c(out, *at++);
        }
    }
    g_string_append_c(out, '"');
}

static void write_bytes(GString *out, const struct postgres_value *value)
{
    static const char DIGITS[] = "0123456789abcdef";
    g_string_append(out, "\"\\\\x");
    for (int i = 0; i < value->size; i++) {
        unsigned char byte = (unsigned char)value->bytes[i];
        g_string_append_c(out, DIGITS[byte >> 4]);
        g_string_append_c(out, DIGITS[byte & 15]);
    }
    g_string_append_c(out, '"');
}

static void write_value(GString *out, const struct postgres_value *value)
{
    if (value->bytes == NULL) {
        g_string_append(out, "NULL");
    } else if (value->is_binary) {
        write_bytes(out, value);
    } else if (value->bytes == value->digits) {
        g_string_append(out, value->bytes);
    } else {
        write_text(out, value->bytes);
    }
}

/* A value of another type than the server was told needs a statement of its own. */
static bool fits(const struct postgres_query *query)
{
    for (int i = 1; i <= query->count; i++) {
        const struct postgres_value *value = &query->values[i];
        if (value->type != 0 && value->type != query->described[i]) {
            return false;
        }
    }
    return true;
}

static size_t write_row(struct postgres_query *query)
{
    size_t bytes = 0;
    for (int i = 1; i <= query->count; i++) {
        if (query->row_count == 0) {
            query->rows[i] = g_string_new("{");
        } else {
            g_string_append_c(query->rows[i], ',');
        }
        write_value(query->rows[i], &query->values[i]);
        bytes += query->rows[i]->len;
    }
    query->row_count++;
    return bytes;
}

bool postgres_gather(struct postgres_query *query)
{
    struct postgres_db *pg = (struct postgres_db *)query->base.db;
    const struct db *db = &pg->base;
    if (query->many == NULL || !query->knows_arrays || !db->is_in_transaction || db->is_reading ||
        db->error != DB_OK || !fits(query)) {
        return false;
    }
    if (query->row_count == 0) {
        g_ptr_array_add(pg->gathered, query);
    }
    size_t bytes = write_row(query);
    pg->is_last_gathered = true;
    if (query->row_count >= GATHER_ROWS || bytes >= GATHER_BYTES) {
        postgres_gather_send(pg, query);
    }
    return true;
}

static void send_rows(struct postgres_query *query)
{
    struct postgres_query *many = query->many;
    for (int i = 1; i <= query->count; i++) {
        g_string_append_c(query->rows[i], '}');
        many->values[i] = (struct postgres_value){.type = many->types[i],
                                                  .bytes = g_string_free(query->rows[i], FALSE)};
    }
    query->row_count = 0;
    postgres_send_query(many, REPLY_MANY, NULL);
    postgres_ready_query(&many->base); /* frees them */
}

void postgres_gather_send(struct postgres_db *pg, struct postgres_query *before)
{
    uint64_t wanted = before == NULL ? UINT64_MAX : tables_of(before, pg);
    for (guint i = 0; i < pg->gathered->len;) {
        struct postgres_query *query = pg->gathered->pdata[i];
        if ((wanted >> query->table & 1) == 0) {
            i++;
            continue;
        }
        (void)g_ptr_array_remove_index(pg->gathered, i);
        send_rows(query);
    }
}

void postgres_gather_forget(struct postgres_db *pg)
{
    for (guint i = 0; i < pg->gathered->len; i++) {
        forget_rows(pg->gathered->pdata[i]);
    }
    g_ptr_array_set_size(pg->gathered, 0);
}
