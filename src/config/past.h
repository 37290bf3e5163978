/* config/past.h - what of a document is over before it begins: silences and overrides that will never hold. Pure. */
#ifndef CONFIG_PAST_H
#define CONFIG_PAST_H

#include "config/config.h"

/* Tells each that was not there already in `current`: a file keeps what was. `path` is "silences.deploy" or
 * "schedules.primary.overrides[2]". What cannot be read is left out. */
void config_past(const struct config *current, const json_t *document, struct utc now,
                 void (*each)(void *self, const char *path, const char *why), void *self_each);

#endif
