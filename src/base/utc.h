/* base/utc.h - instants and spans, which do not mix.
 *
 * An instant is UTC, in microseconds since 1970-01-01T00:00:00Z, leap seconds not counted (POSIX).
 * A span is a signed number of microseconds. {0} is "not set" for an instant: nothing that Tocsin
 * records happened in 1970. Civil time exists only in base/zone and in the schedule rules. */
#ifndef BASE_UTC_H
#define BASE_UTC_H

#include "base/check.h"

struct utc {
    int64_t us;
};

struct span {
    int64_t us;
};

enum { UTC_TEXT_SIZE = 40 };

#define SPAN_MS(n) ((struct span){(int64_t)(n)*1000})
#define SPAN_S(n) ((struct span){(int64_t)(n)*1000000})
#define SPAN_MIN(n) SPAN_S((int64_t)(n)*60)
#define SPAN_H(n) SPAN_S((int64_t)(n)*3600)
#define SPAN_D(n) SPAN_S((int64_t)(n)*86400)

/* Later than every instant we handle (year 9999); "never" in deadlines held in memory. */
#define UTC_NEVER ((struct utc){253402300799000000})

static inline bool utc_is_set(struct utc a)
{
    return a.us != 0;
}

static inline bool utc_before(struct utc a, struct utc b)
{
    return a.us < b.us;
}

static inline struct utc utc_earlier(struct utc a, struct utc b)
{
    return utc_before(a, b) ? a : b;
}

static inline struct utc utc_later(struct utc a, struct utc b)
{
    return utc_before(a, b) ? b : a;
}

static inline struct span utc_since(struct utc later, struct utc earlier)
{
    return (struct span){later.us - earlier.us};
}

/* Saturates at UTC_NEVER and at the epoch instead of overflowing. */
NODISCARD struct utc utc_add(struct utc at, struct span by);

/* RFC 3339 with an offset or Z ("2026-12-24T23:30:00.5+01:00"; "T" may be a space; an offset
 * without a colon is taken, as some senders write it). False when `text` is not such an instant
 * or lies outside years 1970 to 9999. */
NODISCARD bool utc_parse(const char *text, struct utc *out);

/* RFC 3339 in UTC with the microseconds only where there are any: "2026-12-24T22:30:00Z". */
void utc_format(struct utc at, char out[UTC_TEXT_SIZE]);
/* The same with milliseconds always, cut off, so that lines stand below each other:
 * "2026-12-24T22:30:00.000Z". */
void utc_format_ms(struct utc at, char out[UTC_TEXT_SIZE]);

/* "90s", "5m", "12h", "3d", "1w", "1h30m", "250ms", "0s". A bare number is refused: its unit would be a
 * guess. False when malformed, negative, or over ten years. */
NODISCARD bool span_parse(const char *text, struct span *out);

/* The shortest text that span_parse reads back to the same span, to the millisecond. */
void span_format(struct span span, char out[UTC_TEXT_SIZE]);

#endif
