/* The pool of readers: what died, or leads to another server, is not used again. */
#include "db/engine.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "db/test_database.h"

static int64_t count_nodes(struct db *db)
{
    return test_ask_int(db, "SELECT count(*) FROM node");
}

static int64_t backend_of(struct db *db)
{
    return test_ask_int(db, "SELECT pg_backend_pid()");
}

/* Ends the server's end of a connection, and waits until it is gone. */
static void terminate(struct db *other, int64_t backend)
{
    struct db_query *query = db_query(other, "SELECT pg_terminate_backend($1::integer, 5000)");
    db_bind_int(query, 1, backend);
    assert_int_equal(db_step(query), DB_ROW);
    assert_int_equal(db_int(query, 0), 1);
    db_reset(query);
}

static void the_pool_replaces_what_died(void **state)
{
    struct test_room *room = *state;
    struct db_pool *pool = db_pool_create(room->where);
    struct db *readers[3];
    int64_t backends[3];
    for (int i = 0; i < 3; i++) {
        readers[i] = db_pool_take(pool);
        backends[i] = backend_of(readers[i]);
    }
    for (int i = 0; i < 3; i++) {
        db_pool_give(pool, readers[i]);
        terminate(room->db, backends[i]);
    }
    for (int i = 0; i < 3; i++) {
        readers[i] = db_pool_take(pool);
        assert_int_equal(count_nodes(readers[i]), 0);
    }
    for (int i = 0; i < 3; i++) {
        db_pool_give(pool, readers[i]);
    }
    db_pool_destroy(&pool);
}

/* The writer went over to another server. */
static void a_renewed_pool_uses_no_old_connection(void **state)
{
    const struct test_room *room = *state;
    struct db_pool *pool = db_pool_create(room->where);
    struct db *idle = db_pool_take(pool);
    struct db *taken = db_pool_take(pool);
    int64_t old[] = {backend_of(idle), backend_of(taken)};
    db_pool_give(pool, idle);
    idle = db_pool_take(pool);
    assert_int_equal(backend_of(idle), old[0]);
    db_pool_give(pool, idle);
    db_pool_renew(pool);
    db_pool_give(pool, taken);
    struct db *readers[] = {db_pool_take(pool), db_pool_take(pool)};
    for (size_t i = 0; i < G_N_ELEMENTS(readers); i++) {
        int64_t backend = backend_of(readers[i]);
        assert_true(backend > 0 && backend != old[0] && backend != old[1]);
    }
    db_pool_give(pool, readers[0]);
    db_pool_give(pool, readers[1]);
    db_pool_destroy(&pool);
}

static void a_pool_without_a_server_answers_at_once(void **state)
{
    (void)state;
    struct db_pool *pool = db_pool_create("postgresql://tocsin@/x?host=/nonexistent");
    for (int i = 0; i < 50; i++) {
        struct db *db = db_pool_take(pool);
        assert_int_equal(count_nodes(db), -1);
        assert_int_equal(db_error(db), DB_DOWN);
        db_pool_give(pool, db);
    }
    db_pool_destroy(&pool);
}

#define EACH(test) cmocka_unit_test_setup_teardown(test, test_room_open, test_room_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        EACH(the_pool_replaces_what_died),
        EACH(a_renewed_pool_uses_no_old_connection),
        cmocka_unit_test(a_pool_without_a_server_answers_at_once),
    };
    (void)g_setenv("TOCSIN_TEST_ENGINE", "postgresql", TRUE);
    return cmocka_run_group_tests_name("pool", tests, NULL, NULL);
}
