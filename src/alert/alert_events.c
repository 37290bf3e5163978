#include "alert/alert_events.h"

static const char *const OF_ALERT[] = {ALERT_SUBJECT, NULL};
static const char *const OF_SENDER[] = {"integration", "heartbeat", NULL};

const struct event_kind EVENT_ALERT_TRIGGERED = {.name = "alert.triggered", .subjects = OF_ALERT};
const struct event_kind EVENT_ALERT_SUPPRESSED = {.name = "alert.suppressed", .subjects = OF_ALERT};
const struct event_kind EVENT_ALERT_REPEATED = {.name = "alert.repeated", .subjects = OF_ALERT};
const struct event_kind EVENT_ALERT_CONTINUED = {.name = "alert.continued", .subjects = OF_ALERT};
const struct event_kind EVENT_ALERT_FLAPPING = {.name = "alert.flapping", .subjects = OF_ALERT};
const struct event_kind EVENT_ALERT_RESOLVE_IGNORED = {.name = "alert.resolve_ignored",
                                                       .subjects = OF_ALERT};
const struct event_kind EVENT_ALERT_UNKNOWN = {.name = "alert.unknown", .subjects = OF_SENDER};
const struct event_kind EVENT_ALERT_ACKNOWLEDGED = {.name = "alert.acknowledged",
                                                    .subjects = OF_ALERT};
const struct event_kind EVENT_ALERT_RESOLVED = {.name = "alert.resolved", .subjects = OF_ALERT};
const struct event_kind EVENT_ALERT_SILENCED = {.name = "alert.silenced", .subjects = OF_ALERT};
const struct event_kind EVENT_ALERT_REOPENED = {.name = "alert.reopened", .subjects = OF_ALERT};
const struct event_kind EVENT_ALERT_SNOOZED = {.name = "alert.snoozed", .subjects = OF_ALERT};
const struct event_kind EVENT_ALERT_ESCALATED = {.name = "alert.escalated", .subjects = OF_ALERT};
const struct event_kind EVENT_ALERT_ASKED_STILL_ON_IT = {.name = "alert.asked_still_on_it",
                                                         .subjects = OF_ALERT};

const struct event_kind *const ALERT_EVENTS[] = {
    &EVENT_ALERT_TRIGGERED, &EVENT_ALERT_SUPPRESSED,        &EVENT_ALERT_REPEATED,
    &EVENT_ALERT_CONTINUED, &EVENT_ALERT_FLAPPING,          &EVENT_ALERT_RESOLVE_IGNORED,
    &EVENT_ALERT_UNKNOWN,   &EVENT_ALERT_ACKNOWLEDGED,      &EVENT_ALERT_RESOLVED,
    &EVENT_ALERT_SILENCED,  &EVENT_ALERT_REOPENED,          &EVENT_ALERT_SNOOZED,
    &EVENT_ALERT_ESCALATED, &EVENT_ALERT_ASKED_STILL_ON_IT, NULL};

struct subject alert_subject(int64_t alert_id)
{
    return subject_of_id(ALERT_SUBJECT, alert_id);
}
