#include "ledger/cluster_clock.h"

#include <glib.h>

static struct utc read_wall(void *self)
{
    struct cluster_clock *cluster = self;
    return (struct utc){clock_elapsed(cluster->machine).us +
                        atomic_load_explicit(&cluster->offset_us, memory_order_relaxed)};
}

static struct span read_elapsed(void *self)
{
    return clock_elapsed(((struct cluster_clock *)self)->machine);
}

void cluster_clock_init(struct cluster_clock *cluster, const struct clock *machine)
{
    *cluster = (struct cluster_clock){.machine = machine};
    cluster->clock = (struct clock){.wall = read_wall, .elapsed = read_elapsed, .self = cluster};
    atomic_init(&cluster->offset_us, clock_now(machine).us - clock_elapsed(machine).us);
}

/* Where between the two looks the server's clock was read is not known, so neither is its offset:
 * somewhere between `least` and `most`. A process that was stopped in between knows next to nothing
 * and so judges nothing. */
struct offsets {
    int64_t least, most;
};

static struct offsets offsets_of(const struct clock_look *look)
{
    return (struct offsets){look->now.us - look->after.us, look->now.us - look->before.us};
}

static bool is_near(int64_t a, int64_t b)
{
    return ABS(a - b) <= CLOCK_JUMP_LEAST.us;
}

/* The look is as expected: keeps what is known as far as it fits what was seen. */
static void keep(struct cluster_clock *cluster, const struct clock_look *look, int64_t offset_us)
{
    struct offsets seen = offsets_of(look);
    cluster->seen_us = CLAMP(offset_us, seen.least, seen.most);
    cluster->total_us = look->total_us;
}

static void set_right(struct cluster_clock *cluster, struct offsets seen)
{
    int64_t offset_us = atomic_load_explicit(&cluster->offset_us, memory_order_relaxed);
    if (offset_us < seen.least - CLOCK_OFF_MOST.us || offset_us > seen.most + CLOCK_OFF_MOST.us) {
        int64_t right_us = offset_us < seen.least ? seen.least : seen.most;
        atomic_store_explicit(&cluster->offset_us, right_us, memory_order_relaxed);
    }
}

/* The server is right, whatever the machine's own clock said so far. */
static bool learn_first(struct cluster_clock *cluster, const struct clock_look *look)
{
    keep(cluster, look, look->now.us - look->after.us);
    atomic_store_explicit(&cluster->offset_us, cluster->seen_us, memory_order_relaxed);
    /* The best there is; but a jump is not judged by it when it may be off by as much. */
    cluster->is_known = look->after.us - look->before.us <= SPAN_S(1).us;
    return false;
}

bool cluster_clock_learn(struct cluster_clock *cluster, const struct clock_look *look,
                         struct span *out_by)
{
    if (!cluster->is_known) {
        return learn_first(cluster, look);
    }
    struct offsets seen = offsets_of(look);
    set_right(cluster, seen);
    int64_t told_us = look->total_us - cluster->total_us;
    int64_t expected_us = cluster->seen_us + told_us;
    if (expected_us >= seen.least - CLOCK_JUMP_LEAST.us &&
        expected_us <= seen.most + CLOCK_JUMP_LEAST.us) {
        keep(cluster, look, expected_us);
        return false;
    }
    int64_t nearest_us = expected_us < seen.least ? seen.least : seen.most;
    if (told_us != 0 && is_near(told_us, -cluster->recorded_us)) {
        /* Another node took back what this one had noticed: it was this machine's elapsed clock that
         * stood still. Without giving in, the two would go on for ever. */
        cluster->recorded_us = 0;
        keep(cluster, look, nearest_us);
        return false;
    }
    *out_by = (struct span){nearest_us - expected_us};
    return true;
}

void cluster_clock_recorded(struct cluster_clock *cluster, struct span by)
{
    cluster->seen_us += by.us;
    cluster->total_us += by.us;
    cluster->recorded_us = by.us;
}
