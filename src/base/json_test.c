#include "base/json.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>
#include <glib.h>

#include "base/limits.h"

struct row {
    const char *name;
    const char *text;
    size_t size;       /* 0: strlen */
    const char *fault; /* contained in it; NULL: taken */
};

static const struct row ROWS[] = {
    {"object", "{\"a\": [1, 2.5, true, null, \"\\u00e9\"]}", 0, NULL},
    {"scalar", "5", 0, NULL},
    {"space around", " \n[]\t ", 0, NULL},
    {"64 bits unsigned", "[18446744073709551615]", 0, NULL},
    {"nothing", "", 0, "cut off"},
    {"only space", "  ", 0, "cut off"},
    {"cut off", "{\"a\": [1", 0, "cut off"},
    {"cut in a text", "{\"a\": \"b", 0, "line 1"},
    {"two documents", "{} {}", 0, "send exactly one"},
    {"duplicate key", "{\"a\": 1, \"a\": 2}", 0, "duplicate"},
    {"bad UTF-8", "[\"\xff\"]", 0, "UTF-8"},
    {"overlong UTF-8", "[\"\xc0\xaf\"]", 0, "UTF-8"},
    {"surrogate", "[\"\xed\xa0\x80\"]", 0, "UTF-8"},
    {"escaped NUL", "[\"a\\u0000b\"]", 0, "U+0000"},
    {"NUL byte", "[\"a\0b\"]", 7, "line 1"},
    {"lone surrogate escape", "[\"\\ud800\"]", 0, "line 1"},
    {"single quotes", "{'a': 1}", 0, "line 1, column"},
    {"trailing comma", "[1,\n2,]", 0, "line 2"},
    {"infinite", "[1e999]", 0, "overflow"},
    {"NaN", "[NaN]", 0, "line 1"},
    {"brackets in a text do not count", "[\"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[\"]", 0,
     NULL},
    {"an escaped quote does not end a text", "[\"\\\"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[\"]",
     0, NULL},
};

static void test_read(void **state)
{
    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(ROWS); i++) {
        const struct row *row = &ROWS[i];
        struct fault fault = {0};
        size_t size = row->size > 0 ? row->size : strlen(row->text);
        json_auto_t *value = json_read(row->text, size, &fault);
        if ((value != NULL) != (row->fault == NULL) ||
            (row->fault != NULL && strstr(fault.text, row->fault) == NULL)) {
            fail_msg("%s: %s", row->name, fault.text);
        }
    }
}

static json_t *read_nested(size_t depth, struct fault *fault)
{
    g_autofree char *text = g_strnfill(depth * 2, '[');
    memset(text + depth, ']', depth);
    return json_read(text, depth * 2, fault);
}

static void test_depth(void **state)
{
    (void)state;
    struct fault fault = {0};
    json_auto_t *deepest = read_nested(LIMIT_JSON_DEPTH, &fault);
    assert_non_null(deepest);
    assert_null(read_nested(LIMIT_JSON_DEPTH + 1, &fault));
    assert_non_null(strstr(fault.text, "32 levels"));
    assert_null(read_nested(100000, &fault));
}

static json_t *read_wide(size_t count, struct fault *fault)
{
    g_autoptr(GString) text = g_string_new("[0");
    for (size_t i = 1; i < count; i++) {
        g_string_append(text, ",0");
    }
    g_string_append_c(text, ']');
    return json_read(text->str, text->len, fault);
}

static void test_nodes(void **state)
{
    (void)state;
    struct fault fault = {0};
    json_auto_t *widest = read_wide(LIMIT_JSON_NODES - 1, &fault); /* and the list itself */
    assert_non_null(widest);
    assert_null(read_wide(LIMIT_JSON_NODES, &fault));
    assert_non_null(strstr(fault.text, "50000 values"));
}

static void test_write_and_text(void **state)
{
    (void)state;
    struct fault fault = {0};
    static const char TEXT[] = "{\"z\":1,\"a\":[true,null,\"é\\n\"]}";
    json_auto_t *value = json_read(TEXT, strlen(TEXT), &fault);
    g_autofree char *written = json_write(value);
    assert_string_equal(written, TEXT);
    assert_string_equal(json_text(value, "none", "otherwise"), "otherwise");
    assert_string_equal(json_text(value, "z", "otherwise"), "otherwise");
    assert_null(json_text(NULL, "z", NULL));
}

/* All bytes of ASCII, the ends of every kind, and what is empty. */
static void test_writes_what_jansson_writes(void **state)
{
    (void)state;
    char ascii[128];
    for (size_t i = 0; i < sizeof ascii; i++) {
        ascii[i] = (char)i;
    }
    json_auto_t *value = json_pack(
        "{s:s%, s:[I, I, i, i], s:[f, f, f, f], s:{}, s:[], s:[b, b, n], s:{s:[[s]]}}", "ascii",
        ascii, sizeof ascii, "whole", (json_int_t)INT64_MIN, (json_int_t)INT64_MAX, 0, -7, "real",
        0.1, -1e300, 5e-324, 3.0, "object", "array", "words", 1, 0, "a \"name\"\t", "deep", "é😀");
    assert_non_null(value);
    g_autofree char *written = json_write(value);
    char expected[1024] = "";
    assert_true(json_dumpb(value, expected, sizeof expected - 1, JSON_COMPACT) < sizeof expected);
    assert_string_equal(written, expected);
    json_auto_t *number = json_integer(-12);
    g_autofree char *alone = json_write(number);
    assert_string_equal(alone, "-12");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_read),
        cmocka_unit_test(test_depth),
        cmocka_unit_test(test_nodes),
        cmocka_unit_test(test_write_and_text),
        cmocka_unit_test(test_writes_what_jansson_writes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
