#include "db/tables.h"

#include <string.h>

#include "base/log.h"
#include "db/engine.h"

static const char *const NOT_CONTENT[] = {"clock_mark",  "clock_shift",    "commit_mark",
                                          "intake_mark", "lane",           "node",
                                          "pulse",       "schema_version", "turn"};

/* Answer table, column, type and place in the key. */
static const char IN_FILE[] =
    "SELECT m.name, c.name, lower(c.type), c.pk FROM sqlite_master AS m"
    " JOIN pragma_table_info(m.name) AS c WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite!_%'"
    " ESCAPE '!' ORDER BY m.name, c.cid";
static const char ON_SERVER[] =
    "SELECT CAST(t.relname AS text), CAST(c.attname AS text), format_type(c.atttypid, NULL),"
    " CAST(coalesce(array_position(CAST(k.indkey AS int2[]), c.attnum) + 1, 0) AS bigint)"
    " FROM pg_class AS t JOIN pg_attribute AS c ON c.attrelid = t.oid AND c.attnum > 0"
    " AND NOT c.attisdropped LEFT JOIN pg_index AS k ON k.indrelid = t.oid AND k.indisprimary"
    " WHERE t.relkind = 'r' AND t.relnamespace ="
    " (SELECT oid FROM pg_namespace WHERE nspname = current_schema())"
    " ORDER BY t.relname, c.attnum";

static void free_column(gpointer data)
{
    g_free(((struct db_column *)data)->name);
}

static void free_table(gpointer data)
{
    struct db_table *table = data;
    g_free(table->name);
    g_array_unref(table->columns);
    g_free(table);
}

static struct db_table *new_table(const char *name)
{
    struct db_table *table = g_new0(struct db_table, 1);
    table->name = g_strdup(name);
    table->columns = g_array_new(FALSE, TRUE, sizeof(struct db_column));
    g_array_set_clear_func(table->columns, free_column);
    return table;
}

/* 0: not one of ours. */
static int type_of(const char *text)
{
    if (strcmp(text, "bigint") == 0 || strcmp(text, "integer") == 0) {
        return DB_TYPE_INT;
    }
    if (strcmp(text, "text") == 0) {
        return DB_TYPE_TEXT;
    }
    return strcmp(text, "blob") == 0 || strcmp(text, "bytea") == 0 ? DB_TYPE_BLOB : 0;
}

static bool is_content(const char *name)
{
    for (size_t i = 0; i < G_N_ELEMENTS(NOT_CONTENT); i++) {
        if (strcmp(NOT_CONTENT[i], name) == 0) {
            return false;
        }
    }
    return true;
}

/* The names of the tables that our migrations make. NULL and a fault when they cannot be told. */
static GHashTable *list_ours(struct fault *fault)
{
    struct db *db = db_open(":memory:", DB_READ_WRITE, fault);
    if (db == NULL || !db_migrate(db, (struct utc){1}, fault)) {
        db_close(&db);
        return NULL;
    }
    GHashTable *ours = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    struct db_query *query = db_query(db, IN_FILE);
    while (db_step(query) == DB_ROW) {
        (void)g_hash_table_add(ours, g_strdup(db_text(query, 0)));
    }
    db_close(&db);
    return ours;
}

struct list {
    GPtrArray *tables;
    GHashTable *ours;
    char *ignored; /* the last table of others */
    bool is_all;   /* also what is no content */
};

/* An extension's, a probe's: it stays where it is. */
static void ignore_table(struct list *list, const char *name)
{
    if (g_strcmp0(list->ignored, name) != 0) {
        g_free(list->ignored);
        list->ignored = g_strdup(name);
        LOG_INFO("db", NULL, "a table that is not Tocsin's is left alone", "table", name);
    }
}

static bool take_row(struct list *list, struct db_query *row, struct fault *fault)
{
    const char *name = db_text(row, 0);
    if (!g_hash_table_contains(list->ours, name)) {
        ignore_table(list, name);
        return true;
    }
    if (!list->is_all && !is_content(name)) {
        return true;
    }
    GPtrArray *tables = list->tables;
    struct db_table *table = tables->len > 0 ? tables->pdata[tables->len - 1] : NULL;
    if (table == NULL || strcmp(table->name, name) != 0) {
        table = new_table(name);
        g_ptr_array_add(tables, table);
    }
    struct db_column column = {.name = g_strdup(db_text(row, 1)),
                               .type = type_of(db_text(row, 2)),
                               .key_at = (int)db_int(row, 3)};
    g_array_append_val(table->columns, column);
    table->key_count += column.key_at > 0 ? 1 : 0;
    table->is_state = table->is_state || strcmp(column.name, "only_row") == 0;
    return column.type != 0 ||
           fault_set(fault, "", "column %s.%s has a type that cannot be copied: %s", name,
                     column.name, db_text(row, 2));
}

static int by_name(gconstpointer a, gconstpointer b)
{
    const struct db_table *const *left = a;
    const struct db_table *const *right = b;
    return strcmp((*left)->name, (*right)->name);
}

static bool check_keys(const GPtrArray *tables, struct fault *fault)
{
    for (guint i = 0; i < tables->len; i++) {
        const struct db_table *table = tables->pdata[i];
        if (table->key_count == 0) {
            return fault_set(fault, "", "table %s has no primary key", table->name);
        }
    }
    return true;
}

static bool take_rows(struct db *db, struct list *list, struct fault *fault)
{
    bool is_file = strcmp(db->engine->name, "sqlite") == 0;
    struct db_query *query = db_query(db, is_file ? IN_FILE : ON_SERVER);
    bool is_good = true;
    while (is_good && db_step(query) == DB_ROW) {
        is_good = take_row(list, query, fault);
    }
    db_reset(query);
    if (is_good && db_error(db) != DB_OK) {
        is_good = fault_set(fault, "", "the tables cannot be read: %s", db_error_text(db));
    }
    return is_good && check_keys(list->tables, fault);
}

static GPtrArray *list_tables(struct db *db, bool is_all, struct fault *fault)
{
    struct list list = {.ours = list_ours(fault), .is_all = is_all};
    if (list.ours == NULL) {
        return NULL;
    }
    list.tables = g_ptr_array_new_with_free_func(free_table);
    if (!take_rows(db, &list, fault)) {
        g_clear_pointer(&list.tables, g_ptr_array_unref);
    }
    g_hash_table_unref(list.ours);
    g_free(list.ignored);
    if (list.tables != NULL) {
        g_ptr_array_sort(list.tables, by_name); /* the same order whatever the server's collation */
    }
    return list.tables;
}

GPtrArray *db_tables_list(struct db *db, struct fault *fault)
{
    return list_tables(db, false, fault);
}

GPtrArray *db_tables_list_all(struct db *db, struct fault *fault)
{
    return list_tables(db, true, fault);
}

static bool has_column(const GPtrArray *tables, const char *name, const struct db_column *wanted)
{
    for (guint i = 0; i < tables->len; i++) {
        const struct db_table *table = tables->pdata[i];
        for (guint k = 0; strcmp(table->name, name) == 0 && k < table->columns->len; k++) {
            const struct db_column *column = db_table_column(table, k);
            if (strcmp(column->name, wanted->name) == 0) {
                return column->type == wanted->type;
            }
        }
    }
    return false;
}

static char *find_missing(const GPtrArray *of, const GPtrArray *in)
{
    for (guint i = 0; i < of->len; i++) {
        const struct db_table *table = of->pdata[i];
        for (guint k = 0; k < table->columns->len; k++) {
            const struct db_column *column = db_table_column(table, k);
            if (!has_column(in, table->name, column)) {
                return g_strdup_printf("%s.%s", table->name, column->name);
            }
        }
    }
    return NULL;
}

char *db_tables_differ(const GPtrArray *a, const GPtrArray *b)
{
    char *missing = find_missing(a, b);
    return missing != NULL ? missing : find_missing(b, a);
}
