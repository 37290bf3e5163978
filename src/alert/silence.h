/* alert/silence.h - is an alert silenced now, by what, until when? Pure. */
#ifndef ALERT_SILENCE_H
#define ALERT_SILENCE_H

#include "alert/match.h"

struct silence_verdict {
    const struct silence *by; /* borrowed; NULL: not silenced */
    /* When to judge again: silenced, the end of `by` (of several, the one that lasts longest);
     * not silenced, the next start of a silence whose conditions hold. UTC_NEVER when neither. */
    struct utc until;
    /* One in force of which its patterns gave up, so that it does not hold; borrowed; NULL: none. */
    const struct silence *unsure;
};

NODISCARD struct silence_verdict silence_judge(const GPtrArray *silences,
                                               const struct match_subject *subject, struct utc now);

/* Whether it is in force at `now`, whatever the alert, and when that changes next. */
NODISCARD bool silence_is_active(const struct silence *silence, struct utc now,
                                 struct utc *out_change_at);

/* enum silence_state, and when it changes (UTC_NEVER: not any more). */
NODISCARD int silence_state(const struct silence *silence, struct utc now,
                            struct utc *out_change_at);

/* Its record as one that ends at `now`, for one that has no windows; what has not begun was then in force
 * for no time at all. New reference. */
NODISCARD json_t *silence_ended(const struct silence *silence, struct utc now);

/* The id by which clients of Alertmanager's interface know it: a name that has the shape of a UUID is its
 * own id, any other has one made from it, always the same. */
enum { SILENCE_ID_SIZE = 37 };

void silence_id(const char *name, char out[SILENCE_ID_SIZE]);
/* The text of a UUID of that version (4: random bytes) with these bits. */
void silence_id_of_bytes(const unsigned char bytes[16], int version, char out[SILENCE_ID_SIZE]);

#endif
