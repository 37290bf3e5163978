/* paging/explain.h - for every page, why this person, by which rule, layer and step, at which instant,
 * and what happened to each attempt. Read from what the ledger wrote; any connection. */
#ifndef PAGING_EXPLAIN_H
#define PAGING_EXPLAIN_H

#include <jansson.h>

#include "config/config.h"
#include "db/db.h"

struct topic_kind;

/* Why somebody was paged, as it is kept with the page. Only described. */
extern const struct record PAGE_REASON_SHAPE;

/* {"alert": {…}, "message": {"description", "since", "labels", "links", "told", "next": {"at", "held_until", "tells"}},
 * "decisions": [events], "escalation": {…}, "pages": [{"who", "reason", "state",
 * "notifications": [{"contact", "kind", "state", "attempts": [{…}]}]}], "endings": [{"who", …}]}. The first
 * member is named by the kind, and what the message says before "told" is the kind's own. New reference; NULL when
 * there is no such subject. */
NODISCARD json_t *explain_subject(struct db *db, const struct config *config,
                                  const struct topic_kind *kind, int64_t id, struct utc now);

/* One delivery as the API shows it. New reference. */
struct delivery;
NODISCARD json_t *delivery_json(const struct delivery *delivery);

/* One message that is about nothing that pages (a test, a gap ahead), with its attempts. New reference. */
struct notification;
NODISCARD json_t *notice_json(struct db *db, const struct notification *notice);

#endif
