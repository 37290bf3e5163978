#include "oncall/coverage.h"

/* clang-format off */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

#include <string.h>

static struct schedule *schedule_of(const char *rest)
{
    struct fault fault = {0};
    g_autoptr(GString) text = g_string_new(NULL);
    g_string_printf(text, "{'name':'s','time_zone':'Europe/Paris',%s}", rest);
    g_string_replace(text, "'", "\"", 0);
    json_auto_t *value = json_loads(text->str, 0, NULL);
    struct schedule *schedule = record_new(&SCHEDULE_RECORD, value, &fault);
    if (schedule == NULL) {
        fail_msg("%s: %s", fault.field, fault.text);
    }
    return schedule;
}

static struct utc utc_of(const char *text)
{
    struct utc at = {0};
    assert_true(utc_parse(text, &at));
    return at;
}

static char *gaps_text(const struct schedule *schedule, const char *from, struct span ahead)
{
    GString *text = g_string_new(NULL);
    g_autoptr(GArray) gaps = coverage_gaps(schedule, utc_of(from), ahead);
    for (guint i = 0; i < gaps->len; i++) {
        const struct gap *gap = &g_array_index(gaps, struct gap, i);
        char since[UTC_TEXT_SIZE];
        char until[UTC_TEXT_SIZE];
        utc_format(gap->since, since);
        utc_format(gap->until, until);
        g_string_append_printf(text, "%s %s %s|", enum_to_name(GAP_CAUSE_NAMES, gap->cause), since,
                               until);
    }
    return g_string_free(text, false);
}

struct row {
    const char *name;
    const char *schedule;
    const char *from;
    int days;
    const char *gaps;
};

static const struct row ROWS[] = {
    {"always somebody", "'layers':[{'people':['ana'],'every':'1w','start':'2026-01-05T09:00'}]",
     "2026-03-01T00:00:00Z", 30, ""},
    {"not yet started", "'layers':[{'people':['ana'],'every':'1w','start':'2026-03-05T09:00'}]",
     "2026-03-01T00:00:00Z", 30, "not-started 2026-03-01T00:00:00Z 2026-03-05T08:00:00Z|"},
    {"ends",
     "'layers':[{'people':['ana'],'every':'1w','start':'2026-01-05T09:00',"
     "'end':'2026-03-05T09:00'}]",
     "2026-03-01T00:00:00Z", 7, "ended 2026-03-05T08:00:00Z 2026-03-08T00:00:00Z|"},
    {"a night between windows, an hour shorter in spring",
     "'layers':[{'people':['ana'],'every':'1w','start':'2026-01-05T09:00',"
     "'only':[{'from':'06:00','to':'22:00'}]}]",
     "2026-03-28T12:00:00Z", 1, "windows 2026-03-28T21:00:00Z 2026-03-29T04:00:00Z|"},
    {"a holiday",
     "'layers':[{'people':['ana'],'every':'1w','start':'2026-01-05T09:00'}],"
     "'overrides':[{'from':'2026-03-10T00:00','to':'2026-03-11T00:00'}]",
     "2026-03-01T00:00:00Z", 30, "override 2026-03-09T23:00:00Z 2026-03-10T23:00:00Z|"},
    {"one ends before the next begins",
     "'layers':[{'people':['ana'],'every':'1w','start':'2026-01-05T09:00',"
     "'end':'2026-03-05T09:00'},"
     "{'people':['budi'],'every':'1w','start':'2026-03-06T09:00'}]",
     "2026-03-01T00:00:00Z", 30, "not-started 2026-03-05T08:00:00Z 2026-03-06T08:00:00Z|"},
};

static void gaps_have_a_cause(void **state)
{
    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(ROWS); i++) {
        struct schedule *schedule = schedule_of(ROWS[i].schedule);
        g_autofree char *gaps = gaps_text(schedule, ROWS[i].from, SPAN_D(ROWS[i].days));
        if (strcmp(gaps, ROWS[i].gaps) != 0) {
            fail_msg("%s: %s", ROWS[i].name, gaps);
        }
        record_free(&SCHEDULE_RECORD, schedule);
    }
}

static void an_hour_that_occurs_twice_overlaps(void **state)
{
    (void)state;
    struct schedule *schedule =
        schedule_of("'layers':[{'people':['ana','budi'],'every':'1d','start':'2026-10-20T02:30'}]");
    g_autoptr(GArray) overlaps =
        coverage_overlaps(schedule, utc_of("2026-10-20T12:00:00Z"), SPAN_D(10));
    assert_int_equal(overlaps->len, 1);
    const struct overlap *overlap = &g_array_index(overlaps, struct overlap, 0);
    assert_string_equal(overlap->first, "ana");
    assert_string_equal(overlap->second, "budi");
    assert_int_equal(overlap->since.us, utc_of("2026-10-25T00:30:00Z").us);
    assert_int_equal(overlap->until.us, utc_of("2026-10-25T01:30:00Z").us);
    record_free(&SCHEDULE_RECORD, schedule);
}

static void the_owner_hears_or_else_everybody(void **state)
{
    (void)state;
    static const char LAYERS[] =
        "'layers':[{'people':['ana','budi','ana'],'every':'1d','start':'2026-10-20T02:30'},"
        "{'people':['chen','budi'],'every':'1d','start':'2026-10-20T02:30'}]";
    struct schedule *schedule = schedule_of(LAYERS);
    g_autoptr(GPtrArray) all = coverage_listeners(schedule);
    assert_int_equal(all->len, 3);
    assert_string_equal(g_ptr_array_index(all, 0), "ana");
    assert_string_equal(g_ptr_array_index(all, 2), "chen");
    schedule->owner = g_strdup("payments");
    g_autoptr(GPtrArray) owner = coverage_listeners(schedule);
    assert_int_equal(owner->len, 1);
    assert_string_equal(g_ptr_array_index(owner, 0), "payments");
    record_free(&SCHEDULE_RECORD, schedule);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gaps_have_a_cause),
        cmocka_unit_test(an_hour_that_occurs_twice_overlaps),
        cmocka_unit_test(the_owner_hears_or_else_everybody),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
