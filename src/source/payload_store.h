/* source/payload_store.h - kept payloads on disk. The only SQL about table payload. */
#ifndef SOURCE_PAYLOAD_STORE_H
#define SOURCE_PAYLOAD_STORE_H

#include "db/row.h"
#include "source/payload.h"

extern const struct table PAYLOAD_TABLE;

void payload_save(struct db *db, const char *integration, int slot, const struct payload *payload);

/* The slot that the next payload of the integration takes: one of `count` that is free, else the
 * oldest's. */
NODISCARD int payload_next_slot(struct db *db, const char *integration, int count);

/* Those of one integration, newest first. */
void payload_each_of(struct db *db, const char *integration,
                     void (*each)(void *self, const struct payload *payload), void *self);

/* At most `max` of those that came before `before`, oldest first. */
void payload_each_before(struct db *db, struct utc before, int max,
                         void (*each)(void *self, const char *integration, int slot,
                                      const struct payload *payload),
                         void *self);
/* That one, if the slot has not been taken by another since. */
void payload_delete(struct db *db, const char *integration, int slot, struct utc at);

/* Oldest first. */
void payload_each(struct db *db,
                  void (*each)(void *self, const char *integration, int slot,
                               const struct payload *payload),
                  void *self);

#endif
