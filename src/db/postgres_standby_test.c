/* Commits that wait for a standby which does not come. Needs a server of its own: see meson.build. */
#include "db/postgres.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "db/test_database.h"

enum { PATIENCE_MS = 20000 };

struct room {
    char *where;
    struct db *db;
    PGconn *server;
};

static char *tell(struct room *room, const char *sql)
{
    PGresult *result = PQexec(room->server, sql);
    ExecStatusType status = PQresultStatus(result);
    if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK) {
        fail_msg("%s: %s", sql, PQerrorMessage(room->server));
    }
    char *value = g_strdup(PQntuples(result) > 0 ? PQgetvalue(result, 0, 0) : "");
    PQclear(result);
    return value;
}

/* Asks again and again until the answer is that one. */
static void wait_for(struct room *room, const char *sql, const char *expected)
{
    struct span end = postgres_end_in(PATIENCE_MS);
    bool is_there = false;
    while (!is_there) {
        assert_true(clock_elapsed(&CLOCK_SYSTEM).us < end.us);
        g_autofree char *value = tell(room, sql);
        is_there = strcmp(value, expected) == 0;
    }
}

static const char COUNT_WAITING[] =
    "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'SyncRep'";

static void change(struct db *db)
{
    db_begin(db);
    (void)db_run(db_query(db, "UPDATE key_state SET version = version + 1"));
}

static int64_t version(struct room *room)
{
    g_autofree char *value = tell(room, "SELECT version FROM key_state");
    return g_ascii_strtoll(value, NULL, 10);
}

static void set_standby(struct room *room, const char *name)
{
    g_autofree char *sql =
        g_strdup_printf("ALTER SYSTEM SET synchronous_standby_names = '%s'", name);
    g_free(tell(room, sql));
    g_free(tell(room, "SELECT pg_reload_conf()"));
    wait_for(room, "SHOW synchronous_standby_names", name);
}

/* The process that tells the others of it may take a while: until a commit waits. */
static void lose_standby(struct room *room)
{
    set_standby(room, "nobody");
    struct postgres_db *pg = (struct postgres_db *)room->db;
    struct span end = postgres_end_in(PATIENCE_MS);
    enum db_status status = DB_OK;
    pg->answer_ms = 200;
    while (status == DB_OK) {
        assert_true(clock_elapsed(&CLOCK_SYSTEM).us < end.us);
        change(room->db);
        status = db_commit(room->db);
    }
    pg->answer_ms = POSTGRES_ANSWER_MS;
    assert_int_equal(status, DB_UNCERTAIN);
}

static void find_standby(struct room *room)
{
    set_standby(room, "");
    wait_for(room, COUNT_WAITING, "0");
}

static int set_up(void **state)
{
    struct room *room = g_new0(struct room, 1);
    room->where = test_database_create("");
    struct fault fault = {0};
    room->db = db_open(room->where, DB_READ_WRITE, &fault);
    room->server = PQconnectdb(room->where);
    assert_non_null(room->db);
    *state = room;
    return 0;
}

static int tear_down(void **state)
{
    struct room *room = *state;
    find_standby(room);
    PQfinish(room->server);
    db_close(&room->db);
    test_database_drop(&room->where);
    g_free(room);
    return 0;
}

static void a_commit_that_waits_too_long_is_uncertain(void **state)
{
    struct room *room = *state;
    lose_standby(room);
    /* It still waits and holds the turn: nobody can know yet. */
    assert_int_equal(db_run(db_query(room->db, "SET lock_timeout = '50ms'")), DB_DONE);
    assert_int_equal(db_resolve(room->db), DB_CONFLICT);
    int64_t before = version(room);
    find_standby(room);
    assert_int_equal(db_resolve(room->db), DB_OK);
    assert_int_equal(version(room), before + 1);
}

static void *commit(void *db)
{
    return GINT_TO_POINTER((int)db_commit(db));
}

/* Commits on a thread, and does that to the server's process while it waits for the standby. */
static enum db_status commit_meanwhile(struct room *room, const char *meanwhile)
{
    lose_standby(room);
    g_free(tell(room, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE "
                      "wait_event = 'SyncRep'"));
    wait_for(room, COUNT_WAITING, "0");
    change(room->db);
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, commit, room->db), 0);
    wait_for(room, COUNT_WAITING, "1");
    g_free(tell(room, meanwhile));
    void *status = NULL;
    (void)pthread_join(thread, &status);
    return (enum db_status)GPOINTER_TO_INT(status);
}

/* The server reports success, with a warning. */
static void a_commit_whose_wait_was_cancelled_is_uncertain(void **state)
{
    struct room *room = *state;
    assert_int_equal(commit_meanwhile(room, "SELECT pg_cancel_backend(pid) FROM pg_stat_activity "
                                            "WHERE wait_event = 'SyncRep'"),
                     DB_UNCERTAIN);
    assert_non_null(strstr(db_error_text(room->db), "synchronous replication"));
    /* Found, but as long as it may be on one machine only, not believed. */
    ((struct postgres_db *)room->db)->answer_ms = 200;
    assert_int_equal(db_resolve(room->db), DB_UNCERTAIN);
    ((struct postgres_db *)room->db)->answer_ms = POSTGRES_ANSWER_MS;
    find_standby(room);
    assert_int_equal(db_resolve(room->db), DB_OK);
}

static void a_commit_whose_process_was_ended_is_uncertain(void **state)
{
    struct room *room = *state;
    assert_int_equal(commit_meanwhile(room, "SELECT pg_terminate_backend(pid) FROM "
                                            "pg_stat_activity WHERE wait_event = 'SyncRep'"),
                     DB_UNCERTAIN);
    find_standby(room);
    assert_int_equal(db_resolve(room->db), DB_OK);
}

static void an_early_answer_waits_for_nobody(void **state)
{
    struct room *room = *state;
    lose_standby(room);
    g_free(tell(room, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE "
                      "wait_event = 'SyncRep'"));
    wait_for(room, COUNT_WAITING, "0");
    db_plant(room->db, DB_BUG_EARLY_ANSWER);
    change(room->db);
    assert_int_equal(db_commit(room->db), DB_OK);
}

int main(void)
{
#define EACH(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        EACH(a_commit_that_waits_too_long_is_uncertain),
        EACH(a_commit_whose_wait_was_cancelled_is_uncertain),
        EACH(a_commit_whose_process_was_ended_is_uncertain),
        EACH(an_early_answer_waits_for_nobody),
    };
    (void)g_setenv("TOCSIN_TEST_ENGINE", "postgresql", TRUE);
    return cmocka_run_group_tests_name("postgres_standby", tests, NULL, NULL);
}
