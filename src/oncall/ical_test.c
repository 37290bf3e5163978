#include "oncall/ical.h"

/* clang-format off */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

#include <libical/ical.h>
#include <string.h>

#include "oncall/shift.h"

static struct schedule *schedule_of(const char *text)
{
    struct fault fault = {0};
    g_autoptr(GString) quoted = g_string_new(text);
    g_string_replace(quoted, "'", "\"", 0);
    json_auto_t *value = json_loads(quoted->str, 0, NULL);
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

static const char WEEKLY[] =
    "{'name':'payments, primary; 1st','time_zone':'Europe/Paris','layers':["
    "{'name':'tïer \\\\ one','people':['ana','budi'],'every':'1w','start':'2026-01-05T09:00'}]}";

struct world {
    struct schedule *schedule;
    GPtrArray *schedules;
    struct ical_feed feed;
};

static int set_up(void **state)
{
    struct world *world = g_new0(struct world, 1);
    world->schedule = schedule_of(WEEKLY);
    world->schedules = g_ptr_array_new();
    g_ptr_array_add(world->schedules, world->schedule);
    world->feed = (struct ical_feed){
        .name = "On call",
        .schedules = world->schedules,
        .url = "https://tocsin.example.com/schedules/payments",
        .from = utc_of("2026-10-14T12:00:00Z"),
        .to = utc_of("2026-10-28T12:00:00Z"),
        .changed_at = utc_of("2026-09-01T10:11:12Z"),
        .revision = 17,
    };
    *state = world;
    return 0;
}

static int tear_down(void **state)
{
    struct world *world = *state;
    record_free(&SCHEDULE_RECORD, world->schedule);
    g_ptr_array_unref(world->schedules);
    g_free(world);
    return 0;
}

/* "DTSTART DTEND SUMMARY" of each event, as libical reads them. */
static char *events_of(const char *text)
{
    GString *events = g_string_new(NULL);
    icalcomponent *calendar = icalparser_parse_string(text);
    assert_non_null(calendar);
    assert_int_equal(icalcomponent_count_errors(calendar), 0);
    /* A method makes a message of it (RFC 5546), which some programs ask about instead of showing it. */
    assert_null(icalcomponent_get_first_property(calendar, ICAL_METHOD_PROPERTY));
    if (!icalrestriction_check(calendar)) {
        fail_msg("%s", icalcomponent_as_ical_string(calendar));
    }
    icalcomponent *event = icalcomponent_get_first_component(calendar, ICAL_VEVENT_COMPONENT);
    while (event != NULL) {
        g_string_append_printf(events, "%s %s %s|",
                               icaltime_as_ical_string(icalcomponent_get_dtstart(event)),
                               icaltime_as_ical_string(icalcomponent_get_dtend(event)),
                               icalcomponent_get_summary(event));
        event = icalcomponent_get_next_component(calendar, ICAL_VEVENT_COMPONENT);
    }
    icalcomponent_free(calendar);
    icalmemory_free_ring();
    return g_string_free(events, false);
}

static void another_program_reads_it(void **state)
{
    struct world *world = *state;
    g_autofree char *text = ical_write(&world->feed);
    g_autofree char *events = events_of(text);
    assert_string_equal(events, "20261012T070000Z 20261019T070000Z ana · payments, primary; 1st|"
                                "20261019T070000Z 20261026T080000Z budi · payments, primary; 1st|"
                                "20261026T080000Z 20261102T080000Z ana · payments, primary; 1st|");
    assert_non_null(strstr(text, "DTSTAMP:20260901T101112Z\r\n"));
    assert_non_null(strstr(text, "SEQUENCE:17\r\n"));
    assert_non_null(strstr(text, "URL:https://tocsin.example.com/schedules/payments\r\n"));
    assert_non_null(strstr(text, "X-WR-CALNAME:On call\r\n"));
}

static const char *full_name_of(const void *self, const char *user)
{
    return strcmp(user, self) == 0 ? "Ana Wijaya, SRE" : NULL;
}

static void people_stand_in_it_by_their_full_names(void **state)
{
    struct world *world = *state;
    world->feed.full_name = full_name_of;
    world->feed.names = "ana";
    g_autofree char *text = ical_write(&world->feed);
    g_autofree char *events = events_of(text);
    assert_non_null(strstr(events, "Ana Wijaya, SRE · payments"));
    assert_non_null(strstr(events, "budi · payments"));
    assert_null(strstr(events, "ana ·"));
}

static void a_person_gets_only_their_shifts(void **state)
{
    struct world *world = *state;
    world->feed.user = "budi";
    g_autofree char *text = ical_write(&world->feed);
    g_autofree char *events = events_of(text);
    assert_string_equal(events,
                        "20261019T070000Z 20261026T080000Z payments, primary; 1st (tïer \\ one)|");
}

static void lines_are_folded_between_characters(void **state)
{
    struct world *world = *state;
    g_autoptr(GString) name = g_string_new(NULL);
    for (size_t i = 0; i < 100; i++) {
        g_string_append(name, i % 3 == 0 ? "é" : i % 3 == 1 ? "漢" : "🚒");
    }
    world->feed.name = name->str;
    g_autofree char *text = ical_write(&world->feed);
    g_auto(GStrv) lines = g_strsplit(text, "\r\n", -1);
    for (size_t i = 0; lines[i] != NULL; i++) {
        assert_true(strlen(lines[i]) <= 75);
        assert_true(g_utf8_validate(lines[i], -1, NULL));
        assert_null(strpbrk(lines[i], "\r\n"));
    }
    icalcomponent *calendar = icalparser_parse_string(text);
    icalproperty *property = icalcomponent_get_first_property(calendar, ICAL_X_PROPERTY);
    assert_string_equal(icalproperty_get_x(property), name->str);
    icalcomponent_free(calendar);
    icalmemory_free_ring();
}

static void nobody_can_slip_in_a_line(void **state)
{
    struct world *world = *state;
    world->feed.name = "x\r\nBEGIN:VEVENT\nATTACH:evil\x01\xff";
    world->feed.url = "https://x.example.com/\r\nATTACH:evil";
    g_autofree char *text = ical_write(&world->feed);
    assert_null(strstr(text, "\nATTACH"));
    assert_null(strstr(text, "\nURL"));
    assert_non_null(strstr(text, "X-WR-CALNAME:x\\nBEGIN:VEVENT\\nATTACH:evil"));
    assert_true(g_utf8_validate(text, -1, NULL));
}

static char *uids_of(const char *text)
{
    GString *uids = g_string_new(NULL);
    g_auto(GStrv) lines = g_strsplit(text, "\r\n", -1);
    for (size_t i = 0; lines[i] != NULL; i++) {
        if (g_str_has_prefix(lines[i], "UID:")) {
            assert_null(strstr(uids->str, lines[i])); /* unique */
            g_string_append(uids, lines[i]);
        }
    }
    return g_string_free(uids, false);
}

static void identities_outlive_the_range(void **state)
{
    struct world *world = *state;
    g_autofree char *text = ical_write(&world->feed);
    world->feed.from = utc_add(world->feed.from, SPAN_D(2));
    world->feed.to = utc_add(world->feed.to, SPAN_D(1));
    world->feed.changed_at = utc_add(world->feed.changed_at, SPAN_D(2));
    g_autofree char *later = ical_write(&world->feed);
    g_autofree char *uids = uids_of(text);
    g_autofree char *uids_later = uids_of(later);
    assert_string_equal(uids, uids_later);
    assert_true(strlen(uids) > 100);
}

static void two_at_once_are_two_events(void **state)
{
    struct world *world = *state;
    struct schedule *schedule = schedule_of(
        "{'name':'s','time_zone':'Europe/Paris','layers':[{'people':['ana','budi'],'every':'1d',"
        "'start':'2026-10-24T02:30','only':[{'days':'sun','from':'02:45','to':'02:50'}]}]}");
    g_ptr_array_set_size(world->schedules, 0);
    g_ptr_array_add(world->schedules, schedule);
    g_autofree char *text = ical_write(&world->feed);
    g_autofree char *uids = uids_of(text); /* asserts that they differ */
    g_autofree char *events = events_of(text);
    assert_non_null(uids);
    assert_string_equal(events, "20261025T004500Z 20261025T013000Z ana · s|"
                                "20261025T004500Z 20261025T015000Z budi · s|");
    record_free(&SCHEDULE_RECORD, schedule);
}

static void an_alarm_is_set_when_asked_for(void **state)
{
    struct world *world = *state;
    world->feed.alarm_before = SPAN_MIN(30);
    g_autofree char *text = ical_write(&world->feed);
    g_autofree char *events = events_of(text);
    assert_true(strlen(events) > 0);
    assert_non_null(strstr(text, "BEGIN:VALARM\r\nACTION:DISPLAY\r\nTRIGGER:-PT30M\r\n"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(another_program_reads_it),        TEST(people_stand_in_it_by_their_full_names),
        TEST(a_person_gets_only_their_shifts), TEST(lines_are_folded_between_characters),
        TEST(nobody_can_slip_in_a_line),       TEST(identities_outlive_the_range),
        TEST(two_at_once_are_two_events),      TEST(an_alarm_is_set_when_asked_for),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
