/* Statements and transactions on a real PostgreSQL server. */
#include "db/postgres.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "db/test_database.h"

static enum db_status put_secret(struct db *db, const char *name)
{
    struct db_query *query = db_query(db, "INSERT INTO secret (name, value) VALUES ($1, $2)");
    db_bind_text(query, 1, name);
    db_bind_blob(query, 2, "xyz", 3);
    return db_run(query);
}

static int64_t count_secrets(struct db *db)
{
    return test_ask_int(db, "SELECT count(*) FROM secret");
}

static int64_t add_policy(struct db *db, const char *policy)
{
    struct db_query *query = db_query(
        db, "INSERT INTO policy_version (policy, spec, created_at) VALUES ($1, $2, $3) {newid}");
    db_bind_text(query, 1, policy);
    db_bind_text(query, 2, "{}");
    db_bind_int(query, 3, 1);
    return db_insert(query);
}

static void make_table(struct db *db)
{
    (void)db_script(db, "CREATE TABLE t (id {id}, a BIGINT, b TEXT, c {blob}, d DOUBLE PRECISION)");
}

static void check_values(struct db *db)
{
    struct db_query *query = db_query(db, "SELECT a, b, c, d, a < 0, b FROM t ORDER BY id");
    assert_int_equal(db_step(query), DB_ROW);
    assert_true(db_int(query, 0) == INT64_MIN);
    assert_string_equal(db_text(query, 1), "é\"';\\x");
    size_t size = 0;
    assert_memory_equal(db_blob(query, 2, &size), "a\0b\\", 4);
    assert_int_equal(size, 4);
    assert_memory_equal(db_text(query, 2), "a\0b\\", 5);
    assert_true(db_real(query, 3) == 0.1);
    assert_int_equal(db_int(query, 4), 1);
    assert_string_equal(db_text(query, 4), "1");
    assert_memory_equal(db_blob(query, 5, &size), "é\"';\\x", 7);
    assert_int_equal(size, 7);
    assert_false(db_is_null(query, 0));
    assert_int_equal(db_step(query), DB_ROW);
    for (int i = 0; i < 5; i++) {
        assert_true(db_is_null(query, i));
    }
    assert_int_equal(db_int(query, 0), 0);
    assert_false(utc_is_set(db_utc(query, 0)));
    assert_null(db_text(query, 1));
    assert_null(db_blob(query, 2, &size));
    assert_int_equal(size, 0);
    assert_true(db_real(query, 3) == 0.0);
    assert_int_equal(db_step(query), DB_ROW);
    assert_non_null(db_blob(query, 2, &size)); /* empty, not NULL */
    assert_int_equal(size, 0);
    assert_false(db_is_null(query, 2));
    assert_int_equal(db_step(query), DB_DONE);
}

static void values_come_back_as_they_went_in(void **state)
{
    struct db *db = ((struct test_room *)*state)->db;
    db_begin(db);
    make_table(db);
    struct db_query *insert =
        db_query(db, "INSERT INTO t (d, c, b, a) VALUES ($4, $3, $2, $1) {newid}");
    db_bind_int(insert, 1, INT64_MIN);
    db_bind_text(insert, 2, "é\"';\\x");
    db_bind_blob(insert, 3, "a\0b\\", 4);
    db_bind_real(insert, 4, 0.1);
    int64_t first = db_insert(insert);
    assert_true(first > 0);
    insert = db_query(db, "INSERT INTO t (a) VALUES ($1) {newid}");
    db_bind_utc(insert, 1, (struct utc){0});
    assert_int_equal(db_insert(insert), first + 1);
    assert_int_equal(db_changes(db), 1);
    insert = db_query(db, "INSERT INTO t (c) VALUES ($1) {newid}");
    db_bind_blob(insert, 1, NULL, 0);
    assert_int_equal(db_insert(insert), first + 2);
    check_values(db);
    assert_int_equal(db_commit(db), DB_OK);
}

/* More than any socket takes at once, both ways. */
static void a_big_blob_comes_back(void **state)
{
    enum { SIZE = 5 * 1000 * 1000 };
    struct db *db = ((struct test_room *)*state)->db;
    g_autofree uint8_t *bytes = g_malloc(SIZE);
    for (size_t i = 0; i < SIZE; i++) {
        bytes[i] = (uint8_t)(i * 2654435761U >> 24);
    }
    db_begin(db);
    for (int i = 0; i < 3; i++) {
        struct db_query *query = db_query(db, "INSERT INTO secret (name, value) VALUES ($1, $2)");
        const char name[] = {(char)('a' + i), '\0'};
        db_bind_text(query, 1, name);
        db_bind_blob(query, 2, bytes, SIZE);
        assert_int_equal(db_run(query), DB_DONE);
    }
    assert_int_equal(db_commit(db), DB_OK);
    struct db_query *query = db_query(db, "SELECT value FROM secret ORDER BY name");
    for (int i = 0; i < 3; i++) {
        assert_int_equal(db_step(query), DB_ROW);
        size_t size = 0;
        assert_memory_equal(db_blob(query, 0, &size), bytes, SIZE);
        assert_int_equal(size, SIZE);
    }
    assert_int_equal(db_step(query), DB_DONE);
}

static void an_error_sticks_until_the_next_begin(void **state)
{
    struct db *db = ((struct test_room *)*state)->db;
    db_begin(db);
    assert_int_equal(put_secret(db, "one"), DB_DONE);
    assert_int_equal(put_secret(db, "one"), DB_DONE); /* not known yet */
    assert_int_equal(count_secrets(db), -1);
    assert_int_equal(db_error(db), DB_CONSTRAINT);
    assert_non_null(strstr(db_error_text(db), "secret_pkey"));
    assert_int_equal(put_secret(db, "two"), DB_CONSTRAINT);
    assert_int_equal(db_commit(db), DB_CONSTRAINT);
    assert_int_equal(db_error(db), DB_CONSTRAINT);

    db_begin(db);
    assert_int_equal(db_error(db), DB_OK);
    assert_int_equal(count_secrets(db), 0); /* the first insert went with the transaction */
    assert_int_equal(put_secret(db, "one"), DB_DONE);
    assert_int_equal(db_commit(db), DB_OK);
    assert_int_equal(count_secrets(db), 1);
}

static void an_error_that_nobody_asked_for_shows_in_the_commit(void **state)
{
    struct db *db = ((struct test_room *)*state)->db;
    db_begin(db);
    int64_t turn = db_turn(db);
    (void)put_secret(db, "one");
    (void)put_secret(db, "one");
    (void)put_secret(db, "two");
    assert_int_equal(db_commit(db), DB_CONSTRAINT);
    db_begin(db);
    assert_int_equal(db_turn(db), turn);
    assert_int_equal(count_secrets(db), 0);
    (void)put_secret(db, "one");
    (void)put_secret(db, "one");
    db_rollback(db); /* and nobody ever asks */
    db_begin(db);
    assert_int_equal(db_error(db), DB_OK);
    assert_int_equal(put_secret(db, "one"), DB_DONE);
    assert_int_equal(db_commit(db), DB_OK);
    assert_int_equal(count_secrets(db), 1);
}

static void bad_sql_is_told(void **state)
{
    struct db *db = ((struct test_room *)*state)->db;

    static const struct {
        const char *name, *sql, *says;
    } rows[] = {
        {"no such table", "SELECT 1 FROM nowhere", "nowhere"},
        {"unknown token", "SELECT 1 {frob}", "{frob}"},
        {"no SQL", "SELEKT", "SELEKT"},
        {"not while it runs", "SELECT 1/(max(number) - max(number)) FROM turn", "zero"},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        db_begin(db);
        struct db_query *query = db_query(db, rows[i].sql);
        if (db_step(query) != DB_FAILED || strstr(db_error_text(db), rows[i].says) == NULL) {
            fail_msg("%s: %s", rows[i].name, db_error_text(db));
        }
        db_rollback(db);
        if (db_step(db_query(db, rows[i].sql)) != DB_FAILED) { /* and outside of a transaction */
            fail_msg("%s: %s", rows[i].name, db_error_text(db));
        }
        assert_int_equal(count_secrets(db), 0);
    }
}

/* What was bound first decides nothing for later. */
static void a_parameter_may_be_null_first(void **state)
{
    struct db *db = ((struct test_room *)*state)->db;
    static const char sql[] = "SELECT coalesce($1, 0) + 1, $2";

    static const struct {
        bool is_null;
        int64_t value, expected;
    } rows[] = {{true, 0, 1},
                {false, INT64_C(1) << 40, (INT64_C(1) << 40) + 1},
                {true, 0, 1},
                {false, 7, 8}};

    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        struct db_query *query = db_query(db, sql);
        if (!rows[i].is_null) {
            db_bind_int(query, 1, rows[i].value);
        }
        db_bind_text(query, 2, "x");
        assert_int_equal(db_step(query), DB_ROW);
        assert_true(db_int(query, 0) == rows[i].expected);
        assert_string_equal(db_text(query, 1), "x");
        db_reset(query);
    }
    assert_int_equal(((struct postgres_db *)db)->prepared, 2); /* without a type, then with one */
}

static void statements_are_prepared_once(void **state)
{
    struct db *db = ((struct test_room *)*state)->db;
    static const char sql[] = "SELECT $1 WHERE $2 = 0 OR $2 > 5";
    for (int i = 0; i < 10; i++) {
        db_begin_read(db);
        struct db_query *query = db_query(db, sql);
        db_bind_text(query, 1, "seven");
        db_bind_int(query, 2, i);
        assert_int_equal(db_step(query), i == 0 || i > 5 ? DB_ROW : DB_DONE);
        db_reset(query);
        db_rollback(db);
    }
    assert_int_equal(((struct postgres_db *)db)->prepared, 1);
}

/* A statement that was prepared behind an error never got to the server. */
static void a_preparation_that_was_skipped_is_made_up_for(void **state)
{
    struct db *db = ((struct test_room *)*state)->db;
    for (int i = 0; i < 2; i++) {
        db_begin(db);
        (void)put_secret(db, "one");
        (void)put_secret(db, i == 0 ? "one" : "two");
        struct db_query *update = db_query(db, "UPDATE secret SET value = $2 WHERE name = $1");
        db_bind_text(update, 1, "one");
        db_bind_blob(update, 2, "new", 3);
        (void)db_run(update);
        assert_int_equal(db_commit(db), i == 0 ? DB_CONSTRAINT : DB_OK);
    }
    assert_int_equal(count_secrets(db), 2);
}

static void a_query_is_walked_while_others_run(void **state)
{
    struct db *db = ((struct test_room *)*state)->db;
    db_begin(db);
    int64_t ids[4];
    for (int i = 0; i < 4; i++) {
        ids[i] = add_policy(db, "p");
    }
    struct db_query *outer = db_query(db, "SELECT id FROM policy_version ORDER BY id");
    for (int i = 0; i < 4; i++) {
        assert_int_equal(db_step(outer), DB_ROW);
        assert_int_equal(db_int(outer, 0), ids[i]);
        struct db_query *inner = db_query(db, "SELECT count(*) FROM policy_version WHERE id <= $1");
        db_bind_int(inner, 1, db_int(outer, 0));
        assert_int_equal(db_step(inner), DB_ROW);
        assert_int_equal(db_int(inner, 0), i + 1);
        db_reset(inner);
        (void)add_policy(db, "another");
    }
    assert_int_equal(db_step(outer), DB_DONE);
    assert_int_equal(db_commit(db), DB_OK);
}

static void ids_go_on_over_tables_and_turns(void **state)
{
    struct db *db = ((struct test_room *)*state)->db;
    db_begin(db);
    int64_t first = add_policy(db, "p");
    struct db_query *query =
        db_query(db, "INSERT INTO shift_override (schedule, spec, created_by, created_at) VALUES "
                     "($1, $2, $3, $4) ON CONFLICT (id) DO NOTHING {newid}");
    db_bind_text(query, 1, "s");
    db_bind_text(query, 2, "(VALUES)");
    db_bind_text(query, 3, "c");
    db_bind_int(query, 4, 1);
    assert_int_equal(db_insert(query), first + 1);
    assert_int_equal(db_commit(db), DB_OK);
    db_begin(db);
    assert_int_equal(add_policy(db, "p"), first + 2);
    db_rollback(db);
    db_begin(db);
    assert_int_equal(add_policy(db, "p"), first + 2);
    assert_int_equal(db_commit(db), DB_OK);
}

static void rows_that_changed_are_counted(void **state)
{
    struct db *db = ((struct test_room *)*state)->db;
    db_begin(db);
    for (int i = 0; i < 3; i++) {
        (void)add_policy(db, "p");
    }
    (void)db_run(db_query(db, "UPDATE policy_version SET spec = 'x'"));
    assert_int_equal(count_secrets(db), 0); /* a SELECT changes nothing */
    assert_int_equal(db_changes(db), 3);
    (void)db_run(db_query(db, "DELETE FROM policy_version WHERE policy = 'q'"));
    assert_int_equal(db_changes(db), 0);
    assert_int_equal(db_commit(db), DB_OK);
}

/* What is only written waits for nobody: a batch of inserts is two round trips, with its turn. */
static void writing_costs_no_round_trips(void **state)
{
    struct db *db = ((struct test_room *)*state)->db;
    struct postgres_db *pg = (struct postgres_db *)db;
    int64_t before = pg->round_trips;
    db_begin(db);
    for (int i = 0; i < 100; i++) {
        (void)add_policy(db, "p");
    }
    db_announce(db);
    assert_int_equal(db_commit(db), DB_OK);
    assert_int_equal(pg->round_trips - before, 2);
    before = pg->round_trips;
    db_begin_read(db);
    assert_int_equal(count_secrets(db), 0);
    assert_int_equal(db_commit(db), DB_OK);
    db_begin_read(db);
    db_rollback(db);
    assert_int_equal(pg->round_trips - before, 1);
}

static int64_t count_named(struct db *db, const char *name)
{
    struct db_query *query = db_query(db, "SELECT count(*) FROM secret WHERE name = $1");
    db_bind_text(query, 1, name);
    db_keep(query, 1);
    int64_t count = db_step(query) == DB_ROW ? db_int(query, 0) : -1;
    db_reset(query);
    return count;
}

static int64_t count_kept(struct db *db)
{
    struct db_query *query = db_query(db, "SELECT count(*) FROM secret WHERE name <> 'none'");
    db_keep(query, 0);
    int64_t count = db_step(query) == DB_ROW ? db_int(query, 0) : -1;
    db_reset(query);
    return count;
}

static void what_was_asked_ahead_is_there(void **state)
{
    struct db *db = ((struct test_room *)*state)->db;
    struct postgres_db *pg = (struct postgres_db *)db;
    assert_false(db_ask_ahead(db)); /* only in a transaction */
    db_begin(db);
    (void)put_secret(db, "a");
    int64_t before = pg->round_trips;
    static const char *const names[] = {"a", "b", "c", "a"};
    assert_true(db_ask_ahead(db));
    for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
        assert_int_equal(count_named(db, names[i]), -1);
    }
    assert_int_equal(count_kept(db), -1);
    assert_int_equal(count_secrets(db), -1); /* nobody said that it may be kept */
    db_ask_ahead_end(db);
    assert_int_equal(pg->round_trips, before);
    for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
        assert_int_equal(count_named(db, names[i]), strcmp(names[i], "a") == 0);
    }
    assert_int_equal(count_kept(db), 1);
    assert_int_equal(pg->round_trips, before + 1);
    assert_int_equal(db_commit(db), DB_OK);
}

static void what_is_stale_is_asked_again(void **state)
{
    struct db *db = ((struct test_room *)*state)->db;
    struct postgres_db *pg = (struct postgres_db *)db;
    db_begin(db);
    assert_int_equal(count_named(db, "a"), 0);
    assert_int_equal(count_named(db, "b"), 0);
    assert_int_equal(count_kept(db), 0);
    int64_t before = pg->round_trips;
    (void)put_secret(db, "a");
    db_stale(db, "a");
    assert_int_equal(count_named(db, "b"), 0);
    assert_int_equal(pg->round_trips, before);
    assert_int_equal(count_named(db, "a"), 1);
    assert_int_equal(count_kept(db), 1);
    assert_int_equal(pg->round_trips, before + 2);
    assert_int_equal(db_commit(db), DB_OK);
    db_begin(db); /* nothing is kept longer than that */
    before = pg->round_trips;
    assert_int_equal(count_named(db, "b"), 0);
    assert_int_equal(pg->round_trips, before + 1);
    db_rollback(db);
}

/* Staleness does not pull the rows away from under somebody who walks them. */
static void a_stale_answer_can_be_walked_to_its_end(void **state)
{
    struct db *db = ((struct test_room *)*state)->db;
    db_begin(db);
    (void)put_secret(db, "a");
    (void)put_secret(db, "b");
    struct db_query *query = db_query(db, "SELECT name FROM secret ORDER BY name");
    db_keep(query, 0);
    assert_int_equal(db_step(query), DB_ROW);
    (void)put_secret(db, "c");
    assert_int_equal(db_step(query), DB_ROW);
    assert_string_equal(db_text(query, 0), "b");
    assert_int_equal(db_step(query), DB_DONE);
    assert_int_equal(db_commit(db), DB_OK);
}

static void an_error_ahead_is_told(void **state)
{
    struct db *db = ((struct test_room *)*state)->db;
    static const char sql[] = "SELECT 1 / count(*) FROM secret";
    db_begin(db);
    assert_true(db_ask_ahead(db));
    struct db_query *query = db_query(db, sql);
    db_keep(query, 0);
    assert_int_equal(db_step(query), DB_DONE);
    db_ask_ahead_end(db);
    query = db_query(db, sql);
    db_keep(query, 0);
    assert_int_equal(db_step(query), DB_FAILED);
    assert_int_equal(db_commit(db), DB_FAILED);
    db_begin(db);
    assert_int_equal(count_named(db, "a"), 0);
    assert_int_equal(db_commit(db), DB_OK);
}

static void a_reader_cannot_write_and_sees_one_state(void **state)
{
    struct test_room *room = *state;
    struct db_pool *pool = db_pool_create(room->where);
    struct db *reader = db_pool_take(pool);
    assert_int_equal(count_secrets(reader), 0);
    db_begin(room->db);
    (void)put_secret(room->db, "one");
    assert_int_equal(db_commit(room->db), DB_OK);
    assert_int_equal(count_secrets(reader), 0); /* still the state of its beginning */
    struct db *other = db_pool_take(pool);
    assert_int_equal(count_secrets(other), 1);
    assert_int_equal(put_secret(other, "two"), DB_FAILED);
    db_pool_give(pool, other);
    db_pool_give(pool, reader);
    reader = db_pool_take(pool);
    assert_int_equal(count_secrets(reader), 1);
    db_pool_give(pool, reader);
    db_pool_destroy(&pool);
}

int main(void)
{
#define EACH(test) cmocka_unit_test_setup_teardown(test, test_room_open, test_room_close)
    const struct CMUnitTest tests[] = {
        EACH(values_come_back_as_they_went_in),
        EACH(a_big_blob_comes_back),
        EACH(an_error_sticks_until_the_next_begin),
        EACH(an_error_that_nobody_asked_for_shows_in_the_commit),
        EACH(bad_sql_is_told),
        EACH(a_parameter_may_be_null_first),
        EACH(statements_are_prepared_once),
        EACH(a_preparation_that_was_skipped_is_made_up_for),
        EACH(a_query_is_walked_while_others_run),
        EACH(ids_go_on_over_tables_and_turns),
        EACH(rows_that_changed_are_counted),
        EACH(writing_costs_no_round_trips),
        EACH(what_was_asked_ahead_is_there),
        EACH(what_is_stale_is_asked_again),
        EACH(a_stale_answer_can_be_walked_to_its_end),
        EACH(an_error_ahead_is_told),
        EACH(a_reader_cannot_write_and_sees_one_state),
    };
    (void)g_setenv("TOCSIN_TEST_ENGINE", "postgresql", TRUE);
    return cmocka_run_group_tests_name("postgres", tests, NULL, NULL);
}
