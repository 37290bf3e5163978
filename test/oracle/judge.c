#include "judge.h"

#include <time.h>

static const int64_t S_PER_DAY = 86400;

/* Begun: the clock has shown the start or, where it skips that, more. */
static bool has_begun(const struct walk *walk, size_t tick, int64_t start)
{
    return walk->furthest[tick] >= start;
}

/* Over: the clock shows the end or more, and will never show the end again. */
static bool is_over(const struct walk *walk, size_t tick, int64_t end)
{
    return walk->shown[tick] >= end && walk->least_later[tick] > end;
}

static bool is_within(const struct walk *walk, size_t tick, int64_t start, int64_t end)
{
    return has_begun(walk, tick, start) && !is_over(walk, tick, end);
}

static bool window_holds(const struct plan_window *window, const struct walk *walk, size_t tick)
{
    int64_t midnight = walk->shown[tick] - (walk->shown[tick] % S_PER_DAY + S_PER_DAY) % S_PER_DAY;
    for (int64_t day = midnight - 4 * S_PER_DAY; day <= midnight + 4 * S_PER_DAY;
         day += S_PER_DAY) {
        /* 1970-01-01 was a Thursday, which is bit 3. */
        int64_t weekday = ((day / S_PER_DAY + 3) % 7 + 7) % 7;
        int64_t start = day + (int64_t)window->from_minute * 60;
        int64_t end = day + (int64_t)window->to_minute * 60;
        if (end <= start) {
            end += S_PER_DAY;
        }
        if ((window->days & (1U << weekday)) != 0 && is_within(walk, tick, start, end)) {
            return true;
        }
    }
    return false;
}

static bool any_window_holds(const struct plan_layer *layer, const struct walk *walk, size_t tick)
{
    for (int i = 0; i < layer->window_count; i++) {
        if (window_holds(&layer->windows[i], walk, tick)) {
            return true;
        }
    }
    return layer->window_count == 0;
}

static void add_person(struct judged *judged, int person)
{
    for (int i = 0; i < judged->count; i++) {
        if (judged->people[i] == person) {
            return;
        }
    }
    CHECK(judged->count < JUDGED_MAX);
    judged->people[judged->count++] = person;
}

static bool is_judged(const struct judged *judged, int person)
{
    for (int i = 0; i < judged->count; i++) {
        if (judged->people[i] == person) {
            return true;
        }
    }
    return false;
}

/* With `busy`: walks on from the turn's person to somebody else who is not in it, if there is one. */
static void add_turn(const struct plan_layer *layer, int64_t turn, const struct judged *busy,
                     struct judged *judged)
{
    int place = (int)(turn % layer->people_count);
    int person = layer->people[place];
    if (busy == NULL) {
        add_person(judged, person);
        return;
    }
    for (int steps = 1; steps < layer->people_count; steps++) {
        int other = layer->people[(place + steps) % layer->people_count];
        if (other != person && !is_judged(busy, other)) {
            add_person(judged, other);
            return;
        }
    }
}

/* The same time of day so many months later, by the C library; on the month's last day where it has no
 * such day. */
static int64_t months_on(int64_t reading, int64_t months)
{
    time_t first = reading;
    struct tm date;
    CHECK(gmtime_r(&first, &date) != NULL);
    int day = date.tm_mday;
    date.tm_mon += (int)months;
    time_t moved = timegm(&date);
    CHECK(gmtime_r(&moved, &date) != NULL);
    /* 31 February comes out in March: as many days too late as February is too short. */
    return date.tm_mday == day ? moved : moved - date.tm_mday * S_PER_DAY;
}

static bool opens_on(const struct plan_layer *layer, int64_t reading)
{
    time_t instant = reading;
    struct tm date;
    CHECK(gmtime_r(&instant, &date) != NULL);
    unsigned days = 0;
    for (int i = 0; i < layer->window_count; i++) {
        days |= layer->windows[i].days;
    }
    return (days & (1U << ((date.tm_wday + 6) % 7))) != 0;
}

/* Day by day until so many days that count lie behind, and the next one that counts is there. */
static int64_t open_days_on(const struct plan_layer *layer, int64_t start)
{
    int64_t left = layer->count;
    while (left > 0 || !opens_on(layer, start)) {
        left -= opens_on(layer, start);
        start += S_PER_DAY;
    }
    return start;
}

static int64_t next_turn(const struct plan_layer *layer, int turn, int64_t start)
{
    if (layer->unit == TURN_MONTHS) {
        return months_on(layer->start, (turn + 1) * layer->count);
    }
    if (layer->skips_closed_days) {
        return open_days_on(layer, start);
    }
    return start + layer->count * S_PER_DAY * (layer->unit == TURN_WEEKS ? 7 : 1);
}

/* Turn after turn from the first on. */
static void judge_civil_turns(const struct plan_layer *layer, const struct walk *walk, size_t tick,
                              const struct judged *busy, struct judged *judged)
{
    int64_t start = layer->start;
    for (int turn = 0; has_begun(walk, tick, start); turn++) {
        int64_t end = next_turn(layer, turn, start);
        if (is_within(walk, tick, start, end)) {
            add_turn(layer, turn, busy, judged);
        }
        start = end;
    }
}

/* The first tick at which `start` has begun; `tick` is one. What the clock has shown so far never
 * gets less, so it can be bisected. */
static size_t first_tick(const struct walk *walk, size_t tick, int64_t start)
{
    size_t low = 0;
    while (low < tick) {
        size_t middle = low + (tick - low) / 2;
        if (has_begun(walk, middle, start)) {
            tick = middle;
        } else {
            low = middle + 1;
        }
    }
    return low;
}

/* Counts ticks from the first hand-off. */
static void judge_elapsed_turns(const struct plan_layer *layer, const struct walk *walk,
                                size_t tick, const struct judged *busy, struct judged *judged)
{
    if (has_begun(walk, tick, layer->start)) {
        size_t ticks = tick - first_tick(walk, tick, layer->start);
        int64_t turn = (int64_t)ticks * walk->step / (layer->count * 3600);
        add_turn(layer, turn, busy, judged);
    }
}

/* The index of the last override that holds in `layer`, -1 for none. */
static int judge_override(const struct plan *plan, const struct walk *walk, size_t tick, int layer)
{
    int found = -1;
    for (int i = 0; i < plan->override_count; i++) {
        const struct plan_override *override = &plan->overrides[i];
        if (override->layer == layer && is_within(walk, tick, override->from, override->to)) {
            found = i;
        }
    }
    return found;
}

static void replace(struct judged *judged, int who)
{
    judged->count = 0;
    if (who != PLAN_NOBODY) {
        add_person(judged, who);
    }
}

/* Without its overrides. */
static struct judged judge_turns(const struct plan *plan, int index, const struct walk *walk,
                                 size_t tick, const struct judged *busy)
{
    const struct plan_layer *layer = &plan->layers[index];
    struct judged judged = {.layer = index};
    if (is_over(walk, tick, layer->end) || !any_window_holds(layer, walk, tick)) {
        return judged;
    }
    if (layer->unit == TURN_HOURS) {
        judge_elapsed_turns(layer, walk, tick, busy, &judged);
    } else {
        judge_civil_turns(layer, walk, tick, busy, &judged);
    }
    return judged;
}

static struct judged judge_layer(const struct plan *plan, int index, const struct walk *walk,
                                 size_t tick)
{
    struct judged judged = judge_turns(plan, index, walk, tick, NULL);
    int override = judge_override(plan, walk, tick, index);
    if (judged.count > 0 && override >= 0) {
        replace(&judged, plan->overrides[override].who);
    }
    return judged;
}

struct judged judge_at(const struct plan *plan, const struct walk *walk, size_t tick)
{
    struct judged judged = {.layer = JUDGED_OVERRIDE};
    for (int i = 0; i < plan->layer_count; i++) {
        struct judged found = judge_layer(plan, i, walk, tick);
        if (found.count > 0) {
            judged = found;
        }
    }
    int override = judge_override(plan, walk, tick, -1);
    if (override >= 0) {
        replace(&judged, plan->overrides[override].who);
        judged.layer = JUDGED_OVERRIDE;
    }
    return judged;
}

struct judged judge_next_at(const struct plan *plan, const struct walk *walk, size_t tick)
{
    struct judged busy = judge_at(plan, walk, tick);
    struct judged judged = {.layer = JUDGED_OVERRIDE};
    for (int i = 0; i < plan->layer_count; i++) {
        struct judged found = judge_turns(plan, i, walk, tick, &busy);
        if (found.count > 0) {
            judged = found;
        }
    }
    return judged;
}
