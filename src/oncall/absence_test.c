/* Absences that are kept: who is away stands in for nobody, and what was stays when one ends. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/json.h"
#include "ledger/event.h"
#include "oncall/absence.h"
#include "oncall/override_work.h"
#include "oncall/test_duty.h"

static guint absence_count(struct world *world)
{
    struct config *config = config_current(world->configs);
    guint count = config_items(config, &ABSENCE_KIND)->len;
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
    struct off_duty budi = duty_take_off(world, "budi", SPAN_D(10), false);
    assert_string_equal(json_text(json_array_get(budi.covers, 0), "who", ""), "ana");
    struct off_duty ana = duty_take_off_again(world, "ana", SPAN_D(8));
    assert_int_equal(json_array_size(ana.covers), 0);
    assert_missed(&ana, "daily", "budi", utc_add(world->now, SPAN_D(10)));
    off_duty_clear(&ana);
    /* When budi is back he takes all of it. */
    struct end_absence end = duty_end(world, budi.absence, true);
    assert_int_equal(end.base.status, 200);
    ana = duty_take_off_again(world, "ana", SPAN_D(8));
    assert_true(json_array_size(ana.covers) > 0);
    for (int hour = 0; hour < 192; hour++) {
        assert_false(duty_is_on_call(world, "daily", "ana", utc_add(world->now, SPAN_H(hour))));
    }
    end_absence_clear(&end);
    off_duty_clear(&ana);
    off_duty_clear(&budi);
}

/* Also one who has no shift in it, and one call after the other is one absence. */
static void test_each_absence_is_kept_once(void **state)
{
    struct world *world = *state;
    struct off_duty dian = duty_take_off(world, "dian", SPAN_D(10), true);
    assert_int_equal(absence_count(world), 0); /* a dry run */
    assert_null(dian.absence);
    off_duty_clear(&dian);
    dian = duty_take_off_again(world, "dian", SPAN_D(10));
    assert_int_equal(json_array_size(dian.covers), 0);
    assert_int_equal(absence_count(world), 1);
    struct off_duty shorter = duty_take_off_again(world, "dian", SPAN_D(9));
    assert_string_equal(shorter.absence, dian.absence);
    struct off_duty longer = duty_take_off_again(world, "dian", SPAN_D(11));
    assert_string_not_equal(longer.absence, dian.absence);
    assert_int_equal(absence_count(world), 2);
    world->now = utc_add(world->now, SPAN_D(42)); /* both are over for long */
    struct off_duty next = duty_take_off_again(world, "dian", SPAN_D(1));
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
    struct off_duty ana = duty_take_off(world, "ana", SPAN_D(10), false);
    size_t covers = json_array_size(ana.covers);
    json_auto_t *spec = json_pack("{s:s, s:s, s:s}", "from", "2030-01-01T00:00", "to",
                                  "2030-01-02T00:00", "who", "budi");
    struct add_override add = {.schedule = "daily", .spec = spec};
    world_run(world, add_override_run, &add);
    assert_int_equal(add.base.status, 201);
    world->now = utc_add(world->now, SPAN_D(4));
    struct end_absence end = duty_end(world, ana.absence, false);
    assert_int_equal(end.base.status, 200);
    assert_string_equal(end.user, "ana");
    assert_in_range(json_array_size(end.taken_back), 1, covers - 1);
    assert_in_range(duty_override_count(world), covers + 1 - json_array_size(end.taken_back),
                    covers + 2 - json_array_size(end.taken_back)); /* one may have held */
    assert_int_equal(absence_count(world), 0);
    bool is_back = false;
    for (int hour = 0; hour < 72; hour++) {
        is_back |= duty_is_on_call(world, "daily", "ana", utc_add(world->now, SPAN_H(hour)));
    }
    assert_true(is_back);
    struct end_absence again = duty_end(world, ana.absence, false);
    assert_int_equal(again.base.status, 404);
    assert_string_equal(again.base.fault.field, "name");
    end_absence_clear(&again);
    end_absence_clear(&end);
    off_duty_clear(&ana);
}

/* --- what was stays, and what goes on goes on --- */

static const char *daily_at(struct world *world, struct utc at)
{
    static const char *const PEOPLE[] = {"ana", "budi"};
    for (size_t i = 0; i < G_N_ELEMENTS(PEOPLE); i++) {
        if (duty_is_on_call(world, "daily", PEOPLE[i], at)) {
            return PEOPLE[i];
        }
    }
    assert_true(duty_is_on_call(world, "daily", "chen", at));
    return "chen";
}

/* Who was on call in "daily" each hour of the last `hours`. */
static char *history(struct world *world, int hours)
{
    GString *text = g_string_new(NULL);
    for (int hour = hours; hour > 0; hour--) {
        struct utc at = utc_add(world->now, SPAN_H(-hour));
        g_string_append_printf(text, "%s ", daily_at(world, at));
    }
    return g_string_free(text, FALSE);
}

static struct utc instant(const char *text)
{
    struct utc at = {0};
    assert_true(utc_parse(text, &at));
    return at;
}

/* An override holds at that moment; the hour before it is in the record. In the third row the clock is about to
 * go back: local times of that hour come twice. */
static void test_what_was_stays_when_an_absence_ends(void **state)
{
    static const struct {
        const char *from, *ends;
    } ROWS[] = {
        {"2027-06-01T00:00:00Z", "2027-06-04T10:00:00Z"},
        {"2027-06-10T00:00:00Z", "2027-06-13T10:20:30.5Z"},
        {"2027-10-28T00:00:00Z", "2027-10-31T00:30:00Z"},
        {"2028-10-26T00:00:00Z", "2028-10-29T01:30:00Z"},
    };
    struct world *world = *state;
    for (size_t i = 0; i < G_N_ELEMENTS(ROWS); i++) {
        struct utc ends = instant(ROWS[i].ends);
        struct apply_config applied = world_apply(world, DUTY_TEAM, (struct terms){0});
        apply_config_clear(&applied);
        world->now = instant(ROWS[i].from);
        const char *who = daily_at(world, ends);
        struct off_duty off = duty_take_off(world, who, SPAN_D(10), false);
        world->now = ends;
        assert_false(duty_is_on_call(world, "daily", who, ends));
        g_autofree char *before = history(world, 72);
        struct end_absence end = duty_end(world, off.absence, false);
        assert_int_equal(end.base.status, 200);
        g_autofree char *after = history(world, 72);
        assert_string_equal(after, before);
        assert_true(duty_is_on_call(world, "daily", who, utc_add(ends, SPAN_MIN(1))));
        end_absence_clear(&end);
        off_duty_clear(&off);
    }
}

/* So it is when a person takes back the one override. */
static void test_what_was_stays_when_an_override_is_taken_back(void **state)
{
    struct world *world = *state;
    struct off_duty off = duty_take_off(world, "ana", SPAN_D(10), false);
    const json_t *cover = json_array_get(off.covers, 1);
    struct remove_override removal = {.schedule = "daily",
                                      .id = g_ascii_strtoll(json_text(cover, "id", ""), NULL, 10)};
    world->now = utc_add(instant(json_text(cover, "since", "")), SPAN_H(5));
    size_t count = duty_override_count(world);
    g_autofree char *before = history(world, 24);
    world_run(world, remove_override_run, &removal);
    assert_int_equal(removal.base.status, 200);
    g_autofree char *after = history(world, 24);
    assert_string_equal(after, before);
    assert_int_equal(duty_override_count(world), count);
    assert_true(duty_is_on_call(world, "daily", "ana", world->now));
    /* The answer was lost, and the program asks again. */
    world->now = utc_add(world->now, SPAN_MIN(1));
    g_autofree char *ended = history(world, 24);
    int64_t events = event_last_seq(world->db);
    world_run(world, remove_override_run, &removal);
    assert_int_equal(removal.base.status, 200);
    g_autofree char *again = history(world, 24);
    assert_string_equal(again, ended);
    assert_int_equal(duty_override_count(world), count);
    assert_int_equal(event_last_seq(world->db), events);
    off_duty_clear(&off);
}

/* Ana is away in days 0 to 10 and 5 to 15; which of the two ends, and in which days she is away then. */
static void test_overlapping_absences(void **state)
{
    static const struct {
        const char *name;
        int on_day;
        bool is_first;
        int away_from, away_until; /* days */
        bool is_away_at_once;
    } ROWS[] = {
        {"the first, before the second begins", 1, true, 5, 15, false},
        {"the first, while both hold", 6, true, 6, 15, true},
        {"the second, before it begins", 1, false, 1, 10, true},
        {"the second, while both hold", 6, false, 6, 10, true},
        {"the second, when the first is over", 11, false, 0, 0, false},
    };
    struct world *world = *state;
    for (size_t i = 0; i < G_N_ELEMENTS(ROWS); i++) {
        struct off_duty first = duty_take_off(world, "ana", SPAN_D(10), false);
        struct utc start = world->now;
        struct off_duty second = {
            .user = "ana", .from = utc_add(start, SPAN_D(5)), .until = utc_add(start, SPAN_D(15))};
        world_run(world, off_duty_run, &second);
        assert_string_not_equal(first.absence, second.absence);
        world->now = utc_add(start, SPAN_D(ROWS[i].on_day));
        struct end_absence end =
            duty_end(world, ROWS[i].is_first ? first.absence : second.absence, false);
        assert_int_equal(utc_is_set(end.away_until), ROWS[i].is_away_at_once);
        bool is_ever_back = false;
        for (int hour = ROWS[i].on_day * 24; hour < 480; hour++) {
            bool is_on = duty_is_on_call(world, "daily", "ana", utc_add(start, SPAN_H(hour)));
            bool is_away = hour >= ROWS[i].away_from * 24 && hour < ROWS[i].away_until * 24;
            if (is_on && is_away) {
                fail_msg("%s: on call in hour %d", ROWS[i].name, hour);
            }
            is_ever_back |= is_on;
        }
        assert_true(is_ever_back);
        /* The other one's covers, those of today among them, end with it. */
        struct end_absence other =
            duty_end(world, ROWS[i].is_first ? second.absence : first.absence, false);
        assert_false(utc_is_set(other.away_until));
        assert_int_equal(json_array_size(other.covers), 0);
        struct off_duty again = duty_take_off(world, "ana", SPAN_D(15), true);
        assert_in_range(json_array_size(again.covers), 5, 6); /* every third day is hers again */
        off_duty_clear(&again);
        end_absence_clear(&other);
        end_absence_clear(&end);
        off_duty_clear(&second);
        off_duty_clear(&first);
        world->now = utc_add(start, SPAN_D(30));
    }
}

/* The hours from `from` on, of so many days, in which ana is on call. */
static char *hers(struct world *world, struct utc from, int days)
{
    GString *text = g_string_new(NULL);
    for (int hour = 0; hour < days * 24; hour++) {
        if (duty_is_on_call(world, "daily", "ana", utc_add(from, SPAN_H(hour)))) {
            g_string_append_printf(text, "%d ", hour);
        }
    }
    return g_string_free(text, FALSE);
}

static void put_ana_in(struct world *world, const char *from, const char *to)
{
    json_auto_t *spec = json_pack("{s:s, s:s, s:s}", "from", from, "to", to, "who", "ana");
    struct add_override add = {.schedule = "daily", .spec = spec};
    world_run(world, add_override_run, &add);
    assert_int_equal(add.base.status, 201);
    assert_non_null(add.warning);
    add_override_clear(&add);
}

static void remove_cover(struct world *world, const json_t *cover)
{
    struct remove_override removal = {.schedule = json_text(cover, "schedule", ""),
                                      .id = g_ascii_strtoll(json_text(cover, "id", ""), NULL, 10)};
    world_run(world, remove_override_run, &removal);
    assert_int_equal(removal.base.status, 200);
}

/* Ana is away in days 0 to 10, and by a second absence; within that one she takes a shift all the same, by an
 * override from `took` to `gave`, or takes a cover back. Then the first one ends. */
static void test_what_they_took_on_purpose_stays_theirs(void **state)
{
    static const struct {
        const char *name, *start;
        int from_day, until_day;
        const char *took, *gave;
    } ROWS[] = {
        {"an override, the two apart", "2027-06-01T00:00:00Z", 12, 20, "2027-06-14T09:00",
         "2027-06-15T09:00"},
        {"no cover, the two apart", "2028-06-01T00:00:00Z", 12, 20, NULL, NULL},
        {"an override where both hold", "2029-06-01T00:00:00Z", 5, 15, "2029-06-07T12:00",
         "2029-06-09T12:00"},
        {"no cover where both hold", "2030-06-01T00:00:00Z", 5, 15, NULL, NULL},
    };
    struct world *world = *state;
    for (size_t i = 0; i < G_N_ELEMENTS(ROWS); i++) {
        world->now = instant(ROWS[i].start);
        struct utc from = utc_add(world->now, SPAN_D(ROWS[i].from_day));
        int days = ROWS[i].until_day - ROWS[i].from_day;
        struct off_duty first = duty_take_off(world, "ana", SPAN_D(10), false);
        struct off_duty second = {
            .user = "ana", .from = from, .until = utc_add(from, SPAN_D(days))};
        world_run(world, off_duty_run, &second);
        size_t last = json_array_size(first.covers) - 1;
        if (ROWS[i].took != NULL) {
            put_ana_in(world, ROWS[i].took, ROWS[i].gave);
        } else {
            remove_cover(world, ROWS[i].from_day < 10 ? json_array_get(first.covers, last)
                                                      : json_array_get(second.covers, 0));
        }
        g_autofree char *before = hers(world, from, days);
        assert_string_not_equal(before, "");
        struct end_absence end = duty_end(world, first.absence, false);
        assert_true(json_array_size(end.taken_back) > 0);
        g_autofree char *after = hers(world, from, days);
        if (strcmp(after, before) != 0) {
            fail_msg("%s: hers were %s, and are %s", ROWS[i].name, before, after);
        }
        struct end_absence other = duty_end(world, second.absence, false);
        end_absence_clear(&other);
        end_absence_clear(&end);
        off_duty_clear(&second);
        off_duty_clear(&first);
    }
}

static void keep_end(void *data, const struct event *event)
{
    if (strcmp(event->kind, "user.absence_ended") == 0) {
        g_free(*(char **)data);
        *(char **)data = g_strdup(event->data);
    }
}

static void assert_each_told_once(const json_t *uncovered)
{
    for (size_t i = 0; i < json_array_size(uncovered); i++) {
        const json_t *row = json_array_get(uncovered, i);
        const json_t *away = json_array_get(json_object_get(row, "away"), 0);
        assert_string_equal(json_text(row, "schedule", ""), "daily"); /* "alone" was hers before */
        assert_string_equal(json_text(away, "user", ""), "budi");
        for (size_t k = 0; k < i; k++) {
            assert_false(json_equal(json_array_get(uncovered, k), row));
        }
    }
}

/* Budi had them, and is away himself by now: two other absences of hers go on without anybody. */
static void test_shifts_that_nobody_takes_again_are_told(void **state)
{
    struct world *world = *state;
    struct off_duty first = duty_take_off(world, "ana", SPAN_D(10), false);
    for (int day = 3; day <= 5; day += 2) {
        struct off_duty more = {.user = "ana",
                                .from = utc_add(world->now, SPAN_D(day)),
                                .until = utc_add(world->now, SPAN_D(15 + day))};
        world_run(world, off_duty_run, &more);
        assert_int_equal(more.base.status, 200);
        off_duty_clear(&more);
    }
    struct off_duty budi = duty_take_off_again(world, "budi", SPAN_D(30));
    struct end_absence end = duty_end(world, first.absence, false);
    assert_int_equal(json_array_size(end.covers), 0);
    assert_in_range(json_array_size(end.uncovered), 2, 5);
    assert_each_told_once(end.uncovered);
    g_autofree char *data = NULL;
    const struct subject ana = subject_named("user", "ana");
    event_list(world->db, 0, &ana, 100, keep_end, &data);
    g_autofree char *count = g_strdup_printf("\"uncovered\":%zu", json_array_size(end.uncovered));
    assert_non_null(strstr(data, count));
    end_absence_clear(&end);
    off_duty_clear(&budi);
    off_duty_clear(&first);
}

/* Her step goes on telling her by name; whoever applies the policy is told. */
static void test_apply_tells_of_policies_that_name_who_is_away(void **state)
{
    struct world *world = *state;
    struct off_duty off = duty_take_off(world, "ana", SPAN_D(10), false);
    for (int dry_run = 0; dry_run <= 1; dry_run++) {
        struct apply_config again =
            world_apply(world, DUTY_TEAM, (struct terms){.dry_run = dry_run == 1});
        assert_int_equal(json_array_size(again.warnings), 2);
        const json_t *step = json_array_get(again.warnings, 0);
        const json_t *resort = json_array_get(again.warnings, 1);
        assert_string_equal(json_text(step, "path", ""), "policy named");
        assert_non_null(strstr(json_text(step, "text", ""), "Step 1 tells ana by name"));
        assert_string_equal(json_text(resort, "path", ""), "policy resort");
        assert_non_null(strstr(json_text(resort, "text", ""), "The last resort tells ana"));
        apply_config_clear(&again);
    }
    struct apply_config others =
        world_apply(world, "teams: [{name: crew, members: [ana]}]\n", (struct terms){0});
    assert_int_equal(json_array_size(others.warnings), 0); /* no policy of this file */
    apply_config_clear(&others);
    world->now = utc_add(world->now, SPAN_D(10));
    struct apply_config back = world_apply(world, DUTY_TEAM, (struct terms){0});
    assert_int_equal(json_array_size(back.warnings), 0);
    apply_config_clear(&back);
    off_duty_clear(&off);
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
    struct off_duty dian = duty_take_off(world, "dian", SPAN_D(10), false);
    struct apply_config again = world_apply(world, WITHOUT_DIAN, (struct terms){.prune = true});
    assert_string_equal(again.base.fault.text, "");
    assert_int_equal(absence_count(world), 2);
    struct end_absence of_file = duty_end(world, "fair", false);
    assert_int_equal(of_file.base.status, 409);
    struct end_absence gone = duty_end(world, dian.absence, false);
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

int main(void)
{
    config_register(DUTY_KINDS);
    const struct CMUnitTest tests[] = {
        IN_DUTY_WORLD(test_who_is_away_covers_nobody),
        IN_DUTY_WORLD(test_each_absence_is_kept_once),
        IN_DUTY_WORLD(test_an_absence_is_cut_short),
        IN_DUTY_WORLD(test_what_was_stays_when_an_absence_ends),
        IN_DUTY_WORLD(test_what_was_stays_when_an_override_is_taken_back),
        IN_DUTY_WORLD(test_overlapping_absences),
        IN_DUTY_WORLD(test_what_they_took_on_purpose_stays_theirs),
        IN_DUTY_WORLD(test_shifts_that_nobody_takes_again_are_told),
        IN_DUTY_WORLD(test_apply_tells_of_policies_that_name_who_is_away),
        IN_DUTY_WORLD(test_files_leave_absences),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
