/* sim/agenda.h - what will happen, in order of simulated time. */
#ifndef SIM_AGENDA_H
#define SIM_AGENDA_H

#include "base/utc.h"

struct agenda;

struct happening {
    struct span at; /* on the elapsed clock */
    void (*happen)(void *arg);
    void (*drop)(void *arg); /* instead, when it belonged to a process that died; may be NULL */
    void *arg;
    unsigned epoch; /* of the process it belongs to; 0: to the world */
};

NODISCARD struct agenda *agenda_create(void);
/* Drops what is left. */
void agenda_destroy(struct agenda **agenda);
/* Of two at the same time the one added first happens first. */
void agenda_add(struct agenda *agenda, struct happening happening);
/* The time of the next, or of UTC_NEVER when there is none. */
NODISCARD struct span agenda_next(const struct agenda *agenda);
/* Drops everything that belongs to the epoch. */
void agenda_drop(struct agenda *agenda, unsigned epoch);
/* What belongs to the epoch now does not happen before it is released; then at once what was due. */
void agenda_hold(struct agenda *agenda, unsigned epoch);
void agenda_release(struct agenda *agenda, unsigned epoch, struct span now);
/* Lets everything up to and with `now` happen. */
void agenda_run(struct agenda *agenda, struct span now);

#endif
