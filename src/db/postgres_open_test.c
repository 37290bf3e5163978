/* Where to connect, and what is said when that is of no use. */
#include "db/postgres.h"

#include <glib/gstdio.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "db/test_database.h"

static const char PASSWORD[] = "hunter2";

struct room {
    char *where;
    char *name; /* of the database */
    PGconn *server;
};

static void tell(struct room *room, const char *format, ...) PRINTF_LIKE(2, 3);

static void tell(struct room *room, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    g_autofree char *sql = g_strdup_vprintf(format, args);
    va_end(args);
    PGresult *result = PQexec(room->server, sql);
    if (PQresultStatus(result) != PGRES_COMMAND_OK) {
        fail_msg("%s: %s", sql, PQerrorMessage(room->server));
    }
    PQclear(result);
}

static int set_up(void **state)
{
    struct room *room = g_new0(struct room, 1);
    room->where = test_database_create_empty("");
    room->name = g_strdup(strrchr(room->where, '=') + 1);
    room->server = PQconnectdb(room->where);
    assert_int_equal(PQstatus(room->server), CONNECTION_OK);
    *state = room;
    return 0;
}

static int tear_down(void **state)
{
    struct room *room = *state;
    PQfinish(room->server);
    test_database_drop(&room->where);
    g_free(room->name);
    g_free(room);
    return 0;
}

/* Refused with a text that has all of these words; NULL ends them. */
static void check_refused(const char *name, const char *where, const char *const *says)
{
    struct fault fault = {0};
    struct db *db = db_open(where, DB_READ_WRITE, &fault);
    if (db != NULL) {
        fail_msg("%s: was opened", name);
    }
    if (strcmp(fault.field, "database-url") != 0 || strstr(fault.text, PASSWORD) != NULL) {
        fail_msg("%s: %s: %s", name, fault.field, fault.text);
    }
    for (; *says != NULL; says++) {
        if (strstr(fault.text, *says) == NULL) {
            fail_msg("%s: \"%s\" is missing in: %s", name, *says, fault.text);
        }
    }
}

static void what_cannot_be_reached_says_so(void **state)
{
    (void)state;

    static const struct {
        const char *name, *where;
        const char *says[4];
    } rows[] = {
        {"no such folder",
         "postgresql://u:hunter2@/d?host=/nonexistent",
         {"cannot reach", "check"}},
        {"nobody listens", "postgresql://u:hunter2@127.0.0.1:1/d", {"cannot reach", "127.0.0.1"}},
        {"of two nobody", "postgres://u:hunter2@127.0.0.1:1,127.0.0.1:2/d", {"port 1", "port 2"}},
        {"no URL", "postgresql://u:hunter2@[::1/d", {"postgresql://USER", "%XX"}},
        {"bad percent", "postgresql://u:hunter2%zz@h/d", {"postgresql://USER"}},
        {"an unknown key", "postgresql://h/d?foo=hunter2", {"no parameter foo;"}},
        {"which may be of a password", "postgresql://h/d?password=x&hunter2=x", {"%XX"}},
        {"which is written badly", "postgresql://h/d?f%20o=hunter2", {"postgresql://USER"}},
        {"a wrong word", "postgresql://127.0.0.1:1/d?sslmode=x", {"sslmode", "no server was"}},
        {"an @ in the password", "postgresql://u:hun@hunter2@127.0.0.1:1/d", {"%XX"}},
        {"and one at its end", "postgresql://u:hunter2@@127.0.0.1:1/d", {"%XX"}},
        {"a slash in it", "postgresql://u:hunter2/x@127.0.0.1:1/d", {"%XX"}},
        {"a slash in it after digits", "postgresql://u:1/hunter2@127.0.0.1:1/d", {"%XX"}},
        {"both", "postgresql://u:x@hunter2/y@127.0.0.1:1/d", {"%XX"}},
        {"a question mark behind it", "postgresql://u:1@hunter2?x@127.0.0.1:1/d", {"%XX"}},
        {"a slash and a question mark", "postgresql://u:hunter2?/x@127.0.0.1:1/d", {"%XX"}},
        {"a standby would do",
         "postgresql://h/d?target_session_attrs=any",
         {"any", "leave it out"}},
        {"a standby is asked for", "postgresql://h/d?target_session_attrs=standby", {"standby"}},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        check_refused(rows[i].name, rows[i].where, rows[i].says);
    }
}

static void each_refusal_has_its_remedy(void **state)
{
    (void)state;

    static const struct {
        const char *name, *message, *says;
    } rows[] = {
        {"password", "FATAL:  password authentication failed for user \"u\"", "file:PATH"},
        {"no password", "fe_sendauth: no password supplied", "file:PATH"},
        {"role", "FATAL:  role \"u\" does not exist", "CREATE ROLE u LOGIN"},
        {"another role", "FATAL:  role \"v\" does not exist", "cannot reach"},
        {"database", "FATAL:  database \"d\" does not exist", "CREATE DATABASE d OWNER u"},
        {"hba", "FATAL:  no pg_hba.conf entry for host \"::1\"", "to its pg_hba.conf"},
        {"no TLS", "server does not support SSL, but SSL was required", "turn ssl on"},
        {"name", "could not translate host name \"x\" to address", "/etc/hosts"},
        {"refused", "connection failed: Connection refused", "check host and port"},
        {"late", "connection failed: timeout expired", "check host and port"},
        {"number", "invalid integer value \"x\" for connection option \"port\"", "no server was"},
        {"the server's own", "FATAL:  invalid value for parameter \"x\"", "cannot reach"},
        {"standby", "session is read-only", "name the primary"},
        {"only its name is", "connection to server at \"pg-read-only\" failed: Connection refused",
         "check host and port"},
        {"authority", "SSL error: certificate verify failed", "sslrootcert=FILE"},
        {"one is away, one refuses",
         "a: Connection refused b: FATAL:  password authentication failed", "file:PATH"},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        struct fault fault = {0};
        assert_false(postgres_refuse(rows[i].message, "d", "u", &fault));
        if (strstr(fault.text, rows[i].message) == NULL ||
            strstr(fault.text, rows[i].says) == NULL) {
            fail_msg("%s: %s", rows[i].name, fault.text);
        }
    }
}

static void a_missing_database_says_how_to_make_it(void **state)
{
    struct room *room = *state;
    g_autofree char *host =
        g_strndup(room->where, (gsize)(strrchr(room->where, '=') - room->where));
    g_autofree char *where = g_strconcat(host, "=nowhere", NULL);
    check_refused("missing", where,
                  (const char *const[]){"\"nowhere\" does not exist", "CREATE DATABASE", NULL});
}

static void a_read_only_server_is_refused(void **state)
{
    struct room *room = *state;
    tell(room, "ALTER DATABASE %s SET default_transaction_read_only = on", room->name);
    check_refused("read-only", room->where,
                  (const char *const[]){"no server in it takes writes", "primary", NULL});
}

static void another_encoding_is_refused(void **state)
{
    struct room *room = *state;
    tell(room, "CREATE DATABASE %s_latin ENCODING 'SQL_ASCII' LOCALE 'C' TEMPLATE template0",
         room->name);
    g_autofree char *where = g_strconcat(room->where, "_latin", NULL);
    check_refused("encoding", where, (const char *const[]){"SQL_ASCII", "ENCODING 'UTF8'", NULL});
    tell(room, "DROP DATABASE %s_latin", room->name);
}

static void what_the_account_may_not_do_is_told(void **state)
{
    struct room *room = *state;
    tell(room, "CREATE ROLE %s_poor LOGIN", room->name);
    g_autofree char *where = g_strdup_printf("%s&user=%s_poor", room->where, room->name);
    check_refused("create", where,
                  (const char *const[]){"may not create tables", "CREATE ON SCHEMA public", NULL});
    tell(room, "GRANT CREATE ON SCHEMA public TO %s_poor", room->name);
    struct fault fault = {0};
    struct db *db = db_open(where, DB_READ_WRITE, &fault);
    assert_string_equal(fault.text, "");
    db_close(&db);

    db = db_open(room->where, DB_READ_WRITE, &fault);
    assert_true(db_migrate(db, (struct utc){1}, &fault));
    db_close(&db);
    check_refused(
        "write", where,
        (const char *const[]){"may not SELECT, INSERT, UPDATE, DELETE in table access_key",
                              "GRANT SELECT, INSERT", "ALTER DEFAULT PRIVILEGES", NULL});
    tell(room, "GRANT SELECT, INSERT, UPDATE ON ALL TABLES IN SCHEMA public TO %s_poor",
         room->name);
    check_refused("delete", where,
                  (const char *const[]){"may not DELETE in table access_key", NULL});
    tell(room, "GRANT DELETE ON ALL TABLES IN SCHEMA public TO %s_poor", room->name);
    tell(room, "REVOKE ALL ON lane FROM %s_poor", room->name);
    check_refused("one table", where, (const char *const[]){"DELETE in table lane of", NULL});
    tell(room, "GRANT INSERT, UPDATE, DELETE ON lane TO %s_poor", room->name);
    check_refused("reading one", where,
                  (const char *const[]){"may not SELECT in table lane", NULL});
    tell(room, "GRANT SELECT ON lane TO %s_poor", room->name);
    tell(room, "CREATE TABLE a_table_of_somebody_else (x BIGINT)");
    db = db_open(where, DB_READ_WRITE, &fault);
    assert_string_equal(fault.text, "");
    db_close(&db);
    tell(room, "DROP OWNED BY %s_poor", room->name);
    tell(room, "DROP ROLE %s_poor", room->name);
}

/* Waited for is only what passes by itself. */
static void check_away(const char *name, const char *where, bool expected)
{
    if (db_is_away(where) != expected) {
        fail_msg("%s: %s", name, expected ? "is not waited for" : "is waited for");
    }
}

static void a_server_that_is_away_is_told_from_one_that_refuses(void **state)
{
    struct room *room = *state;

    static const struct {
        const char *name, *where;
        bool is_away;
    } rows[] = {
        {"no such folder", "postgresql://u@/d?host=/nonexistent", true},
        {"nobody listens", "postgresql://u@127.0.0.1:1/d", true},
        {"of two nobody", "postgresql://u@127.0.0.1:1,127.0.0.1:2/d", true},
        {"no URL", "postgresql://u@[::1/d", false},
        {"a word that libpq refuses", "postgresql://u@127.0.0.1:1/d?sslmode=hunter2", false},
        {"a standby would do", "postgresql://127.0.0.1:1/d?target_session_attrs=any", false},
        {"a file", "/nonexistent/tocsin.db", false},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        check_away(rows[i].name, rows[i].where, rows[i].is_away);
    }
    check_away("it came meanwhile", room->where, true);
    g_autofree char *missing = g_strconcat(room->where, "_nothing", NULL);
    check_away("no such database", missing, false);
    g_autofree char *two = g_strdup_printf("postgresql://%s@/%s_nothing?host=/nonexistent,%s",
                                           PQuser(room->server), room->name, PQhost(room->server));
    check_away("one is away, one refuses", two, false);
    g_autofree char *nobody = g_strdup_printf("%s&user=%s_nobody", room->where, room->name);
    check_away("no such account", nobody, false);
    tell(room, "CREATE ROLE %s_nobody LOGIN CONNECTION LIMIT 0", room->name);
    check_away("too many connections", nobody, true);
    tell(room, "ALTER ROLE %s_nobody CONNECTION LIMIT 9", room->name);
    check_away("no rights", nobody, false);
    tell(room, "DROP ROLE %s_nobody", room->name);
    tell(room, "ALTER DATABASE %s SET default_transaction_read_only = on", room->name);
    check_away("it takes no writes", room->where, true);
}

static void an_old_server_is_refused(void **state)
{
    (void)state;
    struct fault fault = {0};
    assert_true(postgres_check_version(150000, &fault));
    assert_true(postgres_check_version(170002, &fault));
    assert_false(postgres_check_version(140011, &fault));
    assert_non_null(strstr(fault.text, "14.11"));
    assert_non_null(strstr(fault.text, "15 or later"));
}

static void check_setting(struct db *db, const char *name, const char *expected)
{
    struct db_query *query = db_query(db, "SELECT current_setting($1)");
    db_bind_text(query, 1, name);
    assert_int_equal(db_step(query), DB_ROW);
    if (strcmp(db_text(query, 0), expected) != 0) {
        fail_msg("%s is %s", name, db_text(query, 0));
    }
    db_reset(query);
}

static void every_session_is_set_up(void **state)
{
    struct room *room = *state;
    static const char *const rows[][2] = {
        {"statement_timeout", "4500ms"}, {"lock_timeout", "1200ms"},
        {"synchronous_commit", "on"},    {"TimeZone", "UTC"},
        {"client_encoding", "UTF8"},     {"idle_in_transaction_session_timeout", "1s"},
        {"application_name", "tocsin"},  {"default_transaction_isolation", "read committed"},
    };
    tell(room, "ALTER DATABASE %s SET synchronous_commit = off", room->name);
    tell(room, "ALTER DATABASE %s SET client_encoding = latin1", room->name);
    struct fault fault = {0};
    struct db *db = db_open(room->where, DB_READ_WRITE, &fault);
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        check_setting(db, rows[i][0], rows[i][1]);
    }
    db_close(&db);
    tell(room, "ALTER DATABASE %s SET synchronous_commit = remote_apply", room->name);
    db = db_open(room->where, DB_READ_ONLY, &fault);
    check_setting(db, "synchronous_commit", "remote_apply");
    db_close(&db);
}

static const char *find(const struct postgres_place *place, const char *keyword)
{
    for (size_t i = 0; place->keywords[i] != NULL; i++) {
        if (strcmp(place->keywords[i], keyword) == 0) {
            return place->values[i];
        }
    }
    return "(none)";
}

static void a_url_is_completed_and_kept(void **state)
{
    (void)state;

    static const struct {
        const char *name, *url, *keyword, *expected;
    } rows[] = {
        {"only where writes go", "postgresql://h/d", "target_session_attrs", "read-write"},
        {"primary is as good", "postgresql://h/d?target_session_attrs=primary",
         "target_session_attrs", "primary"},
        {"does not wait long", "postgresql://h/d", "connect_timeout", "2"},
        {"unless told so", "postgresql://h/d?connect_timeout=9", "connect_timeout", "9"},
        {"notices a dead peer", "postgresql://h/d", "tcp_user_timeout", "4000"},
        {"says who it is", "postgresql://h/d", "application_name", "tocsin"},
        {"speaks UTF-8", "postgresql://h/d?client_encoding=latin1", "client_encoding", "UTF8"},
        {"several hosts", "postgresql://a:1,b:2/d", "host", "a,b"},
        {"and ports", "postgresql://a:1,b:2/d", "port", "1,2"},
        {"some ports", "postgresql://u:p@a,b:2/d", "port", ",2"},
        {"an @ that is written well", "postgresql://u%40:p%40%2F@h/d%40", "password", "p@/"},
        {"and the database's", "postgresql://u:p@h/d%40", "dbname", "d@"},
        {"a question mark is good", "postgresql://u:p?q@h/d", "password", "p?q"},
        {"an abstract socket", "postgresql://u:p@/d?host=@s", "host", "@s"},
        {"six", "postgresql://u:p@[::1]:1/d", "host", "::1"},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        struct postgres_place place = {0};
        struct fault fault = {0};
        if (!postgres_place_parse(rows[i].url, &place, &fault) ||
            strcmp(find(&place, rows[i].keyword), rows[i].expected) != 0) {
            fail_msg("%s: %s %s", rows[i].name, fault.text, find(&place, rows[i].keyword));
        }
        postgres_place_clear(&place);
    }
}

static void hosts_are_taken_in_turn(void **state)
{
    (void)state;
    struct postgres_place place = {0};
    struct fault fault = {0};
    assert_true(postgres_place_parse("postgresql://a,b,c:7/d", &place, &fault));
    static const char *const expected[] = {"a", "b", "c", "a"};
    for (unsigned i = 0; i < G_N_ELEMENTS(expected); i++) {
        struct postgres_place one = {0};
        postgres_place_pick(&place, i, &one);
        assert_string_equal(find(&one, "host"), expected[i]);
        assert_string_equal(find(&one, "port"), i == 2 ? "7" : "");
        assert_string_equal(find(&one, "dbname"), "d");
        postgres_place_clear(&one);
        postgres_place_turn(&place, i, &one);
        assert_string_equal(find(&one, "host"), i == 1 ? "b,c,a" : i == 2 ? "c,a,b" : "a,b,c");
        assert_string_equal(find(&one, "port"), i == 1 ? ",7," : i == 2 ? "7,," : ",,7");
        postgres_place_clear(&one);
    }
    postgres_place_clear(&place);
}

/* A host that takes connections and says nothing is waited for once, not by each connection. */
static void the_host_that_answered_is_asked_first(void **state)
{
    struct room *room = *state;
    g_autofree char *folder = g_dir_make_tmp("tocsin-mute-XXXXXX", NULL);
    g_autofree char *path = g_build_filename(folder, ".s.PGSQL.5432", NULL);
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    g_strlcpy(address.sun_path, path, sizeof address.sun_path);
    int mute = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(mute, (struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(listen(mute, 8), 0);
    g_autofree char *where = g_strdup_printf("postgresql://%s@/%s?host=%s,%s", PQuser(room->server),
                                             room->name, folder, PQhost(room->server));
    struct db *db[2];
    struct fault fault = {0};
    db[0] = db_open(where, DB_READ_WRITE, &fault);
    assert_string_equal(fault.text, "");
    int64_t start = clock_elapsed(&CLOCK_SYSTEM).us;
    db[1] = db_open(where, DB_READ_ONLY, &fault);
    assert_true(clock_elapsed(&CLOCK_SYSTEM).us - start < 1900000);
    db_close(&db[0]);
    db_close(&db[1]);
    (void)close(mute);
    (void)g_unlink(path);
    (void)g_rmdir(folder);
}

int main(void)
{
#define EACH(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_cannot_be_reached_says_so),
        cmocka_unit_test(each_refusal_has_its_remedy),
        EACH(a_missing_database_says_how_to_make_it),
        EACH(a_read_only_server_is_refused),
        EACH(another_encoding_is_refused),
        EACH(what_the_account_may_not_do_is_told),
        EACH(a_server_that_is_away_is_told_from_one_that_refuses),
        cmocka_unit_test(an_old_server_is_refused),
        EACH(every_session_is_set_up),
        cmocka_unit_test(a_url_is_completed_and_kept),
        cmocka_unit_test(hosts_are_taken_in_turn),
        EACH(the_host_that_answered_is_asked_first),
    };
    (void)g_setenv("TOCSIN_TEST_ENGINE", "postgresql", TRUE);
    return cmocka_run_group_tests_name("postgres_open", tests, NULL, NULL);
}
