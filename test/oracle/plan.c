#include "plan.h"

#include <time.h>

enum { MINUTES_PER_DAY = 1440, PEOPLE = 6, S_PER_DAY = 86400 };

uint64_t dice_roll(struct dice *dice)
{
    uint64_t z = (dice->state += UINT64_C(0x9e3779b97f4a7c15));
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

int64_t dice_between(struct dice *dice, int64_t low, int64_t high)
{
    return low + (int64_t)(dice_roll(dice) % (uint64_t)(high - low + 1));
}

static bool one_in(struct dice *dice, int64_t n)
{
    return dice_between(dice, 1, n) == 1;
}

/* A reading on a minute: mostly within a few hours of the time of day that is interesting. */
static int64_t make_reading(struct dice *dice, int64_t shows, int64_t days)
{
    static const int64_t GRAINS[] = {60, 300, 900, 1800, 3600};
    static const int64_t REACH[] = {3600, 3600, 7200, 43200};
    int64_t reach = REACH[dice_between(dice, 0, G_N_ELEMENTS(REACH) - 1)];
    int64_t near = dice_between(dice, -reach, reach);
    int64_t grain = GRAINS[dice_between(dice, 0, G_N_ELEMENTS(GRAINS) - 1)];
    int64_t reading = shows + near + days * S_PER_DAY;
    return reading - (reading % grain + grain) % grain;
}

static int make_minute(struct dice *dice, int64_t shows)
{
    if (one_in(dice, 8)) {
        return 0;
    }
    int64_t reading = make_reading(dice, shows, 0);
    int64_t of_day = (reading % S_PER_DAY + S_PER_DAY) % S_PER_DAY;
    return (int)(of_day / 60);
}

static void make_window(struct plan_window *window, struct dice *dice, int64_t shows)
{
    window->days = one_in(dice, 2) ? 0x7f : (unsigned)dice_between(dice, 1, 0x7f);
    window->from_minute = make_minute(dice, shows);
    window->to_minute = one_in(dice, 8) ? MINUTES_PER_DAY : make_minute(dice, shows);
}

static void make_turn(struct plan_layer *layer, struct dice *dice)
{
    static const int64_t HOURS[] = {1, 5, 8, 12, 24, 36, 168};
    static const int64_t DAYS[] = {1, 1, 2, 3, 7};
    layer->unit = (int)dice_between(dice, TURN_HOURS, TURN_MONTHS);
    layer->count = layer->unit == TURN_HOURS  ? HOURS[dice_between(dice, 0, 6)]
                   : layer->unit == TURN_DAYS ? DAYS[dice_between(dice, 0, 4)]
                                              : dice_between(dice, 1, 2);
}

static void make_layer(struct plan_layer *layer, struct dice *dice, int64_t shows, int days_before)
{
    make_turn(layer, dice);
    layer->people_count = (int)dice_between(dice, 1, PLAN_PEOPLE);
    for (int i = 0; i < layer->people_count; i++) {
        layer->people[i] = (int)dice_between(dice, 0, PEOPLE - 1);
    }
    int64_t days_ago = one_in(dice, 4) ? 0 : dice_between(dice, 0, days_before);
    if (layer->unit != TURN_HOURS && shows > 3000 * (int64_t)S_PER_DAY && one_in(dice, 8)) {
        days_ago = dice_between(dice, 0, 2000);
    }
    layer->start = make_reading(dice, shows, -days_ago);
    layer->end = INT64_MAX;
    if (one_in(dice, 6)) {
        int64_t end =
            make_reading(dice, shows, dice_between(dice, 0, 5)); /* MAX would roll twice */
        layer->end = MAX(end, layer->start + 60);
    }
    layer->window_count = one_in(dice, 2) ? 0 : (int)dice_between(dice, 1, PLAN_WINDOWS);
    for (int i = 0; i < layer->window_count; i++) {
        make_window(&layer->windows[i], dice, shows);
    }
    layer->skips_closed_days =
        layer->unit == TURN_DAYS && layer->window_count > 0 && one_in(dice, 2);
}

static void make_override(struct plan_override *override, struct dice *dice, int64_t shows,
                          int layer_count)
{
    override->from = make_reading(dice, shows, dice_between(dice, -3, 2));
    int64_t to = make_reading(dice, shows, dice_between(dice, -2, 3));
    override->to = MAX(to, override->from + 1800);
    override->who = one_in(dice, 4) ? PLAN_NOBODY : (int)dice_between(dice, 0, PEOPLE - 1);
    override->layer = one_in(dice, 2) ? -1 : (int)dice_between(dice, 0, layer_count - 1);
}

void plan_make(struct plan *plan, struct dice *dice, int64_t shows, int days_before)
{
    *plan = (struct plan){.layer_count = (int)dice_between(dice, 1, PLAN_LAYERS)};
    for (int i = 0; i < plan->layer_count; i++) {
        make_layer(&plan->layers[i], dice, shows, days_before);
    }
    plan->override_count = one_in(dice, 2) ? 0 : (int)dice_between(dice, 1, PLAN_OVERRIDES);
    for (int i = 0; i < plan->override_count; i++) {
        make_override(&plan->overrides[i], dice, shows, plan->layer_count);
    }
}

/* ---- the same as a schedule ---- */

const char *plan_person(int person)
{
    static const char *const NAMES[PEOPLE] = {"p0", "p1", "p2", "p3", "p4", "p5"};
    return NAMES[person];
}

/* By the C library, not by ours. */
static struct civil civil_of(int64_t reading)
{
    time_t instant = reading;
    struct tm date;
    CHECK(gmtime_r(&instant, &date) != NULL);
    return (struct civil){
        .year = date.tm_year + 1900,
        .month = (int8_t)(date.tm_mon + 1),
        .day = (int8_t)date.tm_mday,
        .hour = (int8_t)date.tm_hour,
        .minute = (int8_t)date.tm_min,
        .second = (int8_t)date.tm_sec,
    };
}

static struct layer *layer_new(const struct plan_layer *plan, int index)
{
    struct layer *layer = g_new0(struct layer, 1);
    layer->name = g_strdup_printf("layer %d", index);
    layer->people = g_ptr_array_new_with_free_func(g_free);
    for (int i = 0; i < plan->people_count; i++) {
        g_ptr_array_add(layer->people, g_strdup(plan_person(plan->people[i])));
    }
    layer->every = (struct turn){.count = plan->count, .unit = plan->unit};
    layer->start = civil_of(plan->start);
    if (plan->end != INT64_MAX) {
        layer->end = civil_of(plan->end);
    }
    layer->only = g_ptr_array_new();
    for (int i = 0; i < plan->window_count; i++) {
        struct window *window = g_new0(struct window, 1);
        window->days = plan->windows[i].days;
        window->from_minute = plan->windows[i].from_minute;
        window->to_minute = plan->windows[i].to_minute;
        g_ptr_array_add(layer->only, window);
    }
    layer->skip_closed_days = plan->skips_closed_days;
    return layer;
}

static struct override *override_new(const struct plan_override *plan)
{
    struct override *override = g_new0(struct override, 1);
    override->from = civil_of(plan->from);
    override->to = civil_of(plan->to);
    if (plan->who != PLAN_NOBODY) {
        override->who = g_strdup(plan_person(plan->who));
    }
    if (plan->layer >= 0) {
        override->layer = g_strdup_printf("layer %d", plan->layer);
    }
    return override;
}

struct schedule *plan_schedule(const struct plan *plan, struct zone *zone)
{
    struct schedule *schedule = g_new0(struct schedule, 1);
    schedule->name = g_strdup("plan");
    schedule->time_zone = g_strdup(zone_name(zone));
    schedule->zone = zone;
    schedule->layers = g_ptr_array_new();
    for (int i = 0; i < plan->layer_count; i++) {
        g_ptr_array_add(schedule->layers, layer_new(&plan->layers[i], i));
    }
    schedule->overrides = g_ptr_array_new();
    for (int i = 0; i < plan->override_count; i++) {
        g_ptr_array_add(schedule->overrides, override_new(&plan->overrides[i]));
    }
    return schedule;
}
