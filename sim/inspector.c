#include "sim/inspector.h"

#include <glib.h>

#include "ledger/chain.h"
#include "ledger/lane.h"
#include "sim/eye_store.h"

/* An idle node looks every 250 ms; a step and a clock that is a little off come on top. */
static const int64_t LATE_SLACK_US = 700000;
static const int64_t LOOK_EVERY_US = 400000;

enum { CLAIMS_MAX = 100, CARRIED_MAX = 2000 };

/* The last time that a notification left and may have arrived. */
struct trace {
    int64_t notification;
    int node, faults;
    bool is_unknown;
};

struct inspector {
    struct auditor *auditor;
    struct db *eye;
    int64_t calm_from_us; /* on the elapsed clock */
    int64_t able_from_us; /* -1: nobody is */
    int64_t looked_us;
    int64_t claim_seen;
    struct eye_lane lanes[LANE_COUNT]; /* as they were last seen … */
    int64_t epoch_before[LANE_COUNT];  /* … and before that */
    int64_t worked_epoch[LANE_COUNT];  /* of the newest delivery, and who had it */
    int64_t worked_by[LANE_COUNT];
    GHashTable *traces; /* notification -> struct trace */
};

struct inspector *inspector_create(struct auditor *auditor, struct db *eye)
{
    struct inspector *inspector = g_new0(struct inspector, 1);
    inspector->auditor = auditor;
    inspector->eye = eye;
    inspector->able_from_us = -1;
    inspector->traces = g_hash_table_new_full(g_int64_hash, g_int64_equal, NULL, g_free);
    return inspector;
}

void inspector_destroy(struct inspector **inspector)
{
    if (*inspector != NULL) {
        g_hash_table_destroy((*inspector)->traces);
        g_clear_pointer(inspector, g_free);
    }
}

void inspector_disturbed(struct inspector *inspector, struct span grace, struct moment now)
{
    inspector->calm_from_us = MAX(inspector->calm_from_us, now.elapsed.us + grace.us);
}

bool inspector_is_calm(const struct inspector *inspector, struct moment now)
{
    return inspector->able_from_us >= 0 && now.elapsed.us >= inspector->calm_from_us;
}

/* --- late --- */

static void look_for_late(struct inspector *inspector, struct moment now)
{
    struct eye_due due;
    eye_next_due(inspector->eye, &due);
    if (utc_before(now.wall, due.at)) {
        return;
    }
    int64_t due_us = now.elapsed.us - utc_since(now.wall, due.at).us;
    int64_t since_us = MAX(due_us, inspector->calm_from_us);
    if (now.elapsed.us - since_us > LATE_SLACK_US) {
        const struct eye_lane *lane = &inspector->lanes[due.lane];
        auditor_complain(inspector->auditor, now,
                         "late: %s %" G_GINT64_FORMAT " was due %.3f s ago, and all was calm for"
                         " %.3f s; lane %" G_GINT64_FORMAT " is held by node %" G_GINT64_FORMAT
                         " in epoch %" G_GINT64_FORMAT,
                         due.what, due.id, (double)(now.elapsed.us - due_us) / 1e6,
                         (double)(now.elapsed.us - inspector->calm_from_us) / 1e6, due.lane,
                         lane->holder, lane->epoch);
    }
}

/* --- lanes --- */

static int look_at_lanes(struct inspector *inspector)
{
    struct eye_lane lanes[LANE_COUNT];
    size_t count = eye_lanes(inspector->eye, lanes, LANE_COUNT);
    int moved = 0;
    for (size_t i = 0; i < count; i++) {
        struct eye_lane *known = &inspector->lanes[lanes[i].lane];
        moved += known->epoch != lanes[i].epoch;
        inspector->epoch_before[lanes[i].lane] = known->epoch;
        *known = lanes[i];
    }
    return moved;
}

static void judge_claim(struct inspector *inspector, const struct eye_claim *claim,
                        struct moment now)
{
    const struct eye_lane *lane = &inspector->lanes[claim->lane];
    int64_t *epoch = &inspector->worked_epoch[claim->lane];
    int64_t *by = &inspector->worked_by[claim->lane];
    bool is_holder =
        lane->epoch != claim->epoch || lane->holder == 0 || lane->holder == claim->node;
    bool is_epoch = claim->epoch > 0 && claim->epoch <= lane->epoch &&
                    claim->epoch >= inspector->epoch_before[claim->lane];
    if (!is_epoch || !is_holder) {
        auditor_complain(inspector->auditor, now,
                         "lane: delivery %" G_GINT64_FORMAT " of lane %" G_GINT64_FORMAT
                         " was claimed by node %" G_GINT64_FORMAT " in epoch %" G_GINT64_FORMAT
                         ", which node %" G_GINT64_FORMAT " holds in epoch %" G_GINT64_FORMAT,
                         claim->delivery, claim->lane, claim->node, claim->epoch, lane->holder,
                         lane->epoch);
    }
    if (claim->epoch < *epoch || (claim->epoch == *epoch && claim->node != *by)) {
        auditor_complain(inspector->auditor, now,
                         "lane: delivery %" G_GINT64_FORMAT " was claimed by node %" G_GINT64_FORMAT
                         " in epoch %" G_GINT64_FORMAT " after node %" G_GINT64_FORMAT
                         " had worked lane %" G_GINT64_FORMAT " in epoch %" G_GINT64_FORMAT,
                         claim->delivery, claim->node, claim->epoch, *by, claim->lane, *epoch);
    }
    *epoch = claim->epoch;
    *by = claim->node;
}

static void look_at_claims(struct inspector *inspector, struct moment now)
{
    struct eye_claim claims[CLAIMS_MAX];
    size_t count = 0;
    do {
        count = eye_claims(inspector->eye, inspector->claim_seen, claims, CLAIMS_MAX);
        for (size_t i = 0; i < count; i++) {
            judge_claim(inspector, &claims[i], now);
            inspector->claim_seen = claims[i].delivery;
        }
    } while (count == CLAIMS_MAX);
}

/* --- repeats --- */

static void judge_repeat(struct inspector *inspector, const struct trace *before,
                         const struct departure *departure, struct moment now)
{
    bool is_excused = before->is_unknown || departure->is_late ||
                      departure->now_faults[before->node] > before->faults;
    if (!is_excused) {
        auditor_complain(inspector->auditor, now,
                         "twice: notification %" G_GINT64_FORMAT " left again with delivery"
                         " %" G_GINT64_FORMAT " from node %d, though nothing happened to node %d",
                         before->notification, departure->delivery_id, departure->node,
                         before->node);
    }
}

bool inspector_sent(struct inspector *inspector, const struct departure *departure,
                    struct moment now)
{
    int64_t ids[CARRIED_MAX];
    bool is_repeat = false;
    size_t count = eye_carried(inspector->eye, departure->delivery_id, ids, CARRIED_MAX);
    for (size_t i = 0; departure->may_arrive && i < count; i++) {
        struct trace *trace = g_hash_table_lookup(inspector->traces, &ids[i]);
        if (trace != NULL) {
            is_repeat = true;
            judge_repeat(inspector, trace, departure, now);
        } else {
            trace = g_new0(struct trace, 1);
            trace->notification = ids[i];
            g_hash_table_insert(inspector->traces, &trace->notification, trace);
        }
        trace->node = departure->node;
        trace->faults = departure->faults;
        trace->is_unknown = departure->is_unknown;
    }
    return is_repeat;
}

/* --- time passes --- */

int inspector_look(struct inspector *inspector, bool is_able, struct moment now)
{
    if (!is_able) {
        inspector->able_from_us = -1;
        return 0;
    }
    if (inspector->able_from_us < 0) {
        inspector->able_from_us = now.elapsed.us;
    }
    if (now.elapsed.us - inspector->looked_us < LOOK_EVERY_US) {
        return 0;
    }
    inspector->looked_us = now.elapsed.us;
    int moved = look_at_lanes(inspector);
    look_at_claims(inspector, now);
    if (inspector_is_calm(inspector, now)) {
        look_for_late(inspector, now);
    }
    return moved;
}

void inspector_end(struct inspector *inspector, struct moment now)
{
    struct fault fault = {0};
    (void)look_at_lanes(inspector);
    look_at_claims(inspector, now);
    if (!chain_check(inspector->eye, "database", &fault)) {
        auditor_complain(inspector->auditor, now, "history: %s", fault.text);
    }
}
