#include "db/postgres.h"

#include <string.h>

#include "db/migrate.h"

/* Before and after the names of our tables. The last column is the first of these tables that lacks a right,
 * with the rights; NULL when none does. has_table_privilege is asked for one right at a time, for of several
 * it is content with any. */
static const char BEFORE_NAMES[] =
    "SELECT current_setting('server_encoding'), current_schema(),"
    " has_schema_privilege(current_schema(), 'CREATE'), to_regclass('schema_version') IS NOT NULL,"
    " current_user, current_database(),"
    " (SELECT lacks || ' in table ' || name FROM (SELECT name,"
    "   (SELECT string_agg(verb, ', ') FROM unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE'])"
    "     AS verb WHERE NOT has_table_privilege(to_regclass(name), verb)) AS lacks"
    "   FROM unnest(ARRAY['schema_version'";
static const char AFTER_NAMES[] = "]) AS name WHERE to_regclass(name) IS NOT NULL) AS ours"
                                  " WHERE lacks IS NOT NULL ORDER BY name LIMIT 1)";

enum {
    COLUMN_ENCODING,
    COLUMN_SCHEMA,
    COLUMN_MAY_CREATE,
    COLUMN_HAS_SCHEMA,
    COLUMN_USER,
    COLUMN_DATABASE,
    COLUMN_LACKS
};

/* Ours are those that the migrations make; what else stands in the schema is nobody's business. */
static void add_names(GString *sql, const char *step)
{
    static const char WORDS[] = "CREATE TABLE ";
    for (const char *at = strstr(step, WORDS); at != NULL; at = strstr(at, WORDS)) {
        at += strlen(WORDS);
        int length = (int)strspn(at, "abcdefghijklmnopqrstuvwxyz_");
        CHECK(length > 0);
        g_string_append_printf(sql, ", '%.*s'", length, at);
    }
}

static char *write_question(void)
{
    GString *sql = g_string_new(BEFORE_NAMES);
    struct db_migrations *known = db_migrations_load();
    for (size_t i = 0; i < known->count; i++) {
        add_names(sql, known->items[i].sql);
    }
    db_migrations_free(&known);
    g_string_append(sql, AFTER_NAMES);
    return g_string_free(sql, FALSE);
}

static bool is_true(const PGresult *row, int column)
{
    return strcmp(PQgetvalue(row, 0, column), "t") == 0;
}

static bool judge(const PGresult *row, struct fault *fault)
{
    const char *user = PQgetvalue(row, 0, COLUMN_USER);
    const char *database = PQgetvalue(row, 0, COLUMN_DATABASE);
    const char *encoding = PQgetvalue(row, 0, COLUMN_ENCODING);
    if (strcmp(encoding, "UTF8") != 0) {
        return fault_set(fault, "database-url",
                         "database %s has encoding %s; create one with ENCODING 'UTF8' TEMPLATE "
                         "template0",
                         database, encoding);
    }
    const char *schema = PQgetvalue(row, 0, COLUMN_SCHEMA);
    if (schema[0] == '\0') {
        return fault_set(fault, "database-url",
                         "%s finds no schema in database %s; GRANT USAGE on it, or set search_path "
                         "for the account",
                         user, database);
    }
    bool has_schema = is_true(row, COLUMN_HAS_SCHEMA);
    if (!has_schema && !is_true(row, COLUMN_MAY_CREATE)) {
        return fault_set(
            fault, "database-url",
            "%s may not create tables in database %s: GRANT USAGE, CREATE ON SCHEMA %s "
            "TO %s",
            user, database, schema, user);
    }
    const char *lacks = PQgetvalue(row, 0, COLUMN_LACKS);
    if (has_schema && lacks[0] != '\0') {
        return fault_set(
            fault, "database-url",
            "%s may not %s of database %s: connect as the owner of the tables, or GRANT SELECT, "
            "INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA %s TO %s, and the same by ALTER "
            "DEFAULT PRIVILEGES for tables to come",
            user, lacks, database, schema, user);
    }
    return true;
}

bool postgres_check_rights(PGconn *conn, struct fault *fault)
{
    g_autofree char *question = write_question();
    PGresult *result = postgres_ask(conn, question);
    if (result == NULL) {
        g_autofree char *message = postgres_message(conn);
        return fault_set(fault, "database-url", "cannot read what the account may do: %s", message);
    }
    bool is_good = judge(result, fault);
    PQclear(result);
    return is_good;
}
