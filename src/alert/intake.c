#include "alert/intake.h"

#include <string.h>

#include "alert/alert_store.h"
#include "alert/dedup.h"
#include "alert/match.h"
#include "alert/route.h"
#include "alert/silence.h"
#include "ledger/event.h"

/* One signal on its way; `out` is the caller's. */
struct taking {
    struct ledger_tx *tx;
    const struct intake_view *view;
    const struct signal *signal;
    const char *integration;
    const char *service; /* after routing */
    int severity;        /* after routing */
    struct alert *out;
};

static void append(struct ledger_tx *tx, const char *actor, const char *kind, int64_t alert_id,
                   json_t *data)
{
    g_autofree char *subject = g_strdup_printf("alert:%" G_GINT64_FORMAT, alert_id);
    event_append(tx, actor, kind, subject, data);
    json_decref(data);
}

static void set_text(json_t *data, const char *key, const char *text)
{
    if (text != NULL) {
        (void)json_object_set_new(data, key, json_string(text));
    }
}

/* "heartbeat:nightly" is an actor as it stands; an integration's name says what it is. */
static char *actor_of(const char *integration)
{
    return strchr(integration, ':') != NULL ? g_strdup(integration)
                                            : g_strconcat("integration:", integration, NULL);
}

static json_t *alert_data(const struct alert *alert)
{
    json_t *data = json_object();
    set_text(data, "summary", alert->summary);
    set_text(data, "service", alert->service);
    set_text(data, "severity", enum_to_name(SEVERITY_NAMES, alert->severity));
    return data;
}

/* --- acts, by whatever door --- */

bool alert_acknowledge(struct ledger_tx *tx, struct alert *alert, const char *actor,
                       const char *note)
{
    if (alert->status != ALERT_OPEN) {
        return false;
    }
    alert->status = ALERT_ACKNOWLEDGED;
    alert->acknowledged_at = tx->now;
    g_free(alert->acknowledged_by);
    alert->acknowledged_by = g_strdup(actor);
    alert_save(tx->db, alert);
    json_t *data = alert_data(alert);
    set_text(data, "note", note);
    append(tx, actor, "alert.acknowledged", alert->id, data);
    return true;
}

bool alert_resolve(struct ledger_tx *tx, struct alert *alert, const char *actor, const char *note,
                   const char *reason)
{
    if (alert->status == ALERT_RESOLVED) {
        return false;
    }
    alert->status = ALERT_RESOLVED;
    alert->resolved_at = tx->now;
    g_free(alert->resolved_by);
    alert->resolved_by = g_strdup(actor);
    alert->snoozed_until = (struct utc){0};
    alert_save(tx->db, alert);
    json_t *data = alert_data(alert);
    set_text(data, "note", note);
    set_text(data, "reason", reason);
    append(tx, actor, "alert.resolved", alert->id, data);
    return true;
}

/* --- a trigger --- */

static const struct service *service_of(const struct taking *taking)
{
    return g_hash_table_lookup(taking->view->services, taking->service);
}

/* Where it goes and how bad it is. Newly allocated names of the routes taken, or NULL. */
static char *judge_route(struct taking *taking, bool *out_is_suppressed)
{
    struct match_subject subject =
        match_subject_of_signal(taking->signal, taking->integration, taking->service);
    subject.severity = taking->severity;
    struct route_verdict verdict = route_walk(taking->view->routes, &subject);
    /* A service that is gone is no place to send an alert to; the integration's own is. */
    if (verdict.service != NULL && g_hash_table_contains(taking->view->services, verdict.service)) {
        taking->service = verdict.service;
    }
    if (verdict.severity != 0) {
        taking->severity = verdict.severity;
    }
    *out_is_suppressed = verdict.is_suppressed;
    return verdict.taken;
}

/* When the alert is resolved unless it is seen again: as its source says or its service asks. */
static struct utc expiry_of(const struct taking *taking)
{
    const struct service *service = service_of(taking);
    struct utc expires_at = taking->signal->expires_at;
    if (service == NULL || service->auto_resolve.us == 0) {
        return expires_at;
    }
    struct utc not_seen_at = utc_add(taking->tx->now, service->auto_resolve);
    return utc_is_set(expires_at) ? utc_earlier(expires_at, not_seen_at) : not_seen_at;
}

static void fill_new(const struct taking *taking, int status, char *route)
{
    const struct signal *signal = taking->signal;
    *taking->out = (struct alert){
        .integration = g_strdup(taking->integration),
        .dedup_key = g_strdup(signal->dedup_key),
        .service = g_strdup(taking->service),
        .status = status,
        .severity = taking->severity,
        .urgency = urgency_of(service_of(taking), taking->severity),
        .summary = g_strdup(signal->summary == NULL ? signal->dedup_key : signal->summary),
        .source = g_strdup(signal->source),
        .component = g_strdup(signal->component),
        .group = g_strdup(signal->group),
        .class_name = g_strdup(signal->class_name),
        .details = json_incref(signal->details),
        .links = json_incref(signal->links),
        .count = 1,
        .route = route,
        .first_at = taking->tx->now,
        .last_at = taking->tx->now,
        .started_at = signal->occurred_at,
        .expires_at = expiry_of(taking),
    };
}

static json_t *opened_data(const struct taking *taking)
{
    const struct alert *alert = taking->out;
    json_t *data = alert_data(alert);
    set_text(data, "integration", alert->integration);
    set_text(data, "dedup_key", alert->dedup_key);
    set_text(data, "route", alert->route);
    struct match_subject subject = match_subject_of_alert(alert);
    struct silence_verdict silence =
        silence_judge(taking->view->silences, &subject, taking->tx->now);
    if (silence.by != NULL) {
        char until[UTC_TEXT_SIZE];
        utc_format(silence.until, until);
        set_text(data, "silenced_by", silence.by->name);
        set_text(data, "silenced_until", until);
    }
    return data;
}

static int64_t count_openings(struct ledger_tx *tx, const char *integration, const char *key)
{
    struct utc since = {tx->now.us - DEDUP_FLAP_SPAN.us};
    return alert_openings(tx->db, integration, key, since);
}

static void open_alert(const struct taking *taking, char *route)
{
    struct ledger_tx *tx = taking->tx;
    const struct signal *signal = taking->signal;
    int64_t openings = count_openings(tx, taking->integration, signal->dedup_key);
    fill_new(taking, ALERT_OPEN, route);
    taking->out->is_flapping = dedup_is_flapping(openings);
    alert_insert(tx->db, taking->out);
    g_autofree char *actor = actor_of(taking->integration);
    append(tx, actor, "alert.triggered", taking->out->id, opened_data(taking));
    if (taking->out->is_flapping) {
        json_t *data = alert_data(taking->out);
        (void)json_object_set_new(data, "openings", json_integer(openings + 1));
        append(tx, actor, "alert.flapping", taking->out->id, data);
    }
}

static void suppress_alert(const struct taking *taking, char *route)
{
    struct ledger_tx *tx = taking->tx;
    struct alert *alert = taking->out;
    if (alert_load_suppressed(tx->db, taking->integration, taking->signal->dedup_key, alert)) {
        g_free(route);
        alert->count++;
        alert->last_at = tx->now;
        alert_touch(tx->db, alert);
        return;
    }
    fill_new(taking, ALERT_SUPPRESSED, route);
    alert_insert(tx->db, alert);
    g_autofree char *actor = actor_of(taking->integration);
    append(tx, actor, "alert.suppressed", alert->id, opened_data(taking));
}

static void raise_severity(const struct taking *taking)
{
    struct alert *alert = taking->out;
    json_t *before = json_string(enum_to_name(SEVERITY_NAMES, alert->severity));
    alert->severity = taking->severity;
    alert->urgency =
        urgency_of(g_hash_table_lookup(taking->view->services, alert->service), alert->severity);
    if (taking->signal->summary != NULL) {
        g_free(alert->summary);
        alert->summary = g_strdup(taking->signal->summary);
    }
    alert_save(taking->tx->db, alert);
    g_autofree char *actor = actor_of(taking->integration);
    json_t *data = alert_data(alert);
    (void)json_object_set_new(data, "severity_before", before);
    (void)json_object_set_new(data, "count", json_integer(alert->count));
    append(taking->tx, actor, "alert.repeated", alert->id, data);
}

static int join_alert(const struct taking *taking, bool *out_severity_raised)
{
    struct alert *alert = taking->out;
    alert->count++;
    alert->last_at = taking->tx->now;
    alert->expires_at = expiry_of(taking);
    *out_severity_raised = dedup_raises(alert->severity, taking->severity);
    if (*out_severity_raised) {
        raise_severity(taking);
    } else {
        alert_touch(taking->tx->db, alert);
    }
    return TAKE_JOINED;
}

static int take_trigger(struct taking *taking, bool is_open, bool *out_severity_raised)
{
    bool is_suppressed = false;
    g_autofree char *route = judge_route(taking, &is_suppressed);
    if (is_open) {
        /* Also when a route would suppress it by now: what pages goes on until it is resolved. */
        return join_alert(taking, out_severity_raised);
    }
    if (is_suppressed) {
        suppress_alert(taking, g_steal_pointer(&route));
        return TAKE_SUPPRESSED;
    }
    open_alert(taking, g_steal_pointer(&route));
    return TAKE_OPENED;
}

/* --- an acknowledge or resolve that finds nothing open --- */

static int take_unknown(const struct taking *taking)
{
    struct ledger_tx *tx = taking->tx;
    const char *key = taking->signal->dedup_key;
    g_autofree char *actor = actor_of(taking->integration);
    if (taking->signal->action == SIGNAL_RESOLVE &&
        alert_load_suppressed(tx->db, taking->integration, key, taking->out)) {
        (void)alert_resolve(tx, taking->out, actor, NULL, NULL);
        return TAKE_RESOLVED;
    }
    /* Prometheus repeats a resolve for a quarter of an hour; only a key that was never seen is
     * worth an event. */
    if (!alert_is_known(tx->db, taking->integration, key)) {
        json_t *data = json_object();
        set_text(data, "action", enum_to_name(SIGNAL_ACTION_NAMES, taking->signal->action));
        set_text(data, "dedup_key", key);
        event_append(tx, actor, "alert.unknown", actor, data);
        json_decref(data);
    }
    return TAKE_UNKNOWN;
}

static void settle_key(struct signal *signal, const struct random *random)
{
    if (signal->dedup_key == NULL || signal->dedup_key[0] == '\0') {
        g_free(signal->dedup_key);
        signal->dedup_key = dedup_key_random(random);
        return;
    }
    g_autofree char *whole = signal->dedup_key;
    signal->dedup_key = dedup_key_fit(whole);
}

void alert_foresee(struct ledger_tx *tx, const struct signal *signal, const char *integration)
{
    if (signal->dedup_key == NULL || signal->dedup_key[0] == '\0') {
        return; /* a key of its own: there is nothing to find */
    }
    g_autofree char *key = dedup_key_fit(signal->dedup_key);
    struct alert none = {0};
    (void)!alert_load_by_key(tx->db, integration, key, &none);
    if (signal->action == SIGNAL_TRIGGER) {
        (void)count_openings(tx, integration, key);
    }
}

void alert_take(struct ledger_tx *tx, const struct intake_view *view, struct signal *signal,
                const char *integration, const char *service, struct intake_result *out)
{
    settle_key(signal, view->random);
    *out = (struct intake_result){0};
    struct taking taking = {
        .tx = tx,
        .view = view,
        .signal = signal,
        .integration = integration,
        .service = service,
        .severity = signal->severity == 0 ? SEVERITY_ERROR : signal->severity,
        .out = &out->alert,
    };
    bool is_open = alert_load_by_key(tx->db, integration, signal->dedup_key, &out->alert);
    g_autofree char *actor = actor_of(integration);
    switch (dedup_judge(signal->action, is_open ? &out->alert : NULL)) {
    case DEDUP_OPEN:
    case DEDUP_JOIN:
        out->outcome = take_trigger(&taking, is_open, &out->is_severity_raised);
        break;
    case DEDUP_ACKNOWLEDGE:
        (void)alert_acknowledge(tx, &out->alert, actor, NULL);
        out->outcome = TAKE_ACKNOWLEDGED;
        break;
    case DEDUP_RESOLVE:
        (void)alert_resolve(tx, &out->alert, actor, NULL, NULL);
        out->outcome = TAKE_RESOLVED;
        break;
    case DEDUP_UNKNOWN:
    default:
        out->outcome = take_unknown(&taking);
        break;
    }
}
