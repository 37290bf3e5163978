/* paging/restate_store.h - the messages in a room that say how it stands with their alert, as often as that changes. */
#ifndef PAGING_RESTATE_STORE_H
#define PAGING_RESTATE_STORE_H

#include "paging/end_store.h"

/* Of one alert so many messages are written anew in one room, the latest: each costs a request. */
enum { RESTATED_MAX = 10 };

/* Do several messages to them tell of the alert, so that its end stands in one of them only? */
NODISCARD bool restate_is_needed(struct db *db, struct subject subject, const char *who,
                                 const char *contact);
/* The latest message that told `to` (who, contact, channel, address) of the alert of `n`, and of at most so many alerts,
 * into which nothing was written since `n` was made. Somebody has or had all that it told of; or it said so, and it is
 * not so any more. To be freed: update_id. */
NODISCARD bool restate_find_told(struct db *db, const struct notification *n,
                                 const struct delivery *to, int items_max,
                                 struct told_message *out);
/* Puts those of the mailbox that are about alerts which that delivery told of on the new one, due or not. */
void restate_carry(struct db *db, const struct delivery *delivery, int64_t told_id);
/* That message was written anew: those that the delivery carries wait for the next one. */
void restate_go_on(struct db *db, int64_t delivery_id, struct utc now);

#endif
