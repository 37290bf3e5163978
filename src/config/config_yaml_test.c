#include "config/config_yaml.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "base/json.h"
#include "base/limits.h"

/* ---- what the scalars are ---- */

static const struct {
    const char *yaml;
    const char *json;
} VALUES[] = {
    {"", "{}"},
    {"# only a comment\n", "{}"},
    {"---\na: 1\n...\n", "{\"a\":1}"},
    {"{a: true, b: false}", "{\"a\":true,\"b\":false}"},
    {"[id: no, ok: yes, on: off, y: n]",
     "[{\"id\":\"no\"},{\"ok\":\"yes\"},{\"on\":\"off\"},{\"y\":\"n\"}]"},
    {"[True, TRUE, Null, NULL]", "[\"True\",\"TRUE\",\"Null\",\"NULL\"]"},
    {"[~, null, '', '~', \"null\"]", "[null,null,\"\",\"~\",\"null\"]"},
    {"a:\nb:\n", "{\"a\":null,\"b\":null}"},
    {"[0, 7, -3, 1.5, -1e3]", "[0,7,-3,1.5,-1000.0]"},
    {"['0', \"7\"]", "[\"0\",\"7\"]"},
    {"[0s, 5m, 1w, 12h]", "[\"0s\",\"5m\",\"1w\",\"12h\"]"},
    {"[09:00, 2026-01-05T09:00, 2026-01-05, 1.2.3]",
     "[\"09:00\",\"2026-01-05T09:00\",\"2026-01-05\",\"1.2.3\"]"},
    {"[0123, 0x1F, 0o17, 1_000, +5, .5, 5., .inf, .nan]",
     "[\"0123\",\"0x1F\",\"0o17\",\"1_000\",\"+5\",\".5\",\"5.\",\".inf\",\".nan\"]"},
    {"[99999999999999999999, -, e5]", "[\"99999999999999999999\",\"-\",\"e5\"]"},
    {"a: |\n  two\n  lines\nb: >\n  one\n  line\n",
     "{\"a\":\"two\\nlines\\n\",\"b\":\"one line\\n\"}"},
    {"5: x", "{\"5\":\"x\"}"},
    {"name: Chen Yu-Ting 陳", "{\"name\":\"Chen Yu-Ting 陳\"}"},
};

static void test_values(void **state)
{
    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(VALUES); i++) {
        struct yaml_document document;
        struct fault fault = {0};
        if (!yaml_read(VALUES[i].yaml, strlen(VALUES[i].yaml), &document, &fault)) {
            fail_msg("%s: %s", VALUES[i].yaml, fault.text);
        }
        g_autofree char *json = json_write(document.json);
        assert_string_equal(json, VALUES[i].json);
        yaml_document_clear(&document);
    }
}

/* ---- what is refused, and where ---- */

static const struct {
    const char *name, *yaml;
    int line;
    const char *text;
} REFUSALS[] = {
    {"anchor", "a: 1\nb: &x 2\n", 2, "anchors"},
    {"anchor on a list", "a: &x [1]\n", 1, "anchors"},
    {"alias", "a: 1\nb: 2\nc: *x\n", 3, "aliases"},
    {"tag", "a: !!binary aGk=\n", 1, "tags"},
    {"own tag", "a: !python/object {}\n", 1, "tags"},
    {"duplicate key", "users: []\nteams: []\nusers: []\n", 3, "is written twice, first in line 1"},
    {"duplicate key deep down", "a:\n  - b: 1\n    c: 2\n    b: 3\n", 4, "first in line 2"},
    {"second document", "a: 1\n---\nb: 2\n", 2, "second document"},
    {"list as key", "? [1, 2]\n: x\n", 1, "key must be a plain word"},
    {"tab", "a:\n\t- b\n", 2, "not valid YAML"},
    {"not closed", "a: [1, 2\n", 2, "not valid YAML"},
    {"bad indentation", "a:\n    b: 1\n  c: 2\n", 3, "not valid YAML"},
    {"quote not closed", "a: 'x\n", 2, "not valid YAML"},
    {"bad UTF-8", "a: \xff\n", 0, "UTF-8"},
    {"control character", "a: \x01\n", 0, "not valid YAML"},
    {"escaped NUL", "a: \"x\\0y\"\n", 1, "U+0000"},
    {"billion laughs", "a: &a [x, x]\nb: [*a, *a]\n", 1, "anchors"},
};

static void test_refusals(void **state)
{
    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(REFUSALS); i++) {
        struct yaml_document document;
        struct fault fault = {0};
        if (yaml_read(REFUSALS[i].yaml, strlen(REFUSALS[i].yaml), &document, &fault)) {
            fail_msg("%s: was taken", REFUSALS[i].name);
        }
        if (document.fault_line != REFUSALS[i].line ||
            strstr(fault.text, REFUSALS[i].text) == NULL) {
            fail_msg("%s: line %d: %s", REFUSALS[i].name, document.fault_line, fault.text);
        }
        assert_null(document.json);
        yaml_document_clear(&document);
    }
}

static bool reads(const char *text, size_t size)
{
    struct yaml_document document;
    struct fault fault = {0};
    bool is_read = yaml_read(text, size, &document, &fault);
    assert_int_equal(is_read, fault.text[0] == '\0');
    yaml_document_clear(&document);
    return is_read;
}

static void test_limits(void **state)
{
    (void)state;
    g_autofree char *deep = g_strnfill((gsize)2 * (LIMIT_JSON_DEPTH + 1), '[');
    memset(deep + LIMIT_JSON_DEPTH + 1, ']', LIMIT_JSON_DEPTH + 1);
    assert_false(reads(deep, strlen(deep)));
    assert_true(reads(deep + 1, strlen(deep) - 2));
    g_autofree char *large = g_strnfill(LIMIT_YAML + 1, '#');
    assert_false(reads(large, LIMIT_YAML + 1));
    assert_true(reads(large, LIMIT_YAML));
    g_autofree char *long_key = g_strnfill(1000, 'k');
    g_autofree char *long_entry = g_strconcat(long_key, ": 1\n", NULL);
    assert_false(reads(long_entry, strlen(long_entry)));
}

/* ---- lines ---- */

static const char TEAM[] = "users:\n"                                     /* 1 */
                           "  - name: ana\n"                              /* 2 */
                           "    contacts:\n"                              /* 3 */
                           "      - {kind: email, to: ana@example.com}\n" /* 4 */
                           "    rules:\n"                                 /* 5 */
                           "      high:\n"                                /* 6 */
                           "        - after: 0s\n"                        /* 7 */
                           "          contact: email\n"                   /* 8 */
                           "\n"
                           "  - name: budi\n"; /* 10 */

static void test_lines(void **state)
{
    (void)state;

    static const struct {
        const char *field;
        int line;
    } ROWS[] = {
        {"users", 1},
        {"users[0]", 2},
        {"users[0].contacts[0].to", 4},
        {"users[0].rules.high[0].contact", 8},
        {"users[0].rules.high[0].wait", 7}, /* missing: where its object begins */
        {"users[0].rules.low[3].after", 5},
        {"users[1].name", 10},
        {"nowhere", 0},
        {"", 0},
    };
    struct yaml_document document;
    struct fault fault = {0};
    assert_true(yaml_read(TEAM, strlen(TEAM), &document, &fault));
    for (size_t i = 0; i < G_N_ELEMENTS(ROWS); i++) {
        int line = yaml_line(&document, ROWS[i].field);
        if (line != ROWS[i].line) {
            fail_msg("%s: line %d", ROWS[i].field, line);
        }
    }
    (void)fault_set(&fault, "users[0].rules.high[0].after", "needs a unit");
    g_autofree char *text = yaml_fault_text("team.yaml", &document, &fault);
    assert_string_equal(text, "team.yaml:7: users[0].rules.high[0].after: needs a unit");
    g_autofree char *without = yaml_fault_text("team.yaml", NULL, &fault);
    assert_string_equal(without, "team.yaml: users[0].rules.high[0].after: needs a unit");
    yaml_document_clear(&document);
}

/* Judged section by section, told from the top to the bottom. */
static void test_faults_are_told_by_line(void **state)
{
    (void)state;
    static const char *const FIELDS[] = {"users[1].name", "users[0].contacts[0].to", "nowhere",
                                         "users[0].contacts[0].to", "users"};
    struct yaml_document document;
    struct fault fault = {0};
    struct fault faults[G_N_ELEMENTS(FIELDS)] = {0};
    assert_true(yaml_read(TEAM, strlen(TEAM), &document, &fault));
    for (size_t i = 0; i < G_N_ELEMENTS(FIELDS); i++) {
        (void)fault_set(&faults[i], FIELDS[i], "%zu", i);
    }
    g_autofree char *text = yaml_faults_text("t", &document, faults, G_N_ELEMENTS(faults));
    assert_string_equal(text, "t: nowhere: 2\n"
                              "t:1: users: 4\n"
                              "t:4: users[0].contacts[0].to: 1\n"
                              "t:4: users[0].contacts[0].to: 3\n"
                              "t:10: users[1].name: 0");
    g_autofree char *none = yaml_faults_text("t", &document, NULL, 0);
    assert_string_equal(none, "");
    yaml_document_clear(&document);
}

/* ---- writing ---- */

static const char *const DOCUMENTS[] = {
    "{}",
    "{\"users\":[]}",
    "{\"users\":[{\"name\":\"ana\",\"contacts\":[{\"kind\":\"email\",\"to\":\"a@b.org\"}]}]}",
    "{\"t\":[\"true\",\"no\",\"null\",\"~\",\"\",\"5\",\"-1.5\",\"1e5\",\"0x1F\",\"Yes\",\"OFF\"]}",
    "{\"v\":[true,null,5,-1.5,false]}",
    "{\"t\":[\"0s\",\"1w\",\"09:00\",\"2026-01-05T09:00\",\"env:X\",\"a: b\",\"- a\",\"# x\"]}",
    "{\"t\":[\"*a\",\"&a\",\"!a\",\"%a\",\"@a\",\"`a\",\"{a\",\"[a\",\"|\",\">\",\"'a'\",\"\\\"a\"]"
    "}",
    "{\"t\":[\"two\\nlines\",\" space\",\"space \",\"tab\\t\",\"é 陳 "
    "😀\",\"\\u0007\",\"a\\r\\nb\"]}",
    "{\"a b\":{\"5\":{\"true\":{\"deep\":{\"deeper\":[[1,2],[3,[4]]]}}}}}",
    "{\"long\":[{\"text\":\"Lorem ipsum dolor sit amet, consectetur adipiscing elit, sed do "
    "eiusmod "
    "tempor incididunt ut labore et dolore magna aliqua. Ut enim ad minim veniam, quis "
    "nostrud\"}]}",
};

static void test_written_reads_back(void **state)
{
    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(DOCUMENTS); i++) {
        struct fault fault = {0};
        struct yaml_document document;
        json_auto_t *json = json_read(DOCUMENTS[i], strlen(DOCUMENTS[i]), &fault);
        assert_non_null(json);
        g_autofree char *yaml = yaml_write(json, NULL);
        if (!yaml_read(yaml, strlen(yaml), &document, &fault)) {
            fail_msg("%s\n%s", fault.text, yaml);
        }
        g_autofree char *back = json_write(document.json);
        assert_string_equal(back, DOCUMENTS[i]);
        yaml_document_clear(&document);
    }
}

static void test_layout(void **state)
{
    (void)state;
    static const char JSON[] =
        "{\"users\":[{\"name\":\"ana\",\"language\":\"id\",\"contacts\":[{\"kind\":\"email\","
        "\"to\":\"a@b.org\"}]}],\"teams\":[{\"name\":\"ops\",\"members\":[\"ana\",\"yes\"]}]}";
    struct fault fault = {0};
    json_auto_t *json = json_read(JSON, strlen(JSON), &fault);
    g_autoptr(GPtrArray) notes = g_ptr_array_new_with_free_func(g_free);
    g_ptr_array_add(notes, g_strdup("A note\nthat tries: to be more."));
    g_autofree char *yaml = yaml_write(json, notes);
    assert_string_equal(yaml, "# A note that tries: to be more.\n"
                              "users:\n"
                              "- name: ana\n"
                              "  language: id\n"
                              "  contacts: [{kind: email, to: a@b.org}]\n"
                              "teams:\n"
                              "- name: ops\n"
                              "  members: [ana, \"yes\"]\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_values),
        cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_limits),
        cmocka_unit_test(test_lines),
        cmocka_unit_test(test_layout),
        cmocka_unit_test(test_faults_are_told_by_line),
        cmocka_unit_test(test_written_reads_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
