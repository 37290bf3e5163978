#include "base/describe.h"
#include "retention/retention_work.h"

static const char *const OF_RETENTION[] = {"retention", NULL};

static const struct field RAN_FIELDS[] = {
    SHAPE_KIND("alerts", FIELD_INT, FIELD_ALWAYS, NULL),
    SHAPE_KIND("deliveries", FIELD_INT, FIELD_ALWAYS, NULL),
    SHAPE_KIND("notices", FIELD_INT, FIELD_ALWAYS, "Messages that were about no alert."),
    SHAPE_KIND("payloads", FIELD_INT, FIELD_ALWAYS, NULL),
    SHAPE_KIND("events", FIELD_INT, FIELD_ALWAYS, NULL),
};
static const struct record RAN =
    SHAPE("EventRetentionRan", "So much of what was old was deleted.", RAN_FIELDS);

const struct event_kind EVENT_RETENTION_RAN = {
    .name = "retention.ran", .subjects = OF_RETENTION, .data = &RAN};

const struct event_kind *const RETENTION_EVENTS[] = {&EVENT_RETENTION_RAN, NULL};
