#include "alert/service.h"

#include <string.h>

#include "alert/facts.h"
#include "alert/match.h"
#include "base/limits.h"
#include "people/user.h"

enum { LIMIT_MATCHES = 50, LIMIT_WINDOWS = 50 };

const struct enum_name SERVICE_URGENCY_NAMES[] = {
    {"high", SERVICE_HIGH}, {"low", SERVICE_LOW}, {"by-severity", SERVICE_BY_SEVERITY}, {NULL, 0}};

const struct enum_name INTEGRATION_KIND_NAMES[] = {INTEGRATION_KIND_ROWS, {NULL, 0}};

/* The signs are what Prometheus and Alertmanager users write; the words are what we write. */
const struct enum_name MATCH_OP_NAMES[] = {
    {"equals", MATCH_EQUALS}, {"not-equals", MATCH_NOT_EQUALS},
    {"regex", MATCH_REGEX},   {"not-regex", MATCH_NOT_REGEX},
    {"exists", MATCH_EXISTS}, {"=", MATCH_EQUALS},
    {"!=", MATCH_NOT_EQUALS}, {"=~", MATCH_REGEX},
    {"!~", MATCH_NOT_REGEX},  {NULL, 0}};

int urgency_of(const struct service *service, int severity)
{
    if (service != NULL && service->urgency == SERVICE_HIGH) {
        return URGENCY_HIGH;
    }
    if (service != NULL && service->urgency == SERVICE_LOW) {
        return URGENCY_LOW;
    }
    return severity == SEVERITY_CRITICAL || severity == SEVERITY_ERROR ? URGENCY_HIGH : URGENCY_LOW;
}

/* --- the value of a condition --- */

static bool match_value_read(const json_t *value, void *field, struct fault *fault)
{
    char *text = NULL;
    if (json_is_string(value)) {
        text = g_strdup(json_string_value(value));
    } else if (json_is_integer(value)) {
        text = g_strdup_printf("%" JSON_INTEGER_FORMAT, json_integer_value(value));
    } else if (json_is_boolean(value)) {
        text = g_strdup(json_is_true(value) ? "true" : "false");
    } else {
        return fault_set(fault, "", "A condition's value is a text; put it in quotation marks.");
    }
    if (strlen(text) > LIMIT_TEXT) {
        g_free(text);
        return fault_set(fault, "", "A condition's value is at most %d bytes long.", LIMIT_TEXT);
    }
    struct match_value *made = g_new0(struct match_value, 1);
    made->text = text;
    *(struct match_value **)field = made;
    return true;
}

static json_t *match_value_write(const void *field)
{
    const struct match_value *value = *(struct match_value *const *)field;
    return value == NULL ? NULL : json_string(value->text);
}

static void match_value_clear(void *field)
{
    struct match_value **value = field;
    if (*value != NULL) {
        g_free((*value)->text);
        g_clear_pointer(&(*value)->regex, g_regex_unref);
        g_free(*value);
        *value = NULL;
    }
}

static json_t *match_value_schema(void)
{
    return json_pack("{s:s}", "type", "string");
}

static const struct field_codec MATCH_VALUE_CODEC = {
    .read = match_value_read,
    .write = match_value_write,
    .clear = match_value_clear,
    .schema = match_value_schema,
};

static bool match_check(const void *self, struct fault *fault)
{
    const struct match *match = self;
    if (!match_field_is_known(match->field)) {
        return fault_set(fault, "field",
                         "There is no field \"%.60s\". Use summary, severity, source, component, "
                         "group, class, service, integration, dedup_key, or details.NAME (labels "
                         "of Prometheus: details.labels.NAME).",
                         match->field);
    }
    if (match->op == MATCH_EXISTS) {
        return match->value == NULL ||
               fault_set(fault, "value", "\"exists\" takes no value; leave it out.");
    }
    if (match->value == NULL) {
        return fault_set(fault, "value", "Say which value %s has to have.", match->field);
    }
    if (match->op == MATCH_REGEX || match->op == MATCH_NOT_REGEX) {
        match->value->regex = match_compile(match->value->text, fault);
        return match->value->regex != NULL;
    }
    return true;
}

static const struct field MATCH_FIELDS[] = {
    {.name = "field",
     .kind = FIELD_TEXT,
     .offset = offsetof(struct match, field),
     .flags = FIELD_REQUIRED,
     .min = 1,
     .max = LIMIT_TEXT,
     .doc = "summary, severity, source, component, group, class, service, integration, dedup_key, "
            "or details.NAME; labels of Prometheus are details.labels.NAME."},
    {.name = "op",
     .kind = FIELD_ENUM,
     .offset = offsetof(struct match, op),
     .names = MATCH_OP_NAMES,
     .doc = "equals when absent. A regular expression has to match the whole value."},
    {.name = "value",
     .kind = FIELD_CUSTOM,
     .offset = offsetof(struct match, value),
     .codec = &MATCH_VALUE_CODEC,
     .doc = "What to compare with; absent with op exists."},
};

const struct record MATCH_RECORD = {
    .name = "Match",
    .doc = "One condition on a field of an alert.",
    .size = sizeof(struct match),
    .fields = MATCH_FIELDS,
    .field_count = G_N_ELEMENTS(MATCH_FIELDS),
    .check = match_check,
};

/* --- services, integrations, heartbeats --- */

#define NAME_FIELD(type)                                                                      \
    {                                                                                         \
        .name = "name", .kind = FIELD_TEXT, .offset = offsetof(struct type, name),            \
        .flags = FIELD_REQUIRED, .min = 1, .max = LIMIT_NAME, .doc = "Unique among its kind." \
    }

#define DAY_US (INT64_C(86400) * 1000000)

static const struct field SERVICE_FIELDS[] = {
    NAME_FIELD(service),
    {.name = "policy",
     .kind = FIELD_TEXT,
     .offset = offsetof(struct service, policy),
     .flags = FIELD_REQUIRED,
     .min = 1,
     .max = LIMIT_NAME,
     .doc = "Name of the escalation policy that its alerts walk."},
    {.name = "owner",
     .kind = FIELD_TEXT,
     .offset = offsetof(struct service, owner),
     .max = LIMIT_NAME,
     .doc = "Name of the team that looks after it."},
    {.name = "urgency",
     .kind = FIELD_ENUM,
     .offset = offsetof(struct service, urgency),
     .names = SERVICE_URGENCY_NAMES,
     .doc = "by-severity when absent: critical and error are high, the rest low."},
    {.name = "acknowledge_expires",
     .kind = FIELD_SPAN,
     .offset = offsetof(struct service, acknowledge_expires),
     .min = 0,
     .max = 30 * DAY_US,
     .doc = "Ask \"still on it?\" this long after an acknowledgement; never when absent."},
    {.name = "auto_resolve",
     .kind = FIELD_SPAN,
     .offset = offsetof(struct service, auto_resolve),
     .min = 0,
     .max = 365 * DAY_US,
     .doc = "Resolve alerts that were not seen for this long; never when absent."},
    {.name = "endings",
     .kind = FIELD_ENUM,
     .offset = offsetof(struct service, endings),
     .names = ENDINGS_NAMES,
     .doc = "tell when absent: whoever was told of an alert hears when it is over; or skip."},
    {.name = "show",
     .kind = FIELD_TEXTS,
     .offset = offsetof(struct service, show),
     .max = FACTS_LABELS_MAX,
     .doc = "Names of the labels that messages show, in this order; all that matter when absent."},
};

const struct record SERVICE_RECORD = {
    .name = "Service",
    .doc = "What can break, and which policy pages for it.",
    .size = sizeof(struct service),
    .fields = SERVICE_FIELDS,
    .field_count = G_N_ELEMENTS(SERVICE_FIELDS),
};

static bool key_check(const char *key, struct fault *fault)
{
    if (key == NULL || (g_str_has_prefix(key, "env:") && key[4] != '\0') ||
        (g_str_has_prefix(key, "file:") && key[5] != '\0')) {
        return true;
    }
    return fault_set(fault, "key",
                     "A key does not stand in the file itself: write env:NAME or file:PATH, or "
                     "leave it out to have one minted and printed once.");
}

static bool integration_check(const void *self, struct fault *fault)
{
    const struct integration *integration = self;
    if (integration->silences && integration->kind != INTEGRATION_PROMETHEUS) {
        return fault_set(fault, "silences",
                         "is for kind prometheus: only its door takes silences; leave it out");
    }
    return key_check(integration->key, fault);
}

static const struct field INTEGRATION_FIELDS[] = {
    NAME_FIELD(integration),
    {.name = "kind",
     .kind = FIELD_ENUM,
     .offset = offsetof(struct integration, kind),
     .flags = FIELD_REQUIRED,
     .names = INTEGRATION_KIND_NAMES,
     .doc = "Which format arrives at its door."},
    {.name = "service",
     .kind = FIELD_TEXT,
     .offset = offsetof(struct integration, service),
     .flags = FIELD_REQUIRED,
     .min = 1,
     .max = LIMIT_NAME,
     .doc = "Where its alerts go when no route says otherwise."},
    {.name = "key",
     .kind = FIELD_TEXT,
     .offset = offsetof(struct integration, key),
     .flags = FIELD_SECRET,
     .doc = "env:NAME or file:PATH; minted and printed once when absent."},
    {.name = "silences",
     .kind = FIELD_BOOL,
     .offset = offsetof(struct integration, silences),
     .doc =
         "Whoever has the key may also silence this integration's alerts, through Alertmanager's "
         "interface; else only with an access token of scope respond."},
};

const struct record INTEGRATION_RECORD = {
    .name = "Integration",
    .doc = "A door through which one sender's alerts come in.",
    .size = sizeof(struct integration),
    .fields = INTEGRATION_FIELDS,
    .field_count = G_N_ELEMENTS(INTEGRATION_FIELDS),
    .check = integration_check,
};

static bool heartbeat_check(const void *self, struct fault *fault)
{
    const struct heartbeat *heartbeat = self;
    if (heartbeat->every.us < SPAN_S(1).us) {
        return fault_set(fault, "every", "A heartbeat comes every 1s at the most often.");
    }
    return key_check(heartbeat->key, fault);
}

static const struct field HEARTBEAT_FIELDS[] = {
    NAME_FIELD(heartbeat),
    {.name = "service",
     .kind = FIELD_TEXT,
     .offset = offsetof(struct heartbeat, service),
     .flags = FIELD_REQUIRED,
     .min = 1,
     .max = LIMIT_NAME,
     .doc = "Whose policy pages when it stays away."},
    {.name = "severity",
     .kind = FIELD_ENUM,
     .offset = offsetof(struct heartbeat, severity),
     .names = SEVERITY_NAMES,
     .doc = "critical when absent."},
    {.name = "every",
     .kind = FIELD_SPAN,
     .offset = offsetof(struct heartbeat, every),
     .flags = FIELD_REQUIRED,
     .min = 1000000,
     .max = 366 * DAY_US,
     .doc = "How often it should be heard."},
    {.name = "grace",
     .kind = FIELD_SPAN,
     .offset = offsetof(struct heartbeat, grace),
     .min = 0,
     .max = 31 * DAY_US,
     .doc = "How late it may be before it pages; 0s when absent."},
    {.name = "key",
     .kind = FIELD_TEXT,
     .offset = offsetof(struct heartbeat, key),
     .flags = FIELD_SECRET,
     .doc = "env:NAME or file:PATH; minted and printed once when absent."},
};

const struct record HEARTBEAT_RECORD = {
    .name = "Heartbeat",
    .doc = "A sign of life that pages when it stays away.",
    .size = sizeof(struct heartbeat),
    .fields = HEARTBEAT_FIELDS,
    .field_count = G_N_ELEMENTS(HEARTBEAT_FIELDS),
    .check = heartbeat_check,
};

/* --- routes and silences --- */

static bool route_check(const void *self, struct fault *fault)
{
    const struct route *route = self;
    if (route->service == NULL && route->severity == 0 && !route->suppress) {
        return fault_set(fault, "",
                         "Route \"%.100s\" changes nothing: give it a service, a severity or "
                         "suppress: true.",
                         route->name);
    }
    return true;
}

static const struct field ROUTE_FIELDS[] = {
    NAME_FIELD(route),
    {.name = "match",
     .kind = FIELD_RECORDS,
     .offset = offsetof(struct route, match),
     .max = LIMIT_MATCHES,
     .record = &MATCH_RECORD,
     .doc = "Conditions that must all hold; always taken when there are none."},
    {.name = "integration",
     .kind = FIELD_TEXT,
     .offset = offsetof(struct route, integration),
     .max = LIMIT_NAME,
     .doc = "Only alerts of this integration; of all when absent."},
    {.name = "service",
     .kind = FIELD_TEXT,
     .offset = offsetof(struct route, service),
     .max = LIMIT_NAME,
     .doc = "Where to; unchanged when absent."},
    {.name = "severity",
     .kind = FIELD_ENUM,
     .offset = offsetof(struct route, severity),
     .names = SEVERITY_NAMES,
     .doc = "The severity it gets; unchanged when absent."},
    {.name = "suppress",
     .kind = FIELD_BOOL,
     .offset = offsetof(struct route, suppress),
     .doc = "Recorded, never paged."},
    {.name = "continue",
     .kind = FIELD_BOOL,
     .offset = offsetof(struct route, continues),
     .doc = "Go on to the next route instead of stopping here."},
};

const struct record ROUTE_RECORD = {
    .name = "Route",
    .doc = "Where alerts go that meet conditions; tried in order.",
    .size = sizeof(struct route),
    .fields = ROUTE_FIELDS,
    .field_count = G_N_ELEMENTS(ROUTE_FIELDS),
    .check = route_check,
};

const struct enum_name SILENCE_STATE_NAMES[] = {
    {"active", SILENCE_ACTIVE}, {"pending", SILENCE_PENDING}, {"over", SILENCE_OVER}, {NULL, 0}};

static bool told_count_read(const json_t *value, void *field, struct fault *fault)
{
    struct told_count *told = field;
    if (!json_is_integer(value)) {
        return fault_set(fault, "", "must be a whole number");
    }
    *told = (struct told_count){true, json_integer_value(value)};
    return true;
}

static json_t *told_count_write(const void *field)
{
    const struct told_count *told = field;
    return told->is_told ? json_integer(told->count) : NULL;
}

static json_t *told_count_schema(void)
{
    return json_pack("{s:s}", "type", "integer");
}

static const struct field_codec TOLD_COUNT_CODEC = {
    .read = told_count_read, .write = told_count_write, .schema = told_count_schema};

static bool silence_check(const void *self, struct fault *fault)
{
    const struct silence *silence = self;
    bool is_once = utc_is_set(silence->from) || utc_is_set(silence->to);
    bool is_recurring = silence->windows->len > 0;
    if (is_once == is_recurring) {
        return fault_set(fault, is_once ? "windows" : "from",
                         "A silence has either from and to (once) or windows and time_zone "
                         "(recurring)%s.",
                         is_once ? ", not both" : "");
    }
    if (is_once && (!utc_is_set(silence->from) || !utc_is_set(silence->to))) {
        return fault_set(fault, utc_is_set(silence->from) ? "to" : "from",
                         "A silence needs both from and to.");
    }
    if (is_once && !utc_before(silence->from, silence->to)) {
        return fault_set(fault, "to", "A silence must end after it begins.");
    }
    if (is_once && silence->time_zone != NULL) {
        return fault_set(fault, "time_zone",
                         "Only recurring silences have a time_zone; from and to carry their own "
                         "offset.");
    }
    if (is_recurring && silence->time_zone == NULL) {
        return fault_set(fault, "time_zone",
                         "Say in which time zone the windows are, such as "
                         "Europe/Paris.");
    }
    if (is_recurring && zone_load(silence->time_zone, fault) == NULL) {
        (void)g_strlcpy(fault->field, "time_zone", sizeof(fault->field));
        return false;
    }
    return true;
}

static const struct field SILENCE_FIELDS[] = {
    NAME_FIELD(silence),
    {.name = "match",
     .kind = FIELD_RECORDS,
     .offset = offsetof(struct silence, match),
     .flags = FIELD_REQUIRED,
     .min = 1,
     .max = LIMIT_MATCHES,
     .record = &MATCH_RECORD,
     .doc = "Conditions that must all hold; at least one."},
    {.name = "from", .kind = FIELD_UTC, .offset = offsetof(struct silence, from)},
    {.name = "to", .kind = FIELD_UTC, .offset = offsetof(struct silence, to)},
    {.name = "windows",
     .kind = FIELD_RECORDS,
     .offset = offsetof(struct silence, windows),
     .max = LIMIT_WINDOWS,
     .record = &WINDOW_RECORD,
     .doc = "When it recurs, weekly, in time_zone."},
    {.name = "time_zone",
     .kind = FIELD_TEXT,
     .offset = offsetof(struct silence, time_zone),
     .max = LIMIT_NAME},
    {.name = "comment",
     .kind = FIELD_TEXT,
     .offset = offsetof(struct silence, comment),
     .max = LIMIT_TEXT},
    {.name = "author",
     .kind = FIELD_TEXT,
     .offset = offsetof(struct silence, author),
     .max = LIMIT_TEXT,
     .doc = "Who made it, in the words of the program that sent it; nobody proved that."},
    {.name = "created_by",
     .kind = FIELD_TEXT,
     .offset = offsetof(struct silence, created_by),
     .max = LIMIT_TEXT,
     .doc = "Set by the server when it is made through the API."},
    {.name = "id",
     .kind = FIELD_TEXT,
     .offset = offsetof(struct silence, id),
     .flags = FIELD_READ_ONLY,
     .doc = "What clients of Alertmanager's interface know it by."},
    {.name = "state",
     .kind = FIELD_ENUM,
     .offset = offsetof(struct silence, state),
     .flags = FIELD_READ_ONLY,
     .names = SILENCE_STATE_NAMES,
     .doc = "active: in force now; pending: will be; over: never again."},
    {.name = "changes_at",
     .kind = FIELD_UTC,
     .offset = offsetof(struct silence, changes_at),
     .flags = FIELD_READ_ONLY,
     .doc = "When the state changes next."},
    {.name = "holds",
     .kind = FIELD_CUSTOM,
     .offset = offsetof(struct silence, holds),
     .flags = FIELD_READ_ONLY,
     .codec = &TOLD_COUNT_CODEC,
     .doc = "How many open alerts it holds now; told where it was asked for."},
};

const struct record SILENCE_RECORD = {
    .name = "Silence",
    .doc = "Alerts that meet conditions do not page, once or at recurring times.",
    .size = sizeof(struct silence),
    .fields = SILENCE_FIELDS,
    .field_count = G_N_ELEMENTS(SILENCE_FIELDS),
    .check = silence_check,
};
