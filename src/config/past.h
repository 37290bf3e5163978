/* config/past.h - what of a document is over before it begins, and will never hold. Pure. */
#ifndef CONFIG_PAST_H
#define CONFIG_PAST_H

#include "config/config.h"

/* Asks config_kind.warn_before of every entry that can be read. `current` is what it is applied to. */
void config_past(const struct config *current, const json_t *document, struct utc now,
                 const struct config_teller *teller);

/* For config_kind.warn_before: it ended at `end`, and will never hold. */
void config_tell_past(const struct config_teller *teller, const char *path, struct utc end);

#endif
