#include "db/copy.h"

#include <string.h>

#include "db/engine.h"
#include "db/migrate.h"
#include "db/tables.h"

enum { BATCH_ROWS = 256, KEY_COLUMNS_MAX = 4 };

/* --- statements, which the cache of a connection wants to live for ever --- */

static void append_columns(GString *sql, const struct db_table *table)
{
    for (guint i = 0; i < table->columns->len; i++) {
        g_string_append_printf(sql, "%s\"%s\"", i == 0 ? "" : ", ",
                               db_table_column(table, i)->name);
    }
}

/* "a, b" of the key, or "$1, $2". */
static void append_key(GString *sql, const struct db_table *table, bool as_parameters)
{
    for (size_t at = 1; at <= table->key_count; at++) {
        g_string_append(sql, at == 1 ? "" : ", ");
        for (guint i = 0; i < table->columns->len && !as_parameters; i++) {
            const struct db_column *column = db_table_column(table, i);
            if (column->key_at == (int)at) {
                g_string_append_printf(sql, "\"%s\"", column->name);
            }
        }
        if (as_parameters) {
            g_string_append_printf(sql, "$%zu", at);
        }
    }
}

static const char *forever(GString *sql)
{
    const char *kept = g_intern_string(sql->str);
    g_string_free(sql, TRUE);
    return kept;
}

static const char *sql_read(const struct db_table *table, bool is_first)
{
    GString *sql = g_string_new("SELECT ");
    append_columns(sql, table);
    g_string_append_printf(sql, " FROM \"%s\"", table->name);
    if (!is_first) {
        g_string_append(sql, " WHERE (");
        append_key(sql, table, false);
        g_string_append(sql, ") > (");
        append_key(sql, table, true);
        g_string_append(sql, ")");
    }
    g_string_append(sql, " ORDER BY ");
    append_key(sql, table, false);
    g_string_append_printf(sql, " LIMIT %d", BATCH_ROWS);
    return forever(sql);
}

static const char *sql_insert(const struct db_table *table)
{
    GString *sql = g_string_new(NULL);
    g_string_append_printf(sql, "INSERT INTO \"%s\" (", table->name);
    append_columns(sql, table);
    g_string_append(sql, ") VALUES (");
    for (guint i = 1; i <= table->columns->len; i++) {
        g_string_append_printf(sql, "%s$%u", i == 1 ? "" : ", ", i);
    }
    g_string_append(sql, ")");
    return forever(sql);
}

static const char *sql_of(const char *format, const char *table)
{
    GString *sql = g_string_new(NULL);
    char **parts = g_strsplit(format, "@", 2);
    g_string_append_printf(sql, "%s\"%s\"%s", parts[0], table, parts[1]);
    g_strfreev(parts);
    return forever(sql);
}

/* --- reading a table from end to end --- */

struct key {
    int64_t number;
    char *text;
};

struct copy_walk {
    struct db *db;
    const struct db_table *table;
    void (*each)(void *self, struct db_query *row);
    void *self;
    struct key last[KEY_COLUMNS_MAX];
};

static void keep_key(struct copy_walk *walk, struct db_query *row)
{
    for (guint i = 0; i < walk->table->columns->len; i++) {
        const struct db_column *column = db_table_column(walk->table, i);
        if (column->key_at == 0) {
            continue;
        }
        struct key *key = &walk->last[column->key_at - 1];
        if (column->type == DB_TYPE_INT) {
            key->number = db_int(row, (int)i);
        } else {
            g_free(key->text);
            key->text = g_strdup(db_text(row, (int)i));
        }
    }
}

static void bind_key(const struct copy_walk *walk, struct db_query *query)
{
    for (size_t at = 0; at < walk->table->key_count; at++) {
        if (walk->last[at].text != NULL) {
            db_bind_text(query, (int)at + 1, walk->last[at].text);
        } else {
            db_bind_int(query, (int)at + 1, walk->last[at].number);
        }
    }
}

static void walk_table(struct copy_walk *walk)
{
    CHECK(walk->table->key_count <= KEY_COLUMNS_MAX);
    int rows = BATCH_ROWS;
    for (bool is_first = true; rows == BATCH_ROWS; is_first = false) {
        if (db_is_stopped(walk->db)) {
            (void)db_fail(walk->db, DB_DOWN, "given up");
        }
        struct db_query *query = db_query(walk->db, sql_read(walk->table, is_first));
        if (!is_first) {
            bind_key(walk, query);
        }
        for (rows = 0; db_step(query) == DB_ROW; rows++) {
            walk->each(walk->self, query);
            keep_key(walk, query);
        }
        db_reset(query);
    }
    for (size_t i = 0; i < KEY_COLUMNS_MAX; i++) {
        g_clear_pointer(&walk->last[i].text, g_free);
    }
}

/* --- copying one table --- */

struct copy_job {
    const struct db_table *table;
    struct db *to;
    const char *insert; /* NULL: only counts */
    struct db_row_hash *hash;
    struct db_digest digest;
    int64_t mended;
};

static void bind_text(struct copy_job *job, struct db_query *query, int at, const char *text)
{
    if (g_utf8_validate(text, -1, NULL)) {
        db_bind_text(query, at, text);
        return;
    }
    g_autofree char *mended = g_utf8_make_valid(text, -1);
    db_bind_text(query, at, mended);
    job->mended++;
}

static void bind_column(struct copy_job *job, struct db_query *query, struct db_query *row, int at)
{
    int type = db_table_column(job->table, (size_t)at)->type;
    if (db_is_null(row, at)) {
        return;
    }
    if (type == DB_TYPE_INT) {
        db_bind_int(query, at + 1, db_int(row, at));
    } else if (type == DB_TYPE_TEXT) {
        bind_text(job, query, at + 1, db_text(row, at));
    } else {
        size_t size = 0;
        const void *bytes = db_blob(row, at, &size);
        db_bind_blob(query, at + 1, bytes, size);
    }
}

static void take_row(void *self, struct db_query *row)
{
    struct copy_job *job = self;
    int columns = (int)job->table->columns->len;
    for (int i = 0; i < columns; i++) {
        db_row_hash_add(job->hash, row, i, db_table_column(job->table, (size_t)i)->type);
    }
    db_row_hash_end(job->hash, &job->digest);
    if (job->insert != NULL) {
        struct db_query *query = db_query(job->to, job->insert);
        for (int i = 0; i < columns; i++) {
            bind_column(job, query, row, i);
        }
        (void)db_run(query);
    }
}

/* Of the rows in `db`, which go to `job->to` when it has a statement for that. */
static bool run_job(struct copy_job *job, struct db *db, struct fault *fault)
{
    job->hash = db_row_hash_create();
    struct copy_walk walk = {.db = db, .table = job->table, .each = take_row, .self = job};
    walk_table(&walk);
    db_row_hash_free(&job->hash);
    if (db_error(db) != DB_OK) {
        return fault_set(fault, "", "table %s cannot be read: %s", job->table->name,
                         db_error_text(db));
    }
    if (db_error(job->to) != DB_OK) {
        return fault_set(fault, "", "table %s cannot be written: %s", job->table->name,
                         db_error_text(job->to));
    }
    return true;
}

static bool copy_table(struct db *from, struct db *to, const struct db_table *table,
                       struct db_copy *out, struct fault *fault)
{
    if (table->is_state) {
        (void)db_run(db_query(to, sql_of("DELETE FROM @", table->name)));
    }
    struct copy_job job = {.table = table, .to = to, .insert = sql_insert(table)};
    if (!run_job(&job, from, fault)) {
        return false;
    }
    struct db_copied copied = {.table = g_strdup(table->name), .digest = job.digest};
    g_array_append_val(out->tables, copied);
    out->rows += job.digest.rows;
    out->mended += job.mended;
    return true;
}

/* --- before and after --- */

static bool check_empty(struct db *to, const GPtrArray *tables, struct db_copy *out,
                        struct fault *fault)
{
    for (guint i = 0; i < tables->len; i++) {
        const struct db_table *table = tables->pdata[i];
        if (table->is_state) {
            continue;
        }
        struct db_query *query = db_query(to, sql_of("SELECT 1 FROM @ LIMIT 1", table->name));
        if (db_is_any(query)) {
            out->occupied = g_intern_string(table->name);
            return fault_set(fault, "",
                             "the target is not empty (there are rows in %s): name a new database",
                             table->name);
        }
    }
    return db_error(to) == DB_OK ||
           fault_set(fault, "", "the target cannot be read: %s", db_error_text(to));
}

static bool check_table(struct db *to, const struct db_table *table, const struct db_digest *wanted,
                        struct fault *fault)
{
    struct copy_job job = {.table = table, .to = to};
    if (!run_job(&job, to, fault)) {
        return false;
    }
    return db_digest_equal(wanted, &job.digest) ||
           fault_set(fault, "",
                     "table %s is not the same on both sides (%" G_GINT64_FORMAT
                     " rows read, %" G_GINT64_FORMAT " rows found in the copy%s); nothing was kept",
                     table->name, wanted->rows, job.digest.rows,
                     wanted->rows == job.digest.rows ? ", with other contents" : "");
}

static bool check_pageable(struct db *from, struct db *to, struct pageable *out,
                           struct fault *fault)
{
    struct pageable copied;
    return pageable_take(from, out, fault) && pageable_take(to, &copied, fault) &&
           pageable_compare(out, &copied, fault);
}

static int64_t greatest(struct db *db, const struct db_table *table)
{
    const struct db_column *key = NULL;
    for (guint i = 0; i < table->columns->len; i++) {
        const struct db_column *column = db_table_column(table, i);
        key = column->key_at == 1 ? column : key;
    }
    if (key == NULL || table->key_count != 1 || key->type != DB_TYPE_INT) {
        return 0;
    }
    GString *sql = g_string_new(NULL);
    g_string_append_printf(sql, "SELECT coalesce(max(\"%s\"), 0) FROM \"%s\"", key->name,
                           table->name);
    struct db_query *query = db_query(db, forever(sql));
    int64_t id = db_step(query) == DB_ROW ? db_int(query, 0) : 0;
    db_reset(query);
    return id;
}

/* Where ids are counted in the turn: above all that were ever given, so also those of nodes, which
 * are not copied but stand in deliveries. */
static void raise_next_id(struct db *from, struct db *to, const GPtrArray *tables)
{
    if (!to->is_shared) {
        return;
    }
    struct db_query *query = db_query(from, "SELECT next_id FROM turn");
    int64_t next = db_step(query) == DB_ROW ? db_int(query, 0) : 1;
    db_reset(query);
    for (guint i = 0; i < tables->len; i++) {
        next = MAX(next, greatest(to, tables->pdata[i]) + 1);
    }
    to->next_id = MAX(to->next_id, next);
}

static bool check_schema(struct db *db, const char *which, struct fault *fault)
{
    struct db_migrations *known = db_migrations_load();
    struct db_schema schema;
    struct fault why = {0};
    bool is_good = db_schema_look(db, known, &schema, &why);
    db_migrations_free(&known);
    if (is_good && schema.state == SCHEMA_SAME) {
        return true;
    }
    if (!is_good) {
        return fault_set(fault, "", "%s: %.300s", which, why.text);
    }
    return fault_set(fault, "",
                     "%s has schema %" G_GINT64_FORMAT
                     ", this Tocsin copies schema %" G_GINT64_FORMAT ": %s",
                     which, schema.found, schema.known,
                     schema.found > schema.known ? "use the newer program"
                                                 : "bring it forward with `tocsin migrate` first");
}

/* --- all of it --- */

static bool copy_tables(struct db *from, struct db *to, const GPtrArray *tables,
                        struct db_copy *out, struct fault *fault)
{
    for (guint i = 0; i < tables->len; i++) {
        if (!copy_table(from, to, tables->pdata[i], out, fault)) {
            return false;
        }
    }
    for (guint i = 0; i < tables->len; i++) {
        const struct db_copied *copied = &g_array_index(out->tables, struct db_copied, i);
        if (!check_table(to, tables->pdata[i], &copied->digest, fault)) {
            return false;
        }
    }
    raise_next_id(from, to, tables);
    return check_pageable(from, to, &out->pageable, fault);
}

static bool copy_listed(struct db *from, struct db *to, const GPtrArray *theirs,
                        const GPtrArray *ours, struct db_copy *out, struct fault *fault)
{
    g_autofree char *odd = db_tables_differ(theirs, ours);
    if (odd != NULL) {
        return fault_set(fault, "", "only one side has column %s, or it has another type there",
                         odd);
    }
    return check_empty(to, ours, out, fault) && copy_tables(from, to, theirs, out, fault);
}

static void clear_copied(gpointer data)
{
    g_free(((struct db_copied *)data)->table);
}

bool db_copy_all(struct db *from, struct db *to, struct db_copy *out, struct fault *fault)
{
    *out = (struct db_copy){.tables = g_array_new(FALSE, TRUE, sizeof(struct db_copied))};
    g_array_set_clear_func(out->tables, clear_copied);
    if (!check_schema(from, "the source", fault) || !check_schema(to, "the target", fault)) {
        return false;
    }
    GPtrArray *theirs = db_tables_list(from, fault);
    GPtrArray *ours = theirs == NULL ? NULL : db_tables_list(to, fault);
    bool is_good = ours != NULL && copy_listed(from, to, theirs, ours, out, fault);
    g_clear_pointer(&theirs, g_ptr_array_unref);
    g_clear_pointer(&ours, g_ptr_array_unref);
    return is_good;
}

void db_copy_clear(struct db_copy *copy)
{
    g_clear_pointer(&copy->tables, g_array_unref);
}
