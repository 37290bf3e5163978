/* oncall/duty.h - the hand-off rule at one instant, and the instants at which its answer can change.
 * docs/schedules.md states the rule. Others ask oncall/shift.h. Pure. */
#ifndef ONCALL_DUTY_H
#define ONCALL_DUTY_H

#include "oncall/schedule.h"

/* Two where an ambiguous local time makes turns overlap; no third turn can. */
enum { DUTY_MAX = 2 };

struct duty {
    const char *user; /* borrowed from the schedule */
    const char *layer;
};

extern const char *const DUTY_OVERRIDE; /* the `layer` of an override of the whole schedule */

/* Who is on duty: answers how many, in order of their turns. Allocates nothing. */
NODISCARD size_t duty_at(const struct schedule *schedule, struct utc at, struct duty out[DUTY_MAX]);

/* Every instant in (from, to] at which duty_at may change, in order, each once; between two of them
 * it does not change. A new array of struct utc. */
NODISCARD GArray *duty_edges(const struct schedule *schedule, struct utc from, struct utc to);

/* Before this instant nobody was on duty ever. */
NODISCARD struct utc duty_first(const struct schedule *schedule);

#endif
