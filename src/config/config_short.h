/* config/config_short.h - short forms that people write, in full. Pure. */
#ifndef CONFIG_CONFIG_SHORT_H
#define CONFIG_CONFIG_SHORT_H

#include "config/config.h"

/* `match: {severity: critical, component: db}` of routes and silences, as a whole or as elements of
 * the list, becomes [{field: severity, value: critical}, …]. Anything else stays as it is, also what
 * is wrong: reading the record says so. A new reference. */
NODISCARD json_t *config_in_full(enum config_kind kind, json_t *value);

#endif
