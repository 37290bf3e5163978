#include "paging/pager.h"

#include <string.h>

#include "config/config_work.h"
#include "paging/work.h"

static void policy_destroy(gpointer policy)
{
    record_free(&POLICY_RECORD, policy);
}

struct pager *pager_create(struct config_holder *configs, const struct random *random)
{
    struct pager *pager = g_new0(struct pager, 1);
    pager->configs = configs;
    pager->random = random;
    pager->policies = g_hash_table_new_full(g_direct_hash, g_direct_equal, NULL, policy_destroy);
    pager->held = g_hash_table_new_full(g_direct_hash, g_direct_equal, NULL, g_free);
    pager->awaited = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL);
    return pager;
}

void pager_add_topics(struct pager *pager, const struct topic_kind *kind)
{
    CHECK(pager->kind_count < TOPIC_KINDS_MAX && topic_kind_of(pager, kind->word) == NULL);
    pager->kinds[pager->kind_count++] = kind;
}

void pager_destroy(struct pager **pager)
{
    if (*pager == NULL) {
        return;
    }
    g_hash_table_destroy((*pager)->policies);
    g_hash_table_destroy((*pager)->held);
    g_hash_table_destroy((*pager)->awaited);
    gap_look_clear(&(*pager)->gap_look);
    g_free(*pager);
    *pager = NULL;
}

static void take_link_key(struct pager *pager, struct ledger_tx *tx)
{
    unsigned char fresh[LINK_KEY_SIZE];
    random_fill(pager->random, fresh, sizeof fresh);
    secret_take(tx->db, PAGER_LINK_SECRET, fresh, pager->link_key);
    link_installation(pager->link_key, pager->installation);
    /* If this transaction is not committed, the next command finds or makes the key again. */
    pager->has_link_key = db_error(tx->db) == DB_OK;
}

void pager_enter(struct pager *pager, struct ledger_tx *tx)
{
    if (pager->depth++ == 0) {
        pager->config = config_in(pager->configs, tx);
    }
}

void pager_enter_by(struct pager *pager, struct config *config)
{
    CHECK(pager->depth == 0);
    pager->depth = 1;
    pager->config = config_ref(config);
}

void pager_leave(struct pager *pager)
{
    CHECK(pager->depth > 0);
    if (--pager->depth == 0) {
        config_unref(pager->config);
        pager->config = NULL;
    }
}

enum command_result pager_recover(struct ledger_tx *tx, void *arg)
{
    struct pager *pager = arg;
    take_link_key(pager, tx);
    pager->able_since = tx->now;
    pager_enter(pager, tx);
    contacts_follow_start(pager, tx);
    heartbeats_follow_config(
        pager, tx); /* an earlier version armed them after the commit, or died before */
    pager_leave(pager);
    if (db_is_shared(tx->db)) {
        /* Other nodes may be sending, and know of their own what became of it; whether sources could
         * reach anybody is in the mark. Without a node: from a database file that was moved here. */
        delivery_expire_of_node(tx->db, tx->now, 0);
        return COMMAND_DONE;
    }
    delivery_expire_claimed(tx->db, tx->now);
    grant_time_to_refresh(pager, tx);
    return COMMAND_DONE;
}

const unsigned char *pager_link_key(const struct pager *pager)
{
    CHECK(pager->has_link_key);
    return pager->link_key;
}

/* --- duties --- */

static struct utc escalation_next_at(struct ledger_tx *tx, void *self)
{
    (void)self;
    return escalation_next(tx->db, tx->lanes, ledger_asked_until(tx));
}

static struct utc page_next_at(struct ledger_tx *tx, void *self)
{
    (void)self;
    return page_next(tx->db, tx->lanes, ledger_asked_until(tx));
}

static struct utc lease_next_at(struct ledger_tx *tx, void *self)
{
    struct utc due_at = delivery_next_lease(tx->db, tx->lanes, ledger_asked_until(tx));
    return db_is_shared(tx->db) ? outage_judge_at(self, tx, due_at) : due_at;
}

static struct utc heartbeat_next_at(struct ledger_tx *tx, void *self)
{
    return outage_judge_at(self, tx, heartbeat_next(tx->db, tx->lanes, ledger_asked_until(tx)));
}

static void escalation_jumped(struct ledger_tx *tx, void *self, struct span by)
{
    (void)self;
    escalation_shift_waits(tx->db, by);
}

static void page_jumped(struct ledger_tx *tx, void *self, struct span by)
{
    (void)self;
    page_shift_waits(tx->db, by);
}

static void mail_jumped(struct ledger_tx *tx, void *self, struct span by)
{
    struct pager *pager = self;
    mail_shift_waits(tx->db, tx->now, by);
    g_hash_table_remove_all(pager->held);
}

static void heartbeat_jumped(struct ledger_tx *tx, void *self, struct span by)
{
    (void)self;
    heartbeat_shift_waits(tx->db, by);
}

static void escalation_off(struct ledger_tx *tx, void *self, struct span by)
{
    (void)self;
    escalation_put_off(tx->db, tx->now, tx->lanes, by);
}

static void page_off(struct ledger_tx *tx, void *self, struct span by)
{
    (void)self;
    page_put_off(tx->db, tx->now, tx->lanes, by);
}

static void lease_off(struct ledger_tx *tx, void *self, struct span by)
{
    (void)self;
    delivery_put_off(tx->db, tx->now, tx->lanes, by);
}

/* What it was sending may have arrived or not: the holders of the lanes see to it now. */
static void node_gone(struct ledger_tx *tx, void *self, int64_t node)
{
    (void)self;
    delivery_expire_of_node(tx->db, tx->now, node);
}

static void config_changed(struct ledger_tx *tx, void *self, const struct occurrence *what)
{
    struct pager *pager = self;
    struct config *before = pager->config; /* of a command that is at it, and goes on by that */
    (void)what;
    pager->config = config_in(pager->configs, tx);
    heartbeats_follow_config(pager, tx);
    contacts_follow_config(pager, tx);
    config_unref(pager->config);
    pager->config = before;
}

void pager_attach(struct pager *pager, struct ledger *ledger)
{
    const struct ledger_duty duties[] = {
        {"escalations", escalation_next_at, escalation_run_due, escalation_jumped, pager,
         escalation_off, NULL},
        {"personal rules", page_next_at, page_run_due, page_jumped, pager, page_off, NULL},
        {"delivery leases", lease_next_at, lease_run_due, mail_jumped, pager, lease_off, node_gone},
        {"intake mark", mark_next_at, mark_run_due, mark_jumped, pager, NULL, NULL},
        {"alert expiry", expiry_next_at, expiry_run_due, NULL, pager, NULL, NULL},
        {"heartbeats", heartbeat_next_at, heartbeat_run_due, heartbeat_jumped, pager, NULL, NULL},
        {"silences", silence_next_at, silence_run_due, NULL, pager, NULL, NULL},
        {"gaps ahead", gap_next_at, gap_run_due, gap_jumped, pager, gap_off, NULL},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(duties); i++) {
        ledger_add_duty(ledger, duties[i]);
    }
    static const struct event_kind *const CHANGED[] = {&EVENT_CONFIG_CHANGED, NULL};
    ledger_subscribe(ledger, (struct ledger_subscriber){"what a configuration brings", CHANGED,
                                                        NULL, config_changed, pager});
}
