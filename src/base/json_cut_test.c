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
        g_autofree char *cut = json_cut(CUTS[i].text, strlen(CUTS[i].text), SIZE_MAX, &size);
        if (g_strcmp0(cut, CUTS[i].right) != 0) {
            fail_msg("%s: %s", CUTS[i].name, cut == NULL ? "nothing" : cut);
        }
        assert_int_equal(size, cut == NULL ? 0 : strlen(cut));
    }
}

static const struct {
    const char *name, *text;
    size_t nodes;
    const char *right;
} FITS[] = {
    {"all", "[{\"x\":1},{\"x\":2}]", 100, "[{\"x\":1},{\"x\":2}]"},
    {"one", "[{\"x\":1},{\"x\":2}]", 4, "[{\"x\":1}]"},
    {"none", "[{\"x\":1,\"y\":[1,2,3]},{\"x\":2}]", 4, NULL},
    {"what is in texts does not count", "[{\"x\":\",,,[{\"},{\"x\":2}]", 4, "[{\"x\":\",,,[{\"}]"},
};

static void test_fits(void **state)
{
    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(FITS); i++) {
        size_t size = 0;
        g_autofree char *cut = json_cut(FITS[i].text, strlen(FITS[i].text), FITS[i].nodes, &size);
        if (g_strcmp0(cut, FITS[i].right) != 0) {
            fail_msg("%s: %s", FITS[i].name, cut == NULL ? "nothing" : cut);
        }
    }
}

static const struct {
    const char *name, *text;
    const char *right; /* NULL: nothing is broken */
    size_t broken;
} BROKEN[] = {
    {"sound", "{\"a\": [{}, {\"x\": [1]}]}", NULL, 0},
    {"the first", "[{,}, {\"x\": [1]}]", "[null, {\"x\": [1]}]", 1},
    {"the last", "{\"a\": [{\"x\": 1} , {1} ], \"b\": [[}, [2]]}",
     "{\"a\": [{\"x\": 1} , null ], \"b\": [null, [2]]}", 2},
    {"inner ones are their element's", "[{\"x\": [{,}]}, {}]", "[null, {}]", 1},
    {"no list", "{\"x\": {,}}", NULL, 0},
    {"texts", "[{\"x\": \"[{,}]\"}]", NULL, 0},
    {"not closed", "[{,}, {\"x\": ", "[null, {\"x\": ", 1},
    {"nothing", "", NULL, 0},
};

static void test_broken(void **state)
{
    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(BROKEN); i++) {
        size_t size = 0;
        size_t broken = 0;
        g_autofree char *sound =
            json_without_broken(BROKEN[i].text, strlen(BROKEN[i].text), &size, &broken);
        if (g_strcmp0(sound, BROKEN[i].right) != 0 || broken != BROKEN[i].broken) {
            fail_msg("%s: %s", BROKEN[i].name, sound == NULL ? "nothing" : sound);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_cuts), cmocka_unit_test(test_fits),
                                       cmocka_unit_test(test_broken)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
