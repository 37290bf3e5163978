/* Rows that go out together: what is seen of them, by whom, and what becomes of one that is refused. */
#include "db/postgres.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "db/test_database.h"

static struct postgres_db *pg_of(struct db *db)
{
    return (struct postgres_db *)db;
}

static int set_up(void **state)
{
    (void)test_room_open(state);
    struct db *db = ((struct test_room *)*state)->db;
    struct fault fault = {0};
    assert_true(db_migrate(db, (struct utc){1}, &fault));
    db_begin(db);
    (void)db_script(db, "CREATE TABLE t (id {id}, k TEXT, n BIGINT, c {blob}, d DOUBLE PRECISION);"
                        "CREATE UNIQUE INDEX t_k ON t (k);"
                        "CREATE TABLE u (k TEXT, n BIGINT)");
    assert_int_equal(db_commit(db), DB_OK);
    return 0;
}

static const char ADD[] = "INSERT INTO t (k, n) VALUES ($1, $2) {newid}";

static int64_t add(struct db *db, const char *k, int64_t n)
{
    struct db_query *query = db_query(db, ADD);
    db_bind_text(query, 1, k);
    db_bind_int(query, 2, n);
    return db_insert(query);
}

static void add_numbered(struct db *db, int from, int to)
{
    for (int i = from; i < to; i++) {
        g_autofree char *k = g_strdup_printf("k%d", i);
        (void)add(db, k, i);
    }
}

static void add_other(struct db *db, const char *k)
{
    struct db_query *query = db_query(db, "INSERT INTO u (k, n) VALUES ($1, 7)");
    db_bind_text(query, 1, k);
    (void)db_run(query);
}

/* The statements have gone out once, so that their types are known; the tables are empty. */
static void warm_up(struct db *db)
{
    db_begin(db);
    (void)add(db, "first", 0);
    add_other(db, "first");
    (void)db_run(db_query(db, "DELETE FROM t"));
    (void)db_run(db_query(db, "DELETE FROM u"));
    assert_int_equal(db_commit(db), DB_OK);
}

static struct db *warm(void **state)
{
    struct db *db = ((struct test_room *)*state)->db;
    warm_up(db);
    return db;
}

static void many_rows_are_one_statement(void **state)
{
    struct db *db = warm(state);
    db_begin(db);
    guint before = pg_of(db)->replies->len;
    add_numbered(db, 0, 50);
    assert_int_equal(pg_of(db)->replies->len, before);
    (void)db_run(db_query(db, "UPDATE t SET d = 1.0"));
    assert_int_equal(db_changes(db), 50);
    add_other(db, "a");
    db_settle(db);
    assert_int_equal(db_error(db), DB_OK);
    assert_int_equal(db_changes(db), 1); /* of the last one, as on a file */
    assert_int_equal(test_ask_int(db, "SELECT count(*) FROM t"), 50);
    assert_int_equal(db_commit(db), DB_OK);
    db_begin(db);
    assert_int_equal(test_ask_int(db, "SELECT sum(n) FROM t"), 49 * 50 / 2);
    assert_int_equal(test_ask_int(db, "SELECT n FROM u WHERE k = 'a'"), 7);
    db_rollback(db);
}

static void a_question_sees_them_and_others_do_not_wait(void **state)
{
    struct db *db = warm(state);
    db_begin(db);
    add_numbered(db, 0, 3);
    add_other(db, "a");
    assert_int_equal(test_ask_int(db, "SELECT count(*) FROM policy_version"), 0);
    assert_int_equal(pg_of(db)->gathered->len, 2); /* it names neither */
    assert_int_equal(test_ask_int(db, "SELECT count(*) FROM t"), 3);
    assert_int_equal(pg_of(db)->gathered->len, 1);
    assert_int_equal(test_ask_int(db, "SELECT count(*) FROM u"), 1);
    add_numbered(db, 3, 6);
    assert_int_equal(test_ask_int(db, "SELECT count(*) FROM t JOIN u ON u.k <> t.k"), 6);
    assert_int_equal(db_commit(db), DB_OK);
}

/* Each of these must meet the rows of those before it, and none of those after it. */
static void order_is_kept(void **state)
{
    struct db *db = warm(state);
    db_begin(db);
    add_numbered(db, 0, 2);
    (void)db_run(db_query(db, "UPDATE t SET n = n + 100"));
    add_numbered(db, 2, 4);
    (void)db_run(db_query(db, "DELETE FROM t WHERE k = 'k2'"));
    (void)add(db, "k2", 5);
    struct db_query *query = db_query(db, "INSERT INTO t (k, d) VALUES ($1, $2) {newid}");
    db_bind_text(query, 1, "real");
    db_bind_real(query, 2, 0.5);
    assert_true(db_insert(query) > 0);
    (void)add(db, "after", 6);
    query = db_query(db, ADD);
    db_bind_text(query, 1, "cast");
    db_bind_real(query, 2, 8.5); /* not what the server took it for */
    assert_true(db_insert(query) > 0);
    assert_int_equal(db_commit(db), DB_OK);
    db_begin(db);
    g_autoptr(GPtrArray) found =
        db_take_all_texts(db_query(db, "SELECT k || coalesce(n, -1) FROM t ORDER BY id"));
    static const char *const wanted[] = {"k0100",  "k1101",  "k33",  "k25",
                                         "real-1", "after6", "cast8"};
    assert_int_equal(found->len, G_N_ELEMENTS(wanted));
    for (guint i = 0; i < found->len; i++) {
        assert_string_equal(found->pdata[i], wanted[i]);
    }
    db_rollback(db);
}

static void what_is_rolled_back_is_gone(void **state)
{
    struct db *db = warm(state);
    db_begin(db);
    add_numbered(db, 0, 5);
    db_rollback(db);
    db_begin(db);
    add_numbered(db, 5, 7);
    assert_int_equal(test_ask_int(db, "SELECT count(*) FROM t"), 2);
    assert_int_equal(db_commit(db), DB_OK);
}

static void one_that_is_refused_fails_all(void **state)
{
    struct db *db = warm(state);
    db_begin(db);
    add_numbered(db, 0, 3);
    (void)add(db, "k1", 9);
    add_numbered(db, 3, 5);
    assert_int_equal(db_error(db), DB_OK); /* nobody has asked yet */
    db_settle(db);
    assert_int_equal(db_error(db), DB_CONSTRAINT);
    assert_non_null(strstr(db_error_text(db), "INSERT INTO t (id, k, n)"));
    assert_int_equal(db_commit(db), DB_CONSTRAINT);
    db_begin(db);
    (void)add(db, "k1", 1);
    (void)add(db, "k1", 1);
    assert_int_equal(db_commit(db), DB_CONSTRAINT); /* the commit asks, too */
    db_begin(db);
    assert_int_equal(test_ask_int(db, "SELECT count(*) FROM t"), 0);
    (void)add(db, "k1", 1);
    assert_int_equal(db_commit(db), DB_OK);
}

static void put_value(struct db *db, const char *k, const char *bytes, size_t size)
{
    struct db_query *query = db_query(db, "INSERT INTO t (k, c, n) VALUES ($1, $2, $3) {newid}");
    db_bind_text(query, 1, k);
    if (bytes != NULL) {
        db_bind_blob(query, 2, bytes, size);
        db_bind_int(query, 3, INT64_MIN);
    }
    assert_true(db_insert(query) > 0);
}

static void any_value_arrives(void **state)
{
    static const char *const texts[] = {"first", "",   "NULL", "{a,b}", "\\\"", "'é\n\t日",
                                        "\\x41", "a,", " b ",  "null",  "$1"};
    struct db *db = warm(state);
    db_begin(db);
    for (size_t i = 0; i < G_N_ELEMENTS(texts); i++) {
        put_value(db, texts[i], i % 2 == 0 ? "\0\xff\\\"x" : NULL, 5);
        if (i == 0) {
            db_settle(db);
        }
    }
    put_value(db, NULL, "", 0);
    assert_int_equal(pg_of(db)->gathered->len, 1);
    struct db_query *query = db_query(db, "SELECT k, c, n FROM t ORDER BY id");
    for (size_t i = 0; i < G_N_ELEMENTS(texts); i++) {
        size_t size = 0;
        assert_int_equal(db_step(query), DB_ROW);
        assert_string_equal(db_text(query, 0), texts[i]);
        assert_int_equal(db_is_null(query, 1), i % 2 != 0);
        assert_int_equal(db_is_null(query, 2), i % 2 != 0);
        const char *bytes = db_blob(query, 1, &size);
        assert_int_equal(size, i % 2 == 0 ? 5 : 0);
        assert_true(size == 0 || memcmp(bytes, "\0\xff\\\"x", 5) == 0);
        assert_true(size == 0 || db_int(query, 2) == INT64_MIN);
    }
    assert_int_equal(db_step(query), DB_ROW);
    assert_true(db_is_null(query, 0) && !db_is_null(query, 1));
    assert_int_equal(db_step(query), DB_DONE);
    assert_int_equal(db_commit(db), DB_OK);
}

static void a_lot_goes_out_in_between(void **state)
{
    struct db *db = warm(state);
    g_autofree char *big = g_strnfill(100000, 'x');
    db_begin(db);
    add_numbered(db, 0, 1000);
    assert_true(pg_of(db)->gathered->len <= 1);
    for (int i = 0; i < 5; i++) {
        add_other(db, big);
    }
    assert_int_equal(test_ask_int(db, "SELECT sum(length(k)) FROM u"), 500000);
    assert_int_equal(test_ask_int(db, "SELECT count(*) FROM t"), 1000);
    assert_int_equal(db_commit(db), DB_OK);
}

/* A connection that is lost takes what was gathered along. */
static void nothing_is_left_for_another_connection(void **state)
{
    struct test_room *room = *state;
    struct db *db = warm(state);
    struct fault fault = {0};
    struct db *other = db_open(room->where, DB_READ_ONLY, &fault);
    assert_non_null(other);
    db_begin(db);
    add_numbered(db, 0, 3);
    g_autofree char *sql =
        g_strdup_printf("SELECT pg_terminate_backend(%d)", PQbackendPID(pg_of(db)->conn));
    assert_int_equal(test_ask_int(other, sql), 1);
    db_settle(db);
    assert_int_equal(db_error(db), DB_DOWN);
    db_rollback(db);
    db_begin(db);
    add_numbered(db, 3, 5);
    assert_int_equal(test_ask_int(db, "SELECT count(*) FROM t"), 2);
    assert_int_equal(db_commit(db), DB_OK);
    db_close(&other);
}

/* What writes or reads a table that the statement does not name would meet too few rows. */
static void nothing_in_the_schema_acts_behind_a_statement(void **state)
{
    struct db *db = ((struct test_room *)*state)->db;
    db_begin(db);
    assert_int_equal(test_ask_int(db, "SELECT count(*) FROM pg_trigger"), 0);
    assert_int_equal(test_ask_int(db, "SELECT count(*) FROM pg_constraint WHERE contype = 'f'"), 0);
    assert_int_equal(test_ask_int(db, "SELECT count(*) FROM pg_class WHERE relkind IN ('v', 'm')"
                                      " AND relnamespace = 'public'::regnamespace"),
                     0);
    assert_int_equal(test_ask_int(db, "SELECT count(*) FROM pg_proc"
                                      " WHERE pronamespace = 'public'::regnamespace"),
                     0);
    db_rollback(db);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, test_room_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(many_rows_are_one_statement),
        TEST(a_question_sees_them_and_others_do_not_wait),
        TEST(order_is_kept),
        TEST(what_is_rolled_back_is_gone),
        TEST(one_that_is_refused_fails_all),
        TEST(any_value_arrives),
        TEST(a_lot_goes_out_in_between),
        TEST(nothing_is_left_for_another_connection),
        TEST(nothing_in_the_schema_acts_behind_a_statement),
    };
    (void)g_setenv("TOCSIN_TEST_ENGINE", "postgresql", TRUE);
    return cmocka_run_group_tests_name("postgres_gather", tests, NULL, NULL);
}
