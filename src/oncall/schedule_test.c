#include "oncall/schedule.h"

/* clang-format off */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

#include <string.h>

#include "oncall/policy.h"

static json_t *json_of(const char *text)
{
    g_autoptr(GString) quoted = g_string_new(text);
    g_string_replace(quoted, "'", "\"", 0);
    json_t *value = json_loads(quoted->str, 0, NULL);
    if (value == NULL) {
        fail_msg("not JSON: %s", quoted->str);
    }
    return value;
}

struct refusal {
    const char *name;
    const char *text;
    const char *field;
    const char *word; /* of the sentence */
};

static void assert_refused(const struct record *record, const struct refusal *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct fault fault = {0};
        json_auto_t *value = json_of(rows[i].text);
        void *read = record_new(record, value, &fault);
        if (read != NULL || strcmp(fault.field, rows[i].field) != 0 ||
            strstr(fault.text, rows[i].word) == NULL) {
            fail_msg("%s: [%s] %s", rows[i].name, fault.field, fault.text);
        }
    }
}

#define LAYER "{'people':['ana'],'every':'1w','start':'2026-01-05T09:00'}"
#define HEAD "{'name':'s','time_zone':'Europe/Paris','layers':"

static const struct refusal SCHEDULES[] = {
    {"unknown zone", "{'name':'s','time_zone':'Europe/Pariss','layers':[" LAYER "]}", "time_zone",
     "unknown time zone"},
    {"leap second zone", "{'name':'s','time_zone':'right/UTC','layers':[" LAYER "]}", "time_zone",
     "unknown time zone"},
    {"no zone", "{'name':'s','layers':[" LAYER "]}", "time_zone", "required"},
    {"zone is a number", "{'name':'s','time_zone':1,'layers':[" LAYER "]}", "time_zone", "name"},
    {"no layers", HEAD "[]}", "layers", ""},
    {"nobody", HEAD "[{'people':[],'every':'1w','start':'2026-01-05T09:00'}]}", "layers[0].people",
     ""},
    {"empty name", HEAD "[{'people':['ana',''],'every':'1w','start':'2026-01-05T09:00'}]}",
     "layers[0].people[1]", ""},
    {"no start", HEAD "[{'people':['ana'],'every':'1w'}]}", "layers[0].start", "required"},
    {"no every", HEAD "[{'people':['ana'],'start':'2026-01-05T09:00'}]}", "layers[0].every",
     "required"},
    {"start with zone", HEAD "[{'people':['ana'],'every':'1w','start':'2026-01-05T09:00:00Z'}]}",
     "layers[0].start", "local"},
    {"ends before it starts",
     HEAD "[{'people':['ana'],'every':'1w','start':'2026-01-05T09:00','end':'2026-01-05T09:00'}]}",
     "layers[0].end", "later"},
    {"minutes", HEAD "[{'people':['ana'],'every':'90m','start':'2026-01-05T09:00'}]}",
     "layers[0].every", "hours"},
    {"one name twice",
     HEAD "[" LAYER
          ",{'name':'layer 1','people':['ana'],'every':'1w','start':'2026-01-05T09:00'}]}",
     "layers[1].name", "layer 1"},
    {"a layer called override",
     HEAD "[{'name':'override','people':['ana'],'every':'1w','start':'2026-01-05T09:00'}]}",
     "layers[0].name", "override"},
    {"override of no layer",
     HEAD "[" LAYER "],'overrides':[{'from':'2026-01-06T00:00','to':'2026-01-07T00:00',"
          "'layer':'night'}]}",
     "overrides[0].layer", "night"},
    {"override backwards",
     HEAD "[" LAYER "],'overrides':[{'from':'2026-01-07T00:00','to':'2026-01-07T00:00'}]}",
     "overrides[0].to", "later"},
    {"window",
     HEAD "[{'people':['ana'],'every':'1w','start':'2026-01-05T09:00',"
          "'only':[{'days':'workdays'}]}]}",
     "layers[0].only[0].days", "mon-fri"},
};

static void bad_schedules_are_refused(void **state)
{
    (void)state;
    assert_refused(&SCHEDULE_RECORD, SCHEDULES, G_N_ELEMENTS(SCHEDULES));
}

static void a_schedule_is_read_and_written(void **state)
{
    (void)state;
    struct fault fault = {0};
    json_auto_t *value = json_of(
        "{'name':'primary','time_zone':'Asia/Jakarta','owner':'payments','layers':["
        "{'name':'base','people':['ana','budi'],'every':'12h','start':'2026-01-05T09:00',"
        "'end':'2027-01-05T09:00','only':[{'days':'mon-fri','from':'09:00','to':'18:00'}]},"
        "{'people':['chen'],'every':'2w','start':'2026-01-05T09:00'}],'overrides':["
        "{'from':'2026-12-24T00:00','to':'2026-12-26T00:00','who':'chen'},"
        "{'from':'2026-12-31T00:00','to':'2027-01-01T00:00','who':null,'layer':'layer 2'}]}");
    struct schedule *schedule = record_new(&SCHEDULE_RECORD, value, &fault);
    if (schedule == NULL) {
        fail_msg("%s: %s", fault.field, fault.text);
        return;
    }
    assert_string_equal(zone_name(schedule->zone), "Asia/Jakarta");
    assert_non_null(schedule_layer(schedule, "layer 2"));
    assert_null(schedule_layer(schedule, "layer 1"));
    const struct override *holiday = g_ptr_array_index(schedule->overrides, 1);
    assert_null(holiday->who);
    json_auto_t *written = record_write(&SCHEDULE_RECORD, schedule);
    struct schedule *again = record_new(&SCHEDULE_RECORD, written, &fault);
    json_auto_t *written_again = record_write(&SCHEDULE_RECORD, again);
    assert_true(json_equal(written, written_again));
    json_t *first = json_array_get(json_object_get(written, "layers"), 0);
    assert_string_equal(json_string_value(json_object_get(first, "every")), "12h");
    record_free(&SCHEDULE_RECORD, schedule);
    record_free(&SCHEDULE_RECORD, again);
}

static void turns_are_read(void **state)
{
    (void)state;
    static const char *const TAKEN[] = {"1h", "12h", "8784h", "1d", "3d", "366d", "1w", "53w"};
    for (size_t i = 0; i < G_N_ELEMENTS(TAKEN); i++) {
        struct turn turn = {0};
        char text[UTC_TEXT_SIZE];
        assert_true(turn_parse(TAKEN[i], &turn));
        turn_format(turn, text);
        assert_string_equal(text, TAKEN[i]);
    }
    static const char *const REFUSED[] = {"",    "1",   "w",    "0d",  "8785h", "367d",
                                          "54w", "-1d", "1.5d", "1 d", "1d12h", "99999h",
                                          "1D",  "1m",  "1day", "+1d"};
    for (size_t i = 0; i < G_N_ELEMENTS(REFUSED); i++) {
        struct turn turn = {0};
        if (turn_parse(REFUSED[i], &turn)) {
            fail_msg("\"%s\" is taken for a turn", REFUSED[i]);
        }
    }
}

#define STEPS "'steps':[{'notify':[{'user':'ana'}],'wait':'5m'}]"

static const struct refusal POLICIES[] = {
    {"no last resort", "{'name':'p'," STEPS "}", "last_resort", "required"},
    {"a channel as last resort", "{'name':'p'," STEPS ",'last_resort':{'channel':'c'}}",
     "last_resort", "user"},
    {"no steps", "{'name':'p','steps':[],'last_resort':{'user':'ana'}}", "steps", ""},
    {"a step for nobody",
     "{'name':'p','steps':[{'notify':[],'wait':'5m'}],'last_resort':{'user':'ana'}}",
     "steps[0].notify", ""},
    {"two in one target",
     "{'name':'p','steps':[{'notify':[{'user':'ana','team':'t'}],'wait':'5m'}],"
     "'last_resort':{'user':'ana'}}",
     "steps[0].notify[0]", "exactly one"},
    {"an empty target",
     "{'name':'p','steps':[{'notify':[{}],'wait':'5m'}],'last_resort':{'user':'ana'}}",
     "steps[0].notify[0]", "exactly one"},
    {"too short",
     "{'name':'p','steps':[{'notify':[{'user':'a'}],'wait':'999ms'}],"
     "'last_resort':{'user':'a'}}",
     "steps[0].wait", ""},
    {"too long",
     "{'name':'p','steps':[{'notify':[{'user':'a'}],'wait':'8d'}],"
     "'last_resort':{'user':'a'}}",
     "steps[0].wait", ""},
    {"no wait", "{'name':'p','steps':[{'notify':[{'user':'a'}]}],'last_resort':{'user':'a'}}",
     "steps[0].wait", "required"},
    {"repeat", "{'name':'p'," STEPS ",'repeat':101,'last_resort':{'user':'ana'}}", "repeat", ""},
    {"severity",
     "{'name':'p','steps':[{'notify':[{'user':'a'}],'wait':'5m',"
     "'when':{'severity':['critical','major']}}],'last_resort':{'user':'a'}}",
     "steps[0].when.severity[1]", "major"},
    {"zone",
     "{'name':'p','steps':[{'notify':[{'user':'a'}],'wait':'5m',"
     "'when':{'time_zone':'Mars/Base'}}],'last_resort':{'user':'a'}}",
     "steps[0].when.time_zone", "unknown time zone"},
};

static void bad_policies_are_refused(void **state)
{
    (void)state;
    assert_refused(&POLICY_RECORD, POLICIES, G_N_ELEMENTS(POLICIES));
}

static void a_policy_is_read_and_written(void **state)
{
    (void)state;
    struct fault fault = {0};
    json_auto_t *value = json_of(
        "{'name':'payments','steps':[{'notify':[{'schedule':'primary'}],'wait':'5m'},"
        "{'notify':[{'user':'budi'},{'team':'payments'},{'channel':'chat'}],'wait':'10m',"
        "'when':{'severity':['critical'],'only':[{'days':'mon-fri','from':'09:00','to':'18:00'}],"
        "'time_zone':'Europe/Paris'}}],'repeat':2,'last_resort':{'user':'ana'}}");
    struct policy *policy = record_new(&POLICY_RECORD, value, &fault);
    if (policy == NULL) {
        fail_msg("%s: %s", fault.field, fault.text);
        return;
    }
    const struct step *second = g_ptr_array_index(policy->steps, 1);
    assert_int_equal(second->wait.us, SPAN_MIN(10).us);
    assert_int_equal(policy->repeat, 2);
    json_auto_t *written = record_write(&POLICY_RECORD, policy);
    assert_true(json_equal(value, written));
    record_free(&POLICY_RECORD, policy);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bad_schedules_are_refused),
        cmocka_unit_test(a_schedule_is_read_and_written),
        cmocka_unit_test(turns_are_read),
        cmocka_unit_test(bad_policies_are_refused),
        cmocka_unit_test(a_policy_is_read_and_written),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
