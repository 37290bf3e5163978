#include "db/engine.h"

#include <glib/gstdio.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <string.h>
#include <sys/resource.h>

#include <cmocka.h>

#include "db/test_database.h"

static const struct utc NOW = {1795000000000000};

/* A folder of this test's own with an open, migrated database in it, or on a server. */
struct room {
    char *folder;
    char *path;
    char *where; /* the path, or the server's */
    struct db *db;
};

static int set_up(void **state)
{
    struct room *room = g_new0(struct room, 1);
    room->folder = g_dir_make_tmp("tocsin-db-XXXXXX", NULL);
    room->path = g_build_filename(room->folder, "tocsin.db", NULL);
    struct fault fault = {0};
    room->where = test_database_create(room->path);
    room->db = db_open(room->where, DB_READ_WRITE, &fault);
    assert_string_equal(fault.text, "");
    assert_non_null(room->db);
    assert_true(db_migrate(room->db, NOW, &fault));
    *state = room;
    return 0;
}

static int tear_down(void **state)
{
    struct room *room = *state;
    db_close(&room->db);
    test_database_drop(&room->where);
    g_autoptr(GDir) folder = g_dir_open(room->folder, 0, NULL);
    for (const char *name = g_dir_read_name(folder); name != NULL; name = g_dir_read_name(folder)) {
        g_autofree char *path = g_build_filename(room->folder, name, NULL);
        (void)g_unlink(path);
    }
    (void)g_rmdir(room->folder);
    g_free(room->folder);
    g_free(room->path);
    g_free(room);
    return 0;
}

static enum db_status put_secret(struct db *db, const char *name)
{
    struct db_query *query = db_query(db, "INSERT INTO secret (name, value) VALUES ($1, $2)");
    db_bind_text(query, 1, name);
    db_bind_blob(query, 2, "xyz", 3);
    return db_run(query);
}

static int64_t count_secrets(struct db *db)
{
    struct db_query *query = db_query(db, "SELECT count(*) FROM secret");
    int64_t count = db_step(query) == DB_ROW ? db_int(query, 0) : -1;
    db_reset(query);
    return count;
}

static void values_come_back_as_they_went_in(void **state)
{
    struct db *db = ((struct room *)*state)->db;
    db_begin(db);
    (void)db_script(db, "CREATE TABLE t (id {id}, a BIGINT, b TEXT, c {blob}, d DOUBLE PRECISION)");
    struct db_query *insert =
        db_query(db, "INSERT INTO t (d, c, b, a) VALUES ($4, $3, $2, $1) {newid}");
    db_bind_int(insert, 1, INT64_MIN);
    db_bind_text(insert, 2, "é\"';");
    db_bind_blob(insert, 3, "a\0b", 3);
    db_bind_real(insert, 4, 0.25);
    int64_t first = db_insert(insert);
    assert_true(first > 0);
    insert = db_query(db, "INSERT INTO t (a) VALUES ($1) {newid}");
    db_bind_utc(insert, 1, (struct utc){0});
    assert_int_equal(db_insert(insert), first + 1);
    assert_int_equal(db_changes(db), 1);

    struct db_query *query = db_query(db, "SELECT a, b, c, d FROM t ORDER BY id");
    assert_int_equal(db_step(query), DB_ROW);
    assert_true(db_int(query, 0) == INT64_MIN);
    assert_string_equal(db_text(query, 1), "é\"';");
    size_t size = 0;
    assert_memory_equal(db_blob(query, 2, &size), "a\0b", 3);
    assert_int_equal(size, 3);
    assert_true(db_real(query, 3) == 0.25);
    assert_false(db_is_null(query, 0));
    assert_int_equal(db_step(query), DB_ROW);
    assert_true(db_is_null(query, 0));
    assert_false(utc_is_set(db_utc(query, 0)));
    assert_null(db_text(query, 1));
    assert_null(db_blob(query, 2, &size));
    assert_int_equal(size, 0);
    assert_int_equal(db_step(query), DB_DONE);
    assert_int_equal(db_commit(db), DB_OK);
}

static bool has_secrets(struct db *db)
{
    struct db_query *query = db_query(db, "SELECT 1 FROM secret WHERE name <> $1");
    db_bind_text(query, 1, "three");
    return db_is_any(query);
}

/* Rows are left unread: the query must be free again, to be bound anew. */
static void any_asks_for_one_row(void **state)
{
    struct db *db = ((struct room *)*state)->db;
    db_begin(db);
    assert_false(has_secrets(db));
    assert_int_equal(put_secret(db, "one"), DB_DONE);
    assert_true(has_secrets(db));
    assert_int_equal(put_secret(db, "two"), DB_DONE);
    assert_true(has_secrets(db));
    assert_true(has_secrets(db));
    db_refuse(db, "for the test");
    assert_false(has_secrets(db));
    assert_int_equal(db_error(db), DB_DOWN);
    db_rollback(db);
}

static int64_t count_to(struct db *db, int64_t number)
{
    struct db_query *query =
        db_query(db, "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n"
                     " WHERE i < $1) SELECT count(*) FROM n");
    db_bind_int(query, 1, number);
    int64_t count = db_step(query) == DB_ROW ? db_int(query, 0) : -1;
    db_reset(query);
    return count;
}

static void a_long_read_is_given_up(void **state)
{
    struct db *db = ((struct room *)*state)->db;
    atomic_bool stop = true;
    db_begin(db);
    db_set_stop(db, &stop);
    assert_int_equal(count_to(db, 2000000000), -1);
    assert_int_equal(db_error(db), DB_DOWN);
    db_rollback(db);
    db_set_stop(db, NULL);
    db_begin(db);
    assert_int_equal(count_to(db, 100000), 100000);
    db_rollback(db);
}

static void an_error_sticks_until_the_next_begin(void **state)
{
    struct db *db = ((struct room *)*state)->db;
    db_begin(db);
    assert_int_equal(put_secret(db, "one"), DB_DONE);
    (void)put_secret(db, "one"); /* may be known only when an answer is waited for */
    assert_int_equal(count_secrets(db), -1);
    assert_int_equal(put_secret(db, "two"), DB_CONSTRAINT);
    assert_int_equal(count_secrets(db), -1);
    assert_int_equal(db_error(db), DB_CONSTRAINT);
    assert_non_null(strcasestr(db_error_text(db), "unique"));
    assert_int_equal(db_commit(db), DB_CONSTRAINT);
    assert_int_equal(db_error(db), DB_CONSTRAINT);

    db_begin(db);
    assert_int_equal(db_error(db), DB_OK);
    assert_int_equal(count_secrets(db), 0); /* the first insert went with the transaction */
    assert_int_equal(put_secret(db, "one"), DB_DONE);
    assert_int_equal(db_commit(db), DB_OK);
    assert_int_equal(count_secrets(db), 1);
}

static void bad_sql_is_told(void **state)
{
    struct db *db = ((struct room *)*state)->db;

    static const struct {
        const char *name, *sql, *says;
    } rows[] = {
        {"no such table", "SELECT $1 FROM nowhere", "nowhere"},
        {"unknown token", "SELECT $1 {frob}", "{frob}"},
        {"no SQL", "SELEKT $1", "SELEKT"},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        db_begin(db);
        struct db_query *query = db_query(db, rows[i].sql);
        db_bind_int(query, 1, 1); /* harmless */
        if (db_step(query) != DB_FAILED || strstr(db_error_text(db), rows[i].says) == NULL) {
            fail_msg("%s: %s", rows[i].name, db_error_text(db));
        }
        db_rollback(db);
    }
}

static void braces_of_json_are_no_tokens(void **state)
{
    struct db *db = ((struct room *)*state)->db;
    struct db_query *query = db_query(db, "SELECT '{}{\"a\": {lock}}{ {'");
    assert_int_equal(db_step(query), DB_ROW);
    const char *lock = test_database_is_shared() ? "FOR UPDATE" : "";
    g_autofree char *expected = g_strdup_printf("{}{\"a\": %s}{ {", lock);
    assert_string_equal(db_text(query, 0), expected);
    db_reset(query);
}

static void statements_are_prepared_once(void **state)
{
    struct db *db = ((struct room *)*state)->db;
    static const char sql[] = "SELECT $1";
    struct db_query *first = db_query(db, sql);
    db_bind_int(first, 1, 7);
    assert_int_equal(db_step(first), DB_ROW);
    assert_int_equal(db_int(first, 0), 7);
    db_reset(first);
    struct db_query *second = db_query(db, sql);
    assert_ptr_equal(first, second);
    assert_int_equal(db_step(second), DB_ROW);
    assert_true(db_is_null(second, 0)); /* what was bound is forgotten */
    db_reset(second);
}

static void a_second_server_is_refused(void **state)
{
    SKIP_BUT_ON_SQLITE("several nodes may share a PostgreSQL database");
    struct room *room = *state;
    struct fault fault = {0};
    assert_null(db_open(room->path, DB_READ_WRITE, &fault));
    assert_non_null(strstr(fault.text, "another Tocsin"));
    db_close(&room->db);
    fault = (struct fault){0};
    room->db = db_open(room->path, DB_READ_WRITE, &fault);
    assert_non_null(room->db);
}

static void only_the_owner_can_read_the_file(void **state)
{
    SKIP_BUT_ON_SQLITE("looks at the file");
    struct room *room = *state;
    GStatBuf info;
    assert_int_equal(g_stat(room->path, &info), 0);
    assert_int_equal(info.st_mode & 0777, 0600);
}

static void what_cannot_be_opened_says_so(void **state)
{
    (void)state;
    static const char *const places[] = {"/nonexistent/x.db", "postgresql://h/db"};
    for (size_t i = 0; i < G_N_ELEMENTS(places); i++) {
        struct fault fault = {0};
        assert_null(db_open(places[i], DB_READ_WRITE, &fault));
        assert_string_not_equal(fault.text, "");
        assert_null(db_open(places[i], DB_READ_ONLY, &fault));
    }
}

static void migrating_twice_changes_nothing_and_a_newer_schema_is_refused(void **state)
{
    struct room *room = *state;
    struct fault fault = {0};
    assert_true(db_migrate(room->db, NOW, &fault));
    assert_int_equal(db_schema_found(room->db), db_schema_known());
    db_begin(room->db);
    (void)db_script(room->db,
                    "INSERT INTO schema_version (version, name, applied_at) VALUES (9999, 'x', 1)");
    assert_int_equal(db_commit(room->db), DB_OK);
    assert_false(db_migrate(room->db, NOW, &fault));
    assert_non_null(strstr(fault.text, "newer Tocsin"));
    if (!test_database_is_shared()) {
        assert_false(db_verify(room->path, &fault));
        assert_non_null(strstr(fault.text, "newer Tocsin"));
    }
}

static void a_reader_cannot_write_and_sees_one_state(void **state)
{
    struct room *room = *state;
    struct db_pool *pool = db_pool_create(room->where);
    struct db *reader = db_pool_take(pool);
    assert_int_equal(count_secrets(reader), 0);
    db_begin(room->db);
    (void)put_secret(room->db, "one");
    assert_int_equal(db_commit(room->db), DB_OK);
    assert_int_equal(count_secrets(reader), 0); /* still the state of its beginning */
    struct db *other = db_pool_take(pool);
    assert_int_equal(count_secrets(other), 1);
    (void)put_secret(other, "two");
    assert_int_equal(count_secrets(other), -1);
    assert_int_equal(db_error(other), test_database_is_shared() ? DB_FAILED : DB_FULL);
    db_pool_give(pool, other);
    db_pool_give(pool, reader);
    reader = db_pool_take(pool);
    assert_int_equal(db_error(reader), DB_OK);
    assert_int_equal(count_secrets(reader), 1);
    db_pool_give(pool, reader);
    db_pool_destroy(&pool);
}

static void set_file_limit(rlim_t bytes)
{
    struct rlimit limit;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
    limit.rlim_cur = bytes;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

/* A real file system with a limit: the log cannot grow past it. */
static void want_of_space_on_a_real_disk_is_told_and_recovers(void **state)
{
    SKIP_BUT_ON_SQLITE("limits the files of this process");
    struct db *db = ((struct room *)*state)->db;
    (void)signal(SIGXFSZ, SIG_IGN);
    struct rlimit before;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    set_file_limit(400000);
    enum db_status status = DB_OK;
    int n = 0;
    for (; status == DB_OK && n < 1000; n++) {
        g_autofree char *name = g_strdup_printf("%d", n);
        db_begin(db);
        (void)put_secret(db, name);
        status = db_commit(db);
    }
    set_file_limit(before.rlim_cur);
    assert_int_equal(status, DB_FULL);
    db_begin(db);
    assert_int_equal(count_secrets(db), n - 1);
    assert_int_equal(put_secret(db, "and on"), DB_DONE);
    assert_int_equal(db_commit(db), DB_OK);
}

static void a_pool_without_a_database_fails_in_its_steps(void **state)
{
    (void)state;
    struct db_pool *pool = db_pool_create("/nonexistent/x.db");
    struct db *db = db_pool_take(pool);
    assert_non_null(db);
    assert_int_equal(count_secrets(db), -1);
    assert_int_equal(db_error(db), DB_DOWN);
    db_pool_give(pool, db);
    db_pool_destroy(&pool);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(values_come_back_as_they_went_in, set_up, tear_down),
        cmocka_unit_test_setup_teardown(any_asks_for_one_row, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_long_read_is_given_up, set_up, tear_down),
        cmocka_unit_test_setup_teardown(an_error_sticks_until_the_next_begin, set_up, tear_down),
        cmocka_unit_test_setup_teardown(bad_sql_is_told, set_up, tear_down),
        cmocka_unit_test_setup_teardown(braces_of_json_are_no_tokens, set_up, tear_down),
        cmocka_unit_test_setup_teardown(statements_are_prepared_once, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_second_server_is_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(only_the_owner_can_read_the_file, set_up, tear_down),
        cmocka_unit_test(what_cannot_be_opened_says_so),
        cmocka_unit_test_setup_teardown(
            migrating_twice_changes_nothing_and_a_newer_schema_is_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_reader_cannot_write_and_sees_one_state, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(want_of_space_on_a_real_disk_is_told_and_recovers, set_up,
                                        tear_down),
        cmocka_unit_test(a_pool_without_a_database_fails_in_its_steps),
    };
    return cmocka_run_group_tests_name("db", tests, NULL, NULL);
}
