/* base/clock.h - what time is it? The only way to ask.
 *
 * `now` is read once per command, request or tick and passed on as a value. The simulator and the
 * tests bring clocks of their own. */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <time.h>

#include "base/utc.h"

struct clock {
    struct utc (*wall)(void *self);
    /* Time since some fixed moment that goes on during suspend and never jumps (CLOCK_BOOTTIME). */
    struct span (*elapsed)(void *self);
    void *self;
    /* What `elapsed` counts within: the same text for as long as it goes on (the kernel's boot id), so
     * that a later process can tell whether the two clocks moved apart. NULL, or NULL for an answer:
     * not known. */
    const char *(*boot)(void *self);
};

/* Out of line, so that the object of whoever asks says so: tools/rules reads there which file is no rule. */
NODISCARD struct utc clock_now(const struct clock *clock);
NODISCARD struct span clock_elapsed(const struct clock *clock);

/* The machine's own clock. */
extern const struct clock CLOCK_SYSTEM;

/* When a wait of that length ends, for a condition whose clock is CLOCK_MONOTONIC. */
NODISCARD struct timespec clock_monotonic_after(struct span wait);

#endif
