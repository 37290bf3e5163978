#include "base/describe.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static const struct enum_name COLOURS[] = {{"red", 1}, {"blue", 2}, {NULL, 0}};
static const struct field POINT_FIELDS[] = {SHAPE_KIND("x", FIELD_INT, FIELD_ALWAYS, NULL)};
static const struct record POINT = SHAPE("Point", "Where.", POINT_FIELDS);
static const struct field BASE_FIELDS[] = {SHAPE_TEXT("name", FIELD_ALWAYS, NULL)};
static const struct record BASE = SHAPE("Base", "What all have.", BASE_FIELDS);
static const struct field ALL_FIELDS[] = {
    SHAPE_KIND("is_on", FIELD_BOOL, 0, NULL),
    SHAPE_KIND("wait", FIELD_SPAN, 0, NULL),
    SHAPE_KIND("at", FIELD_UTC, FIELD_NULL, NULL),
    SHAPE_ENUM("colour", COLOURS, 0),
    SHAPE_KIND("words", FIELD_TEXTS, 0, NULL),
    SHAPE_ONE("start", POINT, 0),
    SHAPE_MANY("path", POINT, 0),
    SHAPE_KIND("rest", FIELD_JSON, 0, NULL),
};
static const struct record ALL = {
    .name = "All", .fields = ALL_FIELDS, .field_count = G_N_ELEMENTS(ALL_FIELDS), .base = &BASE};
static const struct record OPEN = SHAPE_OPEN("Open", "And more.", BASE_FIELDS);

static const struct {
    const char *name;
    const struct record *record;
    const char *text;
    const char *field; /* of the fault; NULL: it fits */
} ROWS[] = {
    {"what always stands there", &ALL, "{'name': 'a'}", NULL},
    {"everything", &ALL,
     "{'name': 'a', 'is_on': false, 'wait': '5m', 'at': '2026-11-18T11:06:40Z', 'colour': 'red',"
     " 'words': ['a'], 'start': {'x': 1}, 'path': [{'x': 1}, {'x': 2}], 'rest': [1, {}]}",
     NULL},
    {"null where it may be", &ALL, "{'name': 'a', 'at': null}", NULL},
    {"empty lists", &ALL, "{'name': 'a', 'words': [], 'path': []}", NULL},
    {"more, where it may be", &OPEN, "{'name': 'a', 'more': 1}", NULL},
    {"no object", &ALL, "[1]", ""},
    {"one is missing of the base", &ALL, "{'is_on': true}", "name"},
    {"one is missing inside", &ALL, "{'name': 'a', 'start': {}}", "start"},
    {"not described", &ALL, "{'name': 'a', 'more': 1}", "more"},
    {"not described inside", &ALL, "{'name': 'a', 'path': [{'x': 1}, {'x': 1, 'y': 2}]}", "path"},
    {"null where it may not be", &ALL, "{'name': null}", "name"},
    {"no text", &ALL, "{'name': 1}", "name"},
    {"no truth", &ALL, "{'name': 'a', 'is_on': 1}", "is_on"},
    {"no span", &ALL, "{'name': 'a', 'wait': 5}", "wait"},
    {"no instant", &ALL, "{'name': 'a', 'at': 'soon'}", "at"},
    {"none of the names", &ALL, "{'name': 'a', 'colour': 'green'}", "colour"},
    {"no texts", &ALL, "{'name': 'a', 'words': ['a', 1]}", "words"},
    {"no whole number", &ALL, "{'name': 'a', 'start': {'x': 1.5}}", "start"},
    {"one instead of many", &ALL, "{'name': 'a', 'path': {'x': 1}}", "path"},
};

static void what_fits_is_told_from_what_does_not(void **state)
{
    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(ROWS); i++) {
        g_autofree char *text = g_strdelimit(g_strdup(ROWS[i].text), "'", '"');
        json_auto_t *value = json_loads(text, JSON_DECODE_ANY, NULL);
        struct fault fault = {0};
        assert_non_null(value);
        bool fits = record_fits(ROWS[i].record, value, &fault);
        if (fits != (ROWS[i].field == NULL) || (!fits && strcmp(fault.field, ROWS[i].field) != 0)) {
            fail_msg("%s: %d, %s %s", ROWS[i].name, fits, fault.field, fault.text);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(what_fits_is_told_from_what_does_not)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
