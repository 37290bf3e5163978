/* retention/retention.h - how long what is over is kept, and what of it may go. Pure. */
#ifndef RETENTION_RETENTION_H
#define RETENTION_RETENTION_H

#include "base/record.h"
#include "config/config.h"

/* What is configured: the section `retention`, of which there is one or none. Owns its texts. */
struct retention {
    char *name;         /* the noun: nobody writes it */
    struct span alerts; /* since they were over */
    struct span
        deliveries; /* since they were claimed; also messages that are about no alert, since they were settled */
    struct span payloads;
    struct span events; /* of which those that an alert needs that is kept stay with it */
};

extern const struct record RETENTION_RECORD;
extern const struct config_kind RETENTION_KIND;

/* What holds where nothing else is said? */
NODISCARD bool retention_is_usual(struct span span);

/* What holds; where nothing is configured what always holds. Borrowed of the configuration. */
NODISCARD const struct retention *retention_of(const struct config *config);

/* Something that may be old enough. */
struct retention_candidate {
    int64_t id;
    struct utc over_at; /* since when nothing happens to it any more */
    bool is_in_use; /* something of it goes on all the same, or its number would be given again */
};

NODISCARD bool retention_may_go(const struct retention_candidate *candidate, struct utc before);

/* As much of an event as is needed to judge it. */
struct retention_event {
    int64_t seq;
    struct utc at;
};

/* The chain is cut from its old end only: number of the last of these, the oldest ones in order, that may go with all before
 * it; 0: none. Those from `needed_seq` on stay. One that says it happened after `now` was written by a clock that was
 * wrong, and goes with those behind it. */
NODISCARD int64_t retention_prefix(const struct retention_event *events, size_t count,
                                   int64_t needed_seq, struct utc before, struct utc now);

/* What time it is for retention. A clock that is wrong for an hour must not cost a history of years: retention's own
 * goes at most RETENTION_HASTE times as fast as the time that passes, and back likewise: a boot in 1970 must not
 * keep everything for decades. `known`: where it stood; unset: never asked. `passed`: of the clock that never jumps, since
 * then, as far as it was seen. */
enum { RETENTION_HASTE = 3 };
NODISCARD struct utc retention_clock(struct utc known, struct utc now, struct span passed);
/* What happened before that is old: by its own clock, and by the other one, too, which may have been set back. */
NODISCARD struct utc retention_horizon(struct utc judged, struct utc now, struct span kept);

/* How long to rest after a step that took so long, so that retention has no more than a twentieth of the time. */
NODISCARD struct span retention_rest(struct span took);

#endif
