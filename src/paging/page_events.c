/* What paging tells of itself. An escalation and its pages are events of what they page about. */
#include "oncall/coverage.h"
#include "paging/explain.h"
#include "paging/work.h"

static const char *const OF_RECEIVER[] = {"user", "channel", NULL};
static const char *const OF_SCHEDULE[] = {"schedule", NULL};

static const struct field SKIPPED_FIELDS[] = {
    SHAPE_KIND("step", FIELD_INT, FIELD_ALWAYS, NULL),
    SHAPE_KIND("round", FIELD_INT, FIELD_ALWAYS, NULL),
    SHAPE_ENUM("why", SKIP_WHY_NAMES, FIELD_ALWAYS),
    SHAPE_TEXT("who", 0, NULL),
};
static const struct record SKIPPED =
    SHAPE("EventStepSkipped", "A step, or one it names, was passed over.", SKIPPED_FIELDS);

static const struct field HELD_FIELDS[] = {
    SHAPE_KIND("step", FIELD_INT, FIELD_ALWAYS, NULL),
    SHAPE_KIND("until", FIELD_UTC, FIELD_ALWAYS, NULL),
    SHAPE_TEXT("why", FIELD_ALWAYS, NULL),
};
static const struct record HELD =
    SHAPE("EventEscalationHeld", "The next step waits for a message.", HELD_FIELDS);

/* Why this person: also kept with the page. */
#define REASON_FIELDS                                                                           \
    SHAPE_TEXT("through", 0, "The schedule, team … that led to them."),                         \
        SHAPE_TEXT("layer", 0, NULL), SHAPE_KIND("shift_since", FIELD_UTC, 0, NULL),            \
        SHAPE_KIND("shift_until", FIELD_UTC, 0, NULL),                                          \
        SHAPE_TEXT("asked_by", 0, "Of a page that somebody asked for."),                        \
        SHAPE_TEXT("by", 0, "By whose hand."), SHAPE_TEXT("note", 0, NULL),                     \
        SHAPE_KIND("last_resort", FIELD_BOOL, 0, NULL), SHAPE_KIND("step", FIELD_INT, 0, NULL), \
        SHAPE_KIND("round", FIELD_INT, 0, NULL), SHAPE_TEXT("override", 0, "Its comment."),     \
        SHAPE_TEXT("silence", 0, "One that held it until just now."),                           \
        SHAPE_TEXT("silence_comment", 0, NULL),                                                 \
        SHAPE_KIND("again", FIELD_BOOL, 0, "They may believe it to be over.")

static const struct field REASON_OF_PAGE[] = {
    SHAPE_ENUM("via", TELLING_VIA_NAMES, FIELD_ALWAYS),
    REASON_FIELDS,
};
const struct record PAGE_REASON_SHAPE =
    SHAPE("PageReason", "Rule, layer and step that led to somebody.", REASON_OF_PAGE);

static const struct field STARTED_FIELDS[] = {
    SHAPE_TEXT("who", FIELD_ALWAYS, NULL),
    SHAPE_KIND("page", FIELD_INT, FIELD_ALWAYS, NULL),
    SHAPE_ENUM("via", TELLING_VIA_NAMES, FIELD_ALWAYS),
    REASON_FIELDS,
};
static const struct record STARTED = SHAPE("EventPageStarted", "Somebody is told.", STARTED_FIELDS);

static const struct field UNREACHABLE_FIELDS[] = {
    SHAPE_TEXT("who", FIELD_ALWAYS, NULL),
    SHAPE_KIND("page", FIELD_INT, 0, NULL),
    SHAPE_TEXT("then", 0, "wait, anybody, next_step or nothing: what follows."),
    SHAPE_TEXT("why", 0, "Of somebody who was not paged at all."),
    SHAPE_ENUM("via", TELLING_VIA_NAMES, 0),
    REASON_FIELDS,
};
static const struct record UNREACHABLE =
    SHAPE("EventPageUnreachable", "No contact of theirs will do.", UNREACHABLE_FIELDS);

static const struct field MOVED_FIELDS[] = {
    SHAPE_TEXT("from", FIELD_ALWAYS, "Who had it."),
    SHAPE_KIND("page", FIELD_INT, FIELD_ALWAYS, NULL),
};
static const struct record MOVED = SHAPE("EventPageMoved", "It goes to others.", MOVED_FIELDS);

static const struct field SUPERSEDED_FIELDS[] = {
    SHAPE_TEXT("who", FIELD_ALWAYS, NULL),
    SHAPE_KIND("page", FIELD_INT, FIELD_ALWAYS, NULL),
    SHAPE_KIND("by_page", FIELD_INT, FIELD_ALWAYS, NULL),
};
static const struct record SUPERSEDED =
    SHAPE("EventPageSuperseded", "A more urgent page stands for it.", SUPERSEDED_FIELDS);

static const struct field FELL_BACK_FIELDS[] = {
    SHAPE_TEXT("who", FIELD_ALWAYS, NULL),
    SHAPE_KIND("page", FIELD_INT, FIELD_ALWAYS, NULL),
    SHAPE_TEXT("from", FIELD_ALWAYS, "The contact that failed."),
    SHAPE_TEXT("to", FIELD_ALWAYS, NULL),
};
static const struct record FELL_BACK =
    SHAPE("EventPageFellBack", "Another contact is used.", FELL_BACK_FIELDS);

static const struct field APPLIED_FIELDS[] = {
    SHAPE_TEXT("who", FIELD_ALWAYS, NULL),
    SHAPE_KIND("page", FIELD_INT, FIELD_ALWAYS, NULL),
    SHAPE_KIND("rule", FIELD_INT, FIELD_ALWAYS, "Its number, from 1 on."),
    SHAPE_TEXT("to", FIELD_ALWAYS, "The contact."),
};
static const struct record APPLIED =
    SHAPE("EventRuleApplied", "A later rule of the person's applied.", APPLIED_FIELDS);

static const struct field DELIVERY_FIELDS[] = {
    SHAPE_TEXT("who", FIELD_ALWAYS, NULL),
    SHAPE_TEXT("contact", FIELD_ALWAYS, NULL),
    SHAPE_KIND("delivery", FIELD_INT, FIELD_ALWAYS, NULL),
    SHAPE_KIND("items", FIELD_INT, FIELD_ALWAYS, "So many notifications in one message."),
    SHAPE_TEXT("detail", FIELD_ALWAYS, "What the provider said."),
    SHAPE_TEXT("alerts", 0, "\"alert:5 alert:6\": those of a message about several."),
};
static const struct record DELIVERED =
    SHAPE("EventDelivery", "What became of a message.", DELIVERY_FIELDS);

static const struct field TESTED_FIELDS[] = {
    SHAPE_TEXT("from", FIELD_ALWAYS, "Who asked for it."),
    SHAPE_TEXT("contact", FIELD_ALWAYS, NULL),
};
static const struct record TESTED =
    SHAPE("EventContactTested", "A test message is sent.", TESTED_FIELDS);

static const struct field VERIFIED_FIELDS[] = {SHAPE_TEXT("contact", FIELD_ALWAYS, NULL)};
static const struct record VERIFIED = SHAPE("EventContactVerified", "It arrived.", VERIFIED_FIELDS);

static const struct field WARNED_FIELDS[] = {
    SHAPE_KIND("since", FIELD_UTC, FIELD_ALWAYS, NULL),
    SHAPE_KIND("until", FIELD_UTC, FIELD_ALWAYS, NULL),
    SHAPE_ENUM("cause", GAP_CAUSE_NAMES, FIELD_ALWAYS),
    SHAPE_KIND("told", FIELD_TEXTS, FIELD_ALWAYS, "Who was warned."),
};
static const struct record WARNED =
    SHAPE("EventGapWarned", "Nobody will be on call.", WARNED_FIELDS);

const struct event_kind EVENT_ESCALATION_STEP_SKIPPED = {.name = "escalation.step_skipped",
                                                         .data = &SKIPPED};
const struct event_kind EVENT_ESCALATION_HELD = {.name = "escalation.held", .data = &HELD};
const struct event_kind EVENT_ESCALATION_EXHAUSTED = {.name = "escalation.exhausted",
                                                      .is_trouble = true};
const struct event_kind EVENT_ESCALATION_NOBODY = {.name = "escalation.nobody", .is_trouble = true};
const struct event_kind EVENT_PAGE_STARTED = {.name = "page.started", .data = &STARTED};
const struct event_kind EVENT_PAGE_MOVED = {.name = "page.moved", .data = &MOVED};
const struct event_kind EVENT_PAGE_SUPERSEDED = {.name = "page.superseded", .data = &SUPERSEDED};
const struct event_kind EVENT_PAGE_FELL_BACK = {.name = "page.fell_back", .data = &FELL_BACK};
const struct event_kind EVENT_PAGE_RULE_APPLIED = {.name = "page.rule_applied", .data = &APPLIED};
const struct event_kind EVENT_PAGE_UNREACHABLE = {
    .name = "page.unreachable", .data = &UNREACHABLE, .is_trouble = true};
const struct event_kind EVENT_DELIVERY_DELIVERED = {.name = "delivery.delivered",
                                                    .data = &DELIVERED};
const struct event_kind EVENT_DELIVERY_RETRY = {.name = "delivery.retry", .data = &DELIVERED};
const struct event_kind EVENT_DELIVERY_REFUSED = {
    .name = "delivery.refused", .data = &DELIVERED, .is_trouble = true};
const struct event_kind EVENT_DELIVERY_UNKNOWN = {
    .name = "delivery.unknown", .data = &DELIVERED, .is_trouble = true};
const struct event_kind EVENT_DELIVERY_CANCELLED = {.name = "delivery.cancelled",
                                                    .data = &DELIVERED};
const struct event_kind EVENT_DELIVERY_SLOW = {.name = "delivery.slow", .data = &DELIVERED};
const struct event_kind EVENT_CONTACT_TESTED = {
    .name = "contact.tested", .subjects = OF_RECEIVER, .data = &TESTED};
const struct event_kind EVENT_CONTACT_VERIFIED = {
    .name = "contact.verified", .subjects = OF_RECEIVER, .data = &VERIFIED};
const struct event_kind EVENT_SCHEDULE_GAP_WARNED = {
    .name = "schedule.gap_warned", .subjects = OF_SCHEDULE, .data = &WARNED};

const struct event_kind *const PAGING_EVENTS[] = {&EVENT_ESCALATION_STEP_SKIPPED,
                                                  &EVENT_ESCALATION_HELD,
                                                  &EVENT_ESCALATION_EXHAUSTED,
                                                  &EVENT_ESCALATION_NOBODY,
                                                  &EVENT_PAGE_STARTED,
                                                  &EVENT_PAGE_MOVED,
                                                  &EVENT_PAGE_SUPERSEDED,
                                                  &EVENT_PAGE_FELL_BACK,
                                                  &EVENT_PAGE_RULE_APPLIED,
                                                  &EVENT_PAGE_UNREACHABLE,
                                                  &EVENT_DELIVERY_DELIVERED,
                                                  &EVENT_DELIVERY_RETRY,
                                                  &EVENT_DELIVERY_REFUSED,
                                                  &EVENT_DELIVERY_UNKNOWN,
                                                  &EVENT_DELIVERY_CANCELLED,
                                                  &EVENT_DELIVERY_SLOW,
                                                  &EVENT_CONTACT_TESTED,
                                                  &EVENT_CONTACT_VERIFIED,
                                                  &EVENT_SCHEDULE_GAP_WARNED,
                                                  NULL};
