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
NODISCARD struct utc zone_instant(const struct zone *zone, struct civil civil, enum civil_side side);

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
