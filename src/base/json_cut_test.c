#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "base/json_cut.h"

static const struct {
    const char *name, *text;
    const char *right; /* NULL: nothing is whole */
} CUTS[] = {
    {"inside an element", "{\"a\": [{\"x\": 1}, {\"x\"", "{\"a\": [{\"x\": 1}]}"},
    {"inside a text", "{\"a\": [{\"x\": \"1\"}, {\"x\": \"2}]", "{\"a\": [{\"x\": \"1\"}]}"},
    {"after an element", "{\"a\": [{\"x\": 1}", "{\"a\": [{\"x\": 1}]}"},
    {"after a comma", "{\"a\": [{\"x\": 1},", "{\"a\": [{\"x\": 1}]}"},
    {"after the list", "{\"a\": [{\"x\": 1}], \"b\": \"c", "{\"a\": [{\"x\": 1}]}"},
    {"after an escape", "[{\"x\": \"\\\"}\"}, {\"x\": \"\\", "[{\"x\": \"\\\"}\"}]"},
    {"a bare list", "[{\"x\": 1}, {\"x\": [1, 2", "[{\"x\": 1}]"},
    {"inner lists do not count", "{\"a\": {\"b\": [{}, {}", NULL},
    {"inner objects do not count", "[{\"labels\": {}, \"b\": {", NULL},
    {"brackets in texts do not count", "[\"[{}\", ", NULL},
    {"no element is whole", "{\"a\": [{\"x\": 1", NULL},
    {"one object", "{\"summary\": \"x", NULL},
    {"nothing", "", NULL},
    {"closed too often", "}}}[{}]]]", "}}}[{}]"},
};

static void test_cuts(void **state)
{
    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(CUTS); i++) {
        size_t size = 0;
        g_autofree char *cut = json_cut(CUTS[i].text, strlen(CUTS[i].text), &size);
        if (g_strcmp0(cut, CUTS[i].right) != 0) {
            fail_msg("%s: %s", CUTS[i].name, cut == NULL ? "nothing" : cut);
        }
        assert_int_equal(size, cut == NULL ? 0 : strlen(cut));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_cuts)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
