/* What comes in as alerts: signals, expiries, heartbeats. */
#include <string.h>

#include "alert/alert_store.h"
#include "alert/intake.h"
#include "base/log.h"
#include "base/metric.h"
#include "paging/alert_topic.h"
#include "paging/work.h"

/* The alert is answered or over: nobody needs to be told any more. */
static void stop_paging(struct pager *pager, struct ledger_tx *tx, const struct topic *topic,
                        struct span end_wait)
{
    if (topic->standing != STANDING_TAKEN) {
        topic_is_over(pager, tx, topic, end_wait);
        return;
    }
    page_stop_all(tx, topic->subject);
    rooms_follow(pager, tx, topic);
    /* A program's acknowledgement does not make a person's snooze endless. */
    if (!utc_is_set(topic->snoozed_until)) {
        pause_for_acknowledgement(pager, tx, topic);
    }
}

static void follow_up(struct pager *pager, struct ledger_tx *tx, struct intake_result *result,
                      bool is_repeated)
{
    struct topic topic = alert_topic(&result->alert);
    bool is_known = result->severity_before != 0;
    if (is_known && topic.severity != result->severity_before) {
        waiting_follow(tx, &topic);
    }
    switch (result->outcome) {
    case TAKE_OPENED:
        escalation_start(pager, tx, &topic);
        break;
    case TAKE_CONTINUED:
        escalation_continue(pager, tx, &topic, result->was_over);
        break;
    case TAKE_ACKNOWLEDGED:
    case TAKE_RESOLVED:
        stop_paging(pager, tx, &topic, is_repeated ? END_WAIT_REPEATED : END_WAIT);
        break;
    default: /* joined, suppressed, stale or unknown: recorded, nobody is told */
        break;
    }
    /* Whom it concerns when it is worse may be other people. */
    if (is_known && topic.severity < result->severity_before) { /* SEVERITY_CRITICAL is 1 */
        escalation_raise(pager, tx, &topic);
    }
}

static void tell_unsure(int64_t alert_id)
{
    g_autofree char *id = g_strdup_printf("%" G_GINT64_FORMAT, alert_id);
    metric_add(METRIC_PATTERNS_GAVE_UP, 1);
    LOG_WARN("alert", NULL,
             "a pattern of a route or silence took too many steps and counts as one that does not "
             "fit; explain says which",
             "alert", id);
}

static void take_signal(struct pager *pager, struct ledger_tx *tx, struct take *take)
{
    const struct intake_view view = {
        .routes = config_items(pager->config, &ROUTE_KIND),
        .silences = config_items(pager->config, &SILENCE_KIND),
        .services = config_by_name(pager->config, &SERVICE_KIND),
        .random = pager->random,
    };
    struct intake_result result = {0};
    alert_take(tx, &view, &take->signal, take->integration, take->service, &result);
    if (result.is_unsure) {
        tell_unsure(result.alert.id);
    }
    take->outcome = result.outcome;
    take->alert_id = result.alert.id;
    g_strlcpy(take->dedup_key, take->signal.dedup_key != NULL ? take->signal.dedup_key : "",
              sizeof take->dedup_key);
    follow_up(pager, tx, &result, take->signal.is_repeated);
    alert_clear(&result.alert);
}

enum command_result pager_take(struct ledger_tx *tx, void *arg)
{
    struct take *take = arg;
    pager_enter(take->pager, tx);
    take_signal(take->pager, tx, take);
    pager_leave(take->pager);
    return COMMAND_DONE;
}

void pager_foresee_take(struct ledger_tx *tx, void *arg)
{
    const struct take *take = arg;
    alert_foresee(tx, &take->signal, take->integration, take->service);
}

void take_clear(struct take *take)
{
    signal_clear(&take->signal);
}

/* --- alerts that their source no longer refreshes --- */

enum { DUE_MAX = 256 };

struct utc expiry_next_at(struct ledger_tx *tx, void *self)
{
    return outage_judge_at(self, tx, alert_next_expiry(tx->db, tx->lanes, ledger_asked_until(tx)));
}

int expiry_run_due(struct ledger_tx *tx, void *self, int limit)
{
    struct pager *pager = self;
    int64_t ids[DUE_MAX];
    if (outage_forgive(pager, tx)) {
        return 1;
    }
    size_t count = alert_expired(tx->db, tx->now, tx->lanes, ids, (size_t)CLAMP(limit, 1, DUE_MAX));
    pager_enter(pager, tx);
    for (size_t i = 0; i < count; i++) {
        struct alert alert = {0};
        if (alert_load(tx->db, ids[i], &alert) &&
            alert_resolve(tx, &alert, PRINCIPAL_TOCSIN, NULL, "not refreshed by its source")) {
            struct topic topic = alert_topic(&alert);
            stop_paging(pager, tx, &topic, END_WAIT);
        }
        alert_clear(&alert);
    }
    pager_leave(pager);
    return (int)count;
}

/* --- heartbeats --- */

static void signal_heartbeat(struct pager *pager, struct ledger_tx *tx,
                             const struct heartbeat *heartbeat, enum signal_action action)
{
    g_autofree char *integration = principal_text(PRINCIPAL_HEARTBEAT, heartbeat->name);
    struct take take = {
        .pager = pager,
        .integration = integration,
        .service = heartbeat->service,
        .signal =
            {
                .action = (int)action,
                .dedup_key = g_strdup(heartbeat->name),
                .summary = g_strdup_printf("heartbeat %s is missing", heartbeat->name),
                .severity = heartbeat->severity != 0 ? heartbeat->severity : (int)SEVERITY_CRITICAL,
                .source = g_strdup(heartbeat->name),
            },
    };
    take_signal(pager, tx, &take);
    take_clear(&take);
}

static struct utc next_beat_due(const struct heartbeat *heartbeat, struct utc now)
{
    return utc_add(utc_add(now, heartbeat->every), heartbeat->grace);
}

enum command_result pager_beat(struct ledger_tx *tx, void *arg)
{
    struct beat *beat = arg;
    struct pager *pager = beat->pager;
    pager_enter(pager, tx);
    const struct heartbeat *heartbeat = heartbeat_find(pager->config, beat->heartbeat);
    beat->status = heartbeat != NULL ? 200 : 404;
    if (heartbeat != NULL) {
        struct heartbeat_state state = {0};
        bool was_missing = heartbeat_load(tx->db, heartbeat->name, &state) && state.is_missing;
        state = (struct heartbeat_state){
            .last_at = tx->now, .due_at = next_beat_due(heartbeat, tx->now), .is_missing = false};
        heartbeat_save(tx->db, heartbeat->name, &state);
        if (was_missing) {
            signal_heartbeat(pager, tx, heartbeat, SIGNAL_RESOLVE);
        }
    }
    pager_leave(pager);
    return heartbeat != NULL ? COMMAND_DONE : COMMAND_REFUSED;
}

/* A beat of a short interval is waited for once more; of a long one, as long as senders may retry. */
static void await_heartbeats(struct pager *pager, struct ledger_tx *tx)
{
    const GPtrArray *heartbeats = config_items(pager->config, &HEARTBEAT_KIND);
    for (guint i = 0; heartbeats != NULL && i < heartbeats->len; i++) {
        const struct heartbeat *heartbeat = g_ptr_array_index(heartbeats, i);
        struct span wait = {MIN(heartbeat->every.us, REFRESH_WAIT.us) + heartbeat->grace.us};
        struct utc earliest = utc_add(tx->now, wait);
        struct heartbeat_state state = {0};
        if (heartbeat_load(tx->db, heartbeat->name, &state) && utc_is_set(state.due_at) &&
            utc_before(state.due_at, earliest)) {
            state.due_at = earliest;
            heartbeat_save(tx->db, heartbeat->name, &state);
        }
    }
}

void grant_time_to_refresh(struct pager *pager, struct ledger_tx *tx)
{
    pager_enter(pager, tx);
    alert_expire_after(tx->db, utc_add(tx->now, REFRESH_WAIT));
    await_heartbeats(pager, tx);
    pager_leave(pager);
}

static void miss_heartbeat(struct pager *pager, struct ledger_tx *tx, const char *name)
{
    const struct heartbeat *heartbeat = heartbeat_find(pager->config, name);
    struct heartbeat_state state = {0};
    if (!heartbeat_load(tx->db, name, &state)) {
        return;
    }
    state.due_at = (struct utc){0};
    state.is_missing = heartbeat != NULL; /* one that was deleted is simply forgotten */
    heartbeat_save(tx->db, name, &state);
    if (heartbeat != NULL) {
        signal_heartbeat(pager, tx, heartbeat, SIGNAL_TRIGGER);
    }
}

int heartbeat_run_due(struct ledger_tx *tx, void *self, int limit)
{
    struct pager *pager = self;
    int count = 0;
    if (outage_forgive(pager, tx)) {
        return 1;
    }
    pager_enter(pager, tx);
    for (; count < limit; count++) {
        g_autofree char *name = heartbeat_overdue(tx->db, tx->now, tx->lanes);
        if (name == NULL) {
            break;
        }
        miss_heartbeat(pager, tx, name);
    }
    pager_leave(pager);
    return count;
}

void heartbeats_follow_config(const struct pager *pager, struct ledger_tx *tx)
{
    g_autoptr(GHashTable) expected = g_hash_table_new(g_str_hash, g_str_equal);
    g_autoptr(GPtrArray) names = heartbeat_names(tx->db);
    for (guint i = 0; i < names->len; i++) {
        if (heartbeat_find(pager->config, names->pdata[i]) == NULL) {
            heartbeat_forget(tx->db, names->pdata[i]);
        }
        g_hash_table_add(expected, names->pdata[i]);
    }
    const GPtrArray *heartbeats = config_items(pager->config, &HEARTBEAT_KIND);
    for (guint i = 0; heartbeats != NULL && i < heartbeats->len; i++) {
        const struct heartbeat *heartbeat = g_ptr_array_index(heartbeats, i);
        if (!g_hash_table_contains(expected, heartbeat->name)) {
            const struct heartbeat_state state = {.due_at = next_beat_due(heartbeat, tx->now)};
            heartbeat_save(tx->db, heartbeat->name, &state);
        }
    }
}
