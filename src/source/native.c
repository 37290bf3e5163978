#include "source/native.h"

#include "alert/alert.h"
#include "base/describe.h"
#include "base/limits.h"

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
     .codec = &SHAPE_OBJECT_CODEC,
     .doc = "An object; conditions reach into it as details.NAME."},
    {.name = "links",
     .kind = FIELD_RECORDS,
     .offset = AT(links),
     .max = NATIVE_LINKS_MAX,
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
     .flags = FIELD_ALWAYS,
     .names = TAKE_OUTCOME_NAMES},
    {.name = "note",
     .kind = FIELD_TEXT,
     .offset = offsetof(struct native_answer, note),
     .doc = "What of the request was mended, or left out. Absent when nothing was."},
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
        (void)links_add(&links, link->href, link->text);
    }
    return links;
}

/* Takes over what is in `alert`. */
static struct signal signal_of(struct native_alert *alert, struct fault *mend)
{
    const struct signal signal = {
        .action = alert->action == 0 ? SIGNAL_TRIGGER : alert->action,
        .dedup_key = g_steal_pointer(&alert->dedup_key),
        .summary = text_fit(alert->summary, LIMIT_SUMMARY, "summary", mend),
        .severity = alert->severity,
        .source = g_steal_pointer(&alert->source),
        .component = g_steal_pointer(&alert->component),
        .group = g_steal_pointer(&alert->group),
        .class_name = g_steal_pointer(&alert->class_name),
        .details = details_fit(g_steal_pointer(&alert->details), "details", mend),
        .links = links_of(alert),
    };
    record_clear(&NATIVE_ALERT_RECORD, alert);
    return signal;
}

static bool refuse_summary(struct fault *fault)
{
    return fault_set(fault, "summary", "is required: say in one line what is wrong");
}

/* A person can send less. */
static bool judge(const struct native_alert *alert, struct fault *fault)
{
    bool is_trigger = alert->action == 0 || alert->action == SIGNAL_TRIGGER;
    if (is_trigger && text_is_blank(alert->summary)) {
        return refuse_summary(fault);
    }
    bool is_good = alert->details == NULL || details_are_short(alert->details);
    return is_good ||
           fault_set(fault, "details", "must be at most %d bytes as JSON", LIMIT_DETAILS);
}

/* An empty list says that there are none, an empty object the same of details: in a repeat that is news. */
static void take_none(const json_t *body, struct signal *signal)
{
    json_t *links = json_object_get(body, "links");
    json_t *details = json_object_get(body, "details");
    if (json_is_array(links) && json_array_size(links) == 0) {
        signal->links = json_incref(links);
    }
    if (json_is_object(details) && json_object_size(details) == 0 && signal->details == NULL) {
        signal->details = json_incref(details);
    }
}

bool native_read(const json_t *body, struct signal *out, char **out_integration, char **out_service,
                 struct fault *fault)
{
    struct native_alert alert = {0};
    *out_integration = NULL;
    *out_service = NULL;
    if (!record_read(&NATIVE_ALERT_RECORD, body, &alert, fault)) {
        return false;
    }
    if (!judge(&alert, fault)) {
        record_clear(&NATIVE_ALERT_RECORD, &alert);
        return false;
    }
    struct fault unheard = {0}; /* that a long summary is cut stands in the documents */
    *out_integration = g_steal_pointer(&alert.integration);
    *out_service = g_steal_pointer(&alert.service);
    *out = signal_of(&alert, &unheard);
    take_none(body, out);
    return true;
}

/* What else it says must do; the details, too, tell whoever is paged what it is about. */
static bool settle_summary(const json_t *body, struct signal *signal, struct fault *fault)
{
    static const char *const OTHERS[] = {"message", "title", "description", "text", NULL};
    if (signal->action != SIGNAL_TRIGGER || !text_is_blank(signal->summary)) {
        return true;
    }
    const char *other = text_first(body, OTHERS);
    if (other != NULL) {
        g_free(signal->summary);
        signal->summary = text_cut(other, LIMIT_SUMMARY);
    }
    if (!summary_mend(signal) && signal->details != NULL) {
        g_free(signal->summary);
        signal->summary = g_strdup("An alert without a summary");
    }
    return !text_is_blank(signal->summary) || refuse_summary(fault);
}

bool native_take(const json_t *body, struct signal *out, struct fault *fault, struct fault *mend)
{
    struct native_alert alert = {0};
    json_auto_t *mended = json_is_object(body) ? native_mend(body, mend) : NULL;
    if (!record_read(&NATIVE_ALERT_RECORD, mended != NULL ? mended : body, &alert, fault)) {
        return false;
    }
    *out = signal_of(&alert, mend);
    if (!settle_summary(body, out, fault)) {
        signal_clear(out);
        return false;
    }
    take_none(body, out);
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
