/* base/state.h - which state may follow which, said once for each noun.
 *
 * Whoever changes the state of a thing asks here, so that a change which must not be cannot be written:
 * in C by state_set, in SQL by {noun.from>to} (db/row.h). Staying as it is is no change. */
#ifndef BASE_STATE_H
#define BASE_STATE_H

#include "base/record.h"

/* From a state to all that may follow it. States count from 1 and are below 32. */
struct state_change {
    int from;    /* 0: it begins there */
    unsigned to; /* STATE_BIT of each */
};

#define STATE_BIT(state) (1U << (unsigned)(state))

struct states {
    const char *noun;
    const struct enum_name *names;
    const struct state_change *changes;
    size_t count;
};

NODISCARD bool state_may(const struct states *states, int from, int to);
/* *state becomes `to`; CHECK: it may. 0 is the state of what is about to begin. After one that has no name here
 * anything may follow. */
void state_set(const struct states *states, int *state, int to);

#endif
