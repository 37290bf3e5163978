/* paging/throttle.h - may another message go to this person now? Pure.
 *
 * Per person, contact and urgency: at most 3 messages in a minute and 12 in an hour, with growing
 * distance between them; what comes meanwhile waits and goes in one digest. A message more severe
 * than everything sent in the last hour always passes. Nothing is dropped. */
#ifndef PAGING_THROTTLE_H
#define PAGING_THROTTLE_H

#include "base/utc.h"

enum { THROTTLE_PER_MINUTE = 3, THROTTLE_PER_HOUR = 12, THROTTLE_NEWS_PER_MINUTE = 10 };

struct sent {
    struct utc at;
    int severity;   /* enum severity: smaller is more severe */
    bool is_failed; /* it did not arrive: it counts, and keeps nothing more severe from passing */
};

/* `recent`: the messages of the last hour, newest first. Answers the first instant at which a
 * message of `severity` may go; not after `now` means now. */
NODISCARD struct utc throttle_judge(const struct sent *recent, size_t count, int severity,
                                    struct utc now);

#endif
