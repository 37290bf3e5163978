/* alert/dedup.h - is a signal a new alert, or one that we have? Pure. */
#ifndef ALERT_DEDUP_H
#define ALERT_DEDUP_H

#include "alert/alert.h"
#include "base/random.h"

enum dedup_verdict {
    DEDUP_OPEN = 1,    /* a trigger, and none is open: a new alert, also after a resolve */
    DEDUP_JOIN,        /* a trigger for an open or acknowledged one */
    DEDUP_ACKNOWLEDGE, /* for an open or already acknowledged one */
    DEDUP_RESOLVE,
    DEDUP_UNKNOWN, /* acknowledge or resolve, and none is open */
};

/* `open` is the open or acknowledged alert with the signal's key, or NULL. */
NODISCARD enum dedup_verdict dedup_judge(int action, const struct alert *open);

/* An alert that opened this often within this long is flapping. */
#define DEDUP_FLAP_SPAN SPAN_MIN(15)

enum { DEDUP_FLAP_OPENINGS = 4 };

/* `openings_before`: with this key in the last DEDUP_FLAP_SPAN, the new one not counted. */
NODISCARD bool dedup_is_flapping(int64_t openings_before);

/* Does a repeat with this severity raise the alert? Lower ones never lower it: the first judgement
 * of how bad it is stands until somebody resolves it. */
NODISCARD bool dedup_raises(int severity_before, int severity);

/* The key as it is stored: longer ones than LIMIT_DEDUP_KEY bytes are replaced by a hash of the
 * whole, so that they fold as well. Newly allocated. */
NODISCARD char *dedup_key_fit(const char *key);

/* For a trigger that brings none: 128 random bits in hexadecimal. */
NODISCARD char *dedup_key_random(const struct random *random);

#endif
