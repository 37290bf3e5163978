/* account/throttle.h - attempts to sign in, counted by whose they are or where they come from. Pure, and no lock.
 *
 * Some are forgiven at once. Beyond them each doubles the wait until the next may be made. An attempt counts when it
 * begins, so that many at a time are no way around; one that succeeds is taken back. */
#ifndef ACCOUNT_THROTTLE_H
#define ACCOUNT_THROTTLE_H

#include <stddef.h>

#include "base/utc.h"

/* Those that share one share its count: the keys are to be hashed with a salt. */
enum { THROTTLE_SLOTS = 4096 };

struct throttle_slot {
    double count;
    struct span at, until; /* on the clock that never jumps */
};

struct throttle {
    int forgiven;        /* at once */
    struct span each;    /* one more in that time */
    struct span longest; /* wait */
    struct throttle_slot slots[THROTTLE_SLOTS];
};

/* How many seconds to wait; 0: it may be made, and counts. */
NODISCARD int throttle_take(struct throttle *throttle, uint64_t key, struct span now);
/* That attempt was a good one. `all`: so are those before it, whoever made them. */
void throttle_give_back(struct throttle *throttle, uint64_t key, bool all);

#endif
