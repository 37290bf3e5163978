/* paging/explain.h - for every page, why this person, by which rule, layer and step, at which instant,
 * and what happened to each attempt. Read from what the ledger wrote; any connection. */
#ifndef PAGING_EXPLAIN_H
#define PAGING_EXPLAIN_H

#include <jansson.h>

#include "config/config.h"
#include "db/db.h"

/* {"alert": {…}, "message": {"description", "since", "labels", "links", "told", "next": {"at", "held_until", "tells"}},
 * "decisions": [events], "escalation": {…}, "pages": [{"who", "reason", "state",
 * "notifications": [{"contact", "kind", "state", "attempts": [{…}]}]}], "endings": [{"who", …}]}. New reference; NULL when
 * there is no such alert. */
NODISCARD json_t *explain_alert(struct db *db, const struct config *config, int64_t alert_id,
                                struct utc now);

/* One delivery as the API shows it. New reference. */
struct delivery;
NODISCARD json_t *delivery_json(const struct delivery *delivery);

#endif
