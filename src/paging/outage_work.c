/* Outages of ours: sources that could not reach us get time to do so before they count as gone, and
 * other nodes that were sending, and live, to say how it went.
 *
 * Among several nodes a mark in the database says until when intake was open somewhere, so that the
 * loss of all nodes, of the database, and of the way to it look the same: the mark is old. The only
 * writer of a file has its start (pager_recover), and remembers when it could not write. */
#include "paging/work.h"

/* The mark is moved on this often, by whoever holds the house's lane … */
#define MARK_EVERY SPAN_S(5)
/* … and when it is older, nobody took in anything. More than a takeover of that lane takes. */
#define CUT_OFF_AFTER SPAN_S(15)

static void move_mark(struct pager *pager, struct ledger_tx *tx)
{
    intake_mark_save(tx->db, tx->now);
    pager->mark_at = utc_add(tx->now, MARK_EVERY);
}

static bool is_long(struct utc since, struct utc now)
{
    return utc_since(now, since).us > CUT_OFF_AFTER.us;
}

/* Were we out of reach until just now? */
static bool was_out_of_reach(const struct pager *pager, struct ledger_tx *tx)
{
    if (utc_is_set(pager->closed_at) && is_long(pager->closed_at, tx->now)) {
        return true;
    }
    bool has_mark = ledger_node(tx) != 0 && db_is_shared(tx->db);
    return has_mark && is_long(intake_mark_load(tx->db), tx->now);
}

bool outage_forgive(struct pager *pager, struct ledger_tx *tx)
{
    bool is_forgiven = was_out_of_reach(pager, tx);
    if (is_forgiven) {
        pager->able_since = tx->now;
        grant_time_to_refresh(pager, tx);
    }
    if (is_forgiven && db_is_shared(tx->db)) {
        delivery_extend_leases(tx->db, utc_add(tx->now, DELIVERY_LEASE));
        move_mark(pager, tx);
    }
    pager->closed_at = (struct utc){0};
    return is_forgiven;
}

struct utc outage_judge_at(struct pager *pager, struct ledger_tx *tx, struct utc due_at)
{
    if (!ledger_is_writable(tx->ledger)) {
        if (!utc_is_set(pager->closed_at)) {
            pager->closed_at = tx->now;
        }
        return UTC_NEVER; /* who cannot reach us is not gone */
    }
    if (utc_is_set(pager->closed_at) && is_long(pager->closed_at, tx->now)) {
        return tx->now;
    }
    pager->closed_at = (struct utc){0};
    return due_at;
}

struct utc mark_next_at(struct ledger_tx *tx, void *self)
{
    struct pager *pager = self;
    bool is_ours =
        ledger_node(tx) != 0 && db_is_shared(tx->db) && lane_is_in(tx->lanes, LANE_HOUSE);
    if (!is_ours || !ledger_is_writable(tx->ledger)) {
        return UTC_NEVER;
    }
    /* Were the clock set back, the next time could lie years ahead. */
    return utc_earlier(pager->mark_at, utc_add(tx->now, MARK_EVERY));
}

int mark_run_due(struct ledger_tx *tx, void *self, int limit)
{
    struct pager *pager = self;
    (void)limit;
    if (!outage_forgive(pager, tx)) {
        move_mark(pager, tx);
    }
    return 1;
}

void mark_jumped(struct ledger_tx *tx, void *self, struct span by)
{
    (void)self;
    intake_mark_shift(tx->db, by);
}
