/* oncall/coverage.h - will somebody be on call? Gaps ahead with their cause and who should hear of
 * them, and stretches with two people on call. Pure. */
#ifndef ONCALL_COVERAGE_H
#define ONCALL_COVERAGE_H

#include "oncall/schedule.h"

/* Why nobody is on call. */
enum gap_cause {
    GAP_OVERRIDE = 1, /* an override says nobody */
    GAP_WINDOWS,      /* outside of what the layers cover: often on purpose */
    GAP_NOT_STARTED,  /* every layer that could cover it starts later */
    GAP_ENDED,        /* every layer that could cover it has ended */
};
extern const struct enum_name GAP_CAUSE_NAMES[]; /* override windows not-started ended */

struct gap {
    struct utc since; /* not earlier than the stretch that was looked at */
    struct utc until;
    int cause; /* enum gap_cause, at `since` */
};

struct overlap {
    const char *first; /* two users on call at once; borrowed */
    const char *second;
    struct utc since;
    struct utc until;
};

/* The gaps within [from, from + ahead), in order. A new array of struct gap. */
NODISCARD GArray *coverage_gaps(const struct schedule *schedule, struct utc from,
                                struct span ahead);

/* Stretches with two people on call in the same time. A new array of struct overlap. */
NODISCARD GArray *coverage_overlaps(const struct schedule *schedule, struct utc from,
                                    struct span ahead);

/* Names that should hear of a gap: the owner (a user or a team), else everybody in the schedule, each
 * once. Borrowed; a new array to be freed with g_ptr_array_unref. */
NODISCARD GPtrArray *coverage_listeners(const struct schedule *schedule);

#endif
