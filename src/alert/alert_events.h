/* alert/alert_events.h - what happens to an alert. */
#ifndef ALERT_ALERT_EVENTS_H
#define ALERT_ALERT_EVENTS_H

#include "alert/alert.h"
#include "ledger/event.h"

/* Kind of the subject "alert:42". */
#define ALERT_SUBJECT "alert"

NODISCARD struct subject alert_subject(int64_t alert_id);

extern const struct event_kind EVENT_ALERT_TRIGGERED, EVENT_ALERT_SUPPRESSED, EVENT_ALERT_REPEATED,
    EVENT_ALERT_CONTINUED, EVENT_ALERT_FLAPPING, EVENT_ALERT_RESOLVE_IGNORED, EVENT_ALERT_UNKNOWN,
    EVENT_ALERT_ACKNOWLEDGED, EVENT_ALERT_RESOLVED;
/* By what pages about it: */
extern const struct event_kind EVENT_ALERT_SILENCED, EVENT_ALERT_REOPENED, EVENT_ALERT_SNOOZED,
    EVENT_ALERT_ESCALATED, EVENT_ALERT_ASKED_STILL_ON_IT;

extern const struct event_kind *const ALERT_EVENTS[]; /* all of them, NULL at the end */

#endif
