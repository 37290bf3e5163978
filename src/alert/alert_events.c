#include "alert/alert_events.h"

static const char *const OF_ALERT[] = {ALERT_SUBJECT, NULL};
static const char *const OF_SENDER[] = {"integration", "heartbeat", NULL};

/* Of all that are about an alert as it came in. */
#define ALERT_FIELDS                                                                      \
    SHAPE_TEXT("summary", FIELD_ALWAYS, NULL), SHAPE_TEXT("service", FIELD_ALWAYS, NULL), \
        SHAPE_ENUM("severity", SEVERITY_NAMES, FIELD_ALWAYS)

static const struct field CAME_FIELDS[] = {
    ALERT_FIELDS,
    SHAPE_TEXT("integration", FIELD_ALWAYS, NULL),
    SHAPE_TEXT("dedup_key", FIELD_ALWAYS, NULL),
    SHAPE_TEXT("route", 0, "Those that took it, in order."),
    SHAPE_TEXT("silenced_by", 0, "The silence that holds its paging."),
    SHAPE_KIND("silenced_until", FIELD_UTC, 0, NULL),
    SHAPE_TEXT("routes_not_evaluated", 0, "Their patterns took too many steps."),
    SHAPE_TEXT("silence_not_evaluated", 0, NULL),
};
static const struct record CAME = SHAPE("EventAlertCame", "A new alert.", CAME_FIELDS);

static const struct field REPEATED_FIELDS[] = {
    ALERT_FIELDS,
    SHAPE_KIND("count", FIELD_INT, FIELD_ALWAYS, "So often it came in."),
    SHAPE_ENUM("severity_before", SEVERITY_NAMES, 0),
    SHAPE_TEXT("summary_before", 0, NULL),
    SHAPE_CODED("details", SHAPE_OBJECT_CODEC, 0, NULL),
    SHAPE_CODED("details_before", SHAPE_OBJECT_CODEC, 0, NULL),
    SHAPE_MANY("links", LINK_SHAPE, 0),
    SHAPE_MANY("links_before", LINK_SHAPE, 0),
    SHAPE_TEXT("source", 0, NULL),
    SHAPE_TEXT("source_before", 0, NULL),
    SHAPE_TEXT("component", 0, NULL),
    SHAPE_TEXT("component_before", 0, NULL),
    SHAPE_TEXT("group", 0, NULL),
    SHAPE_TEXT("group_before", 0, NULL),
    SHAPE_TEXT("class", 0, NULL),
    SHAPE_TEXT("class_before", 0, NULL),
};
static const struct record REPEATED =
    SHAPE("EventAlertRepeated", "It came again, and says something new.", REPEATED_FIELDS);

static const struct field CONTINUED_FIELDS[] = {ALERT_FIELDS};
static const struct record CONTINUED =
    SHAPE("EventAlertContinued", "It had just been resolved, and goes on.", CONTINUED_FIELDS);

static const struct field FLAPPING_FIELDS[] = {
    SHAPE_KIND("openings", FIELD_INT, FIELD_ALWAYS, "So often in a short time."),
    SHAPE_TEXT("summary", 0, NULL),
    SHAPE_TEXT("service", 0, NULL),
    SHAPE_ENUM("severity", SEVERITY_NAMES, 0),
};
static const struct record FLAPPING =
    SHAPE("EventAlertFlapping", "It goes up and down.", FLAPPING_FIELDS);

static const struct field IGNORED_FIELDS[] = {
    ALERT_FIELDS,
    SHAPE_KIND("started_at", FIELD_UTC, 0, "Of the episode that is open."),
    SHAPE_KIND("resolve_started_at", FIELD_UTC, 0, "Of the one that is over."),
    SHAPE_KIND("resolve_ended_at", FIELD_UTC, 0, NULL),
};
static const struct record IGNORED =
    SHAPE("EventResolveIgnored", "A resolve of an episode before.", IGNORED_FIELDS);

static const struct field UNKNOWN_FIELDS[] = {
    SHAPE_ENUM("action", SIGNAL_ACTION_NAMES, FIELD_ALWAYS),
    SHAPE_TEXT("dedup_key", 0, NULL),
};
static const struct record UNKNOWN =
    SHAPE("EventAlertUnknown", "A sender means an alert that never was.", UNKNOWN_FIELDS);

static const struct field ACTED_FIELDS[] = {
    ALERT_FIELDS,
    SHAPE_TEXT("note", 0, NULL),
    SHAPE_TEXT("reason", 0, "Why it was resolved by itself."),
};
static const struct record ACTED =
    SHAPE("EventAlertActed", "Acknowledged or resolved.", ACTED_FIELDS);

static const struct field SILENCED_FIELDS[] = {
    SHAPE_TEXT("silence", FIELD_ALWAYS, "Its name."),
    SHAPE_KIND("until", FIELD_UTC, FIELD_ALWAYS, NULL),
    SHAPE_TEXT("comment", 0, NULL),
};
static const struct record SILENCED =
    SHAPE("EventAlertSilenced", "A silence holds its paging.", SILENCED_FIELDS);

static const struct field REOPENED_FIELDS[] = {SHAPE_TEXT("why", FIELD_ALWAYS, NULL)};
static const struct record REOPENED =
    SHAPE("EventAlertReopened", "It pages again from the first step.", REOPENED_FIELDS);

static const struct field SNOOZED_FIELDS[] = {
    SHAPE_KIND("until", FIELD_UTC, FIELD_ALWAYS, NULL),
    SHAPE_TEXT("note", 0, NULL),
};
static const struct record SNOOZED = SHAPE("EventAlertSnoozed", "Put to sleep.", SNOOZED_FIELDS);

static const struct field ESCALATED_FIELDS[] = {SHAPE_TEXT("note", 0, NULL)};
static const struct record ESCALATED =
    SHAPE("EventAlertEscalated", "The next step was asked for.", ESCALATED_FIELDS);

static const struct field ASKED_FIELDS[] = {SHAPE_TEXT("who", FIELD_ALWAYS, NULL)};
static const struct record ASKED =
    SHAPE("EventStillOnIt", "Whoever acknowledged it is asked.", ASKED_FIELDS);

const struct event_kind EVENT_ALERT_TRIGGERED = {
    .name = "alert.triggered", .subjects = OF_ALERT, .data = &CAME};
const struct event_kind EVENT_ALERT_SUPPRESSED = {
    .name = "alert.suppressed", .subjects = OF_ALERT, .data = &CAME};
const struct event_kind EVENT_ALERT_REPEATED = {
    .name = "alert.repeated", .subjects = OF_ALERT, .data = &REPEATED};
const struct event_kind EVENT_ALERT_CONTINUED = {
    .name = "alert.continued", .subjects = OF_ALERT, .data = &CONTINUED};
const struct event_kind EVENT_ALERT_FLAPPING = {
    .name = "alert.flapping", .subjects = OF_ALERT, .data = &FLAPPING};
const struct event_kind EVENT_ALERT_RESOLVE_IGNORED = {
    .name = "alert.resolve_ignored", .subjects = OF_ALERT, .data = &IGNORED};
const struct event_kind EVENT_ALERT_UNKNOWN = {
    .name = "alert.unknown", .subjects = OF_SENDER, .data = &UNKNOWN};
const struct event_kind EVENT_ALERT_ACKNOWLEDGED = {
    .name = "alert.acknowledged", .subjects = OF_ALERT, .data = &ACTED};
const struct event_kind EVENT_ALERT_RESOLVED = {
    .name = "alert.resolved", .subjects = OF_ALERT, .data = &ACTED};
const struct event_kind EVENT_ALERT_SILENCED = {
    .name = "alert.silenced", .subjects = OF_ALERT, .data = &SILENCED};
const struct event_kind EVENT_ALERT_REOPENED = {
    .name = "alert.reopened", .subjects = OF_ALERT, .data = &REOPENED};
const struct event_kind EVENT_ALERT_SNOOZED = {
    .name = "alert.snoozed", .subjects = OF_ALERT, .data = &SNOOZED};
const struct event_kind EVENT_ALERT_ESCALATED = {
    .name = "alert.escalated", .subjects = OF_ALERT, .data = &ESCALATED};
const struct event_kind EVENT_ALERT_ASKED_STILL_ON_IT = {
    .name = "alert.asked_still_on_it", .subjects = OF_ALERT, .data = &ASKED};

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
