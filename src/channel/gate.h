/* channel/gate.h - how many at once to one provider? Pure: no I/O, the time is passed in.
 *
 * Each provider (scheme, host, port) has a gate of its own, so that a dead one never starves the
 * others. A gate that is served has up to its width of transfers at once and lets the rest wait;
 * failures halve it, down to one. The caller has only so many messages under way: when there are
 * more than GATES_EASY_MAX, a gate from which nobody has come back for GATE_STALL_S hands those who
 * wait back, as their places are needed elsewhere. Below that they wait up to GATE_WAIT_MAX_S: a mail
 * server that greets slowly is no dead one. */
#ifndef CHANNEL_GATE_H
#define CHANNEL_GATE_H

#include "base/utc.h"

enum {
    GATE_WIDTH_MAX = 16,
    GATE_WIDTH_MAX_MAIL = 3, /* what the strictest big mail services take from one sender */
    GATE_WAITING_MAX = 4096,
    GATE_WAITING_MAX_STALLED = 16,
    GATE_WAIT_MAX_S = 10,
    GATE_STALL_S = 2,
    GATES_EASY_MAX = 128, /* half of what the courier has under way */
};

enum gate_health { GATE_SERVED = 1, GATE_FAILED, GATE_UNUSED /* it never left */ };

struct gate;
struct gates;

NODISCARD struct gates *gates_create(void);
/* `drop` is called for everybody who still waits or travels. */
void gates_destroy(struct gates **gates, void (*drop)(void *traveller, void *self), void *self);

/* Made when new, with at most `width_max` transfers at once. A gate lives as long as somebody is in it; empty ones are forgotten in time. */
struct gate *gate_named(struct gates *gates, const char *name, unsigned width_max);

/* Queues a traveller. False when too many wait already: come back later. */
NODISCARD bool gate_enter(struct gate *gate, void *traveller, struct span now);

/* Somebody who may travel now, or NULL. Gates take turns. */
NODISCARD void *gates_next(struct gates *gates, struct span now);

/* Somebody who waited too long, taken out of the queue, or NULL. */
NODISCARD void *gates_expired(struct gates *gates, struct span now);

/* One who travelled is back. */
void gate_leave(struct gate *gate, void *traveller, enum gate_health health, struct span now);

bool gates_are_waiting(const struct gates *gates);

#endif
