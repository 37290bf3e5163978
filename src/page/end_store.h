/* page/end_store.h - the notifications that an alert is over. */
#ifndef PAGE_END_STORE_H
#define PAGE_END_STORE_H

#include "page/mail_store.h"

/* Somebody who was told of an alert, or may have been, and by which contact. */
struct end_receiver {
    char *who;
    char *contact; /* the latest that reached them; else the latest that was tried */
};

/* To be freed with g_ptr_array_unref. */
NODISCARD GPtrArray *end_receivers(struct db *db, int64_t alert_id);
/* Were they told of its end already, or are about to be, and of nothing about it since? */
NODISCARD bool end_is_told(struct db *db, int64_t alert_id, const char *who);
/* Cancels those due in the mailbox whose alert is open again, or of which the receiver never heard; answers
 * how many. */
int64_t end_drop_unwanted(struct db *db, int64_t mailbox_id, struct utc now);
/* Puts all that are due in its mailbox on the delivery; answers how many. */
int64_t end_carry(struct db *db, const struct delivery *delivery, struct utc now);

#endif
