#include "source/alertmanager.h"

#include <string.h>

#include "base/json.h"
#include "base/limits.h"
#include "source/prometheus.h"

/* The alert's own status, else the notification's. */
static bool read_action(const json_t *body, const json_t *alert, int *out, struct fault *fault)
{
    const char *status = json_text(alert, "status", json_text(body, "status", ""));
    if (strcmp(status, "firing") == 0) {
        *out = SIGNAL_TRIGGER;
        return true;
    }
    if (strcmp(status, "resolved") == 0) {
        *out = SIGNAL_RESOLVE;
        return true;
    }
    return fault_set(fault, "status", "must be \"firing\" or \"resolved\", not \"%.40s\"", status);
}

static void add_origin(struct signal *signal, const json_t *body, const json_t *alert)
{
    links_add(&signal->links, json_text(alert, "generatorURL", NULL), "Source");
    links_add(&signal->links, json_text(body, "externalURL", NULL), "Alertmanager");
    const char *receiver = json_text(body, "receiver", NULL);
    if (receiver != NULL && signal->details != NULL) {
        g_autofree char *cut = text_cut(receiver, LIMIT_TEXT);
        (void)json_object_set_new(signal->details, "receiver", json_string(cut));
    }
}

static bool read_one(const json_t *body, const json_t *alert, struct batch *out,
                     struct fault *fault)
{
    if (!json_is_object(alert)) {
        return fault_set(fault, "", "must be an object with status and labels");
    }
    const json_t *labels = json_object_get(alert, "labels");
    const json_t *annotations = json_object_get(alert, "annotations");
    const char *fingerprint = json_text(alert, "fingerprint", "");
    int action = 0;
    struct utc starts_at = {0};
    struct utc ends_at = {0};
    if (!read_action(body, alert, &action, fault) || !labels_judge(labels, "labels", fault) ||
        !labels_judge(annotations, "annotations", fault)) {
        return false;
    }
    if (json_object_size(labels) == 0 && fingerprint[0] == '\0') {
        return fault_set(fault, "labels", "must have at least one label, or a fingerprint beside");
    }
    if (!instant_read(json_text(alert, "startsAt", NULL), &starts_at)) {
        return fault_set(fault, "startsAt", "must be an instant such as 2026-12-24T23:30:00Z");
    }
    struct signal *signal = batch_add(out);
    signal->action = action;
    signal->occurred_at = starts_at;
    /* While it fires, the end is none or a guess. */
    if (action == SIGNAL_RESOLVE && instant_read(json_text(alert, "endsAt", NULL), &ends_at)) {
        signal->ended_at = ends_at;
    }
    if (fingerprint[0] != '\0') {
        signal->dedup_key = g_strdup(fingerprint);
    }
    signal_from_labels(signal, labels, annotations);
    add_origin(signal, body, alert);
    return true;
}

bool alertmanager_read(const json_t *body, struct batch *out, struct fault *fault)
{
    if (!json_is_object(body)) {
        return fault_set(fault, "", "must be an object, as Alertmanager's webhook sends");
    }
    const json_t *alerts = json_object_get(body, "alerts");
    if (!json_is_array(alerts)) {
        return fault_set(fault, "alerts",
                         "must be a list of alerts, as in version 4 of "
                         "Alertmanager's webhook");
    }
    size_t count = batch_fit(out, json_array_size(alerts));
    for (size_t i = 0; i < count; i++) {
        struct fault why = {0};
        if (!read_one(body, json_array_get(alerts, i), out, &why)) {
            batch_refuse(out, "alerts", i, &why);
        }
    }
    if (out->signals->len == 0 && out->refused > 0) {
        *fault = out->first;
        return false;
    }
    return true;
}
