#include "db/row_words.h"

#include <string.h>

/* --- tokens --- */

static bool is_word(const char *token, const char *name)
{
    size_t length = strlen(name);
    return strncmp(token, name, length) == 0 && token[length] == '.';
}

static bool say_number(const struct row_word *word, const char *name, GString *out)
{
    int value = enum_from_name(word->names, name);
    g_string_append_printf(out, "%d", value);
    return value != 0;
}

/* "waiting>cancelled" */
static bool say_change(const struct row_word *word, const char *change, GString *out)
{
    g_auto(GStrv) ends = g_strsplit(change, ">", 2);
    int to = enum_from_name(word->names, ends[1]);
    return to != 0 && word->states != NULL && say_number(word, ends[0], out) &&
           state_may(word->states, enum_from_name(word->names, ends[0]), to);
}

static bool say_word(const struct row_word *words, const char *token, GString *out)
{
    for (const struct row_word *word = words; word != NULL && word->name != NULL; word++) {
        if (is_word(token, word->name)) {
            const char *rest = token + strlen(word->name) + 1;
            return strchr(rest, '>') != NULL ? say_change(word, rest, out)
                                             : say_number(word, rest, out);
        }
    }
    return false;
}

static bool is_expression(const char *name)
{
    return name[strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_")] != '\0';
}

/* Writes the names of the columns for that use. */
static void list(const struct table *table, enum column_use use, const char *before, GString *out)
{
    const char *comma = "";
    for (size_t i = 0; i < table_columns(table); i++) {
        struct column column;
        if (table_column(table, i, &column) && column_is_for(column.flags, use)) {
            g_string_append_printf(out, "%s%s%s", comma, is_expression(column.name) ? "" : before,
                                   column.name);
            comma = ", ";
        }
    }
}

bool row_say(const void *self, const char *token, GString *out)
{
    const struct table *table = self;
    static const char COLUMNS[] = "columns";
    const char *dot = strrchr(token, '.');
    const char *last = dot == NULL ? token : dot + 1;
    if (strcmp(last, COLUMNS) == 0) {
        g_autofree char *before = g_strndup(token, (gsize)(last - token));
        list(table, USE_READ, before, out);
        return true;
    }
    return say_word(table->words, token, out);
}

/* --- statements --- */

/* Writes "$1, $2 …" or "a = $1, b = $2 …" or "a = $1 AND b = $2 …", from `first` on; answers the next one. */
static int number(const struct table *table, enum column_use use, bool is_named,
                  const char *between, int first, GString *out)
{
    int at = first;
    for (size_t i = 0; i < table_columns(table); i++) {
        struct column column;
        if (table_column(table, i, &column) && column_is_for(column.flags, use)) {
            g_string_append_printf(out, "%s%s%s$%d", at == first ? "" : between,
                                   is_named ? column.name : "", is_named ? " = " : "", at);
            at++;
        }
    }
    return at;
}

static GString *begin(const struct table *table, const char *verb)
{
    CHECK(table->name != NULL); /* only what is a table has rows to write */
    GString *sql = g_string_new(NULL);
    g_string_printf(sql, "%s %s", verb, table->name);
    return sql;
}

static GString *insert(const struct table *table)
{
    GString *sql = begin(table, "INSERT INTO");
    g_string_append(sql, " (");
    list(table, USE_INSERT, "", sql);
    g_string_append(sql, ") VALUES (");
    (void)number(table, USE_INSERT, false, ", ", 1, sql);
    g_string_append(sql, ")");
    return sql;
}

static bool has_id(const struct table *table)
{
    struct column column;
    for (size_t i = 0; i < table_columns(table); i++) {
        if (table_column(table, i, &column) && (column.flags & COLUMN_ID) != 0) {
            return true;
        }
    }
    return false;
}

char *row_make_load(const struct table *table)
{
    CHECK(table->name != NULL && has_id(table));
    GString *sql = g_string_new("SELECT ");
    list(table, USE_READ, "", sql);
    g_string_append_printf(sql, " FROM %s WHERE id = $1", table->name);
    return g_string_free(sql, FALSE);
}

char *row_make_insert(const struct table *table)
{
    GString *sql = insert(table);
    g_string_append(sql, has_id(table) ? " {newid}" : "");
    return g_string_free(sql, FALSE);
}

char *row_make_put(const struct table *table)
{
    GString *sql = insert(table);
    g_string_append(sql, " ON CONFLICT (");
    list(table, USE_KEY, "", sql);
    g_string_append(sql, ") DO UPDATE SET ");
    const char *comma = "";
    for (size_t i = 0; i < table_columns(table); i++) {
        struct column column;
        if (table_column(table, i, &column) && column_is_for(column.flags, USE_SAVE)) {
            g_string_append_printf(sql, "%s%s = excluded.%s", comma, column.name, column.name);
            comma = ", ";
        }
    }
    return g_string_free(sql, FALSE);
}

static char *update(const struct table *table, enum column_use use)
{
    GString *sql = begin(table, "UPDATE");
    g_string_append(sql, " SET ");
    int next = number(table, use, true, ", ", 1, sql);
    g_string_append(sql, " WHERE ");
    (void)number(table, USE_KEY, true, " AND ", next, sql);
    return g_string_free(sql, FALSE);
}

char *row_make_save(const struct table *table)
{
    return update(table, USE_SAVE);
}

char *row_make_touch(const struct table *table)
{
    return update(table, USE_TOUCH);
}
