#include "oncall/shift.h"

/* clang-format off */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

#include <string.h>

static struct schedule *schedule_of(const char *text)
{
    struct fault fault = {0};
    json_auto_t *value = json_loads(text, 0, NULL);
    assert_non_null(value);
    struct schedule *schedule = record_new(&SCHEDULE_RECORD, value, &fault);
    if (schedule == NULL) {
        fail_msg("%s: %s", fault.field, fault.text);
    }
    return schedule;
}

static struct utc utc_of(const char *text)
{
    struct utc at = {0};
    if (!utc_parse(text, &at)) {
        fail_msg("not an instant: %s", text);
    }
    return at;
}

static char *names_text(const struct schedule *schedule, struct utc at)
{
    const char *users[8];
    GString *text = g_string_new(NULL);
    size_t count = oncall_names_at(schedule, at, users, G_N_ELEMENTS(users));
    for (size_t i = 0; i < count; i++) {
        g_string_append_printf(text, "%s%s", i > 0 ? " " : "", users[i]);
    }
    return g_string_free(text, false);
}

/* ---- the written rule: docs/schedules.md, row by row ---- */

struct row {
    const char *name;
    const char *schedule; /* everything but name and braces */
    const char *at;
    const char *users; /* in order, with a space between */
};

#define PARIS_WEEKLY                                                                     \
    "'time_zone':'Europe/Paris','layers':[{'people':['ana','budi','chen'],'every':'1w'," \
    "'start':'2026-01-05T09:00'}]"
/* Hand-off every day at 02:30: skipped on 2026-03-29, twice on 2026-10-25. */
#define PARIS_0230                                                                \
    "'time_zone':'Europe/Paris','layers':[{'people':['ana','budi'],'every':'1d'," \
    "'start':'2026-03-27T02:30'}]"
#define PARIS_0230_FALL                                                           \
    "'time_zone':'Europe/Paris','layers':[{'people':['ana','budi'],'every':'1d'," \
    "'start':'2026-10-24T02:30'}]"
#define PARIS_24H                                                                  \
    "'time_zone':'Europe/Paris','layers':[{'people':['ana','budi'],'every':'24h'," \
    "'start':'2026-03-27T09:00'}]"
#define PARIS_OFFICE                                                       \
    "'time_zone':'Europe/Paris','layers':[{'people':['ana'],'every':'1w'," \
    "'start':'2026-01-05T00:00','only':[{'days':'mon-fri','from':'09:00','to':'18:00'}]}]"
#define PARIS_NIGHT                                                        \
    "'time_zone':'Europe/Paris','layers':[{'people':['ana'],'every':'1w'," \
    "'start':'2026-01-05T00:00','only':[{'days':'fri','from':'22:00','to':'06:00'}]}]"
#define PARIS_FOLD_WINDOW                                                  \
    "'time_zone':'Europe/Paris','layers':[{'people':['ana'],'every':'1w'," \
    "'start':'2026-01-05T00:00','only':[{'days':'sun','from':'02:15','to':'02:45'}]}]"
#define APIA_DAILY                                                                       \
    "'time_zone':'Pacific/Apia','layers':[{'people':['ana','budi','chen'],'every':'1d'," \
    "'start':'2011-12-29T09:00'}]"
#define HOWE_0145                                                                        \
    "'time_zone':'Australia/Lord_Howe','layers':[{'people':['ana','budi'],'every':'1d'," \
    "'start':'2026-04-04T01:45'}]"
#define NEPAL                                                                       \
    "'time_zone':'Asia/Kathmandu','layers':[{'people':['ana','budi'],'every':'1d'," \
    "'start':'2026-01-05T09:00'}]"
#define SUN                                                                       \
    "'time_zone':'UTC','layers':["                                                \
    "{'name':'europe','people':['ana'],'every':'1w','start':'2026-01-05T00:00',"  \
    "'only':[{'from':'06:00','to':'14:00'}]},"                                    \
    "{'name':'america','people':['bob'],'every':'1w','start':'2026-01-05T00:00'," \
    "'only':[{'from':'14:00','to':'22:00'}]},"                                    \
    "{'name':'asia','people':['chen'],'every':'1w','start':'2026-01-05T00:00',"   \
    "'only':[{'from':'22:00','to':'06:00'}]}]"
#define TWO_LAYERS                                                                     \
    "'time_zone':'Europe/Paris','layers':["                                            \
    "{'name':'base','people':['ana','budi'],'every':'1d','start':'2026-01-05T00:00'}," \
    "{'name':'office','people':['chen'],'every':'1w','start':'2026-02-02T00:00',"      \
    "'end':'2026-03-02T00:00','only':[{'days':'mon-fri','from':'09:00','to':'18:00'}]}]"
#define MONTHLY                                                                           \
    "'time_zone':'Europe/Paris','layers':[{'people':['ana','budi','chen'],'every':'1mo'," \
    "'start':'2026-01-31T09:00'}]"
#define WORKDAYS                                                                          \
    "'time_zone':'Europe/Paris','layers':[{'people':['ana','budi'],'every':'1d',"         \
    "'start':'2026-01-05T09:00','only':[{'days':'mon-fri','from':'09:00','to':'18:00'}]," \
    "'skip_closed_days':true}]"
#define OVERRIDES                                                                                  \
    TWO_LAYERS ",'overrides':["                                                                    \
               "{'from':'2026-02-02T10:00','to':'2026-02-02T12:00','who':'dian'},"                 \
               "{'from':'2026-02-02T11:00','to':'2026-02-02T13:00'},"                              \
               "{'from':'2026-02-03T06:00','to':'2026-02-03T12:00','who':'eko','layer':'office'}," \
               "{'from':'2026-02-04T06:00','to':'2026-02-04T12:00','layer':'office'},"             \
               "{'from':'2026-02-05T06:00','to':'2026-02-05T12:00','who':'fei','layer':'base'},"   \
               "{'from':'2026-01-01T00:00','to':'2026-01-02T00:00','who':'dian'}]"

#define EVERY_DAY_BUT_SHORT                                                           \
    "'time_zone':'Europe/Paris','layers':[{'people':['ana','budi'],'every':'1d',"     \
    "'start':'2026-01-05T09:00','only':[{'from':'09:00','to':'18:00'},{'days':'sun'," \
    "'from':'20:00','to':'21:00'}],'skip_closed_days':true}]"

static const struct row ROWS[] = {
    {"open days: a window of any day leaves none out", EVERY_DAY_BUT_SHORT,
     "2026-01-10T10:00:00+01:00", "budi"},
    {"a month: the first", MONTHLY, "2026-02-28T08:59:59+01:00", "ana"},
    {"a month that has no 31st hands off on its last day", MONTHLY, "2026-02-28T09:00:00+01:00",
     "budi"},
    {"and the next month on the 31st again, before", MONTHLY, "2026-03-31T08:59:59+02:00", "budi"},
    {"and the next month on the 31st again, after", MONTHLY, "2026-03-31T09:00:00+02:00", "chen"},
    {"a year later", MONTHLY, "2027-01-31T09:00:00+01:00", "ana"},
    {"open days: Monday", WORKDAYS, "2026-01-05T10:00:00+01:00", "ana"},
    {"open days: Friday", WORKDAYS, "2026-01-09T10:00:00+01:00", "ana"},
    {"open days: a weekend takes no turn", WORKDAYS, "2026-01-12T10:00:00+01:00", "budi"},
    {"open days: years later, Monday", WORKDAYS, "2027-01-04T10:00:00+01:00", "ana"},
    {"open days: years later, Tuesday", WORKDAYS, "2027-01-05T10:00:00+01:00", "budi"},
    {"before its start a layer has nobody", PARIS_WEEKLY, "2026-01-05T08:59:59+01:00", ""},
    {"the first hand-off", PARIS_WEEKLY, "2026-01-05T09:00:00+01:00", "ana"},
    {"until the next hand-off", PARIS_WEEKLY, "2026-01-12T08:59:59.999999+01:00", "ana"},
    {"the second person", PARIS_WEEKLY, "2026-01-12T09:00:00+01:00", "budi"},
    {"the round starts again", PARIS_WEEKLY, "2026-01-26T09:00:00+01:00", "ana"},
    {"weeks keep 09:00 in summer, before", PARIS_WEEKLY, "2026-03-30T08:59:59+02:00", "chen"},
    {"weeks keep 09:00 in summer, after", PARIS_WEEKLY, "2026-03-30T09:00:00+02:00", "ana"},
    {"days keep their time, before", PARIS_0230, "2026-03-28T02:29:59+01:00", "ana"},
    {"days keep their time, after", PARIS_0230, "2026-03-28T02:30:00+01:00", "budi"},
    {"a skipped time is the change, before", PARIS_0230, "2026-03-29T01:59:59+01:00", "budi"},
    {"a skipped time is the change, after", PARIS_0230, "2026-03-29T03:00:00+02:00", "ana"},
    {"after a skipped time the old one", PARIS_0230, "2026-03-30T02:30:00+02:00", "budi"},
    {"twice: before the first 02:30", PARIS_0230_FALL, "2026-10-25T02:29:59+02:00", "ana"},
    {"twice: both from the first 02:30", PARIS_0230_FALL, "2026-10-25T02:30:00+02:00", "ana budi"},
    {"twice: both until the last 02:30", PARIS_0230_FALL, "2026-10-25T02:29:59+01:00", "ana budi"},
    {"twice: one from the last 02:30", PARIS_0230_FALL, "2026-10-25T02:30:00+01:00", "budi"},
    {"24h counts elapsed time, winter", PARIS_24H, "2026-03-28T09:00:00+01:00", "budi"},
    {"24h counts elapsed time, after", PARIS_24H, "2026-03-29T10:00:00+02:00", "ana"},
    {"24h counts elapsed time, before", PARIS_24H, "2026-03-29T09:59:59+02:00", "budi"},
    {"window: before", PARIS_OFFICE, "2026-01-05T08:59:59+01:00", ""},
    {"window: from", PARIS_OFFICE, "2026-01-05T09:00:00+01:00", "ana"},
    {"window: to", PARIS_OFFICE, "2026-01-05T18:00:00+01:00", ""},
    {"window: not on Saturday", PARIS_OFFICE, "2026-01-10T12:00:00+01:00", ""},
    {"over midnight: Friday evening", PARIS_NIGHT, "2026-01-09T22:00:00+01:00", "ana"},
    {"over midnight: Saturday morning", PARIS_NIGHT, "2026-01-10T05:59:59+01:00", "ana"},
    {"over midnight: over", PARIS_NIGHT, "2026-01-10T06:00:00+01:00", ""},
    {"over midnight: not Friday morning", PARIS_NIGHT, "2026-01-09T05:00:00+01:00", ""},
    {"window twice: from the first", PARIS_FOLD_WINDOW, "2026-10-25T02:15:00+02:00", "ana"},
    {"window twice: through", PARIS_FOLD_WINDOW, "2026-10-25T02:10:00+01:00", "ana"},
    {"window twice: to the last", PARIS_FOLD_WINDOW, "2026-10-25T02:44:59+01:00", "ana"},
    {"window twice: over", PARIS_FOLD_WINDOW, "2026-10-25T02:45:00+01:00", ""},
    {"window skipped: never", PARIS_FOLD_WINDOW, "2026-03-29T03:00:00+02:00", ""},
    {"skipped day: before it", APIA_DAILY, "2011-12-30T09:59:59Z", "ana"},
    {"skipped day: its turn is short", APIA_DAILY, "2011-12-30T10:00:00Z", "budi"},
    {"skipped day: the next", APIA_DAILY, "2011-12-30T19:00:00Z", "chen"},
    {"half an hour twice: first", HOWE_0145, "2026-04-05T01:45:00+11:00", "ana budi"},
    {"half an hour twice: last", HOWE_0145, "2026-04-05T01:45:00+10:30", "budi"},
    {"zone of 45 minutes, before", NEPAL, "2026-01-06T03:14:59Z", "ana"},
    {"zone of 45 minutes, after", NEPAL, "2026-01-06T03:15:00Z", "budi"},
    {"follow the sun: Europe", SUN, "2026-06-10T13:59:59Z", "ana"},
    {"follow the sun: America", SUN, "2026-06-10T14:00:00Z", "bob"},
    {"follow the sun: Asia, evening", SUN, "2026-06-10T22:00:00Z", "chen"},
    {"follow the sun: Asia, night", SUN, "2026-06-11T05:59:59Z", "chen"},
    {"layers: the topmost not yet there", TWO_LAYERS, "2026-01-28T10:00:00+01:00", "budi"},
    {"layers: the topmost decides", TWO_LAYERS, "2026-02-03T10:00:00+01:00", "chen"},
    {"layers: below it otherwise", TWO_LAYERS, "2026-02-03T18:00:00+01:00", "budi"},
    {"layers: the topmost has ended", TWO_LAYERS, "2026-03-02T10:00:00+01:00", "ana"},
    {"override replaces", OVERRIDES, "2026-02-02T10:30:00+01:00", "dian"},
    {"override: the last one wins, nobody", OVERRIDES, "2026-02-02T11:30:00+01:00", ""},
    {"override is over", OVERRIDES, "2026-02-02T13:00:00+01:00", "chen"},
    {"override of a layer, not yet on duty", OVERRIDES, "2026-02-03T08:00:00+01:00", "budi"},
    {"override of a layer", OVERRIDES, "2026-02-03T10:00:00+01:00", "eko"},
    {"override of a layer by nobody: below", OVERRIDES, "2026-02-04T10:00:00+01:00", "ana"},
    {"override below the deciding layer", OVERRIDES, "2026-02-05T10:00:00+01:00", "chen"},
    {"override below, deciding", OVERRIDES, "2026-02-05T08:00:00+01:00", "fei"},
    {"override where nobody was", OVERRIDES, "2026-01-01T12:00:00+01:00", "dian"},
};

static struct schedule *schedule_of_row(const char *rest)
{
    g_autoptr(GString) text = g_string_new(NULL);
    g_string_printf(text, "{'name':'test',%s}", rest);
    g_string_replace(text, "'", "\"", 0);
    return schedule_of(text->str);
}

static void the_written_rule_holds(void **state)
{
    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(ROWS); i++) {
        struct schedule *schedule = schedule_of_row(ROWS[i].schedule);
        g_autofree char *users = names_text(schedule, utc_of(ROWS[i].at));
        if (strcmp(users, ROWS[i].users) != 0) {
            print_error("%s: \"%s\" instead of \"%s\"\n", ROWS[i].name, users, ROWS[i].users);
            fail();
        }
        record_free(&SCHEDULE_RECORD, schedule);
    }
}

/* ---- shifts ---- */

static void assert_shift(const struct shift *shift, const char *wanted)
{
    char since[UTC_TEXT_SIZE];
    char until[UTC_TEXT_SIZE] = "never";
    utc_format(shift->since, since);
    if (shift->until.us != UTC_NEVER.us) {
        utc_format(shift->until, until);
    }
    g_autofree char *text =
        g_strdup_printf("%s %s %s %s", shift->user != NULL ? shift->user : "-",
                        shift->layer != NULL ? shift->layer : "-", since, until);
    assert_string_equal(text, wanted);
}

static void assert_shifts(GArray *shifts, const char *const *wanted)
{
    guint count = 0;
    for (; wanted[count] != NULL; count++) {
        assert_true(count < shifts->len);
        assert_shift(&g_array_index(shifts, struct shift, count), wanted[count]);
    }
    assert_int_equal(shifts->len, count);
    g_array_unref(shifts);
}

struct at_row {
    const char *name;
    const char *schedule;
    const char *at;
    const char *shifts[3];
};

static const struct at_row AT_ROWS[] = {
    {"a turn",
     PARIS_WEEKLY,
     "2026-01-14T00:00:00Z",
     {"budi layer 1 2026-01-12T08:00:00Z 2026-01-19T08:00:00Z"}},
    {"two at once",
     PARIS_0230_FALL,
     "2026-10-25T01:00:00Z",
     {"ana layer 1 2026-10-24T00:30:00Z 2026-10-25T01:30:00Z",
      "budi layer 1 2026-10-25T00:30:00Z 2026-10-26T01:30:00Z"}},
    {"alone: no end in sight, start years ago",
     "'time_zone':'UTC','layers':[{'people':['ana'],'every':'1w','start':'2020-01-06T00:00'}]",
     "2026-01-14T00:00:00Z",
     {"ana layer 1 2020-01-06T00:00:00Z never"}},
    {"a window of a day",
     PARIS_OFFICE,
     "2026-01-14T10:00:00Z",
     {"ana layer 1 2026-01-14T08:00:00Z 2026-01-14T17:00:00Z"}},
    {"until a layer above decides",
     TWO_LAYERS,
     "2026-02-03T07:00:00Z",
     {"budi base 2026-02-02T23:00:00Z 2026-02-03T08:00:00Z"}},
    {"an override",
     OVERRIDES,
     "2026-02-02T09:30:00Z",
     {"dian override 2026-02-02T09:00:00Z 2026-02-02T10:00:00Z"}},
    {"an override of a layer",
     OVERRIDES,
     "2026-02-03T09:30:00Z",
     {"eko office 2026-02-03T08:00:00Z 2026-02-03T11:00:00Z"}},
    {"nobody", PARIS_OFFICE, "2026-01-10T10:00:00Z", {NULL}},
};

static void a_shift_has_start_and_end(void **state)
{
    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(AT_ROWS); i++) {
        struct schedule *schedule = schedule_of_row(AT_ROWS[i].schedule);
        print_message("%s\n", AT_ROWS[i].name);
        assert_shifts(oncall_at(schedule, utc_of(AT_ROWS[i].at)), AT_ROWS[i].shifts);
        record_free(&SCHEDULE_RECORD, schedule);
    }
}

static void shifts_of_a_range_are_clipped(void **state)
{
    (void)state;
    struct schedule *schedule = schedule_of_row(OVERRIDES);
    static const char *const WANTED[] = {
        "chen office 2026-02-02T08:30:00Z 2026-02-02T09:00:00Z",
        "dian override 2026-02-02T09:00:00Z 2026-02-02T10:00:00Z",
        "chen office 2026-02-02T12:00:00Z 2026-02-02T17:00:00Z",
        "ana base 2026-02-02T17:00:00Z 2026-02-02T23:00:00Z",
        "budi base 2026-02-02T23:00:00Z 2026-02-03T01:00:00Z",
        NULL,
    };
    assert_shifts(
        oncall_shifts(schedule, utc_of("2026-02-02T08:30:00Z"), utc_of("2026-02-03T01:00:00Z")),
        WANTED);
    static const char *const GAP[] = {"- - 2026-02-02T10:00:00Z 2026-02-02T12:00:00Z", NULL};
    assert_shifts(
        oncall_gaps(schedule, utc_of("2026-02-02T08:30:00Z"), utc_of("2026-02-03T01:00:00Z")), GAP);
    record_free(&SCHEDULE_RECORD, schedule);
}

static void an_empty_range_has_no_shifts(void **state)
{
    (void)state;
    struct schedule *schedule = schedule_of_row(PARIS_WEEKLY);
    struct utc at = utc_of("2026-02-02T08:30:00Z");
    static const char *const NONE[] = {NULL};
    assert_shifts(oncall_shifts(schedule, at, at), NONE);
    assert_shifts(oncall_gaps(schedule, at, at), NONE);
    static const char *const BEFORE[] = {"- - 2026-01-01T00:00:00Z 2026-01-05T08:00:00Z", NULL};
    assert_shifts(
        oncall_gaps(schedule, utc_of("2026-01-01T00:00:00Z"), utc_of("2026-02-01T00:00:00Z")),
        BEFORE);
    record_free(&SCHEDULE_RECORD, schedule);
}

static void names_count_beyond_the_room(void **state)
{
    (void)state;
    struct schedule *schedule = schedule_of_row(PARIS_0230_FALL);
    const char *user = NULL;
    assert_int_equal(oncall_names_at(schedule, utc_of("2026-10-25T01:00:00Z"), &user, 1), 2);
    assert_string_equal(user, "ana");
    record_free(&SCHEDULE_RECORD, schedule);
}

/* ---- the next of another schedule ---- */

static void a_schedule_can_be_the_next_of_another(void **state)
{
    (void)state;
    static const char PRIMARY[] =
        "'layers':[{'people':['ana','budi','chen'],'every':'1w','start':'2026-01-05T09:00'}],"
        "'overrides':[{'from':'2026-01-13T00:00','to':'2026-01-14T00:00','who':'chen'},"
        "{'from':'2026-01-21T00:00','to':'2026-01-22T00:00','who':'dian'},"
        "{'from':'2026-01-28T00:00','to':'2026-01-29T00:00'}]";
    static const char OWN[] =
        "'next_of':'s','overrides':[{'from':'2026-01-30T00:00','to':'2026-01-31T00:00',"
        "'who':'eko'}]";
    static const struct row NEXT[] = {
        {"nobody before the start", "", "2026-01-05T08:59:59+01:00", ""},
        {"the one after the person on call", "", "2026-01-05T09:00:00+01:00", "budi"},
        {"hand-offs go together", "", "2026-01-12T09:00:00+01:00", "chen"},
        {"who stands in there is not second here", "", "2026-01-13T10:00:00+01:00", "ana"},
        {"and is again afterwards", "", "2026-01-14T00:00:00+01:00", "chen"},
        {"the last is followed by the first", "", "2026-01-20T10:00:00+01:00", "ana"},
        {"somebody from outside stands in", "", "2026-01-21T10:00:00+01:00", "ana"},
        {"nobody on call there", "", "2026-01-28T10:00:00+01:00", "budi"},
        {"an override of its own", "", "2026-01-30T10:00:00+01:00", "eko"},
    };
    g_autofree char *first = g_strdup_printf("{'name':'s','time_zone':'Europe/Paris',%s}", PRIMARY);
    g_autofree char *second = g_strdup_printf("{'name':'t','time_zone':'Europe/Paris',%s}", OWN);
    struct schedule *primary = schedule_of(g_strdelimit(first, "'", '"'));
    struct schedule *next = schedule_of(g_strdelimit(second, "'", '"'));
    schedule_follow(next, primary);
    for (size_t i = 0; i < G_N_ELEMENTS(NEXT); i++) {
        g_autofree char *users = names_text(next, utc_of(NEXT[i].at));
        if (strcmp(users, NEXT[i].users) != 0) {
            fail_msg("%s: \"%s\"", NEXT[i].name, users);
        }
    }
    struct utc from = utc_of("2026-01-12T09:00:00+01:00"), to = utc_of("2026-01-19T09:00:00+01:00");
    g_autoptr(GArray) shifts = oncall_shifts(next, from, to);
    assert_int_equal(shifts->len, 3); /* chen, ana for a day, chen */
    assert_string_equal(g_array_index(shifts, struct shift, 1).user, "ana");
    record_free(&SCHEDULE_RECORD, next);
    record_free(&SCHEDULE_RECORD, primary);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_written_rule_holds),
        cmocka_unit_test(a_shift_has_start_and_end),
        cmocka_unit_test(shifts_of_a_range_are_clipped),
        cmocka_unit_test(an_empty_range_has_no_shifts),
        cmocka_unit_test(names_count_beyond_the_room),
        cmocka_unit_test(a_schedule_can_be_the_next_of_another),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
