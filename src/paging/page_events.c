/* What paging tells of itself. An escalation and its pages are events of what they page about. */
#include "paging/work.h"

static const char *const OF_RECEIVER[] = {"user", "channel", NULL};
static const char *const OF_SCHEDULE[] = {"schedule", NULL};

const struct event_kind EVENT_ESCALATION_STEP_SKIPPED = {.name = "escalation.step_skipped"};
const struct event_kind EVENT_ESCALATION_HELD = {.name = "escalation.held"};
const struct event_kind EVENT_ESCALATION_EXHAUSTED = {.name = "escalation.exhausted",
                                                      .is_trouble = true};
const struct event_kind EVENT_ESCALATION_NOBODY = {.name = "escalation.nobody", .is_trouble = true};
const struct event_kind EVENT_PAGE_STARTED = {.name = "page.started"};
const struct event_kind EVENT_PAGE_MOVED = {.name = "page.moved"};
const struct event_kind EVENT_PAGE_SUPERSEDED = {.name = "page.superseded"};
const struct event_kind EVENT_PAGE_FELL_BACK = {.name = "page.fell_back"};
const struct event_kind EVENT_PAGE_RULE_APPLIED = {.name = "page.rule_applied"};
const struct event_kind EVENT_PAGE_UNREACHABLE = {.name = "page.unreachable", .is_trouble = true};
const struct event_kind EVENT_DELIVERY_DELIVERED = {.name = "delivery.delivered"};
const struct event_kind EVENT_DELIVERY_RETRY = {.name = "delivery.retry"};
const struct event_kind EVENT_DELIVERY_REFUSED = {.name = "delivery.refused", .is_trouble = true};
const struct event_kind EVENT_DELIVERY_UNKNOWN = {.name = "delivery.unknown", .is_trouble = true};
const struct event_kind EVENT_DELIVERY_CANCELLED = {.name = "delivery.cancelled"};
const struct event_kind EVENT_DELIVERY_SLOW = {.name = "delivery.slow"};
const struct event_kind EVENT_CONTACT_TESTED = {.name = "contact.tested", .subjects = OF_RECEIVER};
const struct event_kind EVENT_CONTACT_VERIFIED = {.name = "contact.verified",
                                                  .subjects = OF_RECEIVER};
const struct event_kind EVENT_SCHEDULE_GAP_WARNED = {.name = "schedule.gap_warned",
                                                     .subjects = OF_SCHEDULE};

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
