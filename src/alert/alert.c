#include "alert/alert.h"

#include "base/describe.h"
#include "db/row.h"

const struct enum_name ALERT_STATUS_NAMES[] = {{"open", ALERT_OPEN},
                                               {"acknowledged", ALERT_ACKNOWLEDGED},
                                               {"resolved", ALERT_RESOLVED},
                                               {"suppressed", ALERT_SUPPRESSED},
                                               {NULL, 0}};

/* It is open again when its pause ends or somebody asks for more hands, and when what was over goes on after all. A
 * suppressed one never pages: it can only be over. */
static const struct state_change STATUS_CHANGES[] = {
    {0, STATE_BIT(ALERT_OPEN) | STATE_BIT(ALERT_SUPPRESSED)},
    {ALERT_OPEN, STATE_BIT(ALERT_ACKNOWLEDGED) | STATE_BIT(ALERT_RESOLVED)},
    {ALERT_ACKNOWLEDGED, STATE_BIT(ALERT_OPEN) | STATE_BIT(ALERT_RESOLVED)},
    {ALERT_RESOLVED, STATE_BIT(ALERT_OPEN)},
    {ALERT_SUPPRESSED, STATE_BIT(ALERT_RESOLVED)},
};

const struct states ALERT_STATES = {"alert", ALERT_STATUS_NAMES, STATUS_CHANGES,
                                    G_N_ELEMENTS(STATUS_CHANGES)};

const struct enum_name TAKE_OUTCOME_NAMES[] = {
    {"opened", TAKE_OPENED},       {"joined", TAKE_JOINED},   {"acknowledged", TAKE_ACKNOWLEDGED},
    {"resolved", TAKE_RESOLVED},   {"unknown", TAKE_UNKNOWN}, {"suppressed", TAKE_SUPPRESSED},
    {"continued", TAKE_CONTINUED}, {"stale", TAKE_STALE},     {NULL, 0}};

/* Ids are text in the API: a JavaScript number cannot hold all of them, and nobody should count
 * with them. */
static bool id_read(const json_t *value, void *field, struct fault *fault)
{
    gint64 id = 0;
    const char *text = json_string_value(value);
    if (text == NULL || !g_ascii_string_to_signed(text, 10, 1, G_MAXINT64, &id, NULL)) {
        return fault_set(fault, "", "An id is a whole number written as text, such as \"42\".");
    }
    *(int64_t *)field = id;
    return true;
}

static json_t *id_write(const void *field)
{
    return json_sprintf("%" G_GINT64_FORMAT, *(const int64_t *)field);
}

static json_t *id_schema(void)
{
    return json_pack("{s:s, s:s}", "type", "string", "pattern", "^[1-9][0-9]*$");
}

static const struct field_codec ID_CODEC = {
    .read = id_read, .write = id_write, .schema = id_schema};

static const struct field LINK_FIELDS[] = {
    SHAPE_TEXT("href", FIELD_ALWAYS, NULL),
    SHAPE_TEXT("text", 0, NULL),
};
const struct record LINK_SHAPE = SHAPE("AlertLink", "Where more stands.", LINK_FIELDS);

static const struct field HOLD_FIELDS[] = {
    SHAPE_TEXT("who", FIELD_ALWAYS, NULL),
    SHAPE_TEXT("contact", 0, NULL),
    SHAPE_TEXT("why", FIELD_ALWAYS, NULL),
    SHAPE_KIND("until", FIELD_UTC, 0, "At the latest."),
};
static const struct record HOLD_SHAPE =
    SHAPE("PageHeld", "A message that does not go at once.", HOLD_FIELDS);

#define AT(member) offsetof(struct alert, member)

static const struct field ALERT_FIELDS[] = {
    {.name = "id",
     .kind = FIELD_CUSTOM,
     .offset = AT(id),
     .flags = FIELD_ALWAYS,
     .codec = &ID_CODEC,
     .column = "id",
     .stored = COLUMN_ID},
    {.name = "status",
     .kind = FIELD_ENUM,
     .offset = AT(status),
     .flags = FIELD_ALWAYS,
     .names = ALERT_STATUS_NAMES,
     .column = "status"},
    {.name = "severity",
     .kind = FIELD_ENUM,
     .offset = AT(severity),
     .flags = FIELD_ALWAYS,
     .names = SEVERITY_NAMES,
     .column = "severity"},
    {.name = "urgency",
     .kind = FIELD_ENUM,
     .offset = AT(urgency),
     .flags = FIELD_ALWAYS,
     .names = URGENCY_NAMES,
     .column = "urgency"},
    {.name = "service",
     .kind = FIELD_TEXT,
     .offset = AT(service),
     .flags = FIELD_ALWAYS,
     .column = "service"},
    {.name = "summary",
     .kind = FIELD_TEXT,
     .offset = AT(summary),
     .flags = FIELD_ALWAYS,
     .column = "summary"},
    {.name = "first_summary",
     .kind = FIELD_TEXT,
     .offset = AT(first_summary),
     .doc = "How it came in, when its sender has changed the summary since.",
     .column = "first_summary"},
    {.name = "first_severity",
     .kind = FIELD_ENUM,
     .offset = AT(first_severity),
     .names = SEVERITY_NAMES,
     .doc = "How it came in, when the severity has changed since.",
     .column = "first_severity",
     .stored = COLUMN_NULL},
    {.name = "integration",
     .kind = FIELD_TEXT,
     .offset = AT(integration),
     .flags = FIELD_ALWAYS,
     .doc = "The door it came in by; \"heartbeat:NAME\" for a missed heartbeat.",
     .column = "integration",
     .stored = COLUMN_FIXED},
    {.name = "dedup_key", .kind = FIELD_TEXT, .offset = AT(dedup_key)},
    {.name = "key_service",
     .kind = FIELD_TEXT,
     .offset = AT(key_service),
     .doc = "Of an alert that no integration sent: the service that its sender named, to which the "
            "dedup_key "
            "belongs. A route may have sent the alert to another."},
    {.name = "source",
     .kind = FIELD_TEXT,
     .offset = AT(source),
     .doc = "The thing that is broken: a host, an address.",
     .column = "source"},
    {.name = "component", .kind = FIELD_TEXT, .offset = AT(component), .column = "component"},
    {.name = "group", .kind = FIELD_TEXT, .offset = AT(group), .column = "group_name"},
    {.name = "class", .kind = FIELD_TEXT, .offset = AT(class_name), .column = "class_name"},
    {.name = "details",
     .kind = FIELD_JSON,
     .offset = AT(details),
     .codec = &SHAPE_OBJECT_CODEC,
     .column = "details"},
    {.name = "links",
     .kind = FIELD_JSON,
     .offset = AT(links),
     .record = &LINK_SHAPE,
     .column = "links"},
    {.name = "count",
     .kind = FIELD_INT,
     .offset = AT(count),
     .flags = FIELD_ALWAYS,
     .doc = "How often it was triggered while it was open.",
     .column = "count",
     .stored = COLUMN_TOUCHED},
    {.name = "route",
     .kind = FIELD_TEXT,
     .offset = AT(route),
     .doc = "Names of the routes that it took, a comma between them.",
     .column = "route"},
    {.name = "is_flapping",
     .kind = FIELD_BOOL,
     .offset = AT(is_flapping),
     .doc = "It opened too often lately; its paging is held back.",
     .column = "flapping"},
    {.name = "first_at",
     .kind = FIELD_UTC,
     .offset = AT(first_at),
     .flags = FIELD_ALWAYS,
     .column = "first_at",
     .stored = COLUMN_FIXED},
    {.name = "last_at",
     .kind = FIELD_UTC,
     .offset = AT(last_at),
     .flags = FIELD_ALWAYS,
     .column = "last_at",
     .stored = COLUMN_TOUCHED},
    {.name = "started_at",
     .kind = FIELD_UTC,
     .offset = AT(started_at),
     .doc = "Since when, by the sender's clock. Absent when it did not say.",
     .column = "started_at",
     .stored = COLUMN_TOUCHED},
    {.name = "ended_at",
     .kind = FIELD_UTC,
     .offset = AT(ended_at),
     .doc = "When it was over, by the sender's clock. Absent when it did not say.",
     .column = "ended_at"},
    {.name = "acknowledged_at",
     .kind = FIELD_UTC,
     .offset = AT(acknowledged_at),
     .column = "acknowledged_at"},
    {.name = "acknowledged_by",
     .kind = FIELD_TEXT,
     .offset = AT(acknowledged_by),
     .doc = "\"user:ana\", \"integration:prod-am\", \"token:ci\".",
     .column = "acknowledged_by"},
    {.name = "resolved_at", .kind = FIELD_UTC, .offset = AT(resolved_at), .column = "resolved_at"},
    {.name = "resolved_by", .kind = FIELD_TEXT, .offset = AT(resolved_by), .column = "resolved_by"},
    {.name = "snoozed_until",
     .kind = FIELD_UTC,
     .offset = AT(snoozed_until),
     .doc = "When it pages again, although it is acknowledged: acknowledged_by put it to sleep.",
     .column = "snoozed_until"},
    {.name = "expires_at",
     .kind = FIELD_UTC,
     .offset = AT(expires_at),
     .doc = "Resolved if its source does not repeat it by then.",
     .column = "expires_at",
     .stored = COLUMN_TOUCHED},
    {.name = "silenced_by",
     .kind = FIELD_TEXT,
     .offset = AT(silenced_by),
     .doc = "The silence that holds it now: it pages nobody. Absent when none does."},
    {.name = "silenced_until",
     .kind = FIELD_UTC,
     .offset = AT(silenced_until),
     .doc = "When that silence ends."},
    {.name = "holds",
     .kind = FIELD_JSON,
     .offset = AT(holds),
     .record = &HOLD_SHAPE,
     .doc = "In the answer to a page that is asked for: what does not go at once. Absent when all "
            "does."},
};

const struct record ALERT_RECORD = {
    .name = "Alert",
    .doc = "A signal from a source, deduplicated, and what has become of it.",
    .size = sizeof(struct alert),
    .fields = ALERT_FIELDS,
    .field_count = G_N_ELEMENTS(ALERT_FIELDS),
};

bool alert_is_snoozed(const struct alert *alert)
{
    return alert->status == ALERT_ACKNOWLEDGED && utc_is_set(alert->snoozed_until);
}

struct utc alert_since(const struct alert *alert)
{
    return utc_is_set(alert->started_at) ? alert->started_at : alert->first_at;
}

struct span alert_lasted(const struct alert *alert)
{
    return utc_since(alert->resolved_at, utc_earlier(alert_since(alert), alert->first_at));
}

void alert_become(struct alert *alert, enum alert_status status)
{
    state_set(&ALERT_STATES, &alert->status, (int)status);
}

void alert_clear(struct alert *alert)
{
    record_clear(&ALERT_RECORD, alert);
}
