#include "oncall/shift.h"

#include <string.h>

#include "oncall/duty.h"

/* How far a shift's end is looked for, and how many instants of possible change its start is
 * followed back over: more than a lifetime of hand-offs, less than a second's work. */
enum { HORIZON_DAYS = 400, EDGES_MAX = 50000, FIRST_LOOK_DAYS = 8, LONG_LOOK_DAYS = 200 };

size_t oncall_names_at(const struct schedule *schedule, struct utc at, const char **out_users,
                       size_t max)
{
    struct duty duties[DUTY_MAX];
    size_t count = duty_at(schedule, at, duties);
    for (size_t i = 0; i < MIN(count, max); i++) {
        out_users[i] = duties[i].user;
    }
    return count;
}

static bool is_same_duty(const char *user, const char *layer, const struct duty *duty)
{
    return strcmp(user, duty->user) == 0 && strcmp(layer, duty->layer) == 0;
}

static bool is_on_duty(const struct schedule *schedule, const struct duty *duty, struct utc at)
{
    struct duty duties[DUTY_MAX];
    size_t count = duty_at(schedule, at, duties);
    for (size_t i = 0; i < count; i++) {
        if (is_same_duty(duties[i].user, duties[i].layer, duty)) {
            return true;
        }
    }
    return false;
}

/* ---- one shift ---- */

static struct utc end_of(const struct schedule *schedule, const struct duty *duty, struct utc at)
{
    struct utc horizon = utc_add(at, SPAN_D(HORIZON_DAYS));
    int64_t look_days = FIRST_LOOK_DAYS;
    while (utc_before(at, horizon)) {
        struct utc to = utc_earlier(utc_add(at, SPAN_D(look_days)), horizon);
        g_autoptr(GArray) edges = duty_edges(schedule, at, to);
        for (guint i = 0; i < edges->len; i++) {
            struct utc edge = g_array_index(edges, struct utc, i);
            if (!is_on_duty(schedule, duty, edge)) {
                return edge;
            }
        }
        at = to;
        look_days = LONG_LOOK_DAYS;
    }
    return UTC_NEVER;
}

static struct utc start_of(const struct schedule *schedule, const struct duty *duty, struct utc at)
{
    struct utc first = duty_first(schedule);
    int64_t look_days = FIRST_LOOK_DAYS;
    guint seen = 0;
    while (utc_before(first, at)) {
        struct utc from = {MAX(at.us - SPAN_D(look_days).us, first.us - 1)};
        g_autoptr(GArray) edges = duty_edges(schedule, from, at);
        for (guint i = edges->len; i > 0; i--) {
            struct utc edge = g_array_index(edges, struct utc, i - 1);
            if (++seen > EDGES_MAX || !is_on_duty(schedule, duty, (struct utc){edge.us - 1})) {
                return edge;
            }
        }
        at = from;
        look_days = LONG_LOOK_DAYS;
    }
    return at;
}

GArray *oncall_at(const struct schedule *schedule, struct utc at)
{
    GArray *shifts = g_array_new(false, false, sizeof(struct shift));
    struct duty duties[DUTY_MAX];
    size_t count = duty_at(schedule, at, duties);
    for (size_t i = 0; i < count; i++) {
        struct shift shift = {duties[i].user, duties[i].layer, start_of(schedule, &duties[i], at),
                              end_of(schedule, &duties[i], at)};
        g_array_append_val(shifts, shift);
    }
    return shifts;
}

/* ---- a range ---- */

/* The shifts that are open while the sweep goes on, as places in `shifts`. */
struct sweep {
    GArray *shifts;
    guint open[DUTY_MAX];
    size_t open_count;
};

/* The place of the duty among the open shifts' duties, or `count` when it is not there. */
static size_t find_open(const struct sweep *sweep, const struct duty *duty)
{
    for (size_t i = 0; i < sweep->open_count; i++) {
        const struct shift *shift = &g_array_index(sweep->shifts, struct shift, sweep->open[i]);
        if (is_same_duty(shift->user, shift->layer, duty)) {
            return i;
        }
    }
    return sweep->open_count;
}

/* From `at` on these are on duty: goes on with the open shifts among them and opens the others.
 * Every open shift ends at `at` unless it goes on; its end moves along with the sweep. */
static void sweep_step(struct sweep *sweep, struct utc at, struct utc until,
                       const struct duty *duties, size_t count)
{
    guint open[DUTY_MAX] = {0};
    for (size_t i = 0; i < count; i++) {
        size_t found = find_open(sweep, &duties[i]);
        if (found < sweep->open_count) {
            open[i] = sweep->open[found];
            g_array_index(sweep->shifts, struct shift, open[i]).until = until;
        } else {
            struct shift shift = {duties[i].user, duties[i].layer, at, until};
            open[i] = sweep->shifts->len;
            g_array_append_val(sweep->shifts, shift);
        }
    }
    memcpy(sweep->open, open, sizeof open);
    sweep->open_count = count;
}

GArray *oncall_shifts(const struct schedule *schedule, struct utc from, struct utc to)
{
    struct sweep sweep = {.shifts = g_array_new(false, false, sizeof(struct shift))};
    if (!utc_before(from, to)) {
        return sweep.shifts;
    }
    g_autoptr(GArray) edges = duty_edges(schedule, from, to);
    struct utc at = from;
    for (guint i = 0; utc_before(at, to); i++) {
        struct utc until = i < edges->len ? g_array_index(edges, struct utc, i) : to;
        struct duty duties[DUTY_MAX];
        size_t count = duty_at(schedule, at, duties);
        sweep_step(&sweep, at, until, duties, count);
        at = until;
    }
    return sweep.shifts;
}

GArray *oncall_gaps(const struct schedule *schedule, struct utc from, struct utc to)
{
    GArray *gaps = g_array_new(false, false, sizeof(struct shift));
    g_autoptr(GArray) shifts = oncall_shifts(schedule, from, to);
    struct utc covered = from;
    for (guint i = 0; i < shifts->len; i++) {
        const struct shift *shift = &g_array_index(shifts, struct shift, i);
        if (utc_before(covered, shift->since)) {
            struct shift gap = {.since = covered, .until = shift->since};
            g_array_append_val(gaps, gap);
        }
        covered = utc_later(covered, shift->until);
    }
    if (utc_before(covered, to)) {
        struct shift gap = {.since = covered, .until = to};
        g_array_append_val(gaps, gap);
    }
    return gaps;
}

const struct override *oncall_override(const struct schedule *schedule, const char *user,
                                       struct utc at)
{
    for (guint i = schedule->overrides != NULL ? schedule->overrides->len : 0; i > 0; i--) {
        const struct override *override = g_ptr_array_index(schedule->overrides, i - 1);
        if (g_strcmp0(override->who, user) == 0 &&
            !utc_before(at, zone_instant(schedule->zone, override->from, CIVIL_START)) &&
            utc_before(at, zone_instant(schedule->zone, override->to, CIVIL_END))) {
            return override;
        }
    }
    return NULL;
}
