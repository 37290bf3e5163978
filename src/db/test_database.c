#include "db/test_database.h"

#include <libpq-fe.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "db/link.h"
#include "db/migrate.h"
#include "db/sqlite_engine.h"

enum { TEMPLATE_LOCK = 1952543 }; /* any number that is the same everywhere */

static const struct utc NOW = {1795000000000000};

static struct {
    PGconn *server;   /* the connection that makes databases */
    char *template;   /* a database with the schema, to be copied */
    GPtrArray *links; /* of struct db_link, as long as any database is there */
    unsigned made;    /* gives names */
    unsigned here;    /* made and not dropped */
} postgresql;

bool test_database_is_shared(void)
{
    const char *engine = g_getenv("TOCSIN_TEST_ENGINE");
    if (engine == NULL || strcmp(engine, "") == 0 || strcmp(engine, "sqlite") == 0) {
        return false;
    }
    if (strcmp(engine, "postgresql") != 0) {
        g_error("TOCSIN_TEST_ENGINE=%s is neither sqlite nor postgresql", engine);
    }
    return true;
}

static const char *server_url(void)
{
    const char *url = g_getenv("TOCSIN_TEST_POSTGRESQL");
    if (url == NULL || url[0] == '\0') {
        g_error("TOCSIN_TEST_POSTGRESQL is not set; run the test by tools/with-postgresql");
    }
    return url;
}

/* The last word of a connection string counts. */
static char *url_of(const char *database)
{
    const char *url = server_url();
    return g_strdup_printf("%s%cdbname=%s", url, strchr(url, '?') == NULL ? '?' : '&', database);
}

static void drop_notice(void *arg, const char *message)
{
    (void)arg;
    (void)message;
}

static void connect_to_server(void)
{
    if (postgresql.server != NULL) {
        return;
    }
    postgresql.server = PQconnectdb(server_url());
    if (PQstatus(postgresql.server) != CONNECTION_OK) {
        g_error("no test database: %s", PQerrorMessage(postgresql.server));
    }
    (void)PQsetNoticeProcessor(postgresql.server, drop_notice, NULL);
}

/* Runs one statement; answers the first value of the first row, newly allocated, or NULL. */
PRINTF_LIKE(1, 2) static char *tell_server(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    g_autofree char *sql = g_strdup_vprintf(format, args);
    va_end(args);
    PGresult *result = PQexec(postgresql.server, sql);
    ExecStatusType status = PQresultStatus(result);
    if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK) {
        g_error("%s: %s", sql, PQerrorMessage(postgresql.server));
    }
    char *value = PQntuples(result) > 0 ? g_strdup(PQgetvalue(result, 0, 0)) : NULL;
    PQclear(result);
    return value;
}

static void run(const char *sql)
{
    g_free(tell_server("%s", sql));
}

/* One server serves programs of several builds: the template's name tells the schema. */
static char *template_name(void)
{
    g_autoptr(GChecksum) sum = g_checksum_new(G_CHECKSUM_SHA256);
    struct db_migrations *known = db_migrations_load();
    for (size_t i = 0; i < known->count; i++) {
        const char *sql = known->items[i].sql;
        g_checksum_update(sum, (const unsigned char *)sql, (gssize)strlen(sql));
    }
    db_migrations_free(&known);
    return g_strdup_printf("tocsin_template_%.16s", g_checksum_get_string(sum));
}

static void migrate(const char *database)
{
    struct fault fault = {0};
    g_autofree char *where = url_of(database);
    struct db *db = db_open(where, DB_READ_WRITE, &fault);
    if (db == NULL || !db_migrate(db, NOW, &fault)) {
        g_error("no test database: %s", fault.text);
    }
    db_close(&db);
}

/* Made by the first program that needs it, for all of them; stays for the next. */
static const char *find_template(void)
{
    if (postgresql.template != NULL) {
        return postgresql.template;
    }
    g_autofree char *name = template_name();
    g_free(tell_server("SELECT pg_advisory_lock(%d)", TEMPLATE_LOCK));
    g_autofree char *found = tell_server("SELECT 1 FROM pg_database WHERE datname = '%s'", name);
    if (found == NULL) {
        run("DROP DATABASE IF EXISTS tocsin_unfinished");
        run("CREATE DATABASE tocsin_unfinished TEMPLATE template0");
        migrate("tocsin_unfinished");
        g_free(tell_server("ALTER DATABASE tocsin_unfinished RENAME TO %s", name));
    }
    g_free(tell_server("SELECT pg_advisory_unlock(%d)", TEMPLATE_LOCK));
    postgresql.template = g_steal_pointer(&name);
    return postgresql.template;
}

static char *create(const char *template)
{
    g_autofree char *name = g_strdup_printf("tocsin_test_%d_%u", (int)getpid(), ++postgresql.made);
    g_free(tell_server("CREATE DATABASE %s TEMPLATE %s STRATEGY FILE_COPY", name, template));
    postgresql.here++;
    return url_of(name);
}

char *test_database_create(const char *on_sqlite)
{
    if (!test_database_is_shared()) {
        return g_strdup(on_sqlite);
    }
    connect_to_server();
    return create(find_template());
}

char *test_database_create_empty(const char *on_sqlite)
{
    if (!test_database_is_shared()) {
        return g_strdup(on_sqlite);
    }
    connect_to_server();
    return create("template0");
}

static void forget_server(void)
{
    g_clear_pointer(&postgresql.links, g_ptr_array_unref);
    g_clear_pointer(&postgresql.template, g_free);
    g_clear_pointer(&postgresql.server, PQfinish);
}

void test_database_drop(char **where)
{
    if (*where != NULL && test_database_is_shared()) {
        const char *name = strrchr(*where, '=') + 1;
        g_free(tell_server("DROP DATABASE %s WITH (FORCE)", name));
        if (--postgresql.here == 0) {
            forget_server();
        }
    }
    g_clear_pointer(where, g_free);
}

static struct utc read_clock(void *self)
{
    return clock_now(self);
}

static void set_clock(struct db *db, const struct clock *clock)
{
    if (postgresql.links == NULL) {
        postgresql.links = g_ptr_array_new_with_free_func(g_free);
    }
    struct db_link *link = g_new0(struct db_link, 1);
    *link = (struct db_link){.now = read_clock, .self = (void *)(uintptr_t)clock};
    g_ptr_array_add(postgresql.links, link);
    db_set_link(db, link);
}

struct db *test_database_open(const char *where, const struct clock *clock)
{
    struct fault fault = {0};
    struct db *db = db_open(where, DB_READ_WRITE, &fault);
    if (db == NULL || !db_migrate(db, clock_now(clock), &fault)) {
        g_error("no test database at %s: %s", where, fault.text);
    }
    if (test_database_is_shared()) {
        set_clock(db, clock);
    }
    return db;
}

void test_database_hold_lanes(struct db *db)
{
    if (!test_database_is_shared()) {
        return;
    }
    db_begin(db);
    (void)db_run(db_query(db, "UPDATE lane SET holder = 0, epoch = 1"));
    if (db_commit(db) != DB_OK) {
        g_error("no lanes: %s", db_error_text(db));
    }
}

int test_room_open(void **state)
{
    struct test_room *room = g_new0(struct test_room, 1);
    struct fault fault = {0};
    room->where = test_database_create(":memory:");
    room->db = db_open(room->where, DB_READ_WRITE, &fault);
    if (room->db == NULL) {
        g_error("no test database at %s: %s", room->where, fault.text);
    }
    *state = room;
    return 0;
}

int test_room_close(void **state)
{
    struct test_room *room = *state;
    db_close(&room->db);
    test_database_drop(&room->where);
    g_free(room);
    return 0;
}

int64_t test_ask_int(struct db *db, const char *sql)
{
    struct db_query *query = db_query(db, sql);
    int64_t value = db_step(query) == DB_ROW ? db_int(query, 0) : -1;
    db_reset(query);
    return value;
}

GPtrArray *test_statements(struct db *db)
{
    GPtrArray *texts = g_ptr_array_new_with_free_func(g_free);
    for (sqlite3_stmt *stmt = NULL; (stmt = sqlite3_next_stmt(sqlite_handle(db), stmt)) != NULL;) {
        g_ptr_array_add(texts, g_strdup(sqlite3_sql(stmt)));
    }
    return texts;
}

int test_count_scans(struct db *db, const char *sql, bool (*may)(const char *line, const char *sql))
{
    g_autofree char *explain = g_strconcat("EXPLAIN QUERY PLAN ", sql, NULL);
    sqlite3_stmt *stmt = NULL;
    int scans = 0;
    CHECK(sqlite3_prepare_v2(sqlite_handle(db), explain, -1, &stmt, NULL) == SQLITE_OK);
    while (sqlite3_step(stmt) == SQLITE_ROW) {
        /* "SCAN t" and "SCAN t USING INDEX i" go through all rows of t. */
        const char *line = (const char *)sqlite3_column_text(stmt, 3);
        if (g_str_has_prefix(line, "SCAN ") && !may(line, sql)) {
            g_printerr("%s\n  in: %s\n", line, sql);
            scans++;
        }
    }
    CHECK(sqlite3_finalize(stmt) == SQLITE_OK);
    return scans;
}
