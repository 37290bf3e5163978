/* The key of an event of which only parts are there, or that is no JSON. */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "source/pagerduty.h"

static const struct {
    const char *name, *text, *key;
} ROWS[] = {
    {"first", "{\"routing_key\": \"abc\", \"payload\": {\"custom_details\": {\"l", "abc"},
    {"v1", "{\"service_key\":\"abc\",\"details\":\"", "abc"},
    {"of the event, not of what it quotes",
     "{\"payload\": {\"routing_key\": \"no\"}, \"routing_key\" :\n \"abc\", \"x\": "
     "{\"routing_key\": \"no\"}",
     "abc"},
    {"not in a text", "{\"a\": \"\\\"routing_key\\\":\\\"no\\\"\", \"routing_key\": \"abc\"}",
     "abc"},
    {"brackets and escapes in texts", "{\"a\": \"}]\\\\\", \"routing_key\": \"abc\"", "abc"},
    {"the last part, from within a text",
     "{\"payload\": {\"l\": \"xxxx yyy\"}}, \"routing_key\": \"abc\"}", "abc"},
    {"one alone where many stand", "{\"routing_key\": \"a\", \"routing_key\": \"b\"", "a"},
    {"a value", "{\"a\": \"routing_key\"}", NULL},
    {"no text", "{\"routing_key\": 12345}", NULL},
    {"blank", "{\"routing_key\": \"\"}", NULL},
    {"cut in the key", "{\"routing_key\": \"ab", NULL},
    {"cut in the name", "{\"routing_ke", NULL},
    {"cut before the value", "{\"routing_key\":", NULL},
    {"cut in an escape", "{\"a\": \"\\", NULL},
    {"other name", "{\"my_routing_key\": \"abc\"}", NULL},
    {"nothing", "", NULL},
};

static void finds_the_key(void **state)
{
    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(ROWS); i++) {
        size_t size = strlen(ROWS[i].text);
        g_autofree char *exact =
            g_memdup2(ROWS[i].text, size); /* a byte behind it would be noticed */
        g_autofree char *key = pagerduty_key_in(exact, size);
        if (g_strcmp0(key, ROWS[i].key) != 0) {
            fail_msg("%s: %s", ROWS[i].name, key != NULL ? key : "none");
        }
    }
}

static void long_ones_are_none(void **state)
{
    (void)state;
    g_autofree char *value = g_strnfill(300, 'x');
    g_autofree char *text = g_strdup_printf("{\"routing_key\": \"%s\"}", value);
    g_autofree char *key = pagerduty_key_in(text, strlen(text));
    assert_null(key);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_the_key),
        cmocka_unit_test(long_ones_are_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
