/* people/contact_state.h - what is known about contacts beside their configuration: confirmed by their
 * owner, or how the last message failed. Pure. */
#ifndef PEOPLE_CONTACT_STATE_H
#define PEOPLE_CONTACT_STATE_H

#include <glib.h>

#include "base/check.h"
#include "base/utc.h"

struct contact_state {
    const char *user, *contact; /* "ana", "phone"; of a room: "channel:ops", "channel" */
    const char *address;
    struct utc verified_at; /* unset: nobody confirmed it */
    struct utc failed_at;   /* unset: the last message was taken */
    const char *failure;    /* NULL: no reason was given */
    /* Of one whose last message failed: */
    int64_t failures; /* in a row */
    bool is_refused;  /* for good: it is not counted on */
    struct utc
        retry_at; /* when the next attempt may be, as the provider asked or by our own back-off */
    bool is_foreseen; /* nothing was sent, but it is known that it would be refused */
};

struct contact_states {
    GArray *items; /* of struct contact_state */
    GStringChunk *texts;
};

/* Borrowed; NULL: nothing is known of it. `states` may be NULL. */
NODISCARD const struct contact_state *contact_state_of(const struct contact_states *states,
                                                       const char *user, const char *contact);

/* That contact, when its last message was not taken; else NULL. */
NODISCARD const struct contact_state *contact_trouble(const struct contact_states *states,
                                                      const char *user, const char *contact);

/* From now on it counts as one that refuses its next message for this reason. */
void contact_state_refuse(struct contact_states *states, const char *user, const char *contact,
                          const char *why, struct utc at);

#endif
