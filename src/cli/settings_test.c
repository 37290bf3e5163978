#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/log.h"
#include "cli/settings.h"

static void defaults_are_as_written(void **state)
{
    (void)state;
    struct settings settings = {0};
    settings_init(&settings);
    for (size_t i = 0; i < SETTING_COUNT; i++) {
        g_autofree char *shown = settings_show(&settings, &SETTINGS[i]);
        if (g_strcmp0(shown, SETTINGS[i].initial) != 0) {
            fail_msg("%s: %s instead of %s", SETTINGS[i].name, shown, SETTINGS[i].initial);
        }
    }
    assert_string_equal(settings.listen, "127.0.0.1:8420");
    assert_int_equal(settings.board, BOARD_TOKEN);
    settings_clear(&settings);
}

static void the_table_is_whole(void **state)
{
    (void)state;
    for (size_t i = 0; i < SETTING_COUNT; i++) {
        assert_true(SETTINGS[i].doc != NULL && strlen(SETTINGS[i].doc) > 15);
        assert_true(g_str_has_suffix(SETTINGS[i].doc, "."));
        assert_non_null(SETTINGS[i].arg);
        assert_true(SETTINGS[i].scope != 0);
        assert_ptr_equal(setting_find(SETTINGS[i].name), &SETTINGS[i]);
    }
    assert_null(setting_find("nothing"));
    g_autofree char *variable = setting_variable(setting_find("public-url"));
    assert_string_equal(variable, "TOCSIN_PUBLIC_URL");
}

static void reads_the_environment(void **state)
{
    (void)state;

    const struct {
        const char *name;
        const char *entry;
        const char *setting; /* what must then be shown … */
        const char *shown;
        const char *fault; /* … or part of the fault */
    } rows[] = {
        {"text", "TOCSIN_LISTEN=[::]:80", "listen", "[::]:80", NULL},
        {"empty is not set", "TOCSIN_LISTEN=", "listen", "127.0.0.1:8420", NULL},
        {"choice", "TOCSIN_BOARD=open", "board", "open", NULL},
        {"wrong choice", "TOCSIN_BOARD=yes", NULL, NULL, "must be one of token, open"},
        {"span", "TOCSIN_SHUTDOWN_DRAIN=2m", "shutdown-drain", "2m", NULL},
        {"span without unit", "TOCSIN_SHUTDOWN_DRAIN=2", NULL, NULL, "with its unit"},
        {"span too long", "TOCSIN_SHUTDOWN_DRAIN=2h", NULL, NULL, "between 0s and 5m"},
        {"number", "TOCSIN_THREADS=8", "threads", "8", NULL},
        {"number out of bounds", "TOCSIN_THREADS=-1", NULL, NULL, "from 0 to 256"},
        {"no number", "TOCSIN_THREADS=two", NULL, NULL, "from 0 to 256"},
        {"two lines", "TOCSIN_SMTP_FROM=a\r\nBcc: b", NULL, NULL, "one line"},
        {"bad UTF-8", "TOCSIN_SMTP_FROM=\xff", NULL, NULL, "one line"},
        {"a database's password is hidden", "TOCSIN_DATABASE_URL=postgresql://u:p@h/d",
         "database-url", "[hidden]", NULL},
        {"secret is hidden", "TOCSIN_SMTP_PASSWORD=hunter2", "smtp-password", "[hidden]", NULL},
        {"a secret's file is missing", "TOCSIN_SMTP_PASSWORD=file:/nowhere/at/all", NULL, NULL,
         "cannot be read"},
        {"a secret's file is empty", "TOCSIN_SMTP_PASSWORD=file:/dev/null", NULL, NULL, "is empty"},
        {"a database's file is empty", "TOCSIN_DATABASE_URL=file:/dev/null", NULL, NULL,
         "/dev/null is empty"},
        {"a database elsewhere", "TOCSIN_DATABASE_URL=mysql://h/d", NULL, NULL, "postgresql://"},
        {"a database file", "TOCSIN_DATABASE_URL=/var/lib/tocsin.db", NULL, NULL, "--data"},
        {"a scheme in capitals", "TOCSIN_DATABASE_URL=PostgreSQL://u:p@h/d", "database-url",
         "[hidden]", NULL},
        {"an empty address", "TOCSIN_DATABASE_URL=", NULL, NULL, "is empty; unset it"},
        {"an address as a directory", "TOCSIN_DATA=mysql://u:hunter2@h/d", NULL, NULL,
         "looks like the address"},
        {"words as a directory", "TOCSIN_DATA=host=h password=hunter2", NULL, NULL,
         "looks like the address"},
        {"a directory with = in it", "TOCSIN_DATA=./a=b", "data", "./a=b", NULL},
        {"a list of words", "TOCSIN_DATABASE_URL=host=h dbname=d password=hunter2", NULL, NULL,
         "must start with postgresql://"},
        {"another program's", "LISTEN=x", "listen", "127.0.0.1:8420", NULL},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        struct settings settings = {0};
        struct fault fault = {0};
        const char *environment[] = {"PATH=/bin", rows[i].entry, NULL};
        settings_init(&settings);
        bool is_read = settings_from_environment(&settings, environment, &fault);
        if (is_read != (rows[i].fault == NULL)) {
            fail_msg("%s: %s", rows[i].name, fault.text);
        }
        if (rows[i].fault != NULL) {
            if (strstr(fault.text, rows[i].fault) == NULL ||
                strstr(fault.text, "hunter2") != NULL || strstr(fault.field, "TOCSIN_") == NULL) {
                fail_msg("%s: %s: %s", rows[i].name, fault.field, fault.text);
            }
        } else {
            g_autofree char *shown = settings_show(&settings, setting_find(rows[i].setting));
            if (g_strcmp0(shown, rows[i].shown) != 0) {
                fail_msg("%s: %s", rows[i].name, shown);
            }
        }
        settings_clear(&settings);
    }
}

static void a_mistyped_variable_is_no_other_program_s(void **state)
{
    (void)state;

    const struct {
        const char *name, *entry;
        const char *fault; /* part of it; NULL: left alone */
    } rows[] = {
        {"typing mistake", "TOCSIN_LISTNE=x", "did you mean TOCSIN_LISTEN?"},
        {"half a name", "TOCSIN_DATABASE=postgresql://u:hunter2@h/d",
         "did you mean TOCSIN_DATABASE_URL?"},
        {"half a name with a slip", "TOCSIN_DATABSE=x", "did you mean TOCSIN_DATABASE_URL?"},
        {"a key of a team file", "TOCSIN_DATADOG_KEY=x", NULL},
        {"one more", "TOCSIN_HEARTBEAT_KEY=x", NULL},
        {"a service in Kubernetes", "TOCSIN_DATABASE_PORT_5432_TCP=tcp://x", NULL},
        {"and its host", "TOCSIN_DATABASE_SERVICE_HOST=x", NULL},
        {"what Kubernetes sets", "TOCSIN_PORT_8420_TCP=tcp://x", NULL},
        {"somebody else's", "TOCSIN_BIN=/opt/x", NULL},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        struct settings settings = {0};
        struct fault fault = {0};
        const char *environment[] = {rows[i].entry, NULL};
        settings_init(&settings);
        bool is_read = settings_from_environment(&settings, environment, &fault);
        const char *wanted = rows[i].fault != NULL ? rows[i].fault : "";
        if (is_read != (rows[i].fault == NULL) || strstr(fault.text, wanted) == NULL ||
            strstr(fault.text, "hunter2") != NULL) {
            fail_msg("%s: %s", rows[i].name, fault.text);
        }
        settings_clear(&settings);
    }
}

static void lists_what_it_does_not_know(void **state)
{
    (void)state;
    const char *environment[] = {"PATH=/bin",
                                 "TOCSIN_BIN=/opt/x",
                                 "TOCSIN_LISTEN=x",
                                 "TOCSIN_KEY=k",
                                 "TOCSIN_SECRET_ANA=s",
                                 "TOCSIN_EMPTY=",
                                 "TOCSIN_SMTP_SERVICE_HOST=x",
                                 "TOCSIN_SMTP_PORT=tcp://x",
                                 NULL};
    g_auto(GStrv) names = settings_unknown(environment);
    g_autofree char *all = g_strjoinv(" ", names);
    assert_string_equal(all, "TOCSIN_BIN TOCSIN_KEY TOCSIN_EMPTY");
}

static void knows_what_was_meant_as_an_address(void **state)
{
    (void)state;

    const struct {
        const char *text;
        bool is_address;
    } rows[] = {
        {"postgresql://h/d", true},
        {"PostgreSQL://h/d", true},
        {"postgres:secret@h/d", true},
        {"mysql://tocsin:secret@h/x", true},
        {"host=x password=secret", true},
        {"password = secret", true},
        {" Host=x Password=sec/ret", true},
        {"tocsin:secret@h/x", true},
        {"tocsin:secret@h", true},
        {"/srv/a:b@c", false},
        {"host=/run/postgresql dbname=d password=secret", true},
        {"service=tocsin", true},
        {"./data", false},
        {"/var/lib/tocsin", false},
        {"postgres-data", false},
        {"/srv/a=b/data", false},
        {"./a=b", false},
        {"data 2", false},
        {"", false},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        if (settings_is_address(rows[i].text) != rows[i].is_address) {
            fail_msg("%s", rows[i].text);
        }
    }
}

static void finishes_what_stands_between(void **state)
{
    (void)state;

    const struct {
        const char *name, *setting, *value;
        const char *url;   /* of people, afterwards */
        const char *fault; /* or the field of the fault */
    } rows[] = {
        {"public URL of the listen address", "listen", "127.0.0.1:9", "http://127.0.0.1:9", NULL},
        {"without a slash", "public-url", "https://t.example/x//", "https://t.example/x", NULL},
        {"no scheme", "public-url", "t.example", NULL, "public-url"},
        {"no port", "listen", "127.0.0.1", NULL, "listen"},
        {"mail over http", "smtp-url", "http://mail.example", NULL, "smtp-url"},
        {"mail", "smtp-url", "smtps://mail.example:465", "http://127.0.0.1:8420", NULL},
        {"database", "database-url", "postgresql:///tocsin?host=/run", "http://127.0.0.1:8420",
         NULL},
        {"empty node name", "node-name", "", "http://127.0.0.1:8420", NULL},
        {"a greeting that is no name", "smtp-hello", "bad name", NULL, "smtp-hello"},
        {"one at the mail server", "smtp-url", "smtp://mail.example/bad%20name", NULL, "smtp-url"},
        {"heartbeat by mail", "heartbeat-out", "mailto:x", NULL, "heartbeat-out"},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        struct settings settings = {0};
        struct fault fault = {0};
        settings_init(&settings);
        assert_true(
            settings_set(&settings, setting_find(rows[i].setting), "flag", rows[i].value, &fault));
        bool is_good = settings_finish(&settings, &fault);
        if (is_good != (rows[i].fault == NULL)) {
            fail_msg("%s: %s", rows[i].name, fault.text);
        }
        assert_string_equal(is_good ? settings.public_url : fault.field,
                            is_good ? rows[i].url : rows[i].fault);
        settings_clear(&settings);
    }
}

static void greets_by_a_name_or_an_address(void **state)
{
    (void)state;
    static const char *const ROWS[][2] = {
        {"mx.example.net", "mx.example.net"},
        {"vm", "vm"},
        {"pager.b\xc3\xbc"
         "cher.example",
         "pager.xn--bcher-kva.example"},
        {"[192.0.2.7]", "[192.0.2.7]"},
        {"192.0.2.7", "[192.0.2.7]"},
        {"[IPv6:2001:db8::1]", "[IPv6:2001:db8::1]"},
        {"2001:db8::1", "[IPv6:2001:db8::1]"},
        {"bad name", NULL},
        {"mx_1.example.net", NULL},
        {"-mx.example.net", NULL},
        {"mx..example.net", NULL},
        {".", NULL},
        {"[2001:db8::1]", NULL},
        {"[192.0.2.777]", NULL},
        {"[]", NULL},
        {"[", NULL},
        {"mx\r\nRCPT", NULL},
        {"http://mx.example.net", NULL},
        {"mx.example.net:25", NULL},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(ROWS); i++) {
        struct settings settings = {0};
        struct fault fault = {0};
        settings_init(&settings);
        settings.smtp_hello = g_strdup(ROWS[i][0]);
        bool is_good = settings_finish(&settings, &fault);
        if (is_good != (ROWS[i][1] != NULL) ||
            (is_good && strcmp(settings.smtp_hello, ROWS[i][1]) != 0)) {
            fail_msg("%s: %s", ROWS[i][0], is_good ? settings.smtp_hello : fault.text);
        }
        settings_clear(&settings);
    }
}

static void everywhere_becomes_this_host(void **state)
{
    (void)state;
    struct settings settings = {0};
    struct fault fault = {0};
    settings_init(&settings);
    assert_true(settings_set(&settings, setting_find("listen"), "flag", "0.0.0.0:8420", &fault));
    assert_true(settings_finish(&settings, &fault));
    assert_null(strstr(settings.public_url, "0.0.0.0"));
    assert_true(g_str_has_suffix(settings.public_url, ":8420"));
    settings_clear(&settings);
}

static void a_node_has_a_name_and_an_address(void **state)
{
    (void)state;
    struct settings settings = {0};
    struct fault fault = {0};
    settings_init(&settings);
    assert_true(settings_finish(&settings, &fault));
    assert_string_equal(settings.node_name, g_get_host_name());
    assert_string_equal(settings.node_address, "http://127.0.0.1:8420");
    g_autofree char *longer = g_strnfill(101, 'n');
    assert_true(settings_set(&settings, setting_find("node-name"), "flag", longer, &fault));
    assert_false(settings_finish(&settings, &fault));
    assert_string_equal(fault.field, "node-name");
    settings_clear(&settings);
}

static void no_password_is_shown(void **state)
{
    (void)state;

    const struct {
        const char *name, *url, *shown;
    } rows[] = {
        {"a file", NULL, "./data/tocsin.db"},
        {"plain", "postgresql://h/d", "postgresql://h/d"},
        {"password", "postgresql://u:secret@h:5432/d", "postgresql://u@h:5432/d"},
        {"many hosts", "postgresql://u:secret@h:1,g:2/d?target_session_attrs=read-write",
         "postgresql://u@h:1,g:2/d?target_session_attrs=read-write"},
        {"hosts with ports, no password", "postgresql://h:1,g:2/d", "postgresql://h:1,g:2/d"},
        {"as a parameter", "postgresql://h/d?password=secret&sslmode=require",
         "postgresql://h/d?sslmode=require"},
        {"the last parameter", "postgresql://h/d?user=u&password=sec@ret",
         "postgresql://h/d?user=u"},
        {"the client key's", "postgresql://h/d?sslpassword=secret", "postgresql://h/d"},
        {"an @ in it", "postgresql://u:sec@ret@h/d", "postgresql://u@h/d"},
        {"a ? in it", "postgresql://u:sec?ret@h/d", "postgresql://u@h/d"},
        {"an & in it", "postgresql://u:sec&ret@h/d", "postgresql://u@h/d"},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        struct settings settings = {0};
        struct fault fault = {0};
        settings_init(&settings);
        if (rows[i].url != NULL) {
            assert_true(
                settings_set(&settings, setting_find("database-url"), "flag", rows[i].url, &fault));
        }
        g_autofree char *shown = settings_database_shown(&settings);
        if (strcmp(shown, rows[i].shown) != 0) {
            fail_msg("%s: %s", rows[i].name, shown);
        }
        settings_clear(&settings);
    }
}

static void what_is_no_url_is_not_shown(void **state)
{
    (void)state;
    static const char *const rows[] = {"host=h password=secret", "", "?://",
                                       "mysql://u:secret@h/d"};
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        struct settings settings = {.database_url = g_strdup(rows[i])};
        g_autofree char *shown = settings_database_shown(&settings);
        assert_string_equal(shown, "[hidden]");
        settings_clear(&settings);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(defaults_are_as_written),
        cmocka_unit_test(the_table_is_whole),
        cmocka_unit_test(reads_the_environment),
        cmocka_unit_test(a_mistyped_variable_is_no_other_program_s),
        cmocka_unit_test(lists_what_it_does_not_know),
        cmocka_unit_test(knows_what_was_meant_as_an_address),
        cmocka_unit_test(finishes_what_stands_between),
        cmocka_unit_test(greets_by_a_name_or_an_address),
        cmocka_unit_test(everywhere_becomes_this_host),
        cmocka_unit_test(a_node_has_a_name_and_an_address),
        cmocka_unit_test(no_password_is_shown),
        cmocka_unit_test(what_is_no_url_is_not_shown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
