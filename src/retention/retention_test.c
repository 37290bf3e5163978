/* What may go, when, and what is refused where it is configured. */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "config/config_export.h"
#include "config/config_plan.h"
#include "config/config_yaml.h"
#include "config/lint.h"
#include "retention/retention.h"

static const struct utc NOON = {INT64_C(1767607200) * 1000000};

static void only_what_is_over_and_unused_may_go(void **state)
{
    (void)state;

    const struct {
        struct retention_candidate candidate;
        bool may;
    } rows[] = {
        {{1, {NOON.us - 1}, false}, true},
        {{1, {NOON.us}, false}, false},
        {{1, {NOON.us - 1}, true}, false},
        {{1, {0}, false}, false}, /* not over at all */
    };

    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        assert_int_equal(retention_may_go(&rows[i].candidate, NOON), rows[i].may);
    }
}

static void a_prefix_ends_where_something_is_young_or_needed(void **state)
{
    (void)state;
    const struct utc old = {NOON.us - 10}, young = {NOON.us + 10}, now = {NOON.us + 20},
                     wrong = {NOON.us + 1000};

    const struct {
        struct retention_event events[4];
        size_t count;
        int64_t needed, last;
    } rows[] = {
        {{{5, old}, {6, old}, {7, young}}, 3, INT64_MAX, 6},
        {{{5, young}, {6, old}}, 2, INT64_MAX, 0}, /* a clock that was set back cuts nothing */
        {{{5, old}, {6, wrong}, {7, old}, {8, young}}, 4, INT64_MAX, 7},
        {{{5, old}, {6, wrong}, {7, young}}, 3, INT64_MAX, 5},
        {{{5, old}, {6, old}, {7, old}}, 3, 7, 6},
        {{{5, old}}, 1, 5, 0},
        {{{5, old}}, 0, INT64_MAX, 0},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        int64_t last = retention_prefix(rows[i].events, rows[i].count, rows[i].needed, NOON, now);
        if (last != rows[i].last) {
            fail_msg("row %zu: %d", i, (int)last);
        }
    }
}

static void its_clock_goes_with_the_time_that_passes(void **state)
{
    (void)state;
    const struct utc later = utc_add(NOON, SPAN_H(1)), leapt = utc_add(NOON, SPAN_D(3650));
    assert_int_equal(retention_clock((struct utc){0}, NOON, SPAN_S(0)).us, NOON.us);
    assert_int_equal(retention_clock(NOON, later, SPAN_H(1)).us, later.us);
    assert_int_equal(retention_clock(NOON, leapt, SPAN_H(1)).us, utc_add(NOON, SPAN_H(3)).us);
    assert_int_equal(retention_clock(NOON, leapt, SPAN_S(0)).us, NOON.us);
    assert_int_equal(retention_clock(NOON, leapt, (struct span){-5}).us, NOON.us);
    /* Set right again, or set wrong for a moment: it follows slowly, and the earlier of both counts. */
    assert_int_equal(retention_clock(leapt, NOON, SPAN_H(1)).us, utc_add(leapt, SPAN_H(-3)).us);
    assert_int_equal(retention_clock(later, NOON, SPAN_H(1)).us, NOON.us);
    assert_int_equal(retention_horizon(leapt, NOON, SPAN_H(2)).us, utc_add(NOON, SPAN_H(-2)).us);
    assert_int_equal(retention_horizon(NOON, leapt, SPAN_H(2)).us, utc_add(NOON, SPAN_H(-2)).us);
}

static void it_has_a_twentieth_of_the_time(void **state)
{
    (void)state;
    assert_int_equal(retention_rest(SPAN_MS(10)).us, SPAN_MS(190).us);
    assert_int_equal(retention_rest(SPAN_MS(0)).us, SPAN_MS(20).us);
    assert_int_equal(retention_rest(SPAN_S(60)).us, SPAN_S(10).us);
}

static struct config_plan *plan(const char *yaml, struct fault *fault)
{
    struct yaml_document document;
    g_autoptr(GPtrArray) nothing = g_ptr_array_new();
    assert_true(yaml_read(yaml, strlen(yaml), &document, fault));
    struct config_plan *plan = config_plan_make(document.json, nothing,
                                                (struct plan_options){.is_from_file = true}, fault);
    yaml_document_clear(&document);
    return plan;
}

static const struct {
    const char *yaml, *text;
} REFUSED[] = {
    {"retention: {alerts: 3 weeks}", "retention.alerts: \"3 weeks\" is not a span of time; write"},
    {"retention: {alerts: 400}", "retention.alerts: "},
    {"retention: {alerts: 0s}", "retention.alerts: is 0s; it must be between 1d and 3650d"},
    {"retention: {alerts: -7d}", "retention.alerts: \"-7d\" is not a span"},
    {"retention: {deliveries: 23h}", "retention.deliveries: is 23h; it must"},
    {"retention: {payloads: 99999999d}", "retention.payloads: "},
    {"retention: {alert: 7d}", "retention.alert: unknown field"},
    {"retention: {name: x, alerts: 7d}", "retention: there is only one"},
    {"retention: [{alerts: 7d}]", "retention: must be one item, not a list"},
    {"retention: 7d", "retention: must be one item"},
};

static void what_makes_no_sense_is_refused_with_its_field(void **state)
{
    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(REFUSED); i++) {
        struct fault fault = {0};
        assert_null(plan(REFUSED[i].yaml, &fault));
        g_autofree char *text = g_strdup_printf("%s: %s", fault.field, fault.text);
        if (!g_str_has_prefix(text, REFUSED[i].text)) {
            fail_msg("%s: %s", REFUSED[i].yaml, text);
        }
    }
}

static void what_is_not_said_is_400_days(void **state)
{
    (void)state;
    struct fault fault = {0};
    struct config_plan *made = plan("retention: {alerts: 90d}", &fault);
    const struct retention *retention = retention_of(made->next);
    assert_int_equal(retention->alerts.us, SPAN_D(90).us);
    assert_int_equal(retention->deliveries.us, SPAN_D(400).us);
    config_plan_free(made);
    made = plan("retention:", &fault);
    assert_int_equal(retention_of(made->next)->alerts.us, SPAN_D(400).us);
    config_plan_free(made);
}

static size_t count_findings(const char *yaml)
{
    struct fault fault = {0};
    struct config_plan *made = plan(yaml, &fault);
    g_autoptr(GPtrArray) findings = lint_new();
    lint_config(made->next, NOON, findings);
    config_plan_free(made);
    return findings->len;
}

static void who_keeps_less_than_is_looked_back_at_is_told(void **state)
{
    (void)state;
    assert_int_equal(count_findings("retention: {alerts: 30d}"), 0);
    assert_int_equal(count_findings("retention: {alerts: 7d}"), 1);
    assert_int_equal(count_findings("retention: {events: 90d}"), 1);
}

int main(void)
{
    config_register((const struct config_kind *const[]){&RETENTION_KIND, NULL});
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_what_is_over_and_unused_may_go),
        cmocka_unit_test(a_prefix_ends_where_something_is_young_or_needed),
        cmocka_unit_test(its_clock_goes_with_the_time_that_passes),
        cmocka_unit_test(it_has_a_twentieth_of_the_time),
        cmocka_unit_test(what_makes_no_sense_is_refused_with_its_field),
        cmocka_unit_test(what_is_not_said_is_400_days),
        cmocka_unit_test(who_keeps_less_than_is_looked_back_at_is_told),
    };
    return cmocka_run_group_tests_name("retention", tests, NULL, NULL);
}
