/* paging/end_store.h - the notifications that an alert is over. */
#ifndef PAGING_END_STORE_H
#define PAGING_END_STORE_H

#include "paging/mail_store.h"
#include "paging/topic.h"

/* Somebody who was told of an alert, or may have been, and by which contact. */
struct end_receiver {
    char *who;
    char *contact; /* the latest that reached them; else the latest that was tried */
};

/* To be freed with g_ptr_array_unref. */
NODISCARD GPtrArray *end_receivers(struct db *db, struct subject subject);
/* Were they told of its end already, or are about to be, and of nothing about it since? */
NODISCARD bool end_is_told(struct db *db, struct subject subject, const char *who);
/* May anybody have heard that it is over, since when nobody was paged for it? */
NODISCARD bool end_was_told(struct db *db, struct subject subject);
/* How often since then whoever heard it most often may have. */
NODISCARD int64_t end_times_told(struct db *db, struct subject subject, struct utc since);
/* What whoever resolved the alert last said with it; newly allocated, NULL: nothing, or nobody did. */
NODISCARD char *end_note(struct db *db, struct subject subject, const struct topic_events *events);
/* Cancels those due by then in the mailbox whose alert is open again, or of which the receiver never heard; answers
 * how many. */
int64_t end_drop_unwanted(struct db *db, int64_t mailbox_id, struct utc due, struct utc now);

/* The message that told somebody of an alert, where it can be written anew. */
struct told_message {
    int64_t delivery_id;
    char *update_id; /* the provider's */
    int64_t items;   /* alerts that it told of */
    int standing;    /* enum standing: the one furthest from being over */
};

/* The latest by which `to` (who, contact, channel, address) was told of the alert of `end`, if all that it
 * told of, at most so many alerts, is over, and the provider has not refused to change it. To be freed:
 * update_id. */
NODISCARD bool end_find_told(struct db *db, const struct notification *end,
                             const struct delivery *to, int items_max, struct told_message *out);
/* A page of the same alert is on its way to the receiver: its end comes after it. Puts those that are due off until
 * then; answers how many. */
int64_t end_put_off(struct db *db, int64_t mailbox_id, struct utc now, struct utc until);
/* Is that so of this one? */
NODISCARD bool end_awaits_page(struct db *db, const struct notification *end);
/* When the first of those that are not due yet, and may be written into a message, is; else UTC_NEVER. */
NODISCARD struct utc end_update_due(struct db *db, int64_t mailbox_id, struct utc now);
/* Puts those that are due in its mailbox on the delivery, or (told_id not 0) all, due or not, of alerts that this
 * delivery told of; answers how many. */
int64_t end_carry(struct db *db, const struct delivery *delivery, int64_t told_id, struct utc now);

#endif
