/* Taking people off duty. The world's clock decides what "now" is. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/json.h"
#include "config/config_store.h"
#include "oncall/off_duty.h"
#include "oncall/override_store.h"
#include "oncall/override_work.h"
#include "oncall/shift.h"
#include "oncall/test_duty.h"

static void test_covers_every_shift(void **state)
{
    struct world *world = *state;
    struct off_duty off = duty_take_off(world, "ana", SPAN_D(10), false);
    assert_int_equal(off.base.status, 200);
    size_t covers = json_array_size(off.covers);
    assert_in_range(covers, 3, 4);
    assert_int_equal(json_array_size(off.uncovered), 1);
    assert_int_equal(duty_override_count(world), covers);
    for (size_t i = 0; i < covers; i++) {
        const json_t *cover = json_array_get(off.covers, i);
        assert_string_equal(json_text(cover, "schedule", ""), "daily");
        assert_string_equal(json_text(cover, "who", ""), "budi"); /* chen cannot be reached */
        assert_non_null(json_text(cover, "id", NULL));
    }
    for (int hour = 0; hour < 240; hour++) {
        struct utc at = utc_add(world->now, SPAN_H(hour));
        assert_false(duty_is_on_call(world, "daily", "ana", at));
        assert_true(duty_is_on_call(world, "alone", "ana", at)); /* nobody else could take it */
    }
    off_duty_clear(&off);
}

static void test_says_where_it_does_not_reach(void **state)
{
    struct world *world = *state;
    struct off_duty off = duty_take_off(world, "ana", SPAN_D(1), false);
    g_autofree char *named = json_dumps(off.named_by, JSON_COMPACT);
    assert_string_equal(named, "[\"named\",\"resort\"]");
    assert_string_equal(json_text(json_array_get(off.uncovered, 0), "schedule", ""), "alone");
    off_duty_clear(&off);
}

static void test_dry_run_writes_nothing(void **state)
{
    struct world *world = *state;
    struct off_duty off = duty_take_off(world, "ana", SPAN_D(10), true);
    assert_true(json_array_size(off.covers) > 0);
    assert_null(json_object_get(json_array_get(off.covers, 0), "id"));
    assert_int_equal(duty_override_count(world), 0);
    assert_int_equal(config_load_version(world->db), 1);
    off_duty_clear(&off);
}

static void test_twice_is_once(void **state)
{
    struct world *world = *state;
    struct off_duty first = duty_take_off(world, "ana", SPAN_D(10), false);
    size_t count = duty_override_count(world);
    struct off_duty second = duty_take_off(world, "ana", SPAN_D(10), false);
    assert_int_equal(json_array_size(second.covers), 0);
    assert_int_equal(duty_override_count(world), count);
    off_duty_clear(&first);
    off_duty_clear(&second);
}

static void take_comment(void *count, const struct override_row *row)
{
    *(size_t *)count += strcmp(row->override->comment, "wedding") == 0;
}

static void test_an_absence_can_be_planned(void **state)
{
    struct world *world = *state;
    struct apply_config applied = world_apply(world, DUTY_TEAM, (struct terms){0});
    apply_config_clear(&applied);
    struct off_duty off = {.user = "ana",
                           .from = utc_add(world->now, SPAN_D(20)),
                           .until = utc_add(world->now, SPAN_D(30)),
                           .comment = "wedding"};
    bool was_on[480];
    for (int hour = 0; hour < 480; hour++) {
        was_on[hour] = duty_is_on_call(world, "daily", "ana", utc_add(world->now, SPAN_H(hour)));
    }
    world_run(world, off_duty_run, &off);
    assert_int_equal(off.base.status, 200);
    for (int hour = 0; hour < 480; hour++) { /* until then nothing changes */
        assert_int_equal(duty_is_on_call(world, "daily", "ana", utc_add(world->now, SPAN_H(hour))),
                         was_on[hour]);
    }
    for (int hour = 480; hour < 720; hour++) {
        assert_false(duty_is_on_call(world, "daily", "ana", utc_add(world->now, SPAN_H(hour))));
    }
    size_t commented = 0;
    override_list(world->db, "daily", take_comment, &commented);
    assert_int_equal(commented, json_array_size(off.covers));
    off_duty_clear(&off);
    struct off_duty backwards = {.user = "ana",
                                 .from = utc_add(world->now, SPAN_D(3)),
                                 .until = utc_add(world->now, SPAN_D(2))};
    world_run(world, off_duty_run, &backwards);
    assert_int_equal(backwards.base.status, 422);
    assert_string_equal(backwards.base.fault.field, "until");
    off_duty_clear(&backwards);
}

static void test_refusals(void **state)
{
    static const struct {
        const char *name, *user;
        int64_t hours;
        int status;
        const char *field;
    } ROWS[] = {
        {"unknown", "eve", 8, 404, "name"},
        {"past", "ana", -1, 422, "until"},
        {"now", "ana", 0, 422, "until"},
        {"two years", "ana", 17520, 422, "until"},
    };
    struct world *world = *state;
    for (size_t i = 0; i < G_N_ELEMENTS(ROWS); i++) {
        struct off_duty off = duty_take_off(world, ROWS[i].user, SPAN_H(ROWS[i].hours), false);
        if (off.base.status != ROWS[i].status || strcmp(off.base.fault.field, ROWS[i].field) != 0) {
            fail_msg("%s: %d %s", ROWS[i].name, off.base.status, off.base.fault.field);
        }
        assert_true(strlen(off.base.fault.text) > 10);
        off_duty_clear(&off);
    }
    assert_int_equal(duty_override_count(world), 0);
}

static const char SECOND_IN_LINE[] =
    "users:\n"
    "  - {name: ana, contacts: [{kind: email, to: ana@example.com}]}\n"
    "  - {name: budi, contacts: [{kind: email, to: budi@example.com}]}\n"
    "  - {name: eko, contacts: [{kind: email, to: eko@example.com}]}\n"
    "schedules:\n"
    "  - {name: a-second, time_zone: UTC, next_of: first}\n"
    "  - {name: first, time_zone: UTC, layers: [{people: [ana, budi, eko], every: 1w,"
    " start: \"2020-01-01T09:00\"}]}\n";

/* Ana does the first line for everybody. */
static const char SWAP[] =
    ", overrides: [{from: \"2020-01-01T00:00\", to: \"2090-01-01T00:00\", who: ana}]}\n";

/* Where somebody takes over in the first line, the second moves on: to the one who is away, too. */
static void assert_covered_in_both(struct world *world, const char *user)
{
    struct off_duty off = duty_take_off_again(world, user, SPAN_D(28));
    assert_int_equal(json_array_size(off.uncovered), 0);
    for (int hour = 0; hour < 672; hour += 7) {
        struct utc at = utc_add(world->now, SPAN_H(hour));
        assert_false(duty_is_on_call(world, "first", user, at));
        assert_false(duty_is_on_call(world, "a-second", user, at));
    }
    struct end_absence end = duty_end(world, off.absence, false);
    assert_int_equal(duty_override_count(world), 0);
    end_absence_clear(&end);
    off_duty_clear(&off);
}

static void test_second_in_line_is_covered_as_well(void **state)
{
    static const char *const PEOPLE[] = {"ana", "budi", "eko"};
    struct world *world = *state;
    struct apply_config applied = world_apply(world, SECOND_IN_LINE, (struct terms){0});
    apply_config_clear(&applied);
    for (size_t i = 0; i < G_N_ELEMENTS(PEOPLE); i++) {
        assert_covered_in_both(world, PEOPLE[i]);
    }
    g_autofree char *swapped = g_strndup(SECOND_IN_LINE, strlen(SECOND_IN_LINE) - strlen("}\n"));
    g_autofree char *yaml = g_strconcat(swapped, SWAP, NULL);
    struct apply_config again = world_apply(world, yaml, (struct terms){0});
    assert_string_equal(again.base.fault.text, "");
    apply_config_clear(&again);
    assert_covered_in_both(world, "ana");
}

/* Somebody may choose them, and is told; a time that has passed is nothing to choose for. */
static void test_overrides_tell_of_absences(void **state)
{
    static const struct {
        const char *name, *from, *to, *who;
        int status;
        bool is_warned;
    } ROWS[] = {
        {"away", "2026-11-24T00:00", "2026-11-25T00:00", "ana", 201, true},
        {"away at the end", "2026-11-01T00:00", "2026-11-25T00:00", "ana", 201, true},
        {"back by then", "2027-03-01T00:00", "2027-03-02T00:00", "ana", 201, false},
        {"another", "2026-11-24T00:00", "2026-11-25T00:00", "budi", 201, false},
        {"last year", "2025-11-24T00:00", "2025-11-25T00:00", "budi", 422, false},
    };
    struct world *world = *state;
    struct off_duty ana = duty_take_off(world, "ana", SPAN_D(30), false);
    for (size_t i = 0; i < G_N_ELEMENTS(ROWS); i++) {
        json_auto_t *spec = json_pack("{s:s, s:s, s:s}", "from", ROWS[i].from, "to", ROWS[i].to,
                                      "who", ROWS[i].who);
        struct add_override add = {.schedule = "daily", .spec = spec};
        world_run(world, add_override_run, &add);
        if (add.base.status != ROWS[i].status || (add.warning != NULL) != ROWS[i].is_warned) {
            fail_msg("%s: %d %s", ROWS[i].name, add.base.status, add.base.fault.text);
        }
        assert_string_equal(add.base.fault.field, ROWS[i].status == 422 ? "to" : "");
        add_override_clear(&add);
    }
    off_duty_clear(&ana);
}

int main(void)
{
    config_register(DUTY_KINDS);
    const struct CMUnitTest tests[] = {
        IN_DUTY_WORLD(test_second_in_line_is_covered_as_well),
        IN_DUTY_WORLD(test_overrides_tell_of_absences),
        IN_DUTY_WORLD(test_covers_every_shift),
        IN_DUTY_WORLD(test_says_where_it_does_not_reach),
        IN_DUTY_WORLD(test_dry_run_writes_nothing),
        IN_DUTY_WORLD(test_twice_is_once),
        IN_DUTY_WORLD(test_an_absence_can_be_planned),
        IN_DUTY_WORLD(test_refusals),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
