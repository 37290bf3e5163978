/* channel/lane.h - how many at once to one provider? Pure: no I/O, the time is passed in.
 *
 * Each provider (scheme, host, port) has a lane of its own, so that a dead one never starves the
 * others. A lane that is served has up to its width of transfers at once and lets the rest wait;
 * failures halve it, down to one. The caller has only so many messages under way: when there are
 * more than LANES_EASY_MAX, a lane from which nobody has come back for LANE_STALL_S hands those who
 * wait back, as their places are needed elsewhere. Below that they wait up to LANE_WAIT_MAX_S: a mail
 * server that greets slowly is no dead one. */
#ifndef CHANNEL_LANE_H
#define CHANNEL_LANE_H

#include "base/utc.h"

enum {
    LANE_WIDTH_MAX = 16,
    LANE_WIDTH_MAX_MAIL = 3, /* what the strictest big mail services take from one sender */
    LANE_WAITING_MAX = 4096,
    LANE_WAITING_MAX_STALLED = 16,
    LANE_WAIT_MAX_S = 10,
    LANE_STALL_S = 2,
    LANES_EASY_MAX = 128, /* half of what the courier has under way */
};

enum lane_health { LANE_SERVED = 1, LANE_FAILED, LANE_UNUSED /* it never left */ };

struct lane;
struct lanes;

NODISCARD struct lanes *lanes_create(void);
/* `drop` is called for everybody who still waits or travels. */
void lanes_destroy(struct lanes **lanes, void (*drop)(void *traveller, void *self), void *self);

/* Made when new, with at most `width_max` transfers at once. A lane lives as long as somebody is in it; empty ones are forgotten in time. */
struct lane *lane_named(struct lanes *lanes, const char *name, unsigned width_max);

/* Queues a traveller. False when too many wait already: come back later. */
NODISCARD bool lane_enter(struct lane *lane, void *traveller, struct span now);

/* Somebody who may travel now, or NULL. Lanes take turns. */
NODISCARD void *lanes_next(struct lanes *lanes, struct span now);

/* Somebody who waited too long, taken out of the queue, or NULL. */
NODISCARD void *lanes_expired(struct lanes *lanes, struct span now);

/* One who travelled is back. */
void lane_leave(struct lane *lane, void *traveller, enum lane_health health, struct span now);

bool lanes_are_waiting(const struct lanes *lanes);

#endif
