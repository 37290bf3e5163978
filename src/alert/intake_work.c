#include "alert/intake.h"

#include <string.h>

#include "alert/alert_events.h"
#include "alert/alert_store.h"
#include "alert/dedup.h"
#include "alert/match.h"
#include "alert/route.h"
#include "alert/silence.h"
#include "base/json_set.h"
#include "ledger/event.h"

/* One signal on its way; `out` is the caller's. */
struct taking {
    struct ledger_tx *tx;
    const struct intake_view *view;
    const struct signal *signal;
    const char *integration;
    const char *key_service; /* whose the key is; NULL: the integration's */
    const char *key;         /* as it is stored */
    const char *service;     /* after routing */
    int severity;            /* after routing */
    struct span was_over;    /* how long what goes on had counted as over */
    char *unsure_routes;     /* whose patterns gave up; NULL: none */
    struct alert *out;
    bool *out_is_unsure;
};

static void append(struct ledger_tx *tx, struct principal actor, const struct event_kind *kind,
                   int64_t alert_id, json_t *data)
{
    event_append(tx, actor, kind, alert_subject(alert_id), data);
    json_decref(data);
}

/* "heartbeat:nightly" says who acts as it stands; an integration's name says what it is. */
static struct principal actor_of(const char *integration)
{
    const struct principal sender = principal_read(integration);
    return sender.kind == PRINCIPAL_HEARTBEAT
               ? sender
               : (struct principal){PRINCIPAL_INTEGRATION, integration};
}

static json_t *alert_data(const struct alert *alert)
{
    json_t *data = json_object();
    json_set_text(data, "summary", alert->summary);
    json_set_text(data, "service", alert->service);
    json_set_text(data, "severity", enum_to_name(SEVERITY_NAMES, alert->severity));
    return data;
}

/* --- acts, by whatever door --- */

bool alert_acknowledge(struct ledger_tx *tx, struct alert *alert, struct principal actor,
                       const char *note)
{
    if (alert->status != ALERT_OPEN) {
        return false;
    }
    alert_become(alert, ALERT_ACKNOWLEDGED);
    alert->acknowledged_at = tx->now;
    g_free(alert->acknowledged_by);
    alert->acknowledged_by = principal_text_of(actor);
    alert_save(tx->db, alert);
    json_t *data = alert_data(alert);
    json_set_text(data, "note", note);
    append(tx, actor, &EVENT_ALERT_ACKNOWLEDGED, alert->id, data);
    return true;
}

bool alert_resolve(struct ledger_tx *tx, struct alert *alert, struct principal actor,
                   const char *note, const char *reason)
{
    if (alert->status == ALERT_RESOLVED) {
        return false;
    }
    alert_become(alert, ALERT_RESOLVED);
    alert->resolved_at = tx->now;
    g_free(alert->resolved_by);
    alert->resolved_by = principal_text_of(actor);
    alert->snoozed_until = (struct utc){0};
    alert_save(tx->db, alert);
    json_t *data = alert_data(alert);
    json_set_text(data, "note", note);
    json_set_text(data, "reason", reason);
    append(tx, actor, &EVENT_ALERT_RESOLVED, alert->id, data);
    return true;
}

/* --- which alert is meant --- */

/* Who names the service itself means an alert of that service. */
static const char *key_service_of(const char *integration, const char *service)
{
    return strcmp(integration, ALERT_MANUAL) == 0 ? service : NULL;
}

/* Older versions stored no service beside the key: it is the one that the alert went to, if need be by
 * a route. */
static bool is_of_service(const struct taking *taking, const struct alert *alert)
{
    if (strcmp(alert->service, taking->key_service) == 0) {
        return true;
    }
    struct match_subject subject = match_subject_of_alert(alert);
    subject.service = taking->key_service;
    struct route_verdict verdict = route_walk(taking->view->routes, &subject);
    g_free(verdict.taken);
    g_free(verdict.unsure);
    return g_strcmp0(verdict.service, alert->service) == 0;
}

/* By alert_load_by_key or alert_load_suppressed. */
static bool find(const struct taking *taking,
                 bool (*load)(struct db *db, const char *integration, const char *stored_key,
                              struct alert *out))
{
    struct db *db = taking->tx->db;
    if (load(db, taking->integration, taking->key, taking->out)) {
        return true;
    }
    if (taking->key_service == NULL ||
        !load(db, taking->integration, taking->signal->dedup_key, taking->out)) {
        return false;
    }
    bool is_meant = is_of_service(taking, taking->out);
    if (!is_meant) {
        alert_clear(taking->out);
    }
    return is_meant;
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
    taking->unsure_routes = verdict.unsure;
    *out_is_suppressed = verdict.is_suppressed;
    return verdict.taken;
}

/* When the alert is resolved unless it is seen again: as its source says or its service asks. */
static struct utc expiry_of(const struct taking *taking)
{
    const struct service *service = service_of(taking);
    /* Of two replicas that repeat it the one that looks further ahead. */
    struct utc expires_at = utc_is_set(taking->signal->expires_at)
                                ? utc_later(taking->signal->expires_at, taking->out->expires_at)
                                : taking->signal->expires_at;
    if (service == NULL || service->auto_resolve.us == 0) {
        return expires_at;
    }
    struct utc not_seen_at = utc_add(taking->tx->now, service->auto_resolve);
    return utc_is_set(expires_at) ? utc_earlier(expires_at, not_seen_at) : not_seen_at;
}

/* What is said to be none is kept as none. New reference. */
static json_t *kept(json_t *said)
{
    bool is_none = json_array_size(said) == 0 && json_object_size(said) == 0;
    return is_none ? NULL : json_incref(said);
}

/* As it is told to people; unset where it cannot be. */
static struct utc start_of(const struct taking *taking)
{
    struct utc said = taking->signal->occurred_at;
    return signal_is_ahead(said, taking->tx->now) ? (struct utc){0} : said;
}

static void fill_new(const struct taking *taking, enum alert_status status, char *route)
{
    const struct signal *signal = taking->signal;
    *taking->out = (struct alert){
        .integration = g_strdup(taking->integration),
        .dedup_key = g_strdup(signal->dedup_key),
        .key_service = g_strdup(taking->key_service),
        .service = g_strdup(taking->service),
        .severity = taking->severity,
        .urgency = urgency_of(service_of(taking), taking->severity),
        .summary = g_strdup(signal->summary == NULL ? signal->dedup_key : signal->summary),
        .source = g_strdup(signal->source),
        .component = g_strdup(signal->component),
        .group = g_strdup(signal->group),
        .class_name = g_strdup(signal->class_name),
        .details = kept(signal->details),
        .links = kept(signal->links),
        .count = 1,
        .route = route,
        .first_at = taking->tx->now,
        .last_at = taking->tx->now,
        .started_at = start_of(taking),
        .episode_at = signal->occurred_at,
        .expires_at = expiry_of(taking),
    };
    alert_become(taking->out, status);
}

/* A silence that is not obeyed and a route that is not taken must not be a riddle. */
static void say_unsure(const struct taking *taking, const struct silence *silence, json_t *data)
{
    json_set_text(data, "routes_not_evaluated", taking->unsure_routes);
    json_set_text(data, "silence_not_evaluated", silence == NULL ? NULL : silence->name);
    *taking->out_is_unsure |= silence != NULL || taking->unsure_routes != NULL;
}

static json_t *opened_data(const struct taking *taking)
{
    const struct alert *alert = taking->out;
    json_t *data = alert_data(alert);
    json_set_text(data, "integration", alert->integration);
    json_set_text(data, "dedup_key", alert->dedup_key);
    json_set_text(data, "route", alert->route);
    struct match_subject subject = match_subject_of_alert(alert);
    struct silence_verdict silence =
        silence_judge(taking->view->silences, &subject, taking->tx->now);
    if (silence.by != NULL) {
        char until[UTC_TEXT_SIZE];
        utc_format(silence.until, until);
        json_set_text(data, "silenced_by", silence.by->name);
        json_set_text(data, "silenced_until", until);
    }
    say_unsure(taking, silence.unsure, data);
    return data;
}

static struct alert_past look_back(struct ledger_tx *tx, const char *integration, const char *key)
{
    struct utc since = {tx->now.us - DEDUP_FLAP_SPAN.us};
    return alert_look_back(tx->db, integration, key, since);
}

static void open_alert(const struct taking *taking, char *route, int64_t openings)
{
    struct ledger_tx *tx = taking->tx;
    fill_new(taking, ALERT_OPEN, route);
    taking->out->is_flapping = dedup_is_flapping(openings);
    alert_insert(tx->db, taking->out);
    const struct principal actor = actor_of(taking->integration);
    append(tx, actor, &EVENT_ALERT_TRIGGERED, taking->out->id, opened_data(taking));
    if (taking->out->is_flapping) {
        json_t *data = alert_data(taking->out);
        (void)json_object_set_new(data, "openings", json_integer(openings + 1));
        append(tx, actor, &EVENT_ALERT_FLAPPING, taking->out->id, data);
    }
}

static void suppress_alert(const struct taking *taking, char *route)
{
    struct ledger_tx *tx = taking->tx;
    struct alert *alert = taking->out;
    if (find(taking, alert_load_suppressed)) {
        g_free(route);
        alert->count++;
        alert->last_at = tx->now;
        alert_touch(tx->db, alert);
        return;
    }
    fill_new(taking, ALERT_SUPPRESSED, route);
    alert_insert(tx->db, alert);
    const struct principal actor = actor_of(taking->integration);
    append(tx, actor, &EVENT_ALERT_SUPPRESSED, alert->id, opened_data(taking));
}

/* --- a repeat renews what its sender says --- */

static bool renew_severity(const struct taking *taking, json_t *data)
{
    struct alert *alert = taking->out;
    if (alert->severity == taking->severity) {
        return false;
    }
    json_set_text(data, "severity_before", enum_to_name(SEVERITY_NAMES, alert->severity));
    if (alert->first_severity == 0) {
        alert->first_severity = alert->severity;
    }
    alert->severity = taking->severity;
    alert->urgency =
        urgency_of(g_hash_table_lookup(taking->view->services, alert->service), alert->severity);
    return true;
}

static bool renew_summary(const struct taking *taking, json_t *data)
{
    struct alert *alert = taking->out;
    const char *summary = taking->signal->summary;
    if (summary == NULL || strcmp(alert->summary, summary) == 0) {
        return false;
    }
    json_set_text(data, "summary_before", alert->summary);
    if (alert->first_summary == NULL) {
        alert->first_summary = g_steal_pointer(&alert->summary);
    }
    g_free(alert->summary);
    alert->summary = g_strdup(summary);
    return true;
}

/* What the repeat does not speak of stays. */
static bool renew_text(char **value, const char *said, json_t *data, const char *name)
{
    if (said == NULL || g_strcmp0(*value, said) == 0) {
        return false;
    }
    g_autofree char *before = g_strconcat(name, "_before", NULL);
    json_set_text(data, before, *value);
    json_set_text(data, name, said);
    g_free(*value);
    *value = g_strdup(said);
    return true;
}

static bool renew_json(json_t **value, json_t *said, bool is_same, json_t *data, const char *name)
{
    json_auto_t *now = kept(said);
    if (said == NULL || is_same || (now == NULL && *value == NULL)) {
        return false;
    }
    if (*value != NULL) {
        g_autofree char *before = g_strconcat(name, "_before", NULL);
        (void)json_object_set(data, before, *value);
    }
    json_decref(*value);
    *value = g_steal_pointer(&now);
    (void)json_object_set(data, name, said);
    return true;
}

/* The event holds both versions of each part that changed: of the first one nothing else tells. */
static bool renew(const struct taking *taking)
{
    struct alert *alert = taking->out;
    const struct signal *signal = taking->signal;
    json_t *changes = json_object();
    bool is_new = renew_severity(taking, changes);
    is_new |= renew_summary(taking, changes);
    is_new |= renew_json(&alert->details, signal->details,
                         json_equal(alert->details, signal->details), changes, "details");
    is_new |= renew_json(&alert->links, signal->links,
                         dedup_same_links(alert->links, signal->links), changes, "links");
    is_new |= renew_text(&alert->source, signal->source, changes, "source");
    is_new |= renew_text(&alert->component, signal->component, changes, "component");
    is_new |= renew_text(&alert->group, signal->group, changes, "group");
    is_new |= renew_text(&alert->class_name, signal->class_name, changes, "class");
    if (is_new) {
        const struct principal actor = actor_of(taking->integration);
        json_t *data = alert_data(alert);
        (void)json_object_update(data, changes);
        (void)json_object_set_new(data, "count", json_integer(alert->count));
        append(taking->tx, actor, &EVENT_ALERT_REPEATED, alert->id, data);
    }
    json_decref(changes);
    return is_new;
}

/* Since when is what was said first; which episode, what was said last. */
static void note_start(const struct taking *taking)
{
    struct alert *alert = taking->out;
    alert->episode_at = utc_later(alert->episode_at, taking->signal->occurred_at);
    if (!utc_is_set(alert->started_at)) {
        alert->started_at = start_of(taking);
    }
}

static int join_alert(const struct taking *taking)
{
    struct alert *alert = taking->out;
    alert->count++;
    alert->last_at = taking->tx->now;
    alert->expires_at = expiry_of(taking);
    note_start(taking);
    if (renew(taking)) {
        alert_save(taking->tx->db, alert);
    } else {
        alert_touch(taking->tx->db, alert);
    }
    return TAKE_JOINED;
}

/* The alert that its source has just resolved, when the trigger says that it goes on: as if it had
 * never been resolved. Whom to tell of it is decided above. */
static bool continue_alert(struct taking *taking, int64_t resolved_id)
{
    struct ledger_tx *tx = taking->tx;
    struct alert *alert = taking->out;
    const struct principal actor = actor_of(taking->integration);
    if (resolved_id == 0 || !utc_is_set(taking->signal->occurred_at)) {
        return false;
    }
    if (!alert_load(tx->db, resolved_id, alert) ||
        !dedup_continues(taking->signal, alert, actor, tx->now)) {
        alert_clear(alert);
        return false;
    }
    taking->was_over = utc_since(tx->now, alert->resolved_at);
    alert_become(alert, ALERT_OPEN);
    alert->resolved_at = (struct utc){0};
    g_clear_pointer(&alert->resolved_by, g_free);
    append(tx, actor, &EVENT_ALERT_CONTINUED, alert->id, alert_data(alert));
    alert_save(tx->db, alert);
    return true;
}

/* One that does not say how bad it is says nothing new of it. */
static int severity_of(const struct signal *signal, const struct alert *open)
{
    bool is_as_it_was = open != NULL && signal->severity == 0;
    return is_as_it_was ? open->severity : signal_severity(signal);
}

static int take_trigger(struct taking *taking, bool is_open, int *out_severity_before)
{
    bool is_suppressed = false;
    struct alert_past past = {0};
    bool is_continued = false;
    if (!is_open) {
        past = look_back(taking->tx, taking->integration, taking->key);
        is_continued = continue_alert(taking, past.resolved_id);
    }
    bool is_known = is_open || is_continued;
    taking->severity = severity_of(taking->signal, is_known ? taking->out : NULL);
    g_autofree char *route = judge_route(taking, &is_suppressed);
    if (is_known) {
        /* Also when a route would suppress it by now: what pages goes on until it is resolved. */
        *out_severity_before = taking->out->severity;
        int outcome = join_alert(taking);
        return is_continued ? (int)TAKE_CONTINUED : outcome;
    }
    if (is_suppressed) {
        suppress_alert(taking, g_steal_pointer(&route));
        return TAKE_SUPPRESSED;
    }
    open_alert(taking, g_steal_pointer(&route), past.openings);
    return TAKE_OPENED;
}

/* --- an acknowledge or resolve that finds nothing open --- */

static int take_unknown(const struct taking *taking)
{
    if (taking->signal->is_quiet) {
        return TAKE_UNKNOWN;
    }
    struct ledger_tx *tx = taking->tx;
    const struct principal actor = actor_of(taking->integration);
    if (taking->signal->action == SIGNAL_RESOLVE && find(taking, alert_load_suppressed)) {
        (void)alert_resolve(tx, taking->out, actor, NULL, NULL);
        return TAKE_RESOLVED;
    }
    /* Prometheus repeats a resolve for a quarter of an hour; only a key that was never seen is
     * worth an event. */
    if (!alert_is_known(tx->db, taking->integration, taking->key)) {
        json_t *data = json_object();
        json_set_text(data, "action", enum_to_name(SIGNAL_ACTION_NAMES, taking->signal->action));
        json_set_text(data, "dedup_key", taking->signal->dedup_key);
        char kind[SUBJECT_KIND_SIZE];
        struct subject sender;
        g_autofree char *text = principal_text_of(actor);
        CHECK(subject_read(text, kind, &sender));
        event_append(tx, actor, &EVENT_ALERT_UNKNOWN, sender, data);
        json_decref(data);
    }
    return TAKE_UNKNOWN;
}

/* Once for a sender that says it once: who asks why the alert is still open finds it. */
static void ignore_resolve(const struct taking *taking)
{
    const struct signal *signal = taking->signal;
    if (signal->is_repeated) {
        return;
    }
    json_t *data = alert_data(taking->out);
    json_set_utc(data, "started_at", taking->out->episode_at);
    json_set_utc(data, "resolve_started_at", signal->occurred_at);
    json_set_utc(data, "resolve_ended_at", signal->ended_at);
    const struct principal actor = actor_of(taking->integration);
    append(taking->tx, actor, &EVENT_ALERT_RESOLVE_IGNORED, taking->out->id, data);
}

static void settle_key(struct signal *signal, const struct random *random)
{
    if (signal->dedup_key == NULL || signal->dedup_key[0] == '\0') {
        g_free(signal->dedup_key);
        unsigned char bits[DEDUP_KEY_BYTES];
        random_fill(random, bits, sizeof bits);
        signal->dedup_key = dedup_key_of_bits(bits);
        return;
    }
    g_autofree char *whole = signal->dedup_key;
    signal->dedup_key = dedup_key_fit(whole);
}

void alert_foresee(struct ledger_tx *tx, const struct signal *signal, const char *integration,
                   const char *service)
{
    if (signal->dedup_key == NULL || signal->dedup_key[0] == '\0') {
        return; /* a key of its own: there is nothing to find */
    }
    g_autofree char *plain = dedup_key_fit(signal->dedup_key);
    const char *key_service = key_service_of(integration, service);
    g_autofree char *key = alert_stored_key(key_service, plain);
    struct alert none = {0};
    (void)!alert_load_by_key(tx->db, integration, key, &none);
    if (key_service != NULL) {
        (void)!alert_load_by_key(tx->db, integration, plain, &none);
    }
    if (signal->action == SIGNAL_TRIGGER) {
        (void)look_back(tx, integration, key);
    }
}

void alert_take(struct ledger_tx *tx, const struct intake_view *view, struct signal *signal,
                const char *integration, const char *service, struct intake_result *out)
{
    settle_key(signal, view->random);
    *out = (struct intake_result){0};
    const char *key_service = key_service_of(integration, service);
    g_autofree char *key = alert_stored_key(key_service, signal->dedup_key);
    struct taking taking = {
        .tx = tx,
        .view = view,
        .signal = signal,
        .integration = integration,
        .key_service = key_service,
        .key = key,
        .service = service,
        .out = &out->alert,
        .out_is_unsure = &out->is_unsure,
    };
    bool is_open = find(&taking, alert_load_by_key);
    const struct principal actor = actor_of(integration);
    switch (dedup_judge(signal, is_open ? &out->alert : NULL)) {
    case DEDUP_OPEN:
    case DEDUP_JOIN:
        out->outcome = take_trigger(&taking, is_open, &out->severity_before);
        out->was_over = taking.was_over;
        break;
    case DEDUP_ACKNOWLEDGE:
        (void)alert_acknowledge(tx, &out->alert, actor, NULL);
        out->outcome = TAKE_ACKNOWLEDGED;
        break;
    case DEDUP_STALE:
        ignore_resolve(&taking);
        out->outcome = TAKE_STALE;
        break;
    case DEDUP_RESOLVE:
        out->alert.ended_at = utc_later(out->alert.ended_at, signal->ended_at);
        (void)alert_resolve(tx, &out->alert, actor, NULL, NULL);
        out->outcome = TAKE_RESOLVED;
        break;
    case DEDUP_UNKNOWN:
    default:
        out->outcome = take_unknown(&taking);
        break;
    }
    g_free(taking.unsure_routes);
}
