/* source/payload_store.h - kept payloads on disk. The only SQL about table payload. */
#ifndef SOURCE_PAYLOAD_STORE_H
#define SOURCE_PAYLOAD_STORE_H

#include "source/payload.h"

void payload_save(struct db *db, const char *integration, int slot, const struct payload *payload);

/* Oldest first. */
void payload_each(struct db *db,
                  void (*each)(void *self, const char *integration, int slot,
                               const struct payload *payload),
                  void *self);

#endif
