/* test/oracle/oracle.c - the schedule rules against a second implementation.
 *
 * Draws pairs of a random schedule and an instant, in every zone of the tz database in turn and
 * around each of its changes in turn, and demands that oncall_at, oncall_names_at and the oracle
 * answer the same. A failure prints the schedule, the instant, and the seed that finds it again. */
#include <stdio.h>
#include <stdlib.h>

#include "base/random.h"
#include "judge.h"
#include "oncall/shift.h"

enum {
    DAYS_BEFORE = 30, /* of the walk, before the instant of interest */
    DAYS_AFTER = 12,
    PAIRS_PER_PLAN = 10,
    CHANGES_MAX = 400,
    STRETCH_ONE_IN = 150, /* pairs of which start and end are compared, too */
    STRETCH_DAYS = 9,
};

static const int64_t S_PER_DAY = 86400;
static const int64_t US_PER_S = 1000000;

struct place {
    char *name;
    struct zone *zone;
    int64_t changes[CHANGES_MAX];
    size_t change_count;
};

struct tally {
    int64_t pairs;
    int64_t nobody;
    int64_t two;
    int64_t stretches;
    size_t changes;
};

/* One pair, with all that is needed to judge it. */
struct pair {
    struct judged (*judge)(const struct plan *plan, const struct walk *walk, size_t tick);
    const struct place *place;
    const struct plan *plan;
    const struct schedule *schedule;
    const struct walk *walk;
    struct utc at;
    size_t tick;
};

static GString *judged_text(const struct judged *judged)
{
    GString *text = g_string_new(NULL);
    for (int i = 0; i < judged->count; i++) {
        g_string_append_printf(text, "%s ", plan_person(judged->people[i]));
        if (judged->layer == JUDGED_OVERRIDE) {
            g_string_append(text, "(override) ");
        } else {
            g_string_append_printf(text, "(layer %d) ", judged->layer);
        }
    }
    return text;
}

static GString *shifts_text(const GArray *shifts)
{
    GString *text = g_string_new(NULL);
    for (guint i = 0; i < shifts->len; i++) {
        const struct shift *shift = &g_array_index(shifts, struct shift, i);
        g_string_append_printf(text, "%s (%s) ", shift->user, shift->layer);
    }
    return text;
}

static bool complain(const struct pair *pair, const char *what, const char *wanted,
                     const char *answered)
{
    char at[UTC_TEXT_SIZE];
    char local[UTC_TEXT_SIZE];
    json_auto_t *value = record_write(&SCHEDULE_RECORD, pair->schedule);
    g_autofree char *text = json_dumps(value, JSON_INDENT(2));
    utc_format(pair->at, at);
    civil_format(zone_civil(pair->place->zone, pair->at), local);
    printf("%s differ at %s (%s shows %s)\n  the oracle says: %s\n  oncall says:     %s\n%s\n",
           what, at, pair->place->name, local, wanted, answered, text);
    return false;
}

static bool is_judged(const struct judged *judged, const char *user, const char *layer)
{
    for (int i = 0; i < judged->count; i++) {
        g_autofree char *name = judged->layer == JUDGED_OVERRIDE
                                    ? g_strdup("override")
                                    : g_strdup_printf("layer %d", judged->layer);
        if (g_str_equal(plan_person(judged->people[i]), user) && g_str_equal(name, layer)) {
            return true;
        }
    }
    return false;
}

/* Walks from the pair's tick, in steps of `direction`, to the last tick at which the person is still
 * on. False when that is too far away to be walked. */
static bool walk_stretch(const struct pair *pair, const struct shift *shift, int direction,
                         size_t *out_tick)
{
    size_t tick = pair->tick;
    size_t steps = (size_t)(STRETCH_DAYS * S_PER_DAY / pair->walk->step);
    for (size_t i = 0; i < steps; i++) {
        size_t next = direction > 0 ? tick + 1 : tick - 1;
        if (next >= pair->walk->count) {
            return false;
        }
        struct judged judged = pair->judge(pair->plan, pair->walk, next);
        if (!is_judged(&judged, shift->user, shift->layer)) {
            *out_tick = tick;
            return true;
        }
        tick = next;
    }
    return false;
}

static bool is_stretch_equal(const struct pair *pair, const struct shift *shift)
{
    size_t tick = 0;
    const struct walk *walk = pair->walk;
    char wanted[UTC_TEXT_SIZE];
    char answered[UTC_TEXT_SIZE];
    if (walk_stretch(pair, shift, -1, &tick)) {
        struct utc since = {(walk->from + (int64_t)tick * walk->step) * US_PER_S};
        utc_format(since, wanted);
        utc_format(shift->since, answered);
        if (since.us != shift->since.us) {
            return complain(pair, "starts", wanted, answered);
        }
    }
    if (walk_stretch(pair, shift, 1, &tick)) {
        struct utc until = {(walk->from + (int64_t)(tick + 1) * walk->step) * US_PER_S};
        utc_format(until, wanted);
        utc_format(shift->until, answered);
        if (until.us != shift->until.us) {
            return complain(pair, "ends", wanted, answered);
        }
    }
    return true;
}

static bool names_agree(const struct pair *pair, const GArray *shifts)
{
    const char *names[JUDGED_MAX];
    size_t count = oncall_names_at(pair->schedule, pair->at, names, JUDGED_MAX);
    if (count != shifts->len) {
        return complain(pair, "oncall_names_at and oncall_at", "", "");
    }
    for (guint i = 0; i < shifts->len; i++) {
        if (!g_str_equal(names[i], g_array_index(shifts, struct shift, i).user)) {
            return complain(pair, "oncall_names_at and oncall_at", names[i], "");
        }
    }
    return true;
}

static bool is_pair_equal(const struct pair *pair, bool has_stretch, struct tally *tally)
{
    struct judged judged = pair->judge(pair->plan, pair->walk, pair->tick);
    g_autoptr(GArray) shifts = oncall_at(pair->schedule, pair->at);
    GString *wanted = judged_text(&judged);
    GString *answered = shifts_text(shifts);
    bool is_equal =
        g_string_equal(wanted, answered) || complain(pair, "people", wanted->str, answered->str);
    g_string_free(wanted, true);
    g_string_free(answered, true);
    is_equal = is_equal && names_agree(pair, shifts);
    for (guint i = 0; is_equal && has_stretch && i < shifts->len; i++) {
        is_equal = is_stretch_equal(pair, &g_array_index(shifts, struct shift, i));
        tally->stretches++;
    }
    tally->pairs++;
    tally->nobody += judged.count == 0;
    tally->two += judged.count > 1;
    return is_equal;
}

/* Mostly within hours of the change, often exactly on a minute or a microsecond beside it. */
static struct utc make_instant(struct dice *dice, int64_t change)
{
    static const int64_t REACH[] = {3600, 3600, 7200, 14400, 259200, 864000};
    int64_t reach = REACH[dice_between(dice, 0, G_N_ELEMENTS(REACH) - 1)];
    int64_t second = change + dice_between(dice, -reach, reach);
    if (dice_between(dice, 1, 2) == 1) {
        second -= (second % 300 + 300) % 300;
    }
    return (struct utc){second * US_PER_S + dice_between(dice, -1, 1)};
}

static bool try_plan(const struct place *place, struct dice *dice, int64_t change,
                     struct tally *tally)
{
    struct plan plan;
    struct walk walk = {0};
    walk_use_zone(place->name);
    walk_init(&walk, change - (DAYS_BEFORE + 3) * S_PER_DAY, change + DAYS_AFTER * S_PER_DAY);
    plan_make(&plan, dice, walk_reading(change - (int64_t)(dice_roll(dice) % 2)), DAYS_BEFORE);
    struct schedule *schedule = plan_schedule(&plan, place->zone);
    struct schedule *next = plan_schedule(&(struct plan){0}, place->zone);
    schedule_follow(next, schedule);
    bool is_equal = true;
    for (int i = 0; is_equal && i < PAIRS_PER_PLAN; i++) {
        struct pair pair = {judge_at, place, &plan, schedule, &walk, make_instant(dice, change), 0};
        if (i % 3 == 0) {
            pair.judge = judge_next_at;
            pair.schedule = next;
        }
        int64_t second = pair.at.us / US_PER_S - (pair.at.us % US_PER_S < 0);
        pair.tick = walk_tick(&walk, second);
        is_equal = is_pair_equal(&pair, dice_between(dice, 1, STRETCH_ONE_IN) == 1, tally);
    }
    record_free(&SCHEDULE_RECORD, next);
    record_free(&SCHEDULE_RECORD, schedule);
    walk_clear(&walk);
    return is_equal;
}

/* A zone that never changed its clock gets an instant anywhere. */
static int64_t change_of_round(const struct place *place, struct dice *dice, uint64_t round)
{
    if (place->change_count == 0) {
        return dice_between(dice, 60 * S_PER_DAY, INT64_C(2145916800));
    }
    return place->changes[round % place->change_count];
}

static bool place_init(struct place *place, const char *name, struct tally *tally)
{
    struct fault fault = {0};
    place->name = g_strdup(name);
    place->zone = zone_load(name, &fault);
    if (place->zone == NULL) {
        printf("%s: %s\n", name, fault.text);
        return false;
    }
    walk_use_zone(name);
    place->change_count = walk_changes(place->changes, CHANGES_MAX);
    tally->changes += place->change_count;
    return true;
}

static bool run(int64_t pairs, uint64_t seed)
{
    struct tally tally = {0};
    struct dice dice = {seed};
    g_auto(GStrv) names = walk_zones();
    size_t count = g_strv_length(names);
    struct place *places = g_new0(struct place, count);
    bool is_equal = count > 0;
    for (size_t i = 0; is_equal && i < count; i++) {
        is_equal = place_init(&places[i], names[i], &tally);
    }
    /* Each round visits every zone; from round to round the changes follow one another. */
    uint64_t first_change = dice_roll(&dice);
    for (uint64_t round = 0; is_equal && tally.pairs < pairs; round++) {
        for (size_t i = 0; is_equal && i < count; i++) {
            int64_t change = change_of_round(&places[i], &dice, (first_change >> 1) + round);
            is_equal = try_plan(&places[i], &dice, change, &tally);
        }
    }
    printf("%s: %" G_GINT64_FORMAT
           " pairs, %zu zones, %zu changes known; nobody on call in %" G_GINT64_FORMAT
           ", two in %" G_GINT64_FORMAT ", %" G_GINT64_FORMAT
           " starts and ends walked; seed %" G_GUINT64_FORMAT "\n",
           is_equal ? "equal" : "DIFFERENT", tally.pairs, count, tally.changes, tally.nobody,
           tally.two, tally.stretches, seed);
    for (size_t i = 0; i < count; i++) {
        g_free(places[i].name);
    }
    g_free(places);
    return is_equal;
}

int main(int argc, char **argv)
{
    gint64 pairs = 100000;
    g_autofree char *seed_text = NULL;
    const GOptionEntry options[] = {
        {"pairs", 'n', 0, G_OPTION_ARG_INT64, &pairs, "How many pairs to draw", "N"},
        {"seed", 's', 0, G_OPTION_ARG_STRING, &seed_text, "Repeat a run", "SEED"},
        {NULL},
    };
    g_autoptr(GError) error = NULL;
    GOptionContext *context = g_option_context_new("- schedules against a second implementation");
    g_option_context_add_main_entries(context, options, NULL);
    guint64 seed = 0;
    random_fill(&RANDOM_SYSTEM, &seed, sizeof seed);
    bool is_parsed = g_option_context_parse(context, &argc, &argv, &error) &&
                     (seed_text == NULL ||
                      g_ascii_string_to_unsigned(seed_text, 10, 0, G_MAXUINT64, &seed, &error));
    g_option_context_free(context);
    if (!is_parsed) {
        fprintf(stderr, "oracle: %s\n", error->message);
        return EXIT_FAILURE;
    }
    printf("seed %" G_GUINT64_FORMAT "\n", seed);
    (void)fflush(stdout); /* also when the run is killed */
    return run(pairs, seed) ? EXIT_SUCCESS : EXIT_FAILURE;
}
