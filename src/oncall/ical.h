/* oncall/ical.h - shifts as a calendar (RFC 5545; X-WR-CALNAME and X-PUBLISHED-TTL as calendar programs
 * understand them). Pure: the same feed gives the same bytes, so that an ETag is their hash.
 *
 * Shifts are written out one by one in UTC: no rule that a program could expand otherwise, hand-offs
 * exact across changes of the clock. A gap is no event. */
#ifndef ONCALL_ICAL_H
#define ONCALL_ICAL_H

#include "oncall/schedule.h"

struct ical_feed {
    const char *name;           /* of the calendar, for people */
    const GPtrArray *schedules; /* of struct schedule */
    const char *user;           /* only this person's shifts; NULL: everybody's */
    /* What a person is called in full, borrowed; NULL for one that is not known. NULL: by their names. */
    const char *(*full_name)(const void *self, const char *user);
    const void *names;        /* handed to it */
    const char *url;          /* page of the schedules; may be NULL */
    struct utc from;          /* shifts that touch [from, to) are in it, with their true start */
    struct utc to;            /* … and end; a shift without an end in sight ends here */
    struct utc changed_at;    /* when the schedules last changed: DTSTAMP and LAST-MODIFIED */
    int64_t revision;         /* grows with each change of the schedules: SEQUENCE */
    struct span alarm_before; /* reminds before a shift starts; zero: no reminder */
};

/* Text in UTF-8 with CRLF line ends, to be freed with g_free. A shift's UID comes from schedule,
 * layer, person and start alone. */
NODISCARD char *ical_write(const struct ical_feed *feed);

#endif
