/* What of a document cannot work here, said before the first page. */
#include <glib.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "app/ways.h"
#include "base/json.h"
#include "people/user.h"

/* 24 bytes, and 12. */
#define GOOD "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
#define SHORT "MfKQ9r8GKYqrTwjU"

static const char *const ENVIRONMENT[] = {"TOCSIN_SECRET_ANA=s3cret",
                                          "TOCSIN_SECRET_GOOD=whsec_" GOOD,
                                          "TOCSIN_SECRET_BARE=" GOOD,
                                          "TOCSIN_SECRET_TWO=whsec_" GOOD " whsec_" GOOD,
                                          "TOCSIN_SECRET_ODD=whsec_!!!notbase64",
                                          "TOCSIN_SECRET_SHORT=whsec_" SHORT,
                                          "TOCSIN_SECRET_MIXED=whsec_" GOOD ",whsec_" SHORT,
                                          "TOCSIN_SECRET_SPACE=two words",
                                          NULL};

struct told {
    GString *text;
    bool with_why;
};

static void add(void *self, const char *check, const char *path, const char *whose, const char *why)
{
    struct told *told = self;
    g_string_append_printf(told->text, "%s %s (%s)\n", check, path, whose);
    assert_true(why[0] != '\0');
    if (told->with_why) {
        g_string_append_printf(told->text, "%s\n", why);
    }
}

static char *told_of(const char *document, const char *allowed, bool has_mail, bool with_why)
{
    struct fault fault;
    struct guard guard;
    const struct secrets secrets = {ENVIRONMENT, NULL};
    const struct ways ways = {&secrets, &guard, has_mail};
    struct told told = {g_string_new(NULL), with_why};
    assert_true(guard_read(allowed, &guard, &fault));
    json_auto_t *json = json_read(document, strlen(document), &fault);
    assert_non_null(json);
    ways_check(&ways, json, add, &told);
    return g_string_free(told.text, FALSE);
}

static void says_where_a_secret_is_none(void **state)
{
    (void)state;
    g_autofree char *told =
        told_of("{\"users\": [{\"name\": \"ana\", \"contacts\": ["
                "{\"kind\": \"ntfy\", \"secret\": \"env:TOCSIN_SECRET_NONE\"},"
                "{\"name\": \"phone\", \"kind\": \"ntfy\", \"secret\": \"env:TOCSIN_SECRET_ANA\"},"
                "{\"name\": \"hook\", \"secret\": \"whsec_written\"}]}],"
                "\"channels\": [{\"name\": \"room\", \"secret\": \"env:TOCSIN_SECRET_ROOM\"}],"
                "\"integrations\": [{\"name\": \"am\", \"key\": \"env:ELSEWHERE\"}]}",
                NULL, true, false);
    assert_string_equal(told, "secret users.ana.contacts.ntfy.secret (ana by ntfy)\n"
                              "secret channels.room.secret (the channel room)\n");
}

static void says_which_secret_is_of_no_use(void **state)
{
    (void)state;

    static const struct {
        const char *kind, *name;
        bool is_good;
    } ROWS[] = {
        {"webhook", "GOOD", true},   {"webhook", "BARE", true},   {"webhook", "TWO", true},
        {"webhook", "ODD", false},   {"webhook", "SHORT", false}, {"webhook", "MIXED", false},
        {"webhook", "SPACE", false}, {"webhook", "ANA", false},   {"ntfy", "ANA", true},
        {"ntfy", "ODD", true},       {"ntfy", "SPACE", false},    {"slack", "SPACE", false},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(ROWS); i++) {
        g_autofree char *document =
            g_strdup_printf("{\"users\":[{\"name\":\"ana\",\"contacts\":[{\"kind\":\"%s\",\"to\":"
                            "\"https://example.com/x\",\"secret\":\"env:TOCSIN_SECRET_%s\"}]}]}",
                            ROWS[i].kind, ROWS[i].name);
        g_autofree char *told = told_of(document, NULL, true, true);
        if ((told[0] == '\0') != ROWS[i].is_good) {
            fail_msg("%s %s: %s", ROWS[i].kind, ROWS[i].name, told);
        }
        assert_null(strstr(told, "notbase64")); /* a secret is not shown */
        assert_null(strstr(told, "two words"));
    }
}

static void says_which_address_is_not_called(void **state)
{
    (void)state;

    static const struct {
        const char *to, *allowed;
        bool is_good;
    } ROWS[] = {
        {"http://10.0.0.8/x", NULL, false},
        {"http://10.0.0.8/x", "10.0.0.0/8", true},
        {"http://192.168.0.9:8080/x", "10.0.0.0/8", false},
        {"http://127.0.0.1/x", NULL, false},
        {"http://0x7f.1/x", NULL, false},
        {"http://[::1]:80/x", NULL, false},
        {"http://[fd00::1]/x", "fd00::/8", true},
        {"http://169.254.169.254/latest", "169.254.0.0/16", false},
        {"http://localhost:9000/x", NULL, false},
        {"http://LOCALHOST/x", NULL, false},
        {"http://localhost:9000/x", "127.0.0.0/8", true},
        {"http://localhost:9000/x", "::1", true},
        {"https://ana:pw@example.com/x", NULL, false},
        {"https://example.com:25/x", NULL, false},
        {"https://hooks.example.com/x", NULL, true},
        {"http://no-such-host.invalid/x", NULL, true}, /* nobody is asked */
        {"http://203.0.114.1/x", NULL, true},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(ROWS); i++) {
        g_autofree char *document = g_strdup_printf(
            "{\"users\":[{\"name\":\"ana\",\"contacts\":[{\"kind\":\"webhook\",\"to\":\"%s\"}]}],"
            "\"channels\":[{\"name\":\"room\",\"kind\":\"slack\",\"to\":\"%s\"}]}",
            ROWS[i].to, ROWS[i].to);
        g_autofree char *told = told_of(document, ROWS[i].allowed, true, false);
        if (strcmp(told, ROWS[i].is_good
                             ? ""
                             : "address users.ana.contacts.webhook.to (ana by webhook)\n"
                               "address channels.room.to (the channel room)\n") != 0) {
            fail_msg("%s: %s", ROWS[i].to, told);
        }
    }
}

static void says_once_that_no_mail_goes_out(void **state)
{
    (void)state;
    static const char DOCUMENT[] =
        "{\"users\":[{\"name\":\"ana\",\"contacts\":[{\"kind\":\"email\",\"to\":\"a@example.com\"}]"
        "},"
        "{\"name\":\"bo\",\"contacts\":[{\"kind\":\"email\",\"to\":\"b@example.com\"},"
        "{\"kind\":\"log\",\"to\":\"10.0.0.8\"}]}]}";
    g_autofree char *without = told_of(DOCUMENT, NULL, false, false);
    assert_string_equal(without, "mail users.ana.contacts.email.to (ana by email)\n");
    g_autofree char *with = told_of(DOCUMENT, NULL, true, false);
    assert_string_equal(with, "");
}

/* The same judgement of one contact, and of its parts. */
static void says_why_one_contact_cannot_work(void **state)
{
    (void)state;

    static const struct {
        const char *name;
        int kind;
        const char *to, *secret, *why;
        bool has_mail;
    } ROWS[] = {
        {"no mail server", CONTACT_EMAIL, "a@example.com", NULL, "no mail server is set", false},
        {"a mail server", CONTACT_EMAIL, "a@example.com", NULL, NULL, true},
        {"a private address", CONTACT_WEBHOOK, "http://10.0.0.8/x", NULL, "10.0.0.8", true},
        {"a public one", CONTACT_WEBHOOK, "http://203.0.114.1/x", NULL, NULL, true},
        {"the log", CONTACT_LOG, "10.0.0.8", NULL, NULL, false},
        {"no such secret", CONTACT_NTFY, NULL, "env:TOCSIN_SECRET_NONE", "SECRET_NONE", true},
        {"a secret of no use", CONTACT_WEBHOOK, NULL, "env:TOCSIN_SECRET_SHORT", "stands for",
         true},
        {"a good one", CONTACT_WEBHOOK, "http://203.0.114.1/x", "env:TOCSIN_SECRET_GOOD", NULL,
         true},
        {"a written one", CONTACT_NTFY, NULL, "written", NULL, true},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(ROWS); i++) {
        struct fault fault;
        struct guard guard;
        const struct secrets secrets = {ENVIRONMENT, NULL};
        const struct ways ways = {&secrets, &guard, ROWS[i].has_mail};
        assert_true(guard_read(NULL, &guard, &fault));
        g_autofree char *why = way_amiss(&ways, ROWS[i].kind, ROWS[i].to, ROWS[i].secret);
        bool is_right =
            ROWS[i].why == NULL ? why == NULL : why != NULL && strstr(why, ROWS[i].why) != NULL;
        if (!is_right) {
            fail_msg("%s: %s", ROWS[i].name, why != NULL ? why : "nothing");
        }
    }
}

static void takes_any_document(void **state)
{
    (void)state;
    static const char *const ODD[] = {
        "[]", "{}", "{\"users\":7}",
        "{\"users\":[7,{\"name\":1,\"contacts\":[[],{\"kind\":5,\"to\":5}]}]}",
        "{\"schedules\":[{\"name\":\"s\",\"overrides\":[{\"to\":\"http://10.0.0.8\"}]}]}"};
    for (size_t i = 0; i < G_N_ELEMENTS(ODD); i++) {
        g_autofree char *told = told_of(ODD[i], NULL, false, false);
        assert_string_equal(told, "");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(says_where_a_secret_is_none),
        cmocka_unit_test(says_which_secret_is_of_no_use),
        cmocka_unit_test(says_which_address_is_not_called),
        cmocka_unit_test(says_once_that_no_mail_goes_out),
        cmocka_unit_test(says_why_one_contact_cannot_work),
        cmocka_unit_test(takes_any_document),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
