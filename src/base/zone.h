/* base/zone.h - civil time: the only place where local clocks are known (IANA tz database by way of
 * GTimeZone).
 *
 * The rule for local times that occur twice or never: a start takes the first of two, an end the
 * last (two people overlap, never nobody); a skipped local time means the instant of the change. */
#ifndef BASE_ZONE_H
#define BASE_ZONE_H

#include "base/record.h"
#include "base/utc.h"

struct zone;

struct civil {
    int32_t year; /* 0: not set */
    int8_t month, day, hour, minute, second;
};

enum civil_side { CIVIL_START = 1, CIVIL_END };

/* NULL and a fault for an unknown identifier: never UTC by mistake. Cached for the life of the
 * process; safe from any thread. */
NODISCARD struct zone *zone_load(const char *identifier, struct fault *fault);
const char *zone_name(const struct zone *zone);

NODISCARD struct civil zone_civil(const struct zone *zone, struct utc at);
NODISCARD struct utc zone_instant(const struct zone *zone, struct civil civil,
                                  enum civil_side side);

/* The same on the clock's reading as one number: seconds from 1970-01-01T00:00:00 to what the clock
 * on the wall shows. Rules that compare and add civil times work on readings; they are exact and
 * cheap. Below the second an instant is rounded down. Changes of the clock are known for the years
 * 1969 to 2200; outside, the offset of the nearest year holds. */
NODISCARD int64_t zone_reading(const struct zone *zone, struct utc at);
NODISCARD struct utc zone_instant_of(const struct zone *zone, int64_t reading,
                                     enum civil_side side);
NODISCARD int64_t civil_reading(struct civil civil);
NODISCARD struct civil civil_of_reading(int64_t reading);

/* Is the clock's offset the same from `at` minus `within` to `at` plus `within`? Then plain
 * arithmetic on readings in that stretch gives what the rule gives. */
NODISCARD bool zone_is_steady(const struct zone *zone, struct utc at, struct span within);

/* Calendar arithmetic; no zone involved. */
NODISCARD struct civil civil_add_days(struct civil civil, int64_t days);
NODISCARD int64_t civil_day_number(struct civil civil); /* days since 1970-01-01 */
NODISCARD int civil_weekday(struct civil civil);        /* 0 Monday … 6 Sunday */
NODISCARD int civil_compare(struct civil a, struct civil b);

/* "2026-01-05T09:00", seconds optional; false when malformed or no such date. */
NODISCARD bool civil_parse(const char *text, struct civil *out);
void civil_format(struct civil civil, char out[UTC_TEXT_SIZE]);
extern const struct field_codec CIVIL_CODEC;

#endif
