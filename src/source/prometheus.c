#include "source/prometheus.h"

#include <sodium.h>
#include <string.h>

#include "base/json.h"
#include "base/limits.h"

enum { FINGERPRINT_BYTES = 16 };

static int by_text(gconstpointer a, gconstpointer b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* The names of those that are not empty, in order; borrowed from `labels`. */
static GPtrArray *sorted_names(const json_t *labels)
{
    GPtrArray *names = g_ptr_array_new();
    const char *name = NULL;
    json_t *value = NULL;
    /* The iterator takes a pointer to non-const but does not write through it. */
    json_object_foreach ((json_t *)(uintptr_t)labels, name, value) {
        if (json_string_length(value) > 0) {
            g_ptr_array_add(names, (gpointer)(uintptr_t)name);
        }
    }
    g_ptr_array_sort(names, by_text);
    return names;
}

static uint64_t add_bytes(uint64_t hash, const char *text, unsigned char end)
{
    static const uint64_t PRIME = 1099511628211U;
    for (const unsigned char *at = (const unsigned char *)text; *at != '\0'; at++) {
        hash = (hash ^ *at) * PRIME;
    }
    return (hash ^ end) * PRIME;
}

void labels_public_fingerprint(const json_t *labels, char out[LABELS_FINGERPRINT_SIZE])
{
    static const unsigned char SEPARATOR = 0xff;
    uint64_t hash = 14695981039346656037U;
    g_autoptr(GPtrArray) names = sorted_names(labels);
    for (guint i = 0; i < names->len; i++) {
        const char *name = g_ptr_array_index(names, i);
        hash = add_bytes(hash, name, SEPARATOR);
        hash = add_bytes(hash, json_text(labels, name, ""), SEPARATOR);
    }
    (void)g_snprintf(out, LABELS_FINGERPRINT_SIZE, "%016" G_GINT64_MODIFIER "x", hash);
}

char *labels_fingerprint(const json_t *labels)
{
    g_autoptr(GPtrArray) names = sorted_names(labels);
    crypto_generichash_state state;
    (void)crypto_generichash_init(&state, NULL, 0, FINGERPRINT_BYTES);
    for (guint i = 0; i < names->len; i++) {
        const char *key = g_ptr_array_index(names, i);
        const char *text = json_text(labels, key, "");
        /* With the terminating NUL, which JSON texts cannot contain here: "a"+"bc" is not "ab"+"c". */
        (void)crypto_generichash_update(&state, (const unsigned char *)key, strlen(key) + 1);
        (void)crypto_generichash_update(&state, (const unsigned char *)text, strlen(text) + 1);
    }
    unsigned char hash[FINGERPRINT_BYTES];
    (void)crypto_generichash_final(&state, hash, sizeof(hash));
    char hex[2 * FINGERPRINT_BYTES + 1];
    (void)sodium_bin2hex(hex, sizeof(hex), hash, sizeof(hash));
    return g_strdup(hex);
}

static void take_label(json_t *out, const char *list, const char *key, const json_t *value,
                       struct fault *mend)
{
    if (json_is_string(value)) {
        (void)json_object_set(out, key, (json_t *)(uintptr_t)value);
        return;
    }
    g_autofree char *field = g_strconcat(list, ".", key, NULL);
    mend_told(mend, field,
              json_is_null(value) ? "is null: left out" : "is no text: taken as its JSON");
    if (!json_is_null(value)) {
        g_autofree char *text = json_write(value);
        (void)json_object_set_new(out, key, json_string(text));
    }
}

static bool has_texts_only(const json_t *labels)
{
    const char *key = NULL;
    json_t *value = NULL;
    json_object_foreach ((json_t *)(uintptr_t)labels, key, value) {
        if (!json_is_string(value)) {
            return false;
        }
    }
    return true;
}

json_t *labels_take(const json_t *alert, const char *name, struct fault *mend)
{
    json_t *labels = json_object_get(alert, name);
    if (labels == NULL || json_is_null(labels)) {
        return NULL;
    }
    if (!json_is_object(labels)) {
        mend_told(mend, name, "is no object of texts: left out");
        return NULL;
    }
    if (has_texts_only(labels)) {
        return json_incref(labels);
    }
    json_t *out = json_object();
    const char *key = NULL;
    json_t *value = NULL;
    json_object_foreach (labels, key, value) {
        take_label(out, name, key, value, mend);
    }
    return out;
}

static char *first_fit(const json_t *object, const char *const *keys, size_t max, const char *field,
                       struct fault *mend)
{
    return text_fit(text_first(object, keys), max, field, mend);
}

/* By labels that were cut nobody can tell what the sender calls the alert: so that is kept beside them. */
static json_t *details_of(const json_t *labels, const json_t *annotations, struct fault *mend)
{
    json_t *details = json_object();
    (void)json_object_set(details, "labels", (json_t *)(uintptr_t)labels);
    if (json_object_size(annotations) > 0) {
        (void)json_object_set(details, "annotations", (json_t *)(uintptr_t)annotations);
    }
    details = details_fit(details, "labels and annotations", mend);
    const json_t *kept = json_object_get(details, "labels");
    if (json_object_size(labels) > 0 && kept != labels) {
        char fingerprint[LABELS_FINGERPRINT_SIZE];
        labels_public_fingerprint(labels, fingerprint);
        (void)json_object_set_new(details, "fingerprint", json_string(fingerprint));
    }
    return details;
}

void signal_from_labels(struct signal *signal, const json_t *labels, const json_t *annotations,
                        struct fault *mend)
{
    static const char *const TEXTS[] = {"summary", "title", "description", "message", NULL};
    static const char *const NAMES[] = {"alertname", NULL};
    static const char *const SOURCES[] = {"instance", "host", "hostname", "node", "pod", NULL};
    static const char *const COMPONENTS[] = {"component", "service", "job", NULL};
    static const char *const GROUPS[] = {"cluster", "namespace", NULL};
    static const char *const RUNBOOKS[] = {"runbook_url", "runbook", NULL};
    static const char *const DASHBOARDS[] = {"dashboard_url", "dashboard", NULL};

    signal->summary = first_fit(annotations, TEXTS, LIMIT_SUMMARY, "summary", mend);
    if (signal->summary == NULL) {
        signal->summary = first_fit(labels, NAMES, LIMIT_SUMMARY, "summary", mend);
    }
    if (signal->summary == NULL) {
        signal->summary = g_strdup("An alert without a name");
    }
    signal->severity = severity_from_word(json_text(labels, "severity", NULL));
    signal->source = first_fit(labels, SOURCES, LIMIT_TEXT, "source", mend);
    signal->component = first_fit(labels, COMPONENTS, LIMIT_TEXT, "component", mend);
    signal->group = first_fit(labels, GROUPS, LIMIT_TEXT, "group", mend);
    signal->class_name = first_fit(labels, NAMES, LIMIT_TEXT, "class", mend);
    if (signal->dedup_key == NULL) {
        signal->dedup_key = labels_fingerprint(labels);
    }
    signal->details = details_of(labels, annotations, mend);
    links_take(&signal->links, text_first(annotations, RUNBOOKS), "Runbook", "annotations.runbook",
               mend);
    links_take(&signal->links, text_first(annotations, DASHBOARDS), "Dashboard",
               "annotations.dashboard", mend);
}

static bool read_one(const json_t *alert, struct utc now, struct batch *out, struct fault *fault,
                     struct fault *mend)
{
    if (!json_is_object(alert)) {
        return fault_set(fault, "", "must be an object with labels");
    }
    json_auto_t *labels = labels_take(alert, "labels", mend);
    json_auto_t *annotations = labels_take(alert, "annotations", mend);
    if (json_object_size(labels) == 0) {
        return fault_set(fault, "labels", "must be an object with at least one label");
    }
    struct utc starts_at =
        instant_past(instant_take(alert, "startsAt", mend), "startsAt", now, mend);
    struct utc ends_at = instant_take(alert, "endsAt", mend);
    struct signal *signal = batch_add(out);
    signal_from_labels(signal, labels, annotations, mend);
    links_take(&signal->links, json_text(alert, "generatorURL", NULL), "Prometheus", "generatorURL",
               mend);
    signal->occurred_at = starts_at;
    signal->is_repeated = true;
    if (!utc_is_set(ends_at)) {
        ends_at = utc_add(now, PROMETHEUS_RESOLVE_AFTER);
    }
    if (utc_before(now, ends_at)) {
        signal->action = SIGNAL_TRIGGER;
        signal->expires_at = ends_at;
    } else {
        signal->action = SIGNAL_RESOLVE;
        signal->ended_at = ends_at;
    }
    return true;
}

bool prometheus_read(const json_t *body, struct utc now, struct batch *out, struct fault *fault)
{
    if (!json_is_array(body)) {
        return fault_set(fault, "",
                         "must be a list of alerts, as Prometheus sends to "
                         "/api/v2/alerts");
    }
    size_t count = batch_fit(out, json_array_size(body));
    for (size_t i = 0; i < count; i++) {
        struct fault why = {0};
        struct fault mend = {0};
        if (!read_one(json_array_get(body, i), now, out, &why, &mend)) {
            batch_refuse(out, "", i, &why);
        } else if (mend.text[0] != '\0') {
            batch_mend(out, "", i, &mend);
        }
    }
    if (out->signals->len == 0 && out->refused > 0) {
        *fault = out->first;
        return false;
    }
    return true;
}
