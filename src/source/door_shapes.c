#include "source/door_shapes.h"

#include "alert/signal.h"

/* --- lists of alerts, Prometheus --- */

static const struct field ACCEPTED_FIELDS[] = {
    SHAPE_KIND("accepted", FIELD_INT, FIELD_ALWAYS, "So many of the alerts were taken."),
    SHAPE_KIND("cut_off", FIELD_INT, 0, "So many were beyond the bound of a request."),
    SHAPE_KIND("refused", FIELD_INT, 0, "So many could not be read."),
    SHAPE_TEXT("first_problem", 0, "Of those that could not be read."),
    SHAPE_TEXT("note", 0, "What was mended in the request. Absent when nothing was."),
};
const struct record ALERTS_ACCEPTED_SHAPE =
    SHAPE("AlertsAccepted", "What became of the alerts.", ACCEPTED_FIELDS);

static const struct field PROMETHEUS_ALERT_FIELDS[] = {
    SHAPE_LABELS("labels", FIELD_REQUIRED),
    SHAPE_LABELS("annotations", 0),
    SHAPE_KIND("startsAt", FIELD_UTC, 0, NULL),
    SHAPE_KIND("endsAt", FIELD_UTC, 0, "Past: it is resolved."),
    SHAPE_TEXT("generatorURL", 0, NULL),
};
const struct record PROMETHEUS_ALERT_SHAPE =
    SHAPE_OPEN("PrometheusAlert", "An alert as Prometheus sends it to Alertmanagers.",
               PROMETHEUS_ALERT_FIELDS);

/* --- PagerDuty --- */

static const struct field PAYLOAD_FIELDS[] = {
    SHAPE_TEXT("summary", FIELD_REQUIRED, "What is wrong, in one line."),
    SHAPE_TEXT("source", FIELD_REQUIRED, "The thing that is broken."),
    {.name = "severity", .kind = FIELD_ENUM, .names = SEVERITY_NAMES, .flags = FIELD_REQUIRED},
    SHAPE_TEXT("timestamp", 0, NULL),
    SHAPE_TEXT("component", 0, NULL),
    SHAPE_TEXT("group", 0, NULL),
    SHAPE_TEXT("class", 0, NULL),
    SHAPE_KIND("custom_details", FIELD_JSON, 0, NULL),
};
static const struct record PAGERDUTY_PAYLOAD_SHAPE =
    SHAPE_OPEN("PagerDutyPayload", "What it is about.", PAYLOAD_FIELDS);

#define LINKS(name_) SHAPE_KIND(name_, FIELD_JSON, 0, "A list; of each the address and the text.")

static const struct field EVENT_FIELDS[] = {
    SHAPE_TEXT("routing_key", FIELD_REQUIRED, "The key of an integration of kind pagerduty."),
    SHAPE_ENUM("event_action", SIGNAL_ACTION_NAMES, FIELD_REQUIRED),
    {.name = "dedup_key",
     .kind = FIELD_TEXT,
     .max = LIMIT_DEDUP_KEY,
     .doc = "Made up for a trigger without one."},
    {.name = "payload",
     .kind = FIELD_RECORD,
     .record = &PAGERDUTY_PAYLOAD_SHAPE,
     .doc = "Required for a trigger."},
    LINKS("links"),
    LINKS("images"),
    SHAPE_TEXT("client", 0, NULL),
    SHAPE_TEXT("client_url", 0, NULL),
};
const struct record PAGERDUTY_EVENT_SHAPE =
    SHAPE_OPEN("PagerDutyEvent", "An event of PagerDuty's Events API v2.", EVENT_FIELDS);

static const struct field V1_FIELDS[] = {
    SHAPE_TEXT("service_key", FIELD_REQUIRED, "The key of an integration of kind pagerduty."),
    SHAPE_ENUM("event_type", SIGNAL_ACTION_NAMES, FIELD_REQUIRED),
    {.name = "incident_key",
     .kind = FIELD_TEXT,
     .max = LIMIT_DEDUP_KEY,
     .doc = "Made up for a trigger without one."},
    SHAPE_TEXT("description", 0, "Required for a trigger."),
    SHAPE_KIND("details", FIELD_JSON, 0, NULL),
    LINKS("contexts"),
    SHAPE_TEXT("client", 0, NULL),
    SHAPE_TEXT("client_url", 0, NULL),
};
const struct record PAGERDUTY_V1_SHAPE =
    SHAPE_OPEN("PagerDutyEventV1", "An event of PagerDuty's Events API v1.", V1_FIELDS);

static const struct field CHANGED_FIELDS[] = {
    SHAPE_TEXT("summary", FIELD_REQUIRED, "What was changed."),
    SHAPE_TEXT("source", 0, NULL),
    SHAPE_TEXT("timestamp", 0, NULL),
    SHAPE_KIND("custom_details", FIELD_JSON, 0, NULL),
};
static const struct record CHANGED_SHAPE =
    SHAPE_OPEN("PagerDutyChangePayload", "What it is about.", CHANGED_FIELDS);
static const struct field CHANGE_FIELDS[] = {
    SHAPE_TEXT("routing_key", FIELD_REQUIRED, "The key of an integration of kind pagerduty."),
    SHAPE_ONE("payload", CHANGED_SHAPE, FIELD_REQUIRED),
    LINKS("links"),
};
const struct record PAGERDUTY_CHANGE_SHAPE =
    SHAPE_OPEN("PagerDutyChange", "A change event, as PagerDuty takes it.", CHANGE_FIELDS);

static const struct field PD_ACCEPTED_FIELDS[] = {
    SHAPE_TEXT("status", FIELD_ALWAYS, "success"),
    SHAPE_TEXT("message", FIELD_ALWAYS, NULL),
    SHAPE_TEXT("dedup_key", 0, "Absent of a change."),
    SHAPE_TEXT("note", 0, "What was mended in the request. Absent when nothing was."),
};
const struct record PAGERDUTY_ACCEPTED_SHAPE =
    SHAPE("PagerDutyAccepted", "As PagerDuty says yes.", PD_ACCEPTED_FIELDS);

static const struct field PD_ACCEPTED_V1_FIELDS[] = {
    SHAPE_TEXT("status", FIELD_ALWAYS, "success"),
    SHAPE_TEXT("message", FIELD_ALWAYS, NULL),
    SHAPE_TEXT("incident_key", FIELD_ALWAYS, NULL),
    SHAPE_TEXT("note", 0, "What was mended in the request. Absent when nothing was."),
};
const struct record PAGERDUTY_ACCEPTED_V1_SHAPE =
    SHAPE("PagerDutyAcceptedV1", "As PagerDuty's first version says yes.", PD_ACCEPTED_V1_FIELDS);

static const struct field PD_REFUSED_FIELDS[] = {
    SHAPE_TEXT("status", FIELD_ALWAYS, NULL),
    SHAPE_TEXT("message", FIELD_ALWAYS, NULL),
    SHAPE_KIND("errors", FIELD_TEXTS, FIELD_ALWAYS, "What was wrong, each in one line."),
};
const struct record PAGERDUTY_REFUSED_SHAPE =
    SHAPE("PagerDutyRefused", "As PagerDuty says no.", PD_REFUSED_FIELDS);

/* --- heartbeats, and what came in --- */

static const struct field BEAT_TAKEN_FIELDS[] = {
    SHAPE_TEXT("heartbeat", FIELD_ALWAYS, "Its name."),
};
const struct record BEAT_TAKEN_SHAPE =
    SHAPE("HeartbeatTaken", "The heartbeat that was heard.", BEAT_TAKEN_FIELDS);

static const struct field KEPT_FIELDS[] = {
    SHAPE_KIND("at", FIELD_UTC, FIELD_ALWAYS, NULL),
    SHAPE_KIND("status", FIELD_INT, FIELD_ALWAYS, "Which was answered."),
    SHAPE_TEXT("problem", 0, "Why it, or a part of it, was refused; what was mended."),
    SHAPE_TEXT("body", FIELD_ALWAYS, "As it arrived, without its key; cut where it is long."),
};
const struct record PAYLOAD_SHAPE = SHAPE("Payload", "What came in by a door.", KEPT_FIELDS);
