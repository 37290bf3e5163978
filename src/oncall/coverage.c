#include "oncall/coverage.h"

#include <string.h>

#include "oncall/shift.h"

const struct enum_name GAP_CAUSE_NAMES[] = {
    {"override", GAP_OVERRIDE},
    {"windows", GAP_WINDOWS},
    {"not-started", GAP_NOT_STARTED},
    {"ended", GAP_ENDED},
    {NULL, 0},
};

static enum gap_cause cause_of(const struct schedule *schedule, struct utc at)
{
    if (oncall_override(schedule, NULL, at) != NULL) {
        return GAP_OVERRIDE;
    }
    guint not_started = 0;
    guint ended = 0;
    for (guint i = 0; i < schedule->layers->len; i++) {
        const struct layer *layer = g_ptr_array_index(schedule->layers, i);
        not_started += utc_before(at, zone_instant(schedule->zone, layer->start, CIVIL_START));
        ended += layer->end.year != 0 &&
                 !utc_before(at, zone_instant(schedule->zone, layer->end, CIVIL_END));
    }
    if (not_started + ended < schedule->layers->len) {
        return GAP_WINDOWS;
    }
    return not_started > 0 ? GAP_NOT_STARTED : GAP_ENDED;
}

GArray *coverage_gaps(const struct schedule *schedule, struct utc from, struct span ahead)
{
    GArray *gaps = g_array_new(false, false, sizeof(struct gap));
    g_autoptr(GArray) found = oncall_gaps(schedule, from, utc_add(from, ahead));
    for (guint i = 0; i < found->len; i++) {
        const struct shift *shift = &g_array_index(found, struct shift, i);
        struct gap gap = {shift->since, shift->until, (int)cause_of(schedule, shift->since)};
        g_array_append_val(gaps, gap);
    }
    return gaps;
}

GArray *coverage_overlaps(const struct schedule *schedule, struct utc from, struct span ahead)
{
    GArray *overlaps = g_array_new(false, false, sizeof(struct overlap));
    g_autoptr(GArray) shifts = oncall_shifts(schedule, from, utc_add(from, ahead));
    for (guint i = 1; i < shifts->len; i++) {
        /* In order of start, and never more than two at once: only neighbours can meet. */
        const struct shift *first = &g_array_index(shifts, struct shift, i - 1);
        const struct shift *second = &g_array_index(shifts, struct shift, i);
        struct overlap overlap = {first->user, second->user, second->since,
                                  utc_earlier(first->until, second->until)};
        if (utc_before(overlap.since, overlap.until)) {
            g_array_append_val(overlaps, overlap);
        }
    }
    return overlaps;
}

static void add_once(GPtrArray *names, char *name)
{
    if (!g_ptr_array_find_with_equal_func(names, name, g_str_equal, NULL)) {
        g_ptr_array_add(names, name);
    }
}

GPtrArray *coverage_listeners(const struct schedule *schedule)
{
    GPtrArray *names = g_ptr_array_new();
    if (schedule->owner != NULL) {
        g_ptr_array_add(names, schedule->owner);
        return names;
    }
    for (guint i = 0; i < schedule->layers->len; i++) {
        const struct layer *layer = g_ptr_array_index(schedule->layers, i);
        for (guint k = 0; k < layer->people->len; k++) {
            add_once(names, g_ptr_array_index(layer->people, k));
        }
    }
    return names;
}
