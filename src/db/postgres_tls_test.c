/* A database that is reached by TLS. Needs a server of its own: tools/with-postgresql --tls. */
#include "db/postgres.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "db/server.h"
#include "db/test_database.h"

enum { ROWS = 400, BIG = 5 * 1000 * 1000 };

static int set_up(void **state)
{
    *state = test_database_create("");
    return 0;
}

static int tear_down(void **state)
{
    char *where = *state;
    test_database_drop(&where);
    return 0;
}

static struct db *open_or_fail(const char *where)
{
    struct fault fault = {0};
    struct db *db = db_open(where, DB_READ_WRITE, &fault);
    assert_string_equal(fault.text, "");
    return db;
}

static void put(struct db *db, const char *name, const char *value)
{
    struct db_query *query = db_query(db, "INSERT INTO secret (name, value) VALUES ($1, $2)");
    db_bind_text(query, 1, name);
    db_bind_blob(query, 2, value, strlen(value));
    (void)db_run(query);
}

/* More than a record of TLS, and than a socket, takes at once, in both directions. */
static void a_pipeline_comes_through(void **state)
{
    struct db *db = open_or_fail(*state);
    assert_int_equal(PQsslInUse(((struct postgres_db *)db)->conn), 1);
    g_autofree char *big = g_strnfill(BIG, 'x');
    db_begin(db);
    for (int i = 0; i < ROWS; i++) {
        g_autofree char *name = g_strdup_printf("row-%03d", i);
        put(db, name, name);
    }
    put(db, "zz", big);
    assert_int_equal(db_commit(db), DB_OK);

    db_begin(db);
    struct db_query *query = db_query(db, "SELECT name, value FROM secret ORDER BY name");
    int rows = 0;
    size_t size = 0;
    while (db_step(query) == DB_ROW) {
        rows++;
        (void)db_blob(query, 1, &size);
    }
    assert_int_equal(db_commit(db), DB_OK);
    assert_int_equal(rows, ROWS + 1);
    assert_int_equal(size, BIG);
    db_close(&db);
}

static void small_answers_come_one_by_one(void **state)
{
    struct db *db = open_or_fail(*state);
    for (int i = 0; i < ROWS; i++) {
        db_begin(db);
        struct db_query *query = db_query(db, "SELECT version FROM key_state");
        assert_int_equal(db_step(query), DB_ROW);
        db_reset(query);
        assert_int_equal(db_commit(db), DB_OK);
    }
    db_close(&db);
}

static void the_certificate_of_another_is_refused(void **state)
{
    const char *where = *state;
    const char *end = strstr(where, "server.crt");
    assert_non_null(end);
    g_autofree char *start = g_strndup(where, (gsize)(end - where));
    g_autofree char *other = g_strconcat(start, "other.crt", end + strlen("server.crt"), NULL);
    struct fault fault = {0};
    assert_null(db_open(other, DB_READ_WRITE, &fault));
    assert_non_null(strstr(fault.text, "certificate verify failed"));
    assert_non_null(strstr(fault.text, "sslrootcert"));
    /* Right signature, wrong name. */
    g_autofree char *named = g_strconcat(where, "&host=localhost&hostaddr=127.0.0.1", NULL);
    assert_null(db_open(named, DB_READ_WRITE, &fault));
    assert_non_null(strstr(fault.text, "cannot trust"));
}

static void check_link(const char *where, bool is_encrypted)
{
    struct db *db = open_or_fail(where);
    struct db_server server;
    db_begin_read(db);
    assert_true(db_server_look(db, &server));
    assert_int_equal(server.is_encrypted, is_encrypted);
    assert_true(server.is_near);
    db_rollback(db);
    db_close(&db);
}

static void what_is_encrypted_is_known(void **state)
{
    const char *where = *state;
    check_link(where, true);
    g_autofree char *clear = g_strconcat(where, "&sslmode=disable&gssencmode=disable", NULL);
    check_link(clear, false);
}

int main(void)
{
#define EACH(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        EACH(a_pipeline_comes_through),
        EACH(small_answers_come_one_by_one),
        EACH(the_certificate_of_another_is_refused),
        EACH(what_is_encrypted_is_known),
    };
    (void)g_setenv("TOCSIN_TEST_ENGINE", "postgresql", TRUE);
    return cmocka_run_group_tests_name("postgres_tls", tests, NULL, NULL);
}
