#include "source/alertmanager.h"

#include <string.h>

#include "base/describe.h"
#include "base/json.h"
#include "base/limits.h"
#include "source/prometheus.h"
#include "source/webhook.h"

/* Words that say here that an alert is over; at other doors they might say what is wrong ("expired"). */
static bool is_over_word(const char *word)
{
    static const struct enum_name WORDS[] = {{"expired", SIGNAL_RESOLVE},
                                             {"ended", SIGNAL_RESOLVE},
                                             {"done", SIGNAL_RESOLVE},
                                             {"completed", SIGNAL_RESOLVE},
                                             {NULL, 0}};
    g_autofree char *lower = g_ascii_strdown(word, -1);
    return enum_from_name(WORDS, g_strstrip(lower)) != 0;
}

/* What the status of an alert, or of the notification, says: enum signal_action; 0: nothing that is known. */
static int action_of(const json_t *object)
{
    const char *word = json_text(object, "status", NULL);
    if (word == NULL) {
        return 0;
    }
    int action = action_from_word(word);
    return action == 0 && is_over_word(word) ? SIGNAL_RESOLVE : action;
}

/* Of a notification that was cut off, whose own status may have stood behind the alerts. */
static bool lacks_status(const json_t *body, const struct batch *batch)
{
    return batch->is_cut && json_object_get(body, "status") == NULL;
}

/* An end that has come, and not before the beginning. */
static bool has_ended(struct utc starts_at, struct utc ends_at, struct utc now)
{
    return utc_is_set(ends_at) && !utc_before(now, ends_at) &&
           (!utc_is_set(starts_at) || !utc_before(ends_at, starts_at));
}

/* What others write in place of the two words ("FIRING", "ok") is understood; whatever does not say that it is over
 * fires, for one page too many is better than none. */
static int read_action(const json_t *body, const json_t *alert, bool is_past, struct fault *mend)
{
    const char *status = json_text(alert, "status", json_text(body, "status", ""));
    int said = action_of(alert);
    said = said != 0 ? said : action_of(body);
    bool is_over = said == SIGNAL_RESOLVE || (said == 0 && is_past);
    const char *own = is_over ? "resolved" : "firing";
    if (strcmp(status, own) != 0) {
        g_autofree char *what = g_strdup_printf("is \"%.40s\": taken as %s", status, own);
        mend_told(mend, "status", what);
    }
    return is_over ? SIGNAL_RESOLVE : SIGNAL_TRIGGER;
}

static void add_origin(struct signal *signal, const json_t *body, const json_t *alert,
                       struct fault *mend)
{
    links_take(&signal->links, json_text(alert, "generatorURL", NULL), "Source", "generatorURL",
               mend);
    (void)links_add(&signal->links, json_text(body, "externalURL", NULL), "Alertmanager");
    const char *receiver = json_text(body, "receiver", NULL);
    if (receiver != NULL && signal->details != NULL) {
        g_autofree char *cut = text_cut(receiver, LIMIT_TEXT);
        (void)json_object_set_new(signal->details, "receiver", json_string(cut));
    }
}

/* "" for none: then the alert is known by its labels. */
static const char *read_fingerprint(const json_t *alert, struct fault *mend)
{
    const json_t *value = json_object_get(alert, "fingerprint");
    if (value != NULL && !json_is_null(value) && !json_is_string(value)) {
        mend_told(mend, "fingerprint", "is no text: left out, and known by its labels");
    }
    return json_text(alert, "fingerprint", "");
}

static bool read_one(const json_t *body, const json_t *alert, struct utc now, struct batch *out,
                     struct fault *fault, struct fault *mend)
{
    if (!json_is_object(alert)) {
        return fault_set(fault, "", "must be an object with status and labels");
    }
    if (action_of(alert) == 0 && lacks_status(body, out)) {
        return fault_set(fault, "status",
                         "may have stood in what was cut off: nobody can tell "
                         "whether this alert fires or is over");
    }
    json_auto_t *labels = labels_take(alert, "labels", mend);
    json_auto_t *annotations = labels_take(alert, "annotations", mend);
    const char *fingerprint = read_fingerprint(alert, mend);
    struct utc starts_at =
        instant_past(instant_take(alert, "startsAt", mend), "startsAt", now, mend);
    struct utc ends_at = instant_take(alert, "endsAt", mend);
    int action = read_action(body, alert, has_ended(starts_at, ends_at, now), mend);
    if (json_object_size(labels) == 0 && fingerprint[0] == '\0') {
        return fault_set(fault, "labels", "must have at least one label, or a fingerprint beside");
    }
    struct signal *signal = batch_add(out);
    signal->action = action;
    signal->occurred_at = starts_at;
    if (action == SIGNAL_RESOLVE) { /* while it fires, the end is none or a guess */
        signal->ended_at = instant_past(ends_at, "endsAt", now, mend);
    }
    if (fingerprint[0] != '\0') {
        signal->dedup_key = g_strdup(fingerprint);
    }
    signal_from_labels(signal, labels, annotations, mend);
    add_origin(signal, body, alert, mend);
    return true;
}

static int worst_of(const struct batch *batch)
{
    int worst = 0;
    for (guint i = 0; i < batch->signals->len; i++) {
        const struct signal *signal = g_ptr_array_index(batch->signals, i);
        int severity = signal_severity(signal);
        if (signal->action == SIGNAL_TRIGGER && (worst == 0 || severity < worst)) {
            worst = severity;
        }
    }
    return worst;
}

/* Alertmanager tells how many alerts of the group it has left out (max_alerts): an alert of its own, as
 * bad as the group, until a notification of the group is whole again. */
static void add_truncated(const json_t *body, struct batch *out)
{
    const char *group = json_text(body, "groupKey", NULL);
    const json_t *truncated = json_object_get(body, "truncatedAlerts");
    if (truncated != NULL && !json_is_null(truncated) && !json_is_integer(truncated)) {
        struct fault mend = {0};
        mend_told(&mend, "truncatedAlerts", "is no whole number: nobody is told what was cut off");
        batch_mend_request(out, &mend);
    }
    if (group == NULL || !json_is_integer(truncated)) {
        return;
    }
    json_int_t count = json_integer_value(truncated);
    if (count > 0) {
        struct fault mend = {0};
        mend_told(&mend, "truncatedAlerts", "Alertmanager itself has cut off alerts (max_alerts)");
        batch_mend_request(out, &mend);
    }
    int worst = worst_of(out);
    struct signal *signal = batch_add(out);
    out->added++;
    signal->dedup_key = g_strconcat("truncated:", group, NULL);
    if (count <= 0 || worst == 0) {
        signal->action = SIGNAL_RESOLVE;
        signal->is_quiet = true;
        return;
    }
    signal->action = SIGNAL_TRIGGER;
    signal->severity = worst;
    signal->summary = g_strdup_printf("%" JSON_INTEGER_FORMAT " more alert%s of this group %s cut "
                                      "off by Alertmanager (max_alerts)",
                                      count, count == 1 ? "" : "s", count == 1 ? "was" : "were");
    json_t *details =
        json_pack("{s:s, s:O*}", "groupKey", group, "labels", json_object_get(body, "groupLabels"));
    struct fault unheard = {0}; /* the labels stand at the alerts, too */
    signal->details = details_fit(details, "groupLabels", &unheard);
    add_origin(signal, body, NULL, &unheard);
}

bool alertmanager_read(const json_t *body, struct utc now, struct batch *out, struct fault *fault)
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
    struct fault whole = {0};
    json_auto_t *unused = NULL; /* each alert adds it for itself */
    links_take(&unused, json_text(body, "externalURL", NULL), NULL, "externalURL", &whole);
    batch_mend_request(out, &whole);
    size_t count = batch_fit(out, json_array_size(alerts));
    for (size_t i = 0; i < count; i++) {
        struct fault why = {0};
        struct fault mend = {0};
        if (!read_one(body, json_array_get(alerts, i), now, out, &why, &mend)) {
            batch_refuse(out, "alerts", i, &why);
        } else if (mend.text[0] != '\0') {
            batch_mend(out, "alerts", i, &mend);
        }
    }
    if (lacks_status(body, out)) {
        return true; /* whoever cut it off is told to its owner, be all the rest refused */
    }
    add_truncated(body, out);
    if (out->signals->len == out->added && out->refused > 0) {
        *fault = out->first;
        return false;
    }
    return true;
}

/* --- its door --- */

static const struct enum_name FIRING_NAMES[] = {{"firing", 1}, {"resolved", 2}, {0}};

static const struct field ALERT_FIELDS[] = {
    SHAPE_ENUM("status", FIRING_NAMES, 0),
    SHAPE_LABELS("labels", 0),
    SHAPE_LABELS("annotations", 0),
    SHAPE_KIND("startsAt", FIELD_UTC, 0, NULL),
    SHAPE_KIND("endsAt", FIELD_UTC, 0, "Heeded when it is resolved."),
    SHAPE_TEXT("generatorURL", 0, NULL),
    SHAPE_TEXT("fingerprint", 0, "What folds repeats into one alert; else the labels do."),
};
static const struct record ALERT_SHAPE =
    SHAPE_OPEN("AlertmanagerAlert", "An alert of a notification.", ALERT_FIELDS);

static const struct field BODY_FIELDS[] = {
    SHAPE_TEXT("version", 0, "4"),
    SHAPE_TEXT("groupKey", 0, NULL),
    SHAPE_KIND("truncatedAlerts", FIELD_INT, 0,
               "How many were left out (max_alerts): an alert of its own says so."),
    SHAPE_ENUM("status", FIRING_NAMES, 0),
    SHAPE_TEXT("receiver", 0, NULL),
    SHAPE_LABELS("groupLabels", 0),
    SHAPE_LABELS("commonLabels", 0),
    SHAPE_LABELS("commonAnnotations", 0),
    SHAPE_TEXT("externalURL", 0, NULL),
    SHAPE_MANY("alerts", ALERT_SHAPE, FIELD_REQUIRED),
};
const struct record ALERTMANAGER_BODY =
    SHAPE_OPEN("AlertmanagerWebhook", "What Alertmanager's webhook sends, version 4.", BODY_FIELDS);

const struct webhook ALERTMANAGER_WEBHOOK = {
    .title = "Alertmanager's webhook, version 4.", .read = alertmanager_read, .is_list = true};
