/* Silences that were changed or ended early: whatever one holds is judged by those in force now. */
#include "paging/work.h"

/* In one transaction; the rest comes in the next. */
enum { REJUDGED_MAX = 1000 };

struct utc silence_next_at(struct ledger_tx *tx, void *self)
{
    struct pager *pager = self;
    if (!lane_is_in(tx->lanes, LANE_HOUSE)) {
        return UTC_NEVER;
    }
    struct config *config = config_current(pager->configs);
    bool is_seen = pager->silences_version == config->version;
    config_unref(config);
    return is_seen ? UTC_NEVER : tx->now;
}

/* Does a silence still hold it, and until then? */
static bool is_held_rightly(struct pager *pager, struct ledger_tx *tx, const struct escalation *e)
{
    struct topic topic = {0};
    struct topic_hold hold = {0};
    bool holds = topic_load(pager, tx->db, e->subject, &topic) &&
                 topic_is_held(pager->config, &topic, tx->now, &hold);
    topic_clear(&topic);
    return holds && hold.until.us == e->next_at.us;
}

/* The escalations' own duty judges them next. Answers how many there are. */
static int rejudge(struct pager *pager, struct ledger_tx *tx)
{
    int changed = 0;
    g_autoptr(GArray) held = escalation_held(tx->db, tx->now);
    for (guint i = 0; i < held->len && changed < REJUDGED_MAX; i++) {
        struct escalation e;
        if (escalation_load(tx->db, g_array_index(held, int64_t, i), &e) &&
            !is_held_rightly(pager, tx, &e)) {
            e.next_at = tx->now;
            escalation_save(tx->db, &e);
            changed++;
        }
    }
    return changed;
}

int silence_run_due(struct ledger_tx *tx, void *self, int limit)
{
    struct pager *pager = self;
    (void)limit;
    pager_enter(pager, tx);
    int changed = rejudge(pager, tx);
    /* Only a look that had nothing to write is over: what another wrote may still be rolled back. */
    if (changed == 0 && db_error(tx->db) == DB_OK) {
        pager->silences_version = pager->config->version;
    }
    pager_leave(pager);
    return MAX(changed, 1); /* looking was the work */
}
