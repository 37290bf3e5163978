/* Of paging/explain.c and paging/whatif.c. */
#include "paging/explain_shapes.h"
#include "alert/alert.h"
#include "alert/signal.h"
#include "api/sight.h"
#include "oncall/policy.h"
#include "paging/explain.h"
#include "paging/state.h"
#include "paging/step.h"
#include "paging/whatif.h"
#include "people/user.h"

static const struct field WHO_FIELDS[] = {SHAPE_TEXT("who", FIELD_ALWAYS, "\"user:ana\".")};
static const struct record WHO_SHAPE = SHAPE("Receiver", "Somebody who is told.", WHO_FIELDS);

/* --- explain --- */

static const struct field ATTEMPT_FIELDS[] = {
    SHAPE_CODED("id", SHAPE_NUMBER_CODEC, FIELD_ALWAYS, NULL),
    SHAPE_TEXT("who", FIELD_ALWAYS, NULL),
    SHAPE_TEXT("contact", FIELD_ALWAYS, NULL),
    SHAPE_ENUM("channel", CONTACT_KIND_NAMES, FIELD_ALWAYS),
    SHAPE_TEXT("address", 0, "Of a webhook or a room its scheme and host."),
    SHAPE_ENUM("urgency", URGENCY_NAMES, FIELD_ALWAYS),
    SHAPE_TEXT("severity", FIELD_ALWAYS, NULL), /* "unknown" of a test message */
    SHAPE_KIND("items", FIELD_INT, FIELD_ALWAYS, "So many notifications in one message."),
    SHAPE_ENUM("state", DELIVERY_STATE_NAMES, FIELD_ALWAYS),
    SHAPE_KIND("started_at", FIELD_UTC, FIELD_ALWAYS, NULL),
    SHAPE_KIND("finished_at", FIELD_UTC, 0, NULL),
    SHAPE_TEXT("provider_id", 0, NULL),
    SHAPE_TEXT("detail", 0, "What the provider said."),
};
static const struct record ATTEMPT_SHAPE =
    SHAPE("Attempt", "One sending of a message.", ATTEMPT_FIELDS);

static const struct field NOTICE_FIELDS[] = {
    SHAPE_CODED("id", SHAPE_NUMBER_CODEC, FIELD_ALWAYS, NULL),
    SHAPE_TEXT("who", 0, "In endings only."),
    SHAPE_TEXT("contact", 0, NULL),
    SHAPE_KIND("next_look_at", FIELD_UTC, 0, NULL),
    SHAPE_TEXT("why", 0, "Why it waits, or was not sent."),
    SHAPE_ENUM("kind", NOTIFICATION_KIND_NAMES, FIELD_ALWAYS),
    SHAPE_ENUM("state", NOTIFICATION_STATE_NAMES, FIELD_ALWAYS),
    SHAPE_KIND("created_at", FIELD_UTC, FIELD_ALWAYS, NULL),
    SHAPE_KIND("due_at", FIELD_UTC, FIELD_ALWAYS, NULL),
    SHAPE_KIND("settled_at", FIELD_UTC, 0, NULL),
    SHAPE_MANY("attempts", ATTEMPT_SHAPE, FIELD_ALWAYS),
};
static const struct record NOTICE_SHAPE =
    SHAPE("Notification", "What is to be told by one contact.", NOTICE_FIELDS);

static const struct field PAGE_FIELDS[] = {
    SHAPE_CODED("id", SHAPE_NUMBER_CODEC, FIELD_ALWAYS, NULL),
    SHAPE_TEXT("who", FIELD_ALWAYS, NULL),
    SHAPE_ENUM("urgency", URGENCY_NAMES, FIELD_ALWAYS),
    SHAPE_ENUM("state", PAGE_STATE_NAMES, FIELD_ALWAYS),
    SHAPE_ONE("reason", PAGE_REASON_SHAPE, FIELD_ALWAYS),
    SHAPE_KIND("started_at", FIELD_UTC, FIELD_ALWAYS, NULL),
    SHAPE_KIND("ended_at", FIELD_UTC, 0, NULL),
    SHAPE_KIND("next_rule_at", FIELD_UTC, 0, NULL),
    SHAPE_MANY("notifications", NOTICE_SHAPE, FIELD_ALWAYS),
};
static const struct record PAGE_SHAPE = SHAPE("Page", "One person who was paged.", PAGE_FIELDS);

static const struct field ESCALATION_FIELDS[] = {
    SHAPE_ENUM("state", ESCALATION_STATE_NAMES, FIELD_ALWAYS),
    SHAPE_KIND("next_step", FIELD_INT, FIELD_ALWAYS, NULL),
    SHAPE_KIND("round", FIELD_INT, FIELD_ALWAYS, NULL),
    SHAPE_KIND("policy_version", FIELD_INT, FIELD_ALWAYS, NULL),
    SHAPE_KIND("started_at", FIELD_UTC, FIELD_ALWAYS, NULL),
    SHAPE_KIND("next_at", FIELD_UTC, 0, NULL),
    {.name = "policy",
     .kind = FIELD_RECORD,
     .record = &POLICY_RECORD,
     .flags = FIELD_ALWAYS | FIELD_NULL,
     .doc = "As it was when the escalation began."},
};
static const struct record ESCALATION_SHAPE =
    SHAPE("Escalation", "How far paging has come.", ESCALATION_FIELDS);

static const struct field NEXT_FIELDS[] = {
    SHAPE_KIND("at", FIELD_UTC, FIELD_ALWAYS, NULL),
    SHAPE_KIND("held_until", FIELD_UTC, 0,
               "The message of the step before is held back until then; its wait begins with it."),
    SHAPE_MANY("tells", WHO_SHAPE, FIELD_ALWAYS),
};
static const struct record NEXT_SHAPE = SHAPE("NextStep", "Who is next.", NEXT_FIELDS);

static const struct field MESSAGE_FIELDS[] = {
    SHAPE_TEXT("description", 0, NULL),          SHAPE_KIND("since", FIELD_UTC, 0, NULL),
    SHAPE_LABELS("labels", FIELD_ALWAYS),        SHAPE_MANY("links", LINK_SHAPE, 0),
    SHAPE_MANY("told", WHO_SHAPE, FIELD_ALWAYS), SHAPE_ONE("next", NEXT_SHAPE, 0),
};
static const struct record MESSAGE_SHAPE =
    SHAPE("Message", "What messages say beside the summary.", MESSAGE_FIELDS);

static const struct field EXPLANATION_FIELDS[] = {
    SHAPE_ONE("alert", ALERT_RECORD, FIELD_ALWAYS),
    SHAPE_ONE("message", MESSAGE_SHAPE, FIELD_ALWAYS),
    SHAPE_MANY("decisions", DECISION_SHAPE, FIELD_ALWAYS),
    SHAPE_ONE("escalation", ESCALATION_SHAPE, FIELD_ALWAYS | FIELD_NULL),
    SHAPE_MANY("pages", PAGE_SHAPE, FIELD_ALWAYS),
    SHAPE_MANY("endings", NOTICE_SHAPE, FIELD_ALWAYS),
};
const struct record EXPLANATION_SHAPE =
    SHAPE("Explanation", "Every decision about an alert.", EXPLANATION_FIELDS);

/* --- what if --- */

static const struct field CONTACT_FIELDS[] = {
    SHAPE_KIND("at", FIELD_UTC, FIELD_ALWAYS, NULL),
    SHAPE_TEXT("contact", FIELD_ALWAYS, NULL),
    SHAPE_ENUM("kind", CONTACT_KIND_NAMES, FIELD_ALWAYS),
    {.name = "outlook",
     .kind = FIELD_ENUM,
     .names = OUTLOOK_NAMES,
     .flags = FIELD_ALWAYS,
     .doc = "By how the last messages went; poor: it fails for now; none: it was refused for good, "
            "or cannot work "
            "from this server."},
    SHAPE_TEXT("failure", 0,
               "Why the last message there was not taken, or the next one will not be."),
};
static const struct record CONTACT_SHAPE =
    SHAPE("WouldContact", "By what, and when.", CONTACT_FIELDS);

static const struct field TELLING_FIELDS[] = {
    SHAPE_TEXT("who", FIELD_ALWAYS, NULL),
    SHAPE_ENUM("via", TELLING_VIA_NAMES, FIELD_ALWAYS),
    SHAPE_TEXT("through", 0, "Which schedule or team."),
    SHAPE_TEXT("layer", 0, NULL),
    SHAPE_KIND("away_until", FIELD_UTC, 0, "They are away then, and told all the same."),
    SHAPE_KIND("reached", FIELD_BOOL, FIELD_ALWAYS,
               "false: each of these ways is dead, or there is none."),
    SHAPE_TEXT("why", 0, "Why there is none: no contact."),
    SHAPE_MANY("contacts", CONTACT_SHAPE, FIELD_ALWAYS),
};
static const struct record TELLING_SHAPE =
    SHAPE("WouldTell", "Somebody who would be told, and why.", TELLING_FIELDS);

static const struct field SKIP_FIELDS[] = {
    SHAPE_KIND("step", FIELD_INT, FIELD_ALWAYS, NULL),
    SHAPE_KIND("round", FIELD_INT, FIELD_ALWAYS, NULL),
    SHAPE_ENUM("why", SKIP_WHY_NAMES, FIELD_ALWAYS),
    SHAPE_TEXT("who", 0, "Whom it names that have no contact: ana, budi."),
};
static const struct record SKIP_SHAPE =
    SHAPE("WouldSkip", "A step that would tell nobody.", SKIP_FIELDS);

static const struct field STEP_FIELDS[] = {
    SHAPE_KIND("at", FIELD_UTC, FIELD_ALWAYS, NULL),
    SHAPE_KIND("step", FIELD_INT, 0, "Absent of the last resort."),
    SHAPE_KIND("round", FIELD_INT, 0, NULL),
    SHAPE_KIND("last_resort", FIELD_BOOL, 0, NULL),
    SHAPE_KIND("reached", FIELD_BOOL, FIELD_ALWAYS,
               "false: nobody of it can be told, so that the next one begins at once."),
    SHAPE_MANY("skipped", SKIP_SHAPE, FIELD_ALWAYS),
    SHAPE_MANY("tells", TELLING_SHAPE, FIELD_ALWAYS),
};
static const struct record STEP_SHAPE =
    SHAPE("WouldStep", "One step of the escalation.", STEP_FIELDS);

static const struct field WHATIF_FIELDS[] = {
    SHAPE_TEXT("service", FIELD_ALWAYS, NULL),
    SHAPE_ENUM("severity", SEVERITY_NAMES, FIELD_ALWAYS),
    SHAPE_ENUM("urgency", URGENCY_NAMES, FIELD_ALWAYS),
    SHAPE_TEXT("policy", FIELD_ALWAYS, NULL),
    SHAPE_KIND("at", FIELD_UTC, FIELD_ALWAYS, NULL),
    SHAPE_TEXT("silenced_by", 0, "Then nobody would be told."),
    SHAPE_KIND("silenced_until", FIELD_UTC, 0, NULL),
    SHAPE_MANY("steps", STEP_SHAPE, FIELD_ALWAYS),
};
const struct record WHATIF_SHAPE = SHAPE("WhatIfAnswer", "Who would be told when.", WHATIF_FIELDS);
