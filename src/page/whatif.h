/* page/whatif.h - who would be told, minute by minute, for an alert on a service at an instant?
 * Pure: the same judgement as paging, walked forward as if nobody ever answered. */
#ifndef PAGE_WHATIF_H
#define PAGE_WHATIF_H

#include "config/config.h"

/* {"service", "severity", "urgency", "policy", "at", "silenced_by"?, "steps": [{"at", "step",
 * "round", "last_resort"?, "skipped": [{"step", "why"}], "tells": [{"who", "via", "through",
 * "layer", "contacts": [{"at", "contact", "kind"}]}]}]}, ending with the first telling of the last
 * resort. New reference; NULL and a fault when the service is unknown. */
NODISCARD json_t *whatif(const struct config *config, const char *service_name, int severity,
                         struct utc at, struct fault *fault);

#endif
