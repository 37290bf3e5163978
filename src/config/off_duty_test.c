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
    "  - {name: dian, contacts: [{kind: email, to: dian@example.com}]}\n"
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

/* --- absences --- */

static struct off_duty take_off_again(struct world *world, const char *user, struct span span)
{
    struct off_duty off = {.user = user, .until = utc_add(world->now, span)};
    world_run(world, off_duty_run, &off);
    assert_int_equal(off.base.status, 200);
    return off;
}

static struct end_absence end_it(struct world *world, const char *name, bool keeps_covers)
{
    struct end_absence end = {.name = name, .keeps_covers = keeps_covers};
    world_run(world, end_absence_run, &end);
    return end;
}

static guint absence_count(struct world *world)
{
    struct config *config = config_current(world->configs);
    guint count = config->items[CONFIG_ABSENCE]->len;
    config_unref(config);
    return count;
}

static void assert_missed(const struct off_duty *off, const char *schedule, const char *user,
                          struct utc until)
{
    char text[UTC_TEXT_SIZE];
    utc_format(until, text);
    for (size_t i = 0; i < json_array_size(off->uncovered); i++) {
        const json_t *row = json_array_get(off->uncovered, i);
        if (strcmp(json_text(row, "schedule", ""), schedule) == 0) {
            const json_t *away = json_array_get(json_object_get(row, "away"), 0);
            assert_string_equal(json_text(away, "user", ""), user);
            assert_string_equal(json_text(away, "until", ""), text);
            return;
        }
    }
    fail_msg("%s is covered", schedule);
}

/* Budi is on holiday; with chen, who cannot be reached, nobody is left for ana. */
static void test_who_is_away_covers_nobody(void **state)
{
    struct world *world = *state;
    struct off_duty budi = take_off(world, "budi", SPAN_D(10), false);
    assert_string_equal(json_text(json_array_get(budi.covers, 0), "who", ""), "ana");
    struct off_duty ana = take_off_again(world, "ana", SPAN_D(8));
    assert_int_equal(json_array_size(ana.covers), 0);
    assert_missed(&ana, "daily", "budi", utc_add(world->now, SPAN_D(10)));
    off_duty_clear(&ana);
    /* When budi is back he takes all of it. */
    struct end_absence end = end_it(world, budi.absence, true);
    assert_int_equal(end.base.status, 200);
    ana = take_off_again(world, "ana", SPAN_D(8));
    assert_true(json_array_size(ana.covers) > 0);
    for (int hour = 0; hour < 192; hour++) {
        assert_false(is_on_call(world, "daily", "ana", utc_add(world->now, SPAN_H(hour))));
    }
    end_absence_clear(&end);
    off_duty_clear(&ana);
    off_duty_clear(&budi);
}

/* Also one who has no shift in it, and one call after the other is one absence. */
static void test_each_absence_is_kept_once(void **state)
{
    struct world *world = *state;
    struct off_duty dian = take_off(world, "dian", SPAN_D(10), true);
    assert_int_equal(absence_count(world), 0); /* a dry run */
    assert_null(dian.absence);
    off_duty_clear(&dian);
    dian = take_off_again(world, "dian", SPAN_D(10));
    assert_int_equal(json_array_size(dian.covers), 0);
    assert_int_equal(absence_count(world), 1);
    struct off_duty shorter = take_off_again(world, "dian", SPAN_D(9));
    assert_string_equal(shorter.absence, dian.absence);
    struct off_duty longer = take_off_again(world, "dian", SPAN_D(11));
    assert_string_not_equal(longer.absence, dian.absence);
    assert_int_equal(absence_count(world), 2);
    world->now = utc_add(world->now, SPAN_D(42)); /* both are over for long */
    struct off_duty next = take_off_again(world, "dian", SPAN_D(1));
    assert_int_equal(absence_count(world), 1);
    off_duty_clear(&next);
    off_duty_clear(&longer);
    off_duty_clear(&shorter);
    off_duty_clear(&dian);
}

/* Whoever is back is on call again; what is over, and what a person added, stays. */
static void test_an_absence_is_cut_short(void **state)
{
    struct world *world = *state;
    struct off_duty ana = take_off(world, "ana", SPAN_D(10), false);
    size_t covers = json_array_size(ana.covers);
    json_auto_t *spec = json_pack("{s:s, s:s, s:s}", "from", "2030-01-01T00:00", "to",
                                  "2030-01-02T00:00", "who", "budi");
    struct add_override add = {.schedule = "daily", .spec = spec};
    world_run(world, add_override_run, &add);
    assert_int_equal(add.base.status, 201);
    world->now = utc_add(world->now, SPAN_D(4));
    struct end_absence end = end_it(world, ana.absence, false);
    assert_int_equal(end.base.status, 200);
    assert_string_equal(end.user, "ana");
    assert_in_range(json_array_size(end.taken_back), 1, covers - 1);
    assert_int_equal(override_count(world), covers + 1 - json_array_size(end.taken_back));
    assert_int_equal(absence_count(world), 0);
    bool is_back = false;
    for (int hour = 0; hour < 72; hour++) {
        is_back |= is_on_call(world, "daily", "ana", utc_add(world->now, SPAN_H(hour)));
    }
    assert_true(is_back);
    struct end_absence again = end_it(world, ana.absence, false);
    assert_int_equal(again.base.status, 404);
    assert_string_equal(again.base.fault.field, "name");
    end_absence_clear(&again);
    end_absence_clear(&end);
    off_duty_clear(&ana);
}

static const char WITHOUT_DIAN[] =
    "users:\n"
    "  - {name: ana, contacts: [{kind: email, to: ana@example.com}]}\n"
    "absences:\n"
    "  - {name: fair, user: ana, from: 2026-12-01T00:00:00Z, to: 2026-12-09T00:00:00Z}\n";

/* A file that is applied again leaves them; who leaves for good may. */
static void test_files_leave_absences(void **state)
{
    struct world *world = *state;
    struct off_duty dian = take_off(world, "dian", SPAN_D(10), false);
    struct apply_config again = world_apply(world, WITHOUT_DIAN, (struct terms){.prune = true});
    assert_string_equal(again.base.fault.text, "");
    assert_int_equal(absence_count(world), 2);
    struct end_absence of_file = end_it(world, "fair", false);
    assert_int_equal(of_file.base.status, 409);
    struct end_absence gone = end_it(world, dian.absence, false);
    assert_int_equal(gone.base.status, 200);
    struct apply_config unknown =
        world_apply(world,
                    "absences: [{name: x, user: bdui, from: 2026-12-01T00:00:00Z, to: "
                    "2026-12-09T00:00:00Z}]\n",
                    (struct terms){0});
    assert_int_equal(unknown.base.status, 422);
    assert_string_equal(unknown.base.fault.field, "absences[0].user");
    apply_config_clear(&unknown);
    apply_config_clear(&again);
    end_absence_clear(&gone);
    end_absence_clear(&of_file);
    off_duty_clear(&dian);
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
    struct off_duty off = take_off_again(world, user, SPAN_D(28));
    assert_int_equal(json_array_size(off.uncovered), 0);
    for (int hour = 0; hour < 672; hour += 7) {
        struct utc at = utc_add(world->now, SPAN_H(hour));
        assert_false(is_on_call(world, "first", user, at));
        assert_false(is_on_call(world, "a-second", user, at));
    }
    struct end_absence end = end_it(world, off.absence, false);
    assert_int_equal(override_count(world), 0);
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
    struct off_duty ana = take_off(world, "ana", SPAN_D(30), false);
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
    const struct CMUnitTest tests[] = {
        IN_WORLD(test_who_is_away_covers_nobody),
        IN_WORLD(test_each_absence_is_kept_once),
        IN_WORLD(test_an_absence_is_cut_short),
        IN_WORLD(test_files_leave_absences),
        IN_WORLD(test_second_in_line_is_covered_as_well),
        IN_WORLD(test_overrides_tell_of_absences),
        IN_WORLD(test_covers_every_shift),
        IN_WORLD(test_says_where_it_does_not_reach),
        IN_WORLD(test_dry_run_writes_nothing),
        IN_WORLD(test_twice_is_once),
        IN_WORLD(test_an_absence_can_be_planned),
        IN_WORLD(test_refusals),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
