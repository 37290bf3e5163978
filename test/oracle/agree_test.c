/* test/oracle/agree_test.c - every view of a schedule says the same.
 *
 * oncall_at is what pages; the shifts of a range, the gaps, and the calendar that people see must
 * agree with it at every instant: on either side of each of their own edges, and in between. */
#include "oncall/shift.h"

/* clang-format off */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

#include <libical/ical.h>
#include <stdlib.h>
#include <string.h>

#include "oncall/cover.h"
#include "oncall/ical.h"
#include "plan.h"
#include "walk.h"

enum { PLANS = 600, INSTANTS = 40, RANGE_DAYS = 8, PERSON_COUNT = 6 };

static const int64_t US_PER_S = 1000000;

/* A stretch of a person in one of the views. */
struct claim {
    char user[16];
    struct utc since;
    struct utc until;
};

static char *claimed_at(const GArray *claims, struct utc at)
{
    bool is_on[PERSON_COUNT] = {false};
    for (guint i = 0; i < claims->len; i++) {
        const struct claim *claim = &g_array_index(claims, struct claim, i);
        if (!utc_before(at, claim->since) && utc_before(at, claim->until)) {
            is_on[claim->user[1] - '0'] = true;
        }
    }
    GString *text = g_string_new(NULL);
    for (int person = 0; person < PERSON_COUNT; person++) {
        if (is_on[person]) {
            g_string_append(text, plan_person(person));
        }
    }
    return g_string_free(text, false);
}

static void add_claim(GArray *claims, const char *user, struct utc since, struct utc until)
{
    struct claim claim = {.since = since, .until = until};
    g_strlcpy(claim.user, user, sizeof claim.user);
    g_array_append_val(claims, claim);
}

static GArray *claims_of_shifts(const GArray *shifts)
{
    GArray *claims = g_array_new(false, false, sizeof(struct claim));
    for (guint i = 0; i < shifts->len; i++) {
        const struct shift *shift = &g_array_index(shifts, struct shift, i);
        add_claim(claims, shift->user, shift->since, shift->until);
    }
    return claims;
}

static struct utc utc_of(struct icaltimetype at)
{
    return (struct utc){icaltime_as_timet_with_zone(at, icaltimezone_get_utc_timezone()) *
                        US_PER_S};
}

/* The calendar as another program reads it. The summary begins with the person. */
static GArray *claims_of_calendar(const char *text)
{
    GArray *claims = g_array_new(false, false, sizeof(struct claim));
    icalcomponent *calendar = icalparser_parse_string(text);
    assert_non_null(calendar);
    icalcomponent *event = icalcomponent_get_first_component(calendar, ICAL_VEVENT_COMPONENT);
    while (event != NULL) {
        g_auto(GStrv) words = g_strsplit(icalcomponent_get_summary(event), " ", 2);
        add_claim(claims, words[0], utc_of(icalcomponent_get_dtstart(event)),
                  utc_of(icalcomponent_get_dtend(event)));
        event = icalcomponent_get_next_component(calendar, ICAL_VEVENT_COMPONENT);
    }
    icalcomponent_free(calendar);
    icalmemory_free_ring();
    return claims;
}

struct world {
    struct schedule *schedule;
    struct utc from;
    struct utc to;
    GArray *shifts;   /* of struct claim */
    GArray *calendar; /* of struct claim */
    GArray *gaps;     /* of struct shift */
    uint64_t seed;
};

static bool is_gap_at(const struct world *world, struct utc at)
{
    for (guint i = 0; i < world->gaps->len; i++) {
        const struct shift *gap = &g_array_index(world->gaps, struct shift, i);
        if (!utc_before(at, gap->since) && utc_before(at, gap->until)) {
            return true;
        }
    }
    return false;
}

static void assert_agree(const struct world *world, struct utc at)
{
    if (utc_before(at, world->from) || !utc_before(at, world->to)) {
        return;
    }
    g_autoptr(GArray) paged = oncall_at(world->schedule, at);
    g_autoptr(GArray) claims = claims_of_shifts(paged);
    g_autofree char *by_pager = claimed_at(claims, at);
    g_autofree char *by_shifts = claimed_at(world->shifts, at);
    g_autofree char *by_calendar = claimed_at(world->calendar, at);
    char text[UTC_TEXT_SIZE];
    utc_format(at, text);
    if (strcmp(by_pager, by_shifts) != 0 || strcmp(by_pager, by_calendar) != 0 ||
        is_gap_at(world, at) != (by_pager[0] == '\0')) {
        json_auto_t *value = record_write(&SCHEDULE_RECORD, world->schedule);
        g_autofree char *json = json_dumps(value, JSON_INDENT(2));
        fail_msg("seed %" G_GUINT64_FORMAT
                 " at %s: pager [%s] shifts [%s] calendar [%s] gap %d\n%s",
                 world->seed, text, by_pager, by_shifts, by_calendar, is_gap_at(world, at), json);
    }
}

static void assert_agree_around(const struct world *world, struct utc edge)
{
    assert_agree(world, (struct utc){edge.us - 1});
    assert_agree(world, edge);
}

/* Every edge that shifts and calendar know, and instants between them. */
static void assert_all_agree(struct world *world, struct dice *dice)
{
    for (guint i = 0; i < world->shifts->len; i++) {
        const struct claim *claim = &g_array_index(world->shifts, struct claim, i);
        assert_agree_around(world, claim->since);
        assert_agree_around(world, claim->until);
    }
    for (guint i = 0; i < world->calendar->len; i++) {
        const struct claim *claim = &g_array_index(world->calendar, struct claim, i);
        assert_agree_around(world, claim->since);
        assert_agree_around(world, claim->until);
    }
    for (int i = 0; i < INSTANTS; i++) {
        assert_agree(world, (struct utc){dice_between(dice, world->from.us, world->to.us - 1)});
    }
}

static void world_init(struct world *world, struct dice *dice, const char *zone_name,
                       int64_t change)
{
    struct fault fault = {0};
    struct plan plan;
    struct zone *zone = zone_load(zone_name, &fault);
    assert_non_null(zone);
    plan_make(&plan, dice, walk_reading(change), 30);
    world->schedule = plan_schedule(&plan, zone);
    /* An uneven range, so that it cuts through shifts. */
    world->from.us =
        (change - RANGE_DAYS * INT64_C(86400) + dice_between(dice, 0, 86400)) * US_PER_S;
    world->to.us = (change + RANGE_DAYS * INT64_C(86400) + dice_between(dice, 0, 86400)) * US_PER_S;
    g_autoptr(GArray) shifts = oncall_shifts(world->schedule, world->from, world->to);
    world->shifts = claims_of_shifts(shifts);
    world->gaps = oncall_gaps(world->schedule, world->from, world->to);
    g_autoptr(GPtrArray) schedules = g_ptr_array_new();
    g_ptr_array_add(schedules, world->schedule);
    struct ical_feed feed = {
        .name = "agree", .schedules = schedules, .from = world->from, .to = world->to};
    g_autofree char *text = ical_write(&feed);
    world->calendar = claims_of_calendar(text);
}

static void world_clear(struct world *world)
{
    record_free(&SCHEDULE_RECORD, world->schedule);
    g_array_unref(world->shifts);
    g_array_unref(world->gaps);
    g_array_unref(world->calendar);
}

/* With the proposals of oncall/cover.h added, the person is never on call. */
static void assert_covered(struct world *world, struct dice *dice)
{
    const char *user = plan_person((int)dice_between(dice, 0, PERSON_COUNT - 1));
    g_autoptr(GPtrArray) covers =
        cover_propose(world->schedule, user, (struct others){0}, world->from, world->to);
    bool is_complete = true;
    for (guint i = 0; i < covers->len; i++) {
        struct cover *cover = g_ptr_array_index(covers, i);
        if (cover->override == NULL) {
            is_complete = false;
        } else {
            g_ptr_array_add(world->schedule->overrides, cover->override);
            cover->override = NULL;
        }
    }
    g_autoptr(GArray) shifts = oncall_shifts(world->schedule, world->from, world->to);
    for (guint i = 0; is_complete && i < shifts->len; i++) {
        if (strcmp(g_array_index(shifts, struct shift, i).user, user) == 0) {
            fail_msg("seed %" G_GUINT64_FORMAT ": %s is still on call", world->seed, user);
        }
    }
}

/* `check` is given a world for each of many random schedules. */
static void for_many_worlds(void (*check)(struct world *world, struct dice *dice))
{
    static const char *const ZONES[] = {
        "Europe/Paris", "America/New_York", "Asia/Kathmandu",    "Australia/Lord_Howe",
        "Pacific/Apia", "America/St_Johns", "Africa/Casablanca", "America/Havana"};
    for (uint64_t seed = 1; seed <= PLANS; seed++) {
        struct dice dice = {seed};
        struct world world = {.seed = seed};
        int64_t changes[400];
        const char *zone = ZONES[seed % G_N_ELEMENTS(ZONES)];
        walk_use_zone(zone);
        size_t count = walk_changes(changes, G_N_ELEMENTS(changes));
        int64_t change = INT64_C(1767225600); /* 2026, where a zone has no changes */
        if (count > 0) {
            change = changes[dice_roll(&dice) % count];
        }
        world_init(&world, &dice, zone, change);
        check(&world, &dice);
        world_clear(&world);
    }
}

static void every_view_agrees(void **state)
{
    (void)state;
    for_many_worlds(assert_all_agree);
}

static void who_is_covered_is_never_on_call(void **state)
{
    (void)state;
    for_many_worlds(assert_covered);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_view_agrees),
                                       cmocka_unit_test(who_is_covered_is_never_on_call)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
