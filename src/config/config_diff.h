/* config/config_diff.h - which fields differ between two forms of one object? Pure. */
#ifndef CONFIG_CONFIG_DIFF_H
#define CONFIG_CONFIG_DIFF_H

#include <glib.h>
#include <jansson.h>

/* Texts for a person, such as "time_zone Asia/Jakarta -> Europe/Paris", "rules.low added",
 * "contacts[1] removed", at most 50 and then a sum. Values of fields called secret or key are not
 * shown. Empty when nothing differs. The array frees its texts. */
GPtrArray *config_diff(const json_t *old_spec, const json_t *new_spec);

#endif
