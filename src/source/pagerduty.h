/* source/pagerduty.h - PagerDuty Events API v2: alert events and change events; and its forerunner v1. */
#ifndef SOURCE_PAGERDUTY_H
#define SOURCE_PAGERDUTY_H

#include "source/source.h"

/* The routing key of a body, or NULL when it has none. Borrowed. */
const char *pagerduty_routing_key(const json_t *body);

/* The key of an event that cannot be read, or of which only parts are there: one, so that nobody can try out many.
 * Newly allocated; NULL: there is none. */
NODISCARD char *pagerduty_key_in(const char *bytes, size_t size);

/* An event of /v2/enqueue into a new signal of the batch. A severity, source, summary or action that the service would
 * refuse costs no page: it is taken otherwise, which the batch counts as mended. False when it is not known whose
 * the event is, what it wants or what of: then every reason is a text in the array `errors`, as that API answers
 * them, and the signal stays empty. */
NODISCARD bool pagerduty_read(const json_t *body, struct utc now, struct batch *batch,
                              json_t *errors);

/* The same of the generic API, version 2010-04-15: the key, and an event. */
const char *pagerduty_service_key(const json_t *body);
NODISCARD bool pagerduty_read_v1(const json_t *body, struct batch *batch, json_t *errors);

/* An event of /v2/change/enqueue: it never pages. A new object {summary, source, timestamp,
 * details, links} for the event log, or NULL with reasons in `errors`. */
NODISCARD json_t *pagerduty_read_change(const json_t *body, json_t *errors, struct fault *mend);

/* The answers' bodies; new references. `dedup_key` NULL: of a change event. `errors` is borrowed. */
NODISCARD json_t *pagerduty_accepted(const char *dedup_key);
NODISCARD json_t *pagerduty_accepted_v1(const char *incident_key);
NODISCARD json_t *pagerduty_refused(const char *status, const char *message, const json_t *errors);

#endif
