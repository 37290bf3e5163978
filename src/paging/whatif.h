/* paging/whatif.h - who would be told, minute by minute, for an alert on a service at an instant?
 * Pure: the same judgement as paging, walked forward as if nobody ever answered. */
#ifndef PAGING_WHATIF_H
#define PAGING_WHATIF_H

#include "config/config.h"
#include "people/contact_state.h"

extern const struct enum_name OUTLOOK_NAMES[]; /* good poor none: enum outlook */

/* {"service", "severity", "urgency", "policy", "at", "silenced_by"?, "steps": [{"at", "step",
 * "round", "last_resort"?, "reached", "skipped": [{"step", "why", "who"?}], "tells": [{"who", "via", "through",
 * "layer", "away_until"?, "reached", "why"?, "contacts": [{"at", "contact", "kind", "outlook", "failure"?}]}]}]},
 * ending with the first telling of the last resort; who has no contact is among those it tells, and not reached.
 * `states`: how the last messages went; NULL: all well. New reference; NULL and a fault when the service is
 * unknown. */
NODISCARD json_t *whatif(const struct config *config, const struct contact_states *states,
                         const char *service_name, int severity, struct utc at,
                         struct fault *fault);

#endif
