/* Taking people off duty. The world's clock decides what "now" is. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/json.h"
#include "config/config_store.h"
#include "config/off_duty.h"
#include "config/test_world.h"
#include "ledger/event.h"
#include "oncall/shift.h"

/* Chen cannot be reached; alone has nobody beside ana. */
static const char TEAM[] =
    "users:\n"
    "  - {name: ana, contacts: [{kind: email, to: ana@example.com}]}\n"
    "  - {name: budi, contacts: [{kind: email, to: budi@example.com}]}\n"
    "  - {name: chen}\n"
    "schedules:\n"
    "  - {name: daily, time_zone: Europe/Paris, layers: [{people: [ana, chen, budi], every: 1d,"
    " start: \"2020-01-01T09:00\"}]}\n"
    "  - {name: alone, time_zone: UTC, layers: [{people: [ana], every: 1d, start: "
    "\"2020-01-01T09:00\"}]}\n"
    "policies:\n"
    "  - {name: named, steps: [{notify: [{user: ana}], wait: 5m}], last_resort: {user: budi}}\n"
    "  - {name: resort, steps: [{notify: [{user: budi}], wait: 5m}], last_resort: {user: ana}}\n"
    "  - {name: other, steps: [{notify: [{schedule: daily}], wait: 5m}], last_resort: {user: "
    "budi}}\n";

static struct off_duty take_off(struct world *world, const char *user, struct span span,
                                bool dry_run)
{
    struct apply_config applied = world_apply(world, TEAM, (struct terms){0});
    apply_config_clear(&applied);
    struct off_duty off = {.user = user, .until = utc_add(world->now, span), .dry_run = dry_run};
    world_run(world, off_duty_run, &off);
    return off;
}

static void count_row(void *count, const struct override_row *row)
{
    (void)row;
    (*(size_t *)count)++;
}

static size_t override_count(struct world *world)
{
    size_t count = 0;
    override_list(world->db, NULL, count_row, &count);
    return count;
}

static bool is_on_call(struct world *world, const char *schedule, const char *user, struct utc at)
{
    struct config *config = config_current(world->configs);
    const char *users[8];
    size_t count = oncall_names_at(config_schedule(config, schedule), at, users, 8);
    bool is_found = false;
    for (size_t i = 0; i < count; i++) {
        is_found |= strcmp(users[i], user) == 0;
    }
    config_unref(config);
    return is_found;
}

static void test_covers_every_shift(void **state)
{
    struct world *world = *state;
    struct off_duty off = take_off(world, "ana", SPAN_D(10), false);
    assert_int_equal(off.base.status, 200);
    size_t covers = json_array_size(off.covers);
    assert_in_range(covers, 3, 4);
    assert_int_equal(json_array_size(off.uncovered), 1);
    assert_int_equal(override_count(world), covers);
    for (size_t i = 0; i < covers; i++) {
        const json_t *cover = json_array_get(off.covers, i);
        assert_string_equal(json_text(cover, "schedule", ""), "daily");
        assert_string_equal(json_text(cover, "who", ""), "budi"); /* chen cannot be reached */
        assert_non_null(json_text(cover, "id", NULL));
    }
    for (int hour = 0; hour < 240; hour++) {
        struct utc at = utc_add(world->now, SPAN_H(hour));
        assert_false(is_on_call(world, "daily", "ana", at));
        assert_true(is_on_call(world, "alone", "ana", at)); /* nobody else could take it */
    }
    off_duty_clear(&off);
}

static void test_says_where_it_does_not_reach(void **state)
{
    struct world *world = *state;
    struct off_duty off = take_off(world, "ana", SPAN_D(1), false);
    g_autofree char *named = json_dumps(off.named_by, JSON_COMPACT);
    assert_string_equal(named, "[\"named\",\"resort\"]");
    assert_string_equal(json_text(json_array_get(off.uncovered, 0), "schedule", ""), "alone");
    off_duty_clear(&off);
}

static void test_dry_run_writes_nothing(void **state)
{
    struct world *world = *state;
    struct off_duty off = take_off(world, "ana", SPAN_D(10), true);
    assert_true(json_array_size(off.covers) > 0);
    assert_null(json_object_get(json_array_get(off.covers, 0), "id"));
    assert_int_equal(override_count(world), 0);
    assert_int_equal(config_load_version(world->db), 1);
    off_duty_clear(&off);
}

static void test_twice_is_once(void **state)
{
    struct world *world = *state;
    struct off_duty first = take_off(world, "ana", SPAN_D(10), false);
    size_t count = override_count(world);
    struct off_duty second = take_off(world, "ana", SPAN_D(10), false);
    assert_int_equal(json_array_size(second.covers), 0);
    assert_int_equal(override_count(world), count);
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
    struct apply_config applied = world_apply(world, TEAM, (struct terms){0});
    apply_config_clear(&applied);
    struct off_duty off = {.user = "ana",
                           .from = utc_add(world->now, SPAN_D(20)),
                           .until = utc_add(world->now, SPAN_D(30)),
                           .comment = "wedding"};
    bool was_on[480];
    for (int hour = 0; hour < 480; hour++) {
        was_on[hour] = is_on_call(world, "daily", "ana", utc_add(world->now, SPAN_H(hour)));
    }
    world_run(world, off_duty_run, &off);
    assert_int_equal(off.base.status, 200);
    for (int hour = 0; hour < 480; hour++) { /* until then nothing changes */
        assert_int_equal(is_on_call(world, "daily", "ana", utc_add(world->now, SPAN_H(hour))),
                         was_on[hour]);
    }
    for (int hour = 480; hour < 720; hour++) {
        assert_false(is_on_call(world, "daily", "ana", utc_add(world->now, SPAN_H(hour))));
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
        struct off_duty off = take_off(world, ROWS[i].user, SPAN_H(ROWS[i].hours), false);
        if (off.base.status != ROWS[i].status || strcmp(off.base.fault.field, ROWS[i].field) != 0) {
            fail_msg("%s: %d %s", ROWS[i].name, off.base.status, off.base.fault.field);
        }
        assert_true(strlen(off.base.fault.text) > 10);
        off_duty_clear(&off);
    }
    assert_int_equal(override_count(world), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_WORLD(test_covers_every_shift),        IN_WORLD(test_says_where_it_does_not_reach),
        IN_WORLD(test_dry_run_writes_nothing),    IN_WORLD(test_twice_is_once),
        IN_WORLD(test_an_absence_can_be_planned), IN_WORLD(test_refusals),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
