/* Filters on labels, as amtool writes them and as people do. */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "base/json.h"
#include "source/label_filter.h"
#include "source/prometheus.h"

static void expect_read(const char *text, const char *label, int op, const char *value)
{
    struct fault fault = {0};
    struct match *match = label_filter_read(text, &fault);
    if (match == NULL) {
        fail_msg("%s: %s: %s", text, fault.field, fault.text);
        return;
    }
    assert_true(g_str_has_prefix(match->field, "details.labels."));
    assert_string_equal(match->field + strlen("details.labels."), label);
    assert_int_equal(match->op, op);
    assert_string_equal(match->value->text, value);
    label_filter_free(match);
}

static void expect_refused(const char *text, const char *part)
{
    struct fault fault = {0};
    struct match *match = label_filter_read(text, &fault);
    if (match != NULL) {
        fail_msg("%s was read as %s", text, match->field);
    }
    assert_string_equal(fault.field, "filter");
    if (strstr(fault.text, part) == NULL) {
        fail_msg("%s: \"%s\" does not say \"%s\"", text, fault.text, part);
    }
}

static void the_classic_form_is_read(void **state)
{
    (void)state;
    expect_read("alertname=dot", "alertname", MATCH_EQUALS, "dot");
    expect_read("alertname=\"dot\"", "alertname", MATCH_EQUALS, "dot");
    expect_read("  alertname = \"dot\"  ", "alertname", MATCH_EQUALS, "dot");
    expect_read("alertname\t!=\tdot dot ", "alertname", MATCH_NOT_EQUALS, "dot dot");
    expect_read("a=~\"x|y\"", "a", MATCH_REGEX, "x|y");
    expect_read("a!~.+", "a", MATCH_NOT_REGEX, ".+");
    expect_read("a=", "a", MATCH_EQUALS, "");
    expect_read("a=\"\"", "a", MATCH_EQUALS, "");
    expect_read("a==b", "a", MATCH_EQUALS, "=b");
    expect_read("a=\" b \"", "a", MATCH_EQUALS, " b ");
    expect_read("a={b}", "a", MATCH_EQUALS, "{b}");
    expect_read("job:rate=1", "job:rate", MATCH_EQUALS, "1");
}

static void the_classic_escapes_are_read(void **state)
{
    (void)state;
    expect_read("a=\"say \\\"hi\\\"\"", "a", MATCH_EQUALS, "say \"hi\"");
    expect_read("a=C:\\\\dir", "a", MATCH_EQUALS, "C:\\dir");
    expect_read("a=\"one\\ntwo\"", "a", MATCH_EQUALS, "one\ntwo");
    /* What is no escape stays as it stands: patterns have many of those. */
    expect_read("a=~\"\\d+\\.\\d\"", "a", MATCH_REGEX, "\\d+\\.\\d");
    expect_read("a=b\\", "a", MATCH_EQUALS, "b\\");
    expect_read("a=caf\u00e9", "a", MATCH_EQUALS, "caf\u00e9");
}

static void names_in_quotation_marks_are_read(void **state)
{
    (void)state;
    expect_read("\"k8s.pod.name\"=\"web-0\"", "k8s.pod.name", MATCH_EQUALS, "web-0");
    expect_read("k8s.pod.name=web-0", "k8s.pod.name", MATCH_EQUALS, "web-0");
    expect_read(" \"na\u00efve name\" !~ \"a|b\" ", "na\u00efve name", MATCH_NOT_REGEX, "a|b");
    expect_read("\"a\"=b", "a", MATCH_EQUALS, "b");
    expect_read("\"a\\\"b\\\\\"=\"\\x41\\u00e9\\U0001F600\\101\\t\\n\"", "a\"b\\", MATCH_EQUALS,
                "A\u00e9\U0001F600A\t\n");
    expect_read("na\u00efve=x", "na\u00efve", MATCH_EQUALS, "x");
}

static void what_cannot_be_read_is_refused_with_a_reason(void **state)
{
    (void)state;
    expect_refused("", "no name");
    expect_refused("=b", "no name");
    expect_refused("{a=\"b\"}", "no name");
    expect_refused("alertname", "none of = != =~ !~");
    expect_refused("a!b", "none of = != =~ !~");
    expect_refused("a b=c", "none of = != =~ !~");
    expect_refused("a=\"b", "not closed");
    expect_refused("a=\"", "not closed");
    expect_refused("a=b\"", "must be written");
    expect_refused("a=\"b\"c\"", "must be written");
    expect_refused("\"a\"=\"b", "not closed");
    expect_refused("\"a=b", "not closed");
    expect_refused("\"a\"=\"b\" c", "behind the value");
    expect_refused("\"a\"=\"\\d\"", "escape");
    expect_refused("\"a\"=\"\\xff\"", "escape");
    expect_refused("\"a\"=\"\\ud800\"", "escape");
    expect_refused("\"a\\x00\"=b", "escape");
    expect_refused("a=~[", "regular expression");
    expect_refused("a!~(", "regular expression");
}

static bool holds(const char *text, const char *labels)
{
    struct fault fault = {0};
    g_autoptr(GPtrArray) all = g_ptr_array_new_with_free_func(label_filter_free);
    g_ptr_array_add(all, label_filter_read(text, &fault));
    assert_string_equal(fault.text, "");
    json_auto_t *details = json_pack("{s:o}", "labels", json_loads(labels, 0, NULL));
    struct match_subject subject = {.details = details};
    return match_all(all, &subject);
}

static void patterns_are_of_the_whole_and_absent_is_empty(void **state)
{
    (void)state;
    static const char LABELS[] = "{\"a\": \"abc\", \"k8s.pod\": \"web-0\"}";
    assert_true(holds("a=~a.c", LABELS));
    assert_false(holds("a=~b", LABELS));
    assert_false(holds("a=~a|b", LABELS));
    assert_true(holds("a!~b", LABELS));
    assert_true(holds("missing=\"\"", LABELS));
    assert_false(holds("missing!=\"\"", LABELS));
    assert_true(holds("missing!=x", LABELS));
    assert_true(holds("missing=~\".*\"", LABELS));
    assert_false(holds("missing=~\".+\"", LABELS));
    assert_true(holds("\"k8s.pod\"=web-0", LABELS));
    assert_false(holds("\"k8s.pod\"!~\"web-.\"", LABELS));
}

/* As a real Alertmanager 0.25 answered for these labels. */
static void the_public_fingerprint_is_theirs(void **state)
{
    (void)state;
    json_auto_t *foo = json_pack("{s:s, s:s, s:s, s:s}", "severity", "critical", "instance", "db7",
                                 "alertname", "foo", "empty", "");
    char fingerprint[LABELS_FINGERPRINT_SIZE];
    labels_public_fingerprint(foo, fingerprint);
    assert_string_equal(fingerprint, "0905573c78dd1d44");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_classic_form_is_read),
        cmocka_unit_test(the_classic_escapes_are_read),
        cmocka_unit_test(names_in_quotation_marks_are_read),
        cmocka_unit_test(what_cannot_be_read_is_refused_with_a_reason),
        cmocka_unit_test(patterns_are_of_the_whole_and_absent_is_empty),
        cmocka_unit_test(the_public_fingerprint_is_theirs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
