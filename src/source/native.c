#include "source/native.h"

#include "alert/alert.h"
#include "base/limits.h"

enum { LIMIT_LINKS = 20 };

static bool link_check(const void *self, struct fault *fault)
{
    const struct native_link *link = self;
    if (g_ascii_strncasecmp(link->href, "http://", 7) != 0 &&
        g_ascii_strncasecmp(link->href, "https://", 8) != 0) {
        return fault_set(fault, "href", "must begin with http:// or https://");
    }
    return true;
}

static const struct field LINK_FIELDS[] = {
    {.name = "href",
     .kind = FIELD_TEXT,
     .offset = offsetof(struct native_link, href),
     .flags = FIELD_REQUIRED,
     .min = 1,
     .max = LIMIT_TEXT},
    {.name = "text",
     .kind = FIELD_TEXT,
     .offset = offsetof(struct native_link, text),
     .max = LIMIT_NAME},
};

static const struct record LINK_RECORD = {
    .name = "Link",
    .doc = "A web page that helps: a runbook, a dashboard.",
    .size = sizeof(struct native_link),
    .fields = LINK_FIELDS,
    .field_count = G_N_ELEMENTS(LINK_FIELDS),
    .check = link_check,
};

static bool alert_check(const void *self, struct fault *fault)
{
    const struct native_alert *alert = self;
    bool is_trigger = alert->action == 0 || alert->action == SIGNAL_TRIGGER;
    if (!is_trigger && (alert->dedup_key == NULL || alert->dedup_key[0] == '\0')) {
        return fault_set(fault, "dedup_key", "is required to say which alert to %s",
                         enum_to_name(SIGNAL_ACTION_NAMES, alert->action));
    }
    if (alert->details != NULL && !json_is_object(alert->details)) {
        return fault_set(fault, "details", "must be an object");
    }
    if (alert->integration != NULL && alert->service != NULL) {
        return fault_set(fault, "service", "name an integration or a service, not both");
    }
    return true;
}

#define AT(member) offsetof(struct native_alert, member)

static const struct field ALERT_FIELDS[] = {
    {.name = "summary",
     .kind = FIELD_TEXT,
     .offset = AT(summary),
     .max = LIMIT_BODY,
     .doc = "What is wrong, in one line; cut at 1024 characters. Required for a trigger."},
    {.name = "action",
     .kind = FIELD_ENUM,
     .offset = AT(action),
     .names = SIGNAL_ACTION_NAMES,
     .doc = "trigger when absent."},
    {.name = "dedup_key",
     .kind = FIELD_TEXT,
     .offset = AT(dedup_key),
     .max = LIMIT_BODY,
     .doc =
         "Alerts with the same key fold into one. Made up for a trigger without one; longer ones "
         "than 255 bytes are kept as a hash."},
    {.name = "severity",
     .kind = FIELD_ENUM,
     .offset = AT(severity),
     .names = SEVERITY_NAMES,
     .doc = "error when absent; in a repeat, as it was."},
    {.name = "source",
     .kind = FIELD_TEXT,
     .offset = AT(source),
     .doc = "The thing that is broken: a host, an address."},
    {.name = "component", .kind = FIELD_TEXT, .offset = AT(component)},
    {.name = "group", .kind = FIELD_TEXT, .offset = AT(group)},
    {.name = "class", .kind = FIELD_TEXT, .offset = AT(class_name)},
    {.name = "details",
     .kind = FIELD_JSON,
     .offset = AT(details),
     .doc = "An object; conditions reach into it as details.NAME."},
    {.name = "links",
     .kind = FIELD_RECORDS,
     .offset = AT(links),
     .max = LIMIT_LINKS,
     .record = &LINK_RECORD},
    {.name = "integration",
     .kind = FIELD_TEXT,
     .offset = AT(integration),
     .max = LIMIT_NAME,
     .doc = "With a token only: the integration that it comes in by."},
    {.name = "service",
     .kind = FIELD_TEXT,
     .offset = AT(service),
     .max = LIMIT_NAME,
     .doc = "With a token only, instead of an integration: the service that it is about."},
};

const struct record NATIVE_ALERT_RECORD = {
    .name = "NewAlert",
    .doc = "A signal that something is wrong, acknowledged or over.",
    .size = sizeof(struct native_alert),
    .fields = ALERT_FIELDS,
    .field_count = G_N_ELEMENTS(ALERT_FIELDS),
    .check = alert_check,
};

static const struct field ANSWER_FIELDS[] = {
    {.name = "alert_id",
     .kind = FIELD_TEXT,
     .offset = offsetof(struct native_answer, alert_id),
     .doc = "Absent when the key is of no open alert."},
    {.name = "dedup_key", .kind = FIELD_TEXT, .offset = offsetof(struct native_answer, dedup_key)},
    {.name = "outcome",
     .kind = FIELD_ENUM,
     .offset = offsetof(struct native_answer, outcome),
     .names = TAKE_OUTCOME_NAMES},
    {.name = "note",
     .kind = FIELD_TEXT,
     .offset = offsetof(struct native_answer, note),
     .doc = "What was mended in the request, which was no valid JSON. Absent when nothing was."},
};

const struct record NATIVE_ANSWER_RECORD = {
    .name = "AlertTaken",
    .doc = "What became of the signal.",
    .size = sizeof(struct native_answer),
    .fields = ANSWER_FIELDS,
    .field_count = G_N_ELEMENTS(ANSWER_FIELDS),
};

static json_t *links_of(const struct native_alert *alert)
{
    json_t *links = NULL;
    for (guint i = 0; i < alert->links->len; i++) {
        const struct native_link *link = g_ptr_array_index(alert->links, i);
        links_add(&links, link->href, link->text);
    }
    return links;
}

static bool settle_summary(struct signal *signal, enum native_sender sender, struct fault *fault)
{
    bool is_good = signal->action != SIGNAL_TRIGGER || !text_is_blank(signal->summary) ||
                   (sender == NATIVE_PROGRAM && summary_mend(signal));
    return is_good || fault_set(fault, "summary", "is required: say in one line what is wrong");
}

/* A person can send less; a program's alert must not be lost, and details_fit leaves out what is too much. */
static bool check_details(const struct native_alert *alert, enum native_sender sender,
                          struct fault *fault)
{
    bool is_good = sender == NATIVE_PROGRAM || alert->details == NULL ||
                   json_dumpb(alert->details, NULL, 0, JSON_COMPACT) <= LIMIT_DETAILS;
    return is_good ||
           fault_set(fault, "details", "must be at most %d bytes as JSON", LIMIT_DETAILS);
}

bool native_read(const json_t *body, enum native_sender sender, struct signal *out,
                 char **out_integration, char **out_service, struct fault *fault)
{
    struct native_alert alert = {0};
    *out_integration = NULL;
    *out_service = NULL;
    if (!record_read(&NATIVE_ALERT_RECORD, body, &alert, fault)) {
        return false;
    }
    if (!check_details(&alert, sender, fault)) {
        record_clear(&NATIVE_ALERT_RECORD, &alert);
        return false;
    }
    *out = (struct signal){
        .action = alert.action == 0 ? SIGNAL_TRIGGER : alert.action,
        .dedup_key = g_steal_pointer(&alert.dedup_key),
        .summary = text_cut(alert.summary, LIMIT_SUMMARY),
        .severity = alert.severity,
        .source = g_steal_pointer(&alert.source),
        .component = g_steal_pointer(&alert.component),
        .group = g_steal_pointer(&alert.group),
        .class_name = g_steal_pointer(&alert.class_name),
        .details = details_fit(g_steal_pointer(&alert.details)),
        .links = links_of(&alert),
    };
    *out_integration = g_steal_pointer(&alert.integration);
    *out_service = g_steal_pointer(&alert.service);
    record_clear(&NATIVE_ALERT_RECORD, &alert);
    if (!settle_summary(out, sender, fault)) {
        signal_clear(out);
        g_clear_pointer(out_integration, g_free);
        g_clear_pointer(out_service, g_free);
        return false;
    }
    return true;
}

void native_identify(struct signal *signal, const char *request_key)
{
    bool has_key = signal->dedup_key != NULL && signal->dedup_key[0] != '\0';
    if (has_key || request_key == NULL || request_key[0] == '\0') {
        return;
    }
    g_free(signal->dedup_key);
    g_autofree char *valid = g_utf8_make_valid(request_key, -1);
    signal->dedup_key = g_strconcat("request:", valid, NULL);
}
