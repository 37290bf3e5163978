#include "alert/alert.h"

#include "base/limits.h"

const struct enum_name ALERT_STATUS_NAMES[] = {{"open", ALERT_OPEN},
                                               {"acknowledged", ALERT_ACKNOWLEDGED},
                                               {"resolved", ALERT_RESOLVED},
                                               {"suppressed", ALERT_SUPPRESSED},
                                               {NULL, 0}};

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

#define AT(member) offsetof(struct alert, member)

static const struct field ALERT_FIELDS[] = {
    {.name = "id", .kind = FIELD_CUSTOM, .offset = AT(id), .codec = &ID_CODEC},
    {.name = "status", .kind = FIELD_ENUM, .offset = AT(status), .names = ALERT_STATUS_NAMES},
    {.name = "severity", .kind = FIELD_ENUM, .offset = AT(severity), .names = SEVERITY_NAMES},
    {.name = "urgency", .kind = FIELD_ENUM, .offset = AT(urgency), .names = URGENCY_NAMES},
    {.name = "service", .kind = FIELD_TEXT, .offset = AT(service)},
    {.name = "summary", .kind = FIELD_TEXT, .offset = AT(summary)},
    {.name = "first_summary",
     .kind = FIELD_TEXT,
     .offset = AT(first_summary),
     .doc = "How it came in, when its sender has changed the summary since."},
    {.name = "first_severity",
     .kind = FIELD_ENUM,
     .offset = AT(first_severity),
     .names = SEVERITY_NAMES,
     .doc = "How it came in, when the severity has changed since."},
    {.name = "integration",
     .kind = FIELD_TEXT,
     .offset = AT(integration),
     .doc = "The door it came in by; \"heartbeat:NAME\" for a missed heartbeat."},
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
     .doc = "The thing that is broken: a host, an address."},
    {.name = "component", .kind = FIELD_TEXT, .offset = AT(component)},
    {.name = "group", .kind = FIELD_TEXT, .offset = AT(group)},
    {.name = "class", .kind = FIELD_TEXT, .offset = AT(class_name)},
    {.name = "details", .kind = FIELD_JSON, .offset = AT(details)},
    {.name = "links", .kind = FIELD_JSON, .offset = AT(links)},
    {.name = "count",
     .kind = FIELD_INT,
     .offset = AT(count),
     .doc = "How often it was triggered while it was open."},
    {.name = "route",
     .kind = FIELD_TEXT,
     .offset = AT(route),
     .doc = "Names of the routes that it took, a comma between them."},
    {.name = "is_flapping",
     .kind = FIELD_BOOL,
     .offset = AT(is_flapping),
     .doc = "It opened too often lately; its paging is held back."},
    {.name = "first_at", .kind = FIELD_UTC, .offset = AT(first_at)},
    {.name = "last_at", .kind = FIELD_UTC, .offset = AT(last_at)},
    {.name = "started_at",
     .kind = FIELD_UTC,
     .offset = AT(started_at),
     .doc = "Since when, by the sender's clock. Absent when it did not say."},
    {.name = "ended_at",
     .kind = FIELD_UTC,
     .offset = AT(ended_at),
     .doc = "When it was over, by the sender's clock. Absent when it did not say."},
    {.name = "acknowledged_at", .kind = FIELD_UTC, .offset = AT(acknowledged_at)},
    {.name = "acknowledged_by",
     .kind = FIELD_TEXT,
     .offset = AT(acknowledged_by),
     .doc = "\"user:ana\", \"integration:prod-am\", \"token:ci\"."},
    {.name = "resolved_at", .kind = FIELD_UTC, .offset = AT(resolved_at)},
    {.name = "resolved_by", .kind = FIELD_TEXT, .offset = AT(resolved_by)},
    {.name = "snoozed_until",
     .kind = FIELD_UTC,
     .offset = AT(snoozed_until),
     .doc = "When it pages again, although it is acknowledged: acknowledged_by put it to sleep."},
    {.name = "expires_at",
     .kind = FIELD_UTC,
     .offset = AT(expires_at),
     .doc = "Resolved if its source does not repeat it by then."},
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
     .doc = "In the answer to a page that is asked for: what does not go at once, as [{who, "
            "contact, why, until}]; "
            "until: at the latest. Absent when all does."},
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

void alert_clear(struct alert *alert)
{
    record_clear(&ALERT_RECORD, alert);
}
