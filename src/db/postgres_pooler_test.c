/* The real PgBouncer between us and the server, in each of its modes. */
#include "db/postgres.h"

#include <glib/gstdio.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "db/listener.h"
#include "db/migrate.h"
#include "db/test_database.h"

enum { HEARD_MS = 20000 };

struct room {
    char *where; /* the server itself */
    char *folder, *config;
    char *pooled; /* the same database through the pooler */
    GPid pooler;  /* 0: none runs */
    FILE *log;
};

static int set_up(void **state)
{
    struct room *room = g_new0(struct room, 1);
    room->where = test_database_create_empty("");
    room->folder = g_dir_make_tmp("tocsin-pooler-XXXXXX", NULL);
    assert_non_null(room->folder);
    room->config = g_build_filename(room->folder, "pgbouncer.ini", NULL);
    *state = room;
    return 0;
}

static void stop_pooler(struct room *room)
{
    if (room->pooler != 0) {
        (void)kill(room->pooler, SIGKILL);
        (void)waitpid(room->pooler, NULL, 0);
        (void)fclose(room->log);
        g_clear_pointer(&room->pooled, g_free);
        room->pooler = 0;
    }
    g_autofree char *socket = g_build_filename(room->folder, ".s.PGSQL.6432", NULL);
    (void)g_unlink(socket);
}

static int tear_down(void **state)
{
    struct room *room = *state;
    stop_pooler(room);
    (void)g_unlink(room->config);
    (void)g_rmdir(room->folder);
    test_database_drop(&room->where);
    g_free(room->config);
    g_free(room->folder);
    g_free(room);
    return 0;
}

/* PgBouncer, too, refuses root: it runs as whoever the server runs as. */
static uid_t account_of(const char *server_folder)
{
    struct stat info;
    assert_int_equal(stat(server_folder, &info), 0);
    return info.st_uid;
}

static void await_start(struct room *room)
{
    char line[1024] = "";
    while (strstr(line, "process up") == NULL) {
        if (fgets(line, sizeof line, room->log) == NULL) {
            fail_msg("pgbouncer ended: %s", line);
        }
        if (strstr(line, "ERROR") != NULL || strstr(line, "FATAL") != NULL) {
            print_message("%s", line);
        }
    }
}

static void write_config(const struct room *room, const char *server_folder, const char *settings)
{
    g_autofree char *text = g_strdup_printf("[databases]\n"
                                            "* = host=%s user=tocsin\n"
                                            "[pgbouncer]\n"
                                            "listen_port = 6432\n"
                                            "unix_socket_dir = %s\n"
                                            "auth_type = any\n"
                                            "%s\n",
                                            server_folder, room->folder, settings);
    assert_true(g_file_set_contents(room->config, text, -1, NULL));
    assert_int_equal(g_chmod(room->config, 0644), 0);
}

static void start_pooler(struct room *room, const char *settings)
{
    PGconn *direct = PQconnectdb(room->where);
    g_autofree char *server_folder = g_strdup(PQhost(direct));
    g_autofree char *database = g_strdup(PQdb(direct));
    PQfinish(direct);
    write_config(room, server_folder, settings);
    uid_t uid = account_of(server_folder);
    g_autofree char *account = g_strdup_printf("%u", uid);
    if (geteuid() == 0) {
        assert_int_equal(chown(room->folder, uid, (gid_t)-1), 0);
    }
    const char *argv[] = {"setpriv", "--pdeathsig", "KILL",       "--reuid", account,
                          "--",      "pgbouncer",   room->config, NULL};
    int log = -1;
    assert_true(g_spawn_async_with_pipes(NULL, (char **)(uintptr_t)argv, NULL,
                                         G_SPAWN_SEARCH_PATH | G_SPAWN_DO_NOT_REAP_CHILD, NULL,
                                         NULL, &room->pooler, NULL, NULL, &log, NULL));
    room->log = fdopen(log, "r");
    assert_non_null(room->log);
    await_start(room);
    room->pooled =
        g_strdup_printf("postgresql://tocsin@/%s?host=%s&port=6432", database, room->folder);
}

/* Debian keeps it where not every account looks. */
static bool has_pooler(void)
{
    g_autofree char *path = g_strconcat(g_getenv("PATH"), ":/usr/sbin", NULL);
    (void)g_setenv("PATH", path, TRUE);
    g_autofree char *found = g_find_program_in_path("pgbouncer");
    return found != NULL;
}

#define NEEDS_POOLER                                                       \
    do {                                                                   \
        if (!has_pooler()) {                                               \
            print_message("[     WHY] no pgbouncer (tools/setup test)\n"); \
            skip();                                                        \
        }                                                                  \
    } while (0)

enum { SESSIONS = 3 };

/* So many sessions stand idle in the pooler when this returns. */
static void fill_pool(const struct room *room)
{
    PGconn *conn[SESSIONS];
    for (size_t i = 0; i < SESSIONS; i++) {
        conn[i] = PQconnectdb(room->pooled);
        assert_int_equal(PQstatus(conn[i]), CONNECTION_OK);
        PQclear(PQexec(conn[i], "BEGIN"));
    }
    for (size_t i = 0; i < SESSIONS; i++) {
        PQclear(PQexec(conn[i], "COMMIT"));
        PQfinish(conn[i]);
    }
}

static void check_refused(const struct room *room, const char *name)
{
    struct fault fault = {0};
    struct db *db = db_open(room->pooled, DB_READ_WRITE, &fault);
    if (db != NULL || strstr(fault.text, "pooler") == NULL ||
        strstr(fault.text, "name the PostgreSQL server itself") == NULL ||
        strstr(fault.text, "pool_mode = session") == NULL) {
        fail_msg("%s: %s", name, db != NULL ? "was opened" : fault.text);
    }
    assert_string_equal(fault.field, "database-url");
    /* A person must mend it: the start does not wait for that. */
    assert_false(db_is_away(room->pooled));
}

static void what_hands_sessions_round_is_refused(void **state)
{
    NEEDS_POOLER;

    static const struct {
        const char *name, *settings;
    } rows[] = {
        {"transaction", "pool_mode = transaction"},
        {"statement", "pool_mode = statement"},
        {"one session for all", "pool_mode = transaction\ndefault_pool_size = 1"},
    };
    struct room *room = *state;
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        start_pooler(room, rows[i].settings);
        check_refused(room, rows[i].name);
        stop_pooler(room);
    }
}

/* Two connections then never meet in a session, yet each finds itself in another one. */
static void what_takes_sessions_in_turn_is_refused(void **state)
{
    NEEDS_POOLER;
    struct room *room = *state;
    start_pooler(room, "pool_mode = transaction\nserver_round_robin = 1");
    fill_pool(room);
    check_refused(room, "in turn");
}

/* Others who use the pooler would find our time limits in their statements. */
static void what_is_refused_leaves_no_setting_behind(void **state)
{
    NEEDS_POOLER;
    struct room *room = *state;
    start_pooler(room, "pool_mode = transaction\ndefault_pool_size = 1");
    check_refused(room, "transaction");
    PGconn *other = PQconnectdb(room->pooled);
    assert_int_equal(PQstatus(other), CONNECTION_OK);
    PGresult *result = PQexec(other, "SHOW statement_timeout");
    assert_int_equal(PQntuples(result), 1);
    assert_string_equal(PQgetvalue(result, 0, 0), "0");
    PQclear(result);
    PQfinish(other);
}

static struct db *open_or_fail(const char *where)
{
    struct fault fault = {0};
    struct db *db = db_open(where, DB_READ_WRITE, &fault);
    assert_string_equal(fault.text, "");
    return db;
}

static void announce(struct db *db)
{
    db_begin(db);
    (void)db_run(db_query(db, "UPDATE key_state SET version = version + 1"));
    db_announce(db);
    assert_int_equal(db_commit(db), DB_OK);
}

static void one_that_keeps_them_is_worked_with(void **state)
{
    NEEDS_POOLER;
    struct room *room = *state;
    start_pooler(room, "pool_mode = session");
    struct db *db = open_or_fail(room->pooled);
    struct fault fault = {0};
    assert_true(db_migrate(db, (struct utc){1795000000000000}, &fault));
    db_begin_read(db);
    assert_int_equal(test_ask_int(db,
                                  "SELECT CAST(setting AS BIGINT) FROM pg_settings WHERE name = "
                                  "'statement_timeout'"),
                     4500);
    assert_int_equal(db_commit(db), DB_OK);
    struct db_listener *listener = db_listener_open(room->pooled);
    assert_true(
        db_listener_wait(listener, HEARD_MS)); /* something may have been, before it heard */
    assert_false(db_listener_wait(listener, 20));
    announce(db);
    assert_true(db_listener_wait(listener, HEARD_MS));
    db_listener_close(&listener);
    db_close(&db);
}

/* The question needs a session more than there is: that proves nothing against the pooler. */
static void its_last_session_is_worked_with(void **state)
{
    NEEDS_POOLER;
    struct room *room = *state;
    start_pooler(room, "pool_mode = session\ndefault_pool_size = 1");
    struct db *db = open_or_fail(room->pooled);
    db_begin_read(db);
    assert_int_equal(test_ask_int(db, "SELECT 1"), 1);
    assert_int_equal(db_commit(db), DB_OK);
    db_close(&db);
}

/* Put in, or changed, while we run: the next connection is not made. */
static void one_that_comes_later_is_refused(void **state)
{
    NEEDS_POOLER;
    struct room *room = *state;
    start_pooler(room, "pool_mode = session");
    struct db *db = open_or_fail(room->pooled);
    stop_pooler(room);
    start_pooler(room, "pool_mode = transaction");
    db_begin_read(db);
    assert_int_equal(test_ask_int(db, "SELECT 1"), -1);
    assert_int_equal(db_error(db), DB_DOWN);
    assert_non_null(strstr(db_error_text(db), "pooler"));
    db_rollback(db);
    db_close(&db);
}

int main(void)
{
#define EACH(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        EACH(what_hands_sessions_round_is_refused),
        EACH(what_takes_sessions_in_turn_is_refused),
        EACH(what_is_refused_leaves_no_setting_behind),
        EACH(one_that_keeps_them_is_worked_with),
        EACH(its_last_session_is_worked_with),
        EACH(one_that_comes_later_is_refused),
    };
    (void)g_setenv("TOCSIN_TEST_ENGINE", "postgresql", TRUE);
    return cmocka_run_group_tests_name("postgres_pooler", tests, NULL, NULL);
}
