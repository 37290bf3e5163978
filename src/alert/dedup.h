/* alert/dedup.h - is a signal a new alert, or one that we have? Pure. */
#ifndef ALERT_DEDUP_H
#define ALERT_DEDUP_H

#include "alert/alert.h"
#include "base/principal.h"

enum dedup_verdict {
    DEDUP_OPEN = 1,    /* a trigger, and none is open: a new alert, also after a resolve */
    DEDUP_JOIN,        /* a trigger for an open or acknowledged one */
    DEDUP_ACKNOWLEDGE, /* for an open or already acknowledged one */
    DEDUP_RESOLVE,
    DEDUP_STALE,   /* a resolve of an episode before the one that is open: a late copy */
    DEDUP_UNKNOWN, /* acknowledge or resolve, and none is open */
};

/* `open` is the open or acknowledged alert with the signal's key, or NULL. Only the sender's times are
 * compared with one another: its clock may be wrong by hours. */
NODISCARD enum dedup_verdict dedup_judge(const struct signal *signal, const struct alert *open);

/* A sender that says within this long after the end that the episode goes on, is believed: as long as
 * Prometheus repeats what is over. Later than that people count it as over, and are paged. */
#define DEDUP_CONTINUE_SPAN SPAN_MIN(15)

/* Does the trigger belong to the episode of an alert that its own source (`actor`), or its silence,
 * has just resolved? So it is when a replica of the sender, which sees the end later, repeats the
 * firing. What a person has resolved opens anew. */
NODISCARD bool dedup_continues(const struct signal *signal, const struct alert *last,
                               struct principal actor, struct utc now);

/* An alert that opened this often within this long is flapping. */
#define DEDUP_FLAP_SPAN SPAN_MIN(15)

enum { DEDUP_FLAP_OPENINGS = 4 };

/* `openings_before`: with this key in the last DEDUP_FLAP_SPAN, the new one not counted. */
NODISCARD bool dedup_is_flapping(int64_t openings_before);

/* Are these the same links? Replicas of a sender name the same page on another host: the first one's
 * stands, so that two who take turns are no change. */
NODISCARD bool dedup_same_links(const json_t *links, const json_t *others);

/* The key as it is stored: longer ones than LIMIT_DEDUP_KEY bytes are replaced by a hash of the
 * whole, so that they fold as well. Newly allocated. */
NODISCARD char *dedup_key_fit(const char *key);

/* For a trigger that brings none: these random bits in hexadecimal. */
enum { DEDUP_KEY_BYTES = 16 };

NODISCARD char *dedup_key_of_bits(const unsigned char bits[DEDUP_KEY_BYTES]);

#endif
