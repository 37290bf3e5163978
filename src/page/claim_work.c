/* Claiming: what may be sent now, judged again in the transaction that takes it. */
#include <string.h>

#include "alert/alert_store.h"
#include "base/metric.h"
#include "page/end_store.h"
#include "page/errand.h"
#include "page/work.h"

/* How long a hint that a mailbox is held back is believed among several nodes. */
#define HINT_HOLDS_SHARED SPAN_S(5)

enum { MAILBOXES_MAX = 64, LOOK_MAX = 50, RECENT_MAX = 64, FREED_MAX = 1024 };

static void errand_destroy(gpointer errand)
{
    errand_free(errand);
}

/* --- one mailbox --- */

/* Whether and what to send from a mailbox. */
struct look {
    struct claim *claim;
    bool is_there;
    struct mailbox mailbox;
    struct contact contact;
    GArray *waiting;                /* of struct notification */
    struct sent recent[RECENT_MAX]; /* what the throttle judges by */
    size_t recent_count;
};

static void open_delivery(struct ledger_tx *tx, const struct look *look, int severity,
                          struct delivery *out)
{
    *out = (struct delivery){
        .mailbox_id = look->mailbox.id,
        .who = g_strdup(look->mailbox.who),
        .contact = g_strdup(look->mailbox.contact),
        .channel = look->contact.kind,
        .address = g_strdup(look->contact.to != NULL ? look->contact.to : ""),
        .urgency = MIN(look->mailbox.urgency, URGENCY_LOW),
        .severity = severity,
        .items = 1,
        .lane = look->mailbox.lane,
        .epoch = ledger_lane_epoch(tx, look->mailbox.lane),
        .node = ledger_node(tx),
        .state = DELIVERY_CLAIMED,
        .claimed_at = tx->now,
        .lease_until = utc_add(tx->now, DELIVERY_LEASE),
    };
    delivery_insert(tx->db, out);
}

/* "Still on it?" about every alert of which that is asked now: one message, not one for each. */
static void fill_question(struct ledger_tx *tx, const struct look *look, struct errand *errand,
                          struct delivery *delivery)
{
    int64_t alert_id = 0;
    delivery->items = 0;
    for (guint i = 0; i < look->waiting->len; i++) {
        const struct notification *n = &g_array_index(look->waiting, struct notification, i);
        struct alert alert = {0};
        if (n->kind != NOTIFICATION_STILL_ON_IT) {
            continue;
        }
        delivery_carry(tx->db, delivery->id, n->id);
        delivery->items++;
        alert_id = n->alert_id;
        if (alert_load(tx->db, n->alert_id, &alert)) {
            errand_add(errand, look->claim->pager->config, &alert);
        }
        alert_clear(&alert);
    }
    delivery_save(tx->db, delivery);
    bool is_single = delivery->items == 1;
    if (is_single) {
        errand_set_others(errand, look->claim->pager, tx, alert_id, delivery->who);
    }
    errand->message.kind = MESSAGE_STILL_ON_IT;
    errand->message.total = (size_t)delivery->items;
    errand_set_link(errand, look->claim, delivery->who, is_single ? LINK_ALERT : LINK_DELIVERY,
                    is_single ? alert_id : delivery->id);
}

/* A test, a question or a warning goes as a message of its own. */
static struct errand *build_special(struct ledger_tx *tx, const struct look *look,
                                    const struct notification *n)
{
    struct delivery delivery;
    open_delivery(tx, look, n->severity, &delivery);
    struct errand *errand =
        errand_new(&delivery, &look->contact, look->claim->pager->config, tx->now);
    struct message *message = &errand->message;
    errand_set_id(errand, look->claim->pager, 'n', n->id);
    message->may_repeat = n->tries > 0 && notification_unknown_attempts(tx->db, n->id) > 0;
    if (n->kind == NOTIFICATION_STILL_ON_IT) {
        fill_question(tx, look, errand, &delivery);
    } else if (n->kind == NOTIFICATION_ENDED) {
        end_fill(look->claim->pager, tx, look->waiting, errand, &delivery);
        errand_set_look(errand, look->claim, delivery.who, message->total == 1 ? n->alert_id : 0);
    } else {
        delivery_carry(tx->db, delivery.id, n->id);
        message->kind = n->kind == NOTIFICATION_TEST ? MESSAGE_TEST : MESSAGE_GAP;
        message->total = 1;
        errand_set_link(errand, look->claim, delivery.who, LINK_CONTACT, delivery.id);
    }
    errand_explain(errand, look->claim->pager->config, n);
    delivery_clear(&delivery);
    return errand;
}

/* Those that a message names. */
static void load_alerts(struct ledger_tx *tx, const struct look *look, const GArray *wanted,
                        struct alert out[ERRAND_ITEMS_MAX])
{
    for (guint i = 0; i < MIN(wanted->len, ERRAND_ITEMS_MAX); i++) {
        const struct notification *n =
            &g_array_index(look->waiting, struct notification, g_array_index(wanted, guint, i));
        if (!alert_load(tx->db, n->alert_id, &out[i])) {
            out[i].id = 0;
        }
    }
}

/* One page as itself, several as one digest. `wanted`: of indexes into look->waiting. */
static struct errand *build_pages(struct ledger_tx *tx, const struct look *look,
                                  const GArray *wanted)
{
    struct pager *pager = look->claim->pager;
    const struct notification *first =
        &g_array_index(look->waiting, struct notification, g_array_index(wanted, guint, 0));
    struct alert alerts[ERRAND_ITEMS_MAX] = {0};
    load_alerts(tx, look, wanted, alerts); /* before anything is written, while they are kept */
    struct delivery delivery;
    open_delivery(tx, look, first->severity, &delivery);
    struct errand *errand = errand_new(&delivery, &look->contact, pager->config, tx->now);
    struct message *message = &errand->message;
    delivery.items = delivery_carry_pages(tx->db, &delivery, tx->now, message->by_severity);
    delivery_save(tx->db, &delivery);
    message->total = (size_t)delivery.items;
    message->may_repeat = delivery_may_repeat(tx->db, delivery.id);
    for (guint i = 0; i < MIN(wanted->len, ERRAND_ITEMS_MAX); i++) {
        const struct notification *n =
            &g_array_index(look->waiting, struct notification, g_array_index(wanted, guint, i));
        if (alerts[i].id != 0) {
            errand_add(errand, pager->config, &alerts[i]);
        }
        alert_clear(&alerts[i]);
        if (n->tries == 0) {
            metric_observe(HISTOGRAM_NOTIFICATION, utc_since(tx->now, n->created_at));
        }
    }
    bool is_single = message->total == 1;
    message->kind = is_single ? MESSAGE_PAGE : MESSAGE_DIGEST;
    errand_set_reason(errand, tx, pager->config, first->page_id);
    if (is_single) {
        errand_set_others(errand, pager, tx, first->alert_id, delivery.who);
    }
    errand_set_link(errand, look->claim, delivery.who, is_single ? LINK_ALERT : LINK_DELIVERY,
                    is_single ? first->alert_id : delivery.id);
    errand_set_id(errand, pager, is_single ? 'n' : 'd', is_single ? first->id : delivery.id);
    delivery_clear(&delivery);
    return errand;
}

/* The person or the contact is gone from the configuration: whatever waits goes another way. */
static void abandon(struct ledger_tx *tx, struct look *look)
{
    for (guint i = 0; i < look->waiting->len; i++) {
        const struct notification *n = &g_array_index(look->waiting, struct notification, i);
        notification_settle(tx->db, n->id, NOTIFICATION_FAILED, tx->now);
        if (n->page_id != 0) {
            page_fall_back(look->claim->pager, tx, n->page_id, look->mailbox.contact);
        }
    }
}

static const struct notification *first_special(const GArray *waiting)
{
    for (guint i = 0; i < waiting->len; i++) {
        const struct notification *n = &g_array_index(waiting, struct notification, i);
        if (n->kind != NOTIFICATION_PAGE) {
            return n;
        }
    }
    return NULL;
}

/* All that judging will load goes out together: one way to the database instead of a hundred. */
static void foresee_waiting(struct ledger_tx *tx, const struct look *look)
{
    if (!db_ask_ahead(tx->db)) {
        return;
    }
    for (guint i = 0; i < look->waiting->len; i++) {
        const struct notification *n = &g_array_index(look->waiting, struct notification, i);
        struct alert alert = {0};
        struct page page = {0};
        if (n->kind == NOTIFICATION_PAGE) {
            (void)!alert_load(tx->db, n->alert_id, &alert);
            (void)!page_load(tx->db, n->page_id, &page);
        }
    }
    db_ask_ahead_end(tx->db);
}

static GArray *wanted_pages(struct ledger_tx *tx, const struct look *look)
{
    GArray *wanted = g_array_new(FALSE, FALSE, sizeof(guint));
    g_autoptr(GArray) unwanted = g_array_new(FALSE, FALSE, sizeof(int64_t));
    foresee_waiting(tx, look);
    for (guint i = 0; i < look->waiting->len; i++) {
        const struct notification *n = &g_array_index(look->waiting, struct notification, i);
        struct alert alert = {0};
        if (n->kind != NOTIFICATION_PAGE) {
            continue;
        }
        if (notification_is_wanted(look->claim->pager, tx, n, &alert)) {
            g_array_append_val(wanted, i);
        } else {
            g_array_append_val(unwanted, n->id);
        }
        alert_clear(&alert);
    }
    for (guint i = 0; i < unwanted->len; i++) {
        notification_settle(tx->db, g_array_index(unwanted, int64_t, i), NOTIFICATION_CANCELLED,
                            tx->now);
    }
    return wanted;
}

/* True when the throttle holds the mailbox back; then it is armed for the instant at which a message
 * of this severity may go. */
static bool is_held_back(struct ledger_tx *tx, struct look *look, int severity)
{
    struct utc at = throttle_judge(look->recent, look->recent_count, severity, tx->now);
    struct utc opens_at = mailbox_opens_at(&look->mailbox, tx->now);
    at = utc_later(at, opens_at);
    if (look->mailbox.failures > 0 && delivery_is_under_way(tx->db, look->mailbox.id, tx->now)) {
        /* One attempt at a time at what failed: how it ends says when the next one may be. */
        at = utc_later(at, utc_add(tx->now, DELIVERY_LEASE));
    }
    if (!utc_before(tx->now, at)) {
        return false;
    }
    mailbox_rearm(tx->db, &look->mailbox, tx->now);
    /* Something worse that is due again before then (a retry) is not held back with the rest. */
    struct utc worse_at = notification_due_worse(tx->db, look->mailbox.id, severity, tx->now);
    look->mailbox.next_at = utc_later(utc_earlier(at, worse_at), opens_at);
    mailbox_save(tx->db, &look->mailbox);
    /* Where other nodes settle messages, one that reached nobody makes room without our knowing. */
    struct utc until =
        db_is_shared(tx->db) ? utc_earlier(at, utc_add(tx->now, HINT_HOLDS_SHARED)) : at;
    mailbox_hold(look->claim->pager, look->mailbox.id, severity, until);
    return true;
}

/* Sends the most urgent thing of the mailbox if it may go. */
static struct errand *claim_waiting(struct ledger_tx *tx, struct look *look)
{
    /* Where other nodes take alerts a held mailbox is looked at often: the throttle first, as it costs
     * least. What holds the most severe that waits holds all of it. */
    if (look->waiting->len > 0 &&
        is_held_back(tx, look, g_array_index(look->waiting, struct notification, 0).severity)) {
        return NULL;
    }
    g_autoptr(GArray) wanted = wanted_pages(tx, look);
    const struct notification *special = first_special(look->waiting);
    if (wanted->len == 0 && special == NULL) {
        mailbox_rearm(tx->db, &look->mailbox, tx->now);
        return NULL;
    }
    const struct notification *next =
        wanted->len > 0
            ? &g_array_index(look->waiting, struct notification, g_array_index(wanted, guint, 0))
            : special;
    if (is_held_back(tx, look, next->severity)) {
        return NULL;
    }
    struct errand *errand =
        wanted->len > 0 ? build_pages(tx, look, wanted) : build_special(tx, look, special);
    mailbox_rearm(tx->db, &look->mailbox, tx->now);
    return errand;
}

static void look_into(struct ledger_tx *tx, struct look *look, int64_t mailbox_id)
{
    look->is_there = mailbox_load(tx->db, mailbox_id, &look->mailbox);
    look->waiting = notifications_waiting(tx->db, mailbox_id, tx->now, LOOK_MAX);
    look->recent_count =
        delivery_recent(tx->db, mailbox_id, tx->now, look->recent, G_N_ELEMENTS(look->recent));
}

static void close_look(struct look *look)
{
    notifications_free(look->waiting);
    mailbox_clear(&look->mailbox);
    *look = (struct look){.claim = look->claim};
}

/* Reads all of them before anything is written. */
static void look_into_all(struct ledger_tx *tx, struct look *looks, const int64_t *ids,
                          size_t count)
{
    if (db_ask_ahead(tx->db)) {
        for (size_t i = 0; i < count; i++) {
            look_into(tx, &looks[i], ids[i]);
            close_look(&looks[i]);
        }
        db_ask_ahead_end(tx->db);
    }
    for (size_t i = 0; i < count; i++) {
        look_into(tx, &looks[i], ids[i]);
    }
}

static void claim_mailbox(struct ledger_tx *tx, struct look *look)
{
    struct claim *claim = look->claim;
    struct errand *errand = NULL;
    if (look->mailbox.urgency == MAILBOX_ENDS &&
        end_drop_unwanted(tx->db, look->mailbox.id, tx->now) > 0) {
        notifications_free(look->waiting);
        look->waiting = notifications_waiting(tx->db, look->mailbox.id, tx->now, LOOK_MAX);
    }
    if (receiver_contact(claim->pager->config, look->mailbox.who, look->mailbox.contact,
                         &look->contact)) {
        errand = claim_waiting(tx, look);
    } else {
        abandon(tx, look);
        mailbox_rearm(tx->db, &look->mailbox, tx->now);
    }
    if (errand != NULL) {
        g_ptr_array_add(claim->errands, errand);
    }
}

static void claim_mailboxes(struct ledger_tx *tx, struct claim *claim, const int64_t *ids,
                            size_t count)
{
    struct look *looks = g_new0(struct look, count);
    for (size_t i = 0; i < count; i++) {
        looks[i].claim = claim;
    }
    look_into_all(tx, looks, ids, count);
    for (size_t i = 0; i < count; i++) {
        if (looks[i].is_there) {
            claim_mailbox(tx, &looks[i]);
        }
        close_look(&looks[i]);
    }
    g_free(looks);
}

static bool is_held(const GArray *held, int64_t delivery_id)
{
    for (guint i = 0; i < held->len; i++) {
        if (g_array_index(held, int64_t, i) == delivery_id) {
            return true;
        }
    }
    return false;
}

/* What this node has claimed without knowing it waits again, at once. */
static void free_unstarted(struct ledger_tx *tx, const struct claim *claim)
{
    int64_t ids[FREED_MAX];
    size_t count = delivery_of_node(tx->db, tx->now, ledger_node(tx), ids, FREED_MAX);
    for (size_t i = 0; i < count; i++) {
        if (!is_held(claim->held, ids[i])) {
            delivery_put_back(claim->pager, tx, ids[i]);
        }
    }
}

enum command_result pager_claim(struct ledger_tx *tx, void *arg)
{
    struct claim *claim = arg;
    int64_t ids[MAILBOXES_MAX];
    g_clear_pointer(&claim->errands, g_ptr_array_unref); /* a batch may be run twice */
    claim->errands = g_ptr_array_new_with_free_func(errand_destroy);
    pager_enter(claim->pager, tx);
    if (claim->held != NULL) {
        free_unstarted(tx, claim);
    }
    size_t count =
        mailbox_due(tx->db, tx->now, tx->lanes, ids, CLAMP(claim->max, 1, MAILBOXES_MAX));
    claim_mailboxes(tx, claim, ids, count);
    pager_leave(claim->pager);
    claim->next_at = mailbox_next(tx->db, tx->lanes);
    return COMMAND_DONE;
}
