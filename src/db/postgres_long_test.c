/* Transactions that take their time, and how they end. */
#include "db/postgres.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "db/test_database.h"

/* Asks with a number; the answer comes late, and is too long to be kept back by the server. */
static enum db_status ask_slowly(struct db *db, int64_t number)
{
    struct db_query *query =
        db_query(db, "SELECT repeat('x', 20000) FROM pg_sleep(0.05) WHERE $1 > 0");
    db_bind_int(query, 1, number);
    db_keep(query, 0);
    enum db_status status = db_step(query);
    db_reset(query);
    return status;
}

/* It is waited for as long as answers come. */
static void a_transaction_may_take_its_time(void **state)
{
    struct test_room *room = *state;
    struct postgres_db *pg = (struct postgres_db *)room->db;
    pg->long_ms = 400;
    db_begin(room->db);
    pg->answer_ms = 100;
    db_take_time(room->db, DB_TIME_HOUR);
    assert_int_equal(test_ask_int(room->db, "SELECT 8 FROM pg_sleep(0.2)"), 8);
    assert_true(db_ask_ahead(room->db));
    for (int i = 1; i <= 16; i++) { /* twice as long as that */
        assert_int_equal(ask_slowly(room->db, i), DB_DONE);
    }
    db_ask_ahead_end(room->db);
    assert_int_equal(ask_slowly(room->db, 16), DB_ROW);
    assert_int_equal(db_run(db_query(room->db, "UPDATE key_state SET version = 5")), DB_DONE);
    assert_int_equal(db_commit(room->db), DB_OK);
    assert_false(room->db->is_too_long);
    pg->answer_ms = POSTGRES_ANSWER_MS;
    db_begin(room->db); /* the next one may not */
    pg->answer_ms = 100;
    assert_int_equal(test_ask_int(room->db, "SELECT 9 FROM pg_sleep(0.25)"), -1);
    db_rollback(room->db);
}

/* Whoever holds the turn and freezes is ended as always. */
static void only_a_copy_may_pause(void **state)
{
    struct test_room *room = *state;
    struct fault fault = {0};
    struct db *other = db_open(room->where, DB_READ_WRITE, &fault);

    static const enum db_time times[] = {DB_TIME_HOUR, DB_TIME_HALF_MINUTE};

    for (size_t i = 0; i < G_N_ELEMENTS(times); i++) {
        db_begin(room->db);
        db_take_time(room->db, times[i]);
        assert_int_equal(test_ask_int(room->db, "SELECT 8"), 8);
        assert_int_equal(test_ask_int(other, "SELECT 7 FROM pg_sleep(1.5)"),
                         7); /* and we are silent */
        assert_int_equal(test_ask_int(room->db, "SELECT 9"), times[i] == DB_TIME_HOUR ? 9 : -1);
        db_rollback(room->db);
    }
    db_close(&other);
}

/* Half a minute is for what it writes, not for a commit that waits for a standby. */
static void half_a_minute_ends_before_the_commit(void **state)
{
    struct test_room *room = *state;
    struct postgres_db *pg = (struct postgres_db *)room->db;
    assert_int_equal(db_script(room->db, "SET statement_timeout = '500ms'"), DB_OK);
    db_begin(room->db);
    pg->answer_ms = 1000;
    db_take_time(room->db, DB_TIME_HALF_MINUTE);
    (void)db_run(
        db_query(room->db, "UPDATE key_state SET version = 6 WHERE pg_sleep(2) IS NOT NULL"));
    assert_int_equal(db_commit(room->db), DB_OK);
    assert_int_equal(pg->time, 0);
    pg->answer_ms = POSTGRES_ANSWER_MS;
    db_begin(room->db);
    (void)db_script(room->db,
                    "CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS"
                    " 'BEGIN PERFORM pg_sleep(2); RETURN NEW; END';"
                    "CREATE CONSTRAINT TRIGGER slow_end AFTER UPDATE ON key_state"
                    " DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION slow()");
    assert_int_equal(db_commit(room->db), DB_OK);
    db_begin(room->db);
    pg->answer_ms = 1000;
    db_take_time(room->db, DB_TIME_HALF_MINUTE);
    (void)db_run(db_query(room->db, "UPDATE key_state SET version = 7"));
    assert_int_equal(db_commit(room->db), DB_UNCERTAIN);
}

static void it_is_given_up_all_the_same_and_says_why(void **state)
{
    struct test_room *room = *state;
    struct postgres_db *pg = (struct postgres_db *)room->db;
    pg->long_ms = 100;
    db_begin(room->db);
    db_take_time(room->db, DB_TIME_HOUR);
    assert_int_equal(test_ask_int(room->db, "SELECT 8 FROM pg_sleep(0.3)"), -1);
    assert_true(room->db->is_too_long);
    db_rollback(room->db);
    pg->long_ms = POSTGRES_LONG_MS; /* and the server: */
    db_begin(room->db);
    assert_false(room->db->is_too_long);
    db_take_time(room->db, DB_TIME_HOUR);
    assert_int_equal(db_script(room->db, "SET LOCAL statement_timeout = 50"), DB_OK);
    assert_int_equal(test_ask_int(room->db, "SELECT 9 FROM pg_sleep(0.3)"), -1);
    assert_int_equal(db_error(room->db), DB_CONFLICT);
    assert_true(room->db->is_too_long);
    db_rollback(room->db);
}

static atomic_bool stop;

static void *stop_soon(void *self)
{
    struct test_room *room = self;
    struct fault fault = {0};
    struct db *other = db_open(room->where, DB_READ_WRITE, &fault);
    static const char ASLEEP[] = "SELECT count(*) FROM pg_stat_activity WHERE"
                                 " datname = current_database() AND wait_event = 'PgSleep'";
    while (test_ask_int(other, ASLEEP) == 0) {
    }
    db_close(&other);
    atomic_store(&stop, true);
    return NULL;
}

/* By another thread, in the middle of a statement. */
static void what_takes_its_time_can_be_stopped(void **state)
{
    struct test_room *room = *state;
    db_set_stop(room->db, &stop);
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, stop_soon, room), 0);
    db_begin(room->db);
    db_take_time(room->db, DB_TIME_HOUR);
    struct span began = clock_elapsed(&CLOCK_SYSTEM);
    assert_int_equal(test_ask_int(room->db, "SELECT 8 FROM pg_sleep(60)"), -1);
    assert_true(clock_elapsed(&CLOCK_SYSTEM).us - began.us < SPAN_S(30).us);
    assert_non_null(strstr(db_error_text(room->db), "given up"));
    assert_false(room->db->is_too_long);
    db_rollback(room->db);
    assert_int_equal(pthread_join(thread, NULL), 0);
}

int main(void)
{
#define EACH(test) cmocka_unit_test_setup_teardown(test, test_room_open, test_room_close)
    const struct CMUnitTest tests[] = {
        EACH(a_transaction_may_take_its_time),      EACH(only_a_copy_may_pause),
        EACH(half_a_minute_ends_before_the_commit), EACH(it_is_given_up_all_the_same_and_says_why),
        EACH(what_takes_its_time_can_be_stopped),
    };
    (void)g_setenv("TOCSIN_TEST_ENGINE", "postgresql", TRUE);
    return cmocka_run_group_tests_name("postgres_long", tests, NULL, NULL);
}
