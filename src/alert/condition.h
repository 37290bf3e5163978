/* alert/condition.h - the conditions of routes and silences, as people write them. Pure. */
#ifndef ALERT_CONDITION_H
#define ALERT_CONDITION_H

#include "config/config.h"

/* `match: {severity: critical, component: db}` of routes and silences, as a whole or as elements of
 * the list, becomes [{field: severity, value: critical}, …]. Anything else stays as it is, also what
 * is wrong: reading the record says so. A new reference. */
NODISCARD json_t *conditions_in_full(json_t *value);

/* Does each (of struct match) say something that can be meant? One on a service that does not exist breaks
 * nothing, and nothing will ever come of it. The fault's path begins with "match". */
NODISCARD bool conditions_check(const struct config *config, const GPtrArray *matches,
                                struct fault *fault);

#endif
