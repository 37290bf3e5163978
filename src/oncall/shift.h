/* oncall/shift.h - who is on call? One function answers the pager, the API, the calendar feed,
 * "why me?" and the simulator. Pure: no clock, no I/O. */
#ifndef ONCALL_SHIFT_H
#define ONCALL_SHIFT_H

#include "oncall/schedule.h"

/* One person on call over a stretch of time. All texts are borrowed from the schedule. */
struct shift {
    const char *user;
    const char *layer; /* name of the layer, or "override" */
    struct utc since;  /* start of this unbroken stretch of this person in this layer */
    struct utc until;  /* its end; UTC_NEVER when none is in sight (400 days) */
};

/* The shifts in force at `at`: one, or two where an ambiguous local hour makes two people overlap,
 * or none. A new array of struct shift values; free with g_array_unref. */
NODISCARD GArray *oncall_at(const struct schedule *schedule, struct utc at);

/* Only the names, for the pager's hot path: writes at most `max` and answers how many there are. */
NODISCARD size_t oncall_names_at(const struct schedule *schedule, struct utc at,
                                 const char **out_users, size_t max);

/* All shifts that touch [from, to), clipped to it, in order of start. */
NODISCARD GArray *oncall_shifts(const struct schedule *schedule, struct utc from, struct utc to);

/* The last override that holds at `at` and puts this user on call (NULL: nobody); NULL when none does. */
NODISCARD const struct override *oncall_override(const struct schedule *schedule, const char *user,
                                                 struct utc at);

/* The stretches of [from, to) with nobody on call: GArray of struct shift with user NULL. */
NODISCARD GArray *oncall_gaps(const struct schedule *schedule, struct utc from, struct utc to);

#endif
