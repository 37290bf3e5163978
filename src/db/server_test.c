/* What a real server says of itself, with settings that can be changed. Needs one of its own, whose
 * sessions do not wait for standbys: see meson.build. */
#include "db/server.h"

#include <libpq-fe.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>
#include <glib.h>

#include "base/clock.h"
#include "db/test_database.h"

enum { PATIENCE_S = 20, STANDBYS_MAX = 3 };

struct room {
    char *where;
    struct db *db;
    PGconn *server;
    PGconn *standbys[STANDBYS_MAX];
};

static char *tell(PGconn *server, const char *sql)
{
    PGresult *result = PQexec(server, sql);
    ExecStatusType status = PQresultStatus(result);
    if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK) {
        fail_msg("%s: %s", sql, PQerrorMessage(server));
    }
    char *value = g_strdup(PQntuples(result) > 0 ? PQgetvalue(result, 0, 0) : "");
    PQclear(result);
    return value;
}

/* Asks again and again until the answer is that one. */
static void wait_for(struct room *room, const char *sql, const char *expected)
{
    int64_t end = clock_elapsed(&CLOCK_SYSTEM).us + SPAN_S(PATIENCE_S).us;
    bool is_there = false;
    while (!is_there) {
        assert_true(clock_elapsed(&CLOCK_SYSTEM).us < end);
        g_autofree char *value = tell(room->server, sql);
        is_there = strcmp(value, expected) == 0;
    }
}

static void look(struct room *room, struct db_server *out)
{
    db_begin(room->db);
    assert_true(db_server_look(room->db, out));
    db_rollback(room->db);
}

static void set(struct room *room, const char *name, const char *value)
{
    g_autofree char *sql = g_strdup_printf("ALTER SYSTEM SET %s = '%s'", name, value);
    g_free(tell(room->server, sql));
    g_free(tell(room->server, "SELECT pg_reload_conf()"));
    g_autofree char *show = g_strdup_printf("SHOW %s", name);
    wait_for(room, show, value);
}

static int set_up(void **state)
{
    struct room *room = g_new0(struct room, 1);
    room->where = test_database_create("");
    struct fault fault = {0};
    room->db = db_open(room->where, DB_READ_ONLY, &fault);
    room->server = PQconnectdb(room->where);
    assert_non_null(room->db);
    *state = room;
    return 0;
}

static int tear_down(void **state)
{
    struct room *room = *state;
    for (size_t i = 0; i < STANDBYS_MAX; i++) {
        PQfinish(room->standbys[i]);
    }
    PQfinish(room->server);
    db_close(&room->db);
    test_database_drop(&room->where);
    g_free(room);
    return 0;
}

static void settings_are_those_of_the_server(void **state)
{
    struct room *room = *state;
    struct db_server server;
    look(room, &server);
    assert_false(server.has_fsync); /* as tools/with-postgresql has it; the other as meson.build */
    assert_true(server.has_full_page_writes);
    assert_false(server.is_read_only);
    assert_int_equal(server.connections_max, 197);
    assert_in_range(server.connections, 2, 20);
    assert_true(server.is_near && !server.is_encrypted);
    assert_true(ABS(utc_since(clock_now(&CLOCK_SYSTEM), server.now).us) < SPAN_S(5).us);

    set(room, "default_transaction_read_only", "on");
    /* A connection that was there before hears of it, too, if not at once. */
    int64_t end = clock_elapsed(&CLOCK_SYSTEM).us + SPAN_S(PATIENCE_S).us;
    do {
        look(room, &server);
    } while (!server.is_read_only && clock_elapsed(&CLOCK_SYSTEM).us < end);
    assert_true(server.is_read_only);
    set(room, "default_transaction_read_only", "off");
}

/* --- standbys --- */

static void put_number(GByteArray *out, guint64 number)
{
    guint64 bytes = GUINT64_TO_BE(number);
    g_byte_array_append(out, (const guint8 *)&bytes, sizeof bytes);
}

/* "Standby status update": all up to there is written, flushed and applied. */
static void confirm(PGconn *standby, guint64 position)
{
    GByteArray *message = g_byte_array_new();
    g_byte_array_append(message, (const guint8 *)"r", 1);
    for (int i = 0; i < 3; i++) {
        put_number(message, position);
    }
    put_number(message, 0);                                /* its clock */
    g_byte_array_append(message, (const guint8 *)"\0", 1); /* no answer is wanted */
    assert_int_equal(PQputCopyData(standby, (const char *)message->data, (int)message->len), 1);
    assert_int_equal(PQflush(standby), 0);
    g_byte_array_unref(message);
}

/* One that takes the log and says so, which is all that the server knows of a standby. */
static PGconn *start_standby(struct room *room, const char *name)
{
    g_autofree char *url =
        g_strdup_printf("%s&replication=true&application_name=%s", room->where, name);
    PGconn *standby = PQconnectdb(url);
    assert_int_equal(PQstatus(standby), CONNECTION_OK);
    g_autofree char *position = tell(room->server, "SELECT pg_current_wal_flush_lsn()");
    g_autofree char *sql = g_strdup_printf("START_REPLICATION PHYSICAL %s", position);
    PGresult *result = PQexec(standby, sql);
    assert_int_equal(PQresultStatus(result), PGRES_COPY_BOTH);
    PQclear(result);
    g_auto(GStrv) halves = g_strsplit(position, "/", 2);
    confirm(standby,
            g_ascii_strtoull(halves[0], NULL, 16) << 32 | g_ascii_strtoull(halves[1], NULL, 16));
    return standby;
}

static void start_standbys(struct room *room, const char *names)
{
    for (size_t i = 0; i < strlen(names); i++) {
        const char name[2] = {names[i], '\0'};
        room->standbys[i] = start_standby(room, name);
    }
    g_autofree char *expected = g_strdup_printf("%zu", strlen(names));
    wait_for(room,
             "SELECT count(*) FROM pg_stat_replication WHERE state = 'streaming'"
             " AND flush_lsn IS NOT NULL",
             expected);
}

static void standbys_are_counted_by_what_they_are_worth(void **state)
{
    struct room *room = *state;

    static const struct {
        const char *names;
        int required, ready, unnamed;
    } rows[] = {
        {"2 (a, b)", 2, 2, 1},  {"FIRST 1 (a, b)", 1, 2, 1},
        {"a", 1, 1, 2},         {"ANY 2 (a, b)", 2, 2, 1},
        {"ANY 1 (*)", 1, 3, 0}, {"2 (a, nobody)", 2, 1, 2},
        {"nobody", 1, 0, 3},    {"", 0, 0, 3},
    };

    start_standbys(room, "abc");
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        struct db_server server;
        set(room, "synchronous_standby_names", rows[i].names);
        int64_t end = clock_elapsed(&CLOCK_SYSTEM).us + SPAN_S(PATIENCE_S).us;
        do { /* the processes that send to the standbys hear of it a little later */
            look(room, &server);
        } while ((server.standbys_required != rows[i].required ||
                  server.standbys_ready != rows[i].ready) &&
                 clock_elapsed(&CLOCK_SYSTEM).us < end);
        if (server.standbys != 3 || !server.can_see_standbys ||
            server.standbys_required != rows[i].required ||
            server.standbys_ready != rows[i].ready || server.standbys_unnamed != rows[i].unnamed ||
            strcmp(server.standby_names, rows[i].names) != 0) {
            fail_msg("%s: %d required, %d ready, %d unnamed", rows[i].names,
                     (int)server.standbys_required, (int)server.standbys_ready,
                     (int)server.standbys_unnamed);
        }
    }
}

static void what_is_hidden_is_known_to_be(void **state)
{
    struct room *room = *state;
    start_standbys(room, "a");
    g_free(tell(room->server, "CREATE ROLE blind LOGIN"));
    g_autofree char *where = g_strdup_printf("%s&user=blind", room->where);
    struct fault fault = {0};
    struct db *db = db_open(where, DB_READ_ONLY, &fault);
    assert_string_equal(fault.text, "");
    struct db_server server;
    db_begin(db);
    assert_true(db_server_look(db, &server));
    assert_int_equal(server.standbys, 1);
    assert_false(server.can_see_standbys);
    db_rollback(db);
    db_close(&db);
    g_free(tell(room->server, "DROP ROLE blind"));
}

static void names_are_told_from_addresses(void **state)
{
    (void)state;

    static const struct {
        const char *where, *names;
    } rows[] = {
        {"postgresql://db1,10.0.0.2,db3:5433/d", "db1 db3"},
        {"postgresql://db1,db2/d?hostaddr=10.0.0.1,10.0.0.2", ""},
        {"postgresql://db1,db2/d?hostaddr=,10.0.0.2", "db1"},
        {"postgresql://[2001:db8::1]/d", ""},
        {"postgresql:///d?host=/run/postgresql", ""},
        {"postgresql:///d?host=@tocsin", ""},
        {"postgresql:///d?hostaddr=10.0.0.1", ""},
        {"/var/lib/tocsin/tocsin.db", ""},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_auto(GStrv) names = db_hosts_to_resolve(rows[i].where);
        g_autofree char *all = g_strjoinv(" ", names);
        if (strcmp(all, rows[i].names) != 0) {
            fail_msg("%s: %s", rows[i].where, all);
        }
    }
}

int main(void)
{
#define EACH(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        EACH(settings_are_those_of_the_server),
        EACH(standbys_are_counted_by_what_they_are_worth),
        EACH(what_is_hidden_is_known_to_be),
        cmocka_unit_test(names_are_told_from_addresses),
    };
    (void)g_setenv("TOCSIN_TEST_ENGINE", "postgresql", TRUE);
    return cmocka_run_group_tests_name("server", tests, NULL, NULL);
}
