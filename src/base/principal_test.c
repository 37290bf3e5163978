#include "base/principal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>
#include <glib.h>

static const struct {
    const char *text;
    enum principal_kind kind;
    const char *name;
} ACTORS[] = {
    {"tocsin", PRINCIPAL_SYSTEM, ""},
    {"local", PRINCIPAL_LOCAL, ""},
    {"file", PRINCIPAL_FILE, ""},
    {"user:file", PRINCIPAL_USER, "file"},
    {"user:ana", PRINCIPAL_USER, "ana"},
    {"user:local", PRINCIPAL_USER, "local"},
    {"user:tocsin", PRINCIPAL_USER, "tocsin"},
    {"channel:ops", PRINCIPAL_CHANNEL, "ops"},
    {"token:ci", PRINCIPAL_TOKEN, "ci"},
    {"token:user", PRINCIPAL_TOKEN, "user"},
    {"integration:prod-am", PRINCIPAL_INTEGRATION, "prod-am"},
    {"heartbeat:nightly", PRINCIPAL_HEARTBEAT, "nightly"},
};

static void test_actors(void **state)
{
    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(ACTORS); i++) {
        const struct principal read = principal_read(ACTORS[i].text);
        assert_int_equal(read.kind, ACTORS[i].kind);
        assert_string_equal(read.name, ACTORS[i].name);
        g_autofree char *written = principal_text_of(read);
        assert_string_equal(written, ACTORS[i].text);
    }
    assert_int_equal(principal_read("users").kind, PRINCIPAL_USER);
    assert_string_equal(principal_read("schedule:primary").name, "schedule:primary");
}

/* A person may be called as we call ourselves. */
static void test_receivers(void **state)
{
    (void)state;
    static const char *const HANDLES[] = {"ana", "local", "tocsin"};
    for (size_t i = 0; i < G_N_ELEMENTS(HANDLES); i++) {
        const struct principal told = principal_of_receiver(HANDLES[i]);
        assert_int_equal(told.kind, PRINCIPAL_USER);
        assert_string_equal(told.name, HANDLES[i]);
    }
    assert_int_equal(principal_of_receiver("channel:local").kind, PRINCIPAL_CHANNEL);
    assert_string_equal(principal_of_receiver("channel:local").name, "local");
}

static void test_who_is_somebody(void **state)
{
    (void)state;
    static const char *const SOMEBODY[] = {"user:ana", "channel:ops", "token:ci"};
    static const char *const NOBODY[] = {"tocsin", "local", "file", "integration:app",
                                         "heartbeat:nightly"};
    for (size_t i = 0; i < G_N_ELEMENTS(SOMEBODY); i++) {
        assert_true(principal_is_somebody(principal_read(SOMEBODY[i])));
    }
    for (size_t i = 0; i < G_N_ELEMENTS(NOBODY); i++) {
        assert_false(principal_is_somebody(principal_read(NOBODY[i])));
    }
}

static void test_a_copy_stands_alone(void **state)
{
    (void)state;
    char name[] = "ana", token[] = "ci";
    const struct principal by = {.kind = PRINCIPAL_TOKEN, .name = token};
    struct principal copy =
        principal_copy((struct principal){.kind = PRINCIPAL_USER, .name = name, .by = &by});
    name[0] = 'x';
    token[0] = 'x';
    assert_int_equal(copy.by->kind, PRINCIPAL_TOKEN);
    assert_string_equal(copy.by->name, "ci");
    assert_int_equal(copy.kind, PRINCIPAL_USER);
    assert_string_equal(copy.name, "ana");
    principal_clear(&copy);
    assert_int_equal(copy.kind, 0);
    assert_null(copy.name);
    assert_null(copy.by);
}

static void test_who_is_the_same(void **state)
{
    (void)state;
    const struct principal by = {.kind = PRINCIPAL_TOKEN, .name = "ci"};
    const struct principal ana = {.kind = PRINCIPAL_USER, .name = "ana"};
    assert_true(principal_equal(ana, (struct principal){PRINCIPAL_USER, "ana", &by}));
    assert_false(principal_equal(ana, (struct principal){PRINCIPAL_TOKEN, "ana"}));
    assert_false(principal_equal(ana, (struct principal){PRINCIPAL_USER, "budi"}));
    assert_true(principal_equal(PRINCIPAL_HERE, principal_read("local")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_actors),          cmocka_unit_test(test_receivers),
        cmocka_unit_test(test_who_is_somebody), cmocka_unit_test(test_a_copy_stands_alone),
        cmocka_unit_test(test_who_is_the_same),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
