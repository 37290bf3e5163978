/* oncall/turn.h - how long a person's turn lasts, and when each one begins by the schedule's clock.
 *
 * Days, weeks and months step in civil time, so that a hand-off keeps its local time; hours count
 * elapsed time (oncall/duty.c). Pure. */
#ifndef ONCALL_TURN_H
#define ONCALL_TURN_H

#include "base/record.h"
#include "base/zone.h"

enum turn_unit { TURN_HOURS = 1, TURN_DAYS, TURN_WEEKS, TURN_MONTHS };

struct turn {
    int64_t count;
    int unit; /* enum turn_unit */
};

/* "12h", "1d", "2w", "1mo": false when malformed, zero or longer than a year. */
NODISCARD bool turn_parse(const char *text, struct turn *out);
void turn_format(struct turn turn, char out[UTC_TEXT_SIZE]);
extern const struct field_codec TURN_CODEC;

/* Turns in civil time, numbered from 0. Readings as in base/zone.h. */
struct turns {
    int64_t start; /* reading of the first hand-off */
    struct turn every;
    unsigned counted; /* TURN_DAYS: the weekdays that count, bit 0 Monday; 0: all of them */
};

/* The turn whose hand-off was the last by this reading; negative before the first. */
NODISCARD int64_t turns_at(const struct turns *turns, int64_t reading);
/* The reading at which turn number `turn` (from 0) begins. A month without the day of the first
 * hand-off hands off on its last day. */
NODISCARD int64_t turns_start(const struct turns *turns, int64_t turn);

#endif
