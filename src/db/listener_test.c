#include "db/listener.h"

#include <glib.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "db/db.h"
#include "db/test_database.h"

enum { PATIENCE_MS = 20000 };

struct room {
    char *where;
    struct db *db;
    struct db_listener *listener;
};

static int set_up(void **state)
{
    struct room *room = g_new0(struct room, 1);
    room->where = test_database_create("");
    struct fault fault = {0};
    room->db = db_open(room->where, DB_READ_WRITE, &fault);
    room->listener = db_listener_open(room->where);
    assert_non_null(room->listener);
    *state = room;
    return 0;
}

static int tear_down(void **state)
{
    struct room *room = *state;
    db_close(&room->db);
    db_listener_close(&room->listener);
    test_database_drop(&room->where);
    g_free(room);
    return 0;
}

static void write_something(struct db *db, bool is_announced)
{
    db_begin(db);
    (void)db_run(db_query(db, "UPDATE key_state SET version = version + 1"));
    if (is_announced) {
        db_announce(db);
    }
    assert_int_equal(db_commit(db), DB_OK);
}

static int64_t now_ms(void)
{
    return clock_elapsed(&CLOCK_SYSTEM).us / 1000;
}

static void what_is_announced_is_heard(void **state)
{
    struct room *room = *state;
    assert_true(db_listener_wait(room->listener,
                                 PATIENCE_MS)); /* something may have been, before it heard */
    assert_false(db_listener_wait(room->listener, 20));
    write_something(room->db, false);
    assert_false(db_listener_wait(room->listener, 20));
    for (int i = 0; i < 20; i++) {
        write_something(room->db, true);
        assert_true(db_listener_wait(room->listener, 1000));
    }
    assert_false(db_listener_wait(room->listener, 20));
}

static void what_is_undone_is_not_heard(void **state)
{
    struct room *room = *state;
    assert_true(db_listener_wait(room->listener, PATIENCE_MS));
    db_begin(room->db);
    (void)db_run(db_query(room->db, "UPDATE key_state SET version = version + 1"));
    db_announce(room->db);
    db_rollback(room->db);
    assert_false(db_listener_wait(room->listener, 20));
    write_something(room->db, false); /* nor the next time */
    assert_false(db_listener_wait(room->listener, 20));
}

static void an_ear_whose_connection_dies_hears_again(void **state)
{
    struct room *room = *state;
    for (int i = 0; i < 2; i++) {
        assert_true(db_listener_wait(room->listener, PATIENCE_MS));
        struct db_query *query = db_query(
            room->db, "SELECT count(pg_terminate_backend(pid, 5000)) FROM pg_stat_activity WHERE "
                      "datname = current_database() AND query LIKE 'LISTEN%'");
        assert_int_equal(db_step(query), DB_ROW);
        assert_int_equal(db_int(query, 0), 1);
        db_reset(query);
    }
    assert_true(db_listener_wait(room->listener, PATIENCE_MS));
    write_something(room->db, true);
    assert_true(db_listener_wait(room->listener, 1000));
}

static void *interrupt(void *listener)
{
    db_listener_interrupt(listener);
    return NULL;
}

static void an_interrupt_ends_the_wait(void **state)
{
    struct room *room = *state;
    assert_true(db_listener_wait(room->listener, PATIENCE_MS));
    int64_t start = now_ms();
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, interrupt, room->listener), 0);
    assert_false(db_listener_wait(room->listener, 4000));
    (void)pthread_join(thread, NULL);
    assert_true(now_ms() - start < 3000);
    assert_false(db_listener_wait(room->listener, 20));
    db_listener_interrupt(room->listener); /* before the wait does as well */
    assert_false(db_listener_wait(room->listener, 4000));
}

static void a_deaf_ear_keeps_its_word(void **state)
{
    (void)state;
    static const char *const places[] = {
        "postgresql://u@/d?host=/nonexistent",
        "postgresql://u@127.0.0.1:1,127.0.0.1:2/d",
        "postgresql://u@192.0.2.1/d", /* nobody will ever answer from there */
        "postgresql://[bad",
    };
    for (size_t i = 0; i < G_N_ELEMENTS(places); i++) {
        struct db_listener *listener = db_listener_open(places[i]);
        int64_t start = now_ms();
        assert_false(db_listener_wait(listener, 150));
        int64_t took = now_ms() - start;
        if (took < 140 || took > 1500) {
            fail_msg("%s: %d ms", places[i], (int)took);
        }
        db_listener_close(&listener);
    }
}

static void a_file_has_nobody_to_hear_of(void **state)
{
    (void)state;
    struct db_listener *listener = db_listener_open("tocsin.db");
    assert_null(listener);
    db_listener_close(&listener);
}

int main(void)
{
#define EACH(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        EACH(what_is_announced_is_heard),
        EACH(what_is_undone_is_not_heard),
        EACH(an_ear_whose_connection_dies_hears_again),
        EACH(an_interrupt_ends_the_wait),
        cmocka_unit_test(a_deaf_ear_keeps_its_word),
        cmocka_unit_test(a_file_has_nobody_to_hear_of),
    };
    (void)g_setenv("TOCSIN_TEST_ENGINE", "postgresql", TRUE);
    return cmocka_run_group_tests_name("listener", tests, NULL, NULL);
}
