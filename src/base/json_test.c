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
    {"64 bits unsigned", "[18446744073709551615]", 0, "too large"},
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
    {"NUL byte after a number", "984\0", 4, "NUL byte"},
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

#define U_FFFD "\xef\xbf\xbd"

static const struct {
    const char *name;
    const char *text;
    size_t size;      /* 0: strlen */
    const char *read; /* as it is written again; NULL: refused */
} MENDED[] = {
    {"what is good stays", "{\"a\":[1,2.5,true,null,\"\\u00e9\\n\"]}", 0,
     "{\"a\":[1,2.5,true,null,\"\xc3\xa9\\n\"]}"},
    {"escaped NUL", "[\"a\\u0000b\"]", 0, "[\"a" U_FFFD "b\"]"},
    {"NUL byte", "[\"a\0b\"]", 7, "[\"a" U_FFFD "b\"]"},
    {"NUL in a key", "{\"a\\u0000\":1}", 0, "{\"a" U_FFFD "\":1}"},
    {"first half of a pair", "[\"\\ud83d\"]", 0, "[\"" U_FFFD "\"]"},
    {"second half of a pair", "[\"\\ude00x\"]", 0, "[\"" U_FFFD "x\"]"},
    {"two first halves", "[\"\\ud83d\\ud83d\\ude00\"]", 0, "[\"" U_FFFD "\xf0\x9f\x98\x80\"]"},
    {"a whole pair", "[\"\\ud83d\\ude00\",NaN]", 0, "[\"\xf0\x9f\x98\x80\",\"NaN\"]"},
    {"a byte of Latin-1", "[\"caf\xe9 zu\"]", 0, "[\"caf" U_FFFD " zu\"]"},
    {"Latin-1 before the quote", "[\"caf\xe9\"]", 0, "[\"caf" U_FFFD "\"]"},
    {"a surrogate in bytes", "[\"\xed\xa0\x80\"]", 0, "[\"" U_FFFD U_FFFD U_FFFD "\"]"},
    {"overlong", "[\"\xc0\xaf\"]", 0, "[\"" U_FFFD U_FFFD "\"]"},
    {"beyond Unicode", "[\"\xf4\x90\x80\x80\"]", 0, "[\"" U_FFFD U_FFFD U_FFFD U_FFFD "\"]"},
    {"raw controls", "[\"a\tb\nc\x1b[0m\"]", 0, "[\"a\\tb\\nc\\u001B[0m\"]"},
    {"the last of doubled keys", "{\"a\":1,\"b\":2,\"a\":3}", 0, "{\"a\":3,\"b\":2}"},
    {"doubled by mending", "{\"\\ud800\":1,\"\\udfff\":2}", 0, "{\"" U_FFFD "\":2}"},
    {"NaN", "[NaN,-Infinity,Infinity]", 0, "[\"NaN\",\"-Infinity\",\"Infinity\"]"},
    {"infinite", "[1e999,-1E+400,0.5]", 0, "[\"1e999\",\"-1E+400\",0.5]"},
    {"unsigned 64 bits changes only itself", "[5,9007199254740993,18446744073709551615]", 0,
     "[5,9007199254740993,\"18446744073709551615\"]"},
    {"the ends of 64 bits", "[9223372036854775807,-9223372036854775808,9223372036854775808]", 0,
     "[9223372036854775807,-9223372036854775808,\"9223372036854775808\"]"},
    {"a number in a text is text", "[\"18446744073709551615 NaN\",NaN]", 0,
     "[\"18446744073709551615 NaN\",\"NaN\"]"},
    {"byte order mark", "\xef\xbb\xbf{\"a\":1}", 0, "{\"a\":1}"},
    {"the NUL that ends a text in C", "{\"a\":1}\0", 8, "{\"a\":1}"},
    {"an escape that is none", "[\"C:\\programs\\x41\\u12\"]", 0,
     "[\"C:\\\\programs\\\\x41\\\\u12\"]"},
    {"cut off", "{\"a\":[1", 0, NULL},
    {"cut off in an escape", "[\"a\\", 0, NULL},
    {"cut off in a character", "[\"\xe2\x82", 0, NULL},
    {"nothing", "", 0, NULL},
    {"a mark only", "\xef\xbb\xbf", 0, NULL},
    {"two documents", "{} {}", 0, NULL},
    {"no quotes", "{a:1}", 0, "{\"a\":1}"},
    {"words of other languages", "[nan,None,True,undefined,my_name]", 0,
     "[\"nan\",\"None\",\"True\",\"undefined\",\"my_name\"]"},
    {"odd numbers", "[007,0x1F,+5,.5,1.,1e,-,1_000,--1,1.2.3]", 0,
     "[\"007\",\"0x1F\",\"+5\",\".5\",\"1.\",\"1e\",\"-\",\"1_000\",\"--1\",\"1.2.3\"]"},
    {"an element with a comma too many", "{\"a\":[{\"x\":1},{\"x\":1,},{\"x\":3}]}", 0,
     "{\"a\":[{\"x\":1},null,{\"x\":3}]}"},
    {"elements that are garbage", "[{\"x\":12:30},{\"x\":1},{=},[1 2],{\"x\":3}]", 0,
     "[null,{\"x\":1},null,null,{\"x\":3}]"},
    {"garbage beside the elements", "{\"a\":[{\"x\":1,}],=}", 0, NULL},
    {"doubled keys beside a broken element", "[{\"x\":1,\"x\":2},{,}]", 0, "[{\"x\":2},null]"},
    {"a comma too many", "[1,]", 0, NULL},
};

static void test_mends(void **state)
{
    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(MENDED); i++) {
        struct fault fault = {0};
        struct json_mends mends;
        size_t size = MENDED[i].size > 0 ? MENDED[i].size : strlen(MENDED[i].text);
        json_auto_t *value =
            json_read_mended(MENDED[i].text, size, LIMIT_JSON_NODES, &mends, &fault);
        g_autofree char *read = value == NULL ? NULL : json_write(value);
        if (g_strcmp0(read, MENDED[i].read) != 0) {
            fail_msg("%s: %s %s", MENDED[i].name, read, fault.text);
        }
        g_autofree char *told = json_mends_told(&mends);
        assert_int_equal(read != NULL && told == NULL, i == 0); /* what was mended is told */
        assert_true(value != NULL || fault.text[0] != '\0');
    }
}

static void assert_mends_told(const char *text, const char *expected)
{
    struct fault fault = {0};
    struct json_mends mends;
    json_auto_t *value = json_read_mended(text, strlen(text), LIMIT_JSON_NODES, &mends, &fault);
    assert_non_null(value);
    g_autofree char *told = json_mends_told(&mends);
    assert_string_equal(told, expected);
}

static const struct {
    const char *name, *text;
    const char *read; /* NULL: no element is whole */
} BEGUN[] = {
    {"in an element", "{\"a\":[{\"x\":1},{\"x\":", "{\"a\":[{\"x\":1}]}"},
    {"in a text", "[{\"x\":1},{\"x\":\"12", "[{\"x\":1}]"},
    {"in a word", "[{\"x\":1},{\"x\":tr", "[{\"x\":1}]"},
    {"behind the list", "{\"a\":[{\"x\":1},{\"x\":2}],\"b", "{\"a\":[{\"x\":1},{\"x\":2}]}"},
    {"with a key twice", "[{\"x\":1,\"x\":2},{", "[{\"x\":2}]"},
    {"with an element that is broken", "[{\"x\":1,},{\"x\":2},{", "[null,{\"x\":2}]"},
    {"in the only element", "[{\"x\":1", NULL},
};

static void test_what_ends_early_is_taken_up_to_there(void **state)
{
    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(BEGUN); i++) {
        struct fault fault = {0};
        struct json_mends mends;
        const char *text = BEGUN[i].text;
        json_auto_t *value = json_read_mended(text, strlen(text), LIMIT_JSON_NODES, &mends, &fault);
        g_autofree char *read = value == NULL ? NULL : json_write(value);
        if (g_strcmp0(read, BEGUN[i].read) != 0) {
            fail_msg("%s: %s", BEGUN[i].name, read);
        }
        assert_int_equal(mends.ends_early, read != NULL);
        assert_non_null(strstr(fault.text, "ends in the middle"));
    }
}

static void test_mends_are_told_as_what_they_are(void **state)
{
    (void)state;
    assert_mends_told("[NaN]", "not valid JSON, and mended: 1 value is no JSON (such as NaN): kept "
                               "as text");
    assert_mends_told("[NaN,-Infinity]",
                      "not valid JSON, and mended: 2 values are no JSON (such as "
                      "NaN): kept as text");
    assert_mends_told("[1e999]", "not valid JSON, and mended: 1 number is too large to be held: "
                                 "kept as text");
}

static void test_mended_is_bounded_too(void **state)
{
    (void)state;
    struct fault fault = {0};
    struct json_mends mends;
    g_autofree char *deep = g_strnfill(100, '[');
    assert_null(json_read_mended(deep, 100, LIMIT_JSON_NODES, &mends, &fault));
    assert_non_null(strstr(fault.text, "cut off"));
    assert_null(json_read_mended("[NaN,1,2,3]", 11, 3, &mends, &fault));
    assert_non_null(strstr(fault.text, "more than 3 values"));
    assert_true(mends.is_cut);
}

/* A body of what must be mended takes the memory of any other: the beginning of a text is mended as it is written,
 * and behind what is ever kept of one each byte takes one. */
static void test_a_mended_text_does_not_grow(void **state)
{
    (void)state;
    static const char BAD[] = {1, 0x1f, 0, (char)0xff, '\\', '\n'};
    for (size_t i = 0; i < sizeof BAD; i++) {
        const size_t size = 4 * (size_t)LIMIT_DETAILS;
        g_autofree char *text = g_strnfill(size, 'x');
        for (size_t at = 3; at < size - 4; at++) {
            text[at] = BAD[i];
            if (at % 2 == 0 && BAD[i] == '\\') {
                text[at] = 'q';
            }
        }
        text[0] = '[';
        text[1] = ' ';
        text[2] = '"';
        memcpy(text + size - 4, "x\"]", 4);
        size_t mended_size = 0;
        struct json_mends mends;
        g_autofree char *mended = json_mend(text, size - 1, false, &mended_size, &mends);
        assert_int_equal(mends.texts, 1);
        assert_true(mended_size <= size + LIMIT_DETAILS);
        assert_true(memchr(mended + 3, '?', LIMIT_DETAILS - 8) == NULL);
        struct fault fault = {0};
        json_auto_t *value = json_read(mended, mended_size, &fault);
        assert_int_equal(json_array_size(value), 1);
    }
}

/* `what` with N repeated `count` times, N being one value more; newly allocated. */
static char *filled(const char *what, size_t count)
{
    g_autoptr(GString) values = g_string_new("0");
    for (size_t i = 1; i < count; i++) {
        g_string_append(values, ",0");
    }
    g_auto(GStrv) parts = g_strsplit(what, "N", -1);
    return g_strjoinv(values->str, parts);
}

static const struct {
    const char *name, *text; /* N: many values */
    const char *right;
    size_t count;
    bool is_cut;
} WIDE[] = {
    {"a part of one of two alerts", "{\"alerts\":[{\"a\":{\"x\":[N]},\"b\":1},{\"c\":2}],\"d\":3}",
     "{\"alerts\":[{\"a\":\"(too many values: left out)\",\"b\":1},{\"c\":2}],\"d\":3}", 60000,
     false},
    {"the same of a bare list", "[{\"a\" : [N]},{\"c\":2}]",
     "[{\"a\":\"(too many values: left out)\"},{\"c\":2}]", 60000, false},
    {"details of one alert", "{\"summary\":\"s\",\"details\":{\"x\":[[N]]}}",
     "{\"summary\":\"s\",\"details\":\"(too many values: left out)\"}", 60000, false},
    {"a list of one alert", "{\"details\":[N],\"summary\":\"s\"}",
     "{\"details\":\"(too many values: left out)\",\"summary\":\"s\"}", 60000, false},
    {"two that are not too large", "[{\"a\":1},{\"a\":[N]},{\"b\":[N]}]", NULL, 30000, true},
};

static void test_what_is_too_much_is_left_out(void **state)
{
    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(WIDE); i++) {
        g_autofree char *text = filled(WIDE[i].text, WIDE[i].count);
        struct fault fault = {0};
        struct json_mends mends;
        json_auto_t *value = json_read_mended(text, strlen(text), LIMIT_JSON_NODES, &mends, &fault);
        g_autofree char *read = value == NULL ? NULL : json_write(value);
        if (read == NULL || mends.is_cut != WIDE[i].is_cut ||
            (WIDE[i].right != NULL && strcmp(read, WIDE[i].right) != 0)) {
            fail_msg("%s: %.80s %s", WIDE[i].name, read, fault.text);
        }
        assert_int_equal(mends.parts, WIDE[i].is_cut ? 0 : 1);
        assert_true(!WIDE[i].is_cut || json_array_size(value) == 2);
    }
}

static void test_depth_is_of_a_part(void **state)
{
    (void)state;
    for (size_t depth = 1; depth < 100; depth += 98) {
        g_autofree char *open = g_strnfill(depth, '[');
        g_autofree char *close = g_strnfill(depth, ']');
        g_autofree char *text =
            g_strdup_printf("[{\"a\":%s\"]\"%s,\"b\":1},{\"c\":2}]", open, close);
        struct fault fault = {0};
        struct json_mends mends;
        json_auto_t *value = json_read_mended(text, strlen(text), LIMIT_JSON_NODES, &mends, &fault);
        assert_non_null(value);
        json_t *first = json_array_get(value, 0);
        assert_int_equal(json_integer_value(json_object_get(first, "b")), 1);
        assert_int_equal(json_array_size(value), 2);
        assert_int_equal(mends.parts, depth == 1 ? 0 : 1);
    }
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
        cmocka_unit_test(test_mends),
        cmocka_unit_test(test_what_ends_early_is_taken_up_to_there),
        cmocka_unit_test(test_mends_are_told_as_what_they_are),
        cmocka_unit_test(test_mended_is_bounded_too),
        cmocka_unit_test(test_a_mended_text_does_not_grow),
        cmocka_unit_test(test_what_is_too_much_is_left_out),
        cmocka_unit_test(test_depth_is_of_a_part),
        cmocka_unit_test(test_write_and_text),
        cmocka_unit_test(test_writes_what_jansson_writes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
