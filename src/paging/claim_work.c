/* Claiming: what may be sent now, judged again in the transaction that takes it. */
#include <string.h>

#include "base/metric.h"
#include "paging/claim.h"
#include "paging/restate_store.h"
#include "people/address.h"

/* How long a hint that a mailbox is held back is believed among several nodes. */
#define HINT_HOLDS_SHARED SPAN_S(5)
/* An end whose page is on its way looks again after so long. */
#define END_AFTER_PAGE SPAN_S(5)

/* A message that told of more alerts is not written anew: to find out whether all are over takes too long. */
enum { UPDATE_ITEMS_MAX = 500 };

enum { MAILBOXES_MAX = 64, LOOK_MAX = 50, FREED_MAX = 1024 };

static void errand_destroy(gpointer errand)
{
    errand_free(errand);
}

/* --- one mailbox --- */

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
        struct topic topic = {0};
        struct page page = {0};
        if (n->kind == NOTIFICATION_PAGE) {
            (void)!topic_load(look->claim->pager, tx->db, n->subject, &topic);
            (void)!page_load(tx->db, n->page_id, &page);
        }
    }
    db_ask_ahead_end(tx->db);
}

static GArray *wanted_pages(struct ledger_tx *tx, struct look *look)
{
    look->paged_at = tx->now;
    GArray *wanted = g_array_new(FALSE, FALSE, sizeof(guint));
    g_autoptr(GArray) unwanted = g_array_new(FALSE, FALSE, sizeof(int64_t));
    foresee_waiting(tx, look);
    for (guint i = 0; i < look->waiting->len; i++) {
        const struct notification *n = &g_array_index(look->waiting, struct notification, i);
        struct topic topic = {0};
        if (n->kind != NOTIFICATION_PAGE) {
            continue;
        }
        struct utc paged_at = {0};
        if (notification_is_wanted(look->claim->pager, tx, n, &topic, &paged_at)) {
            g_array_append_val(wanted, i);
            /* What lies ahead was made before the clock was set back: perhaps long ago. */
            bool is_ahead = utc_before(tx->now, paged_at);
            look->paged_at = is_ahead ? (struct utc){0} : utc_earlier(look->paged_at, paged_at);
        } else {
            g_array_append_val(unwanted, n->id);
        }
        topic_clear(&topic);
    }
    for (guint i = 0; i < unwanted->len; i++) {
        notification_settle(tx->db, g_array_index(unwanted, int64_t, i), NOTIFICATION_CANCELLED,
                            tx->now);
    }
    return wanted;
}

/* Arms the mailbox for the instant at which a message of this severity may go. */
static void hold_back(struct ledger_tx *tx, struct look *look, int severity, struct utc at,
                      struct utc pass_at)
{
    mailbox_rearm(tx->db, &look->mailbox, tx->now);
    /* Something worse that is due again before then (a retry) is not held back with the rest. */
    struct utc worse_at = notification_due_worse(tx->db, look->mailbox.id, severity, tx->now);
    if (look->mailbox.urgency == MAILBOX_ENDS) {
        struct utc seen = utc_add(tx->now, END_BUNDLE); /* those until then were just looked at */
        pass_at = utc_earlier(pass_at, end_update_due(tx->db, look->mailbox.id, seen));
    }
    look->mailbox.next_at = utc_later(utc_earlier(at, utc_earlier(worse_at, pass_at)),
                                      mailbox_opens_at(&look->mailbox, tx->now));
    mailbox_save(tx->db, &look->mailbox);
    /* Where other nodes settle messages, one that reached nobody makes room without our knowing. */
    struct utc until =
        db_is_shared(tx->db) ? utc_earlier(at, utc_add(tx->now, HINT_HOLDS_SHARED)) : at;
    mailbox_hold(look->claim->pager, look->mailbox.id, severity, until);
}

static bool has_asked(const GArray *passing)
{
    for (guint i = 0; i < passing->len; i++) {
        if (g_array_index(passing, struct notification, i).passes == PASS_ASKED) {
            return true;
        }
    }
    return false;
}

/* News passes ten times a minute; what a person asked for, always. `out_at`: when to look again. */
static bool may_pass(struct ledger_tx *tx, const struct look *look, const GArray *passing,
                     struct utc *out_at)
{
    struct utc recent[THROTTLE_NEWS_PER_MINUTE];
    *out_at = UTC_NEVER;
    if (passing->len == 0) {
        return false;
    }
    size_t count = passes_recent(tx->db, look->mailbox.id, tx->now, recent, G_N_ELEMENTS(recent));
    if (count < THROTTLE_NEWS_PER_MINUTE || has_asked(passing)) {
        return true;
    }
    *out_at = utc_add(recent[count - 1], SPAN_MIN(1));
    return false;
}

/* What the bound does not hold back, in a message of its own; the rest waits on until `at`. */
static struct errand *claim_passing(struct ledger_tx *tx, struct look *look, int severity,
                                    struct utc at)
{
    struct errand *errand = NULL;
    struct utc pass_at = UTC_NEVER;
    bool is_open = !utc_before(tx->now, mailbox_opens_at(&look->mailbox, tx->now));
    struct look passing = *look;
    passing.waiting = notifications_passing(tx->db, look->mailbox.id, tx->now, LOOK_MAX);
    passing.passes = true;
    if (is_open && may_pass(tx, look, passing.waiting, &pass_at)) {
        g_autoptr(GArray) wanted = wanted_pages(tx, &passing);
        errand = wanted->len > 0 ? build_pages(tx, &passing, wanted) : NULL;
        pass_at = passing.waiting->len == LOOK_MAX ? tx->now : pass_at; /* there are more */
    }
    notifications_free(passing.waiting);
    hold_back(tx, look, severity, at, pass_at);
    return errand;
}

/* When a message of this severity may go; not after now: now. */
static struct utc may_go_at(struct ledger_tx *tx, const struct look *look, int severity)
{
    struct utc at = throttle_judge(look->recent, look->recent_count, severity, tx->now);
    return utc_later(at, mailbox_opens_at(&look->mailbox, tx->now));
}

/* Sends the most urgent thing of the mailbox if it may go. */
static struct errand *claim_waiting(struct ledger_tx *tx, struct look *look)
{
    /* Where other nodes take alerts a held mailbox is looked at often: the throttle first, as it costs
     * least. What holds the most severe that waits holds all of it, but for what passes. */
    if (look->waiting->len > 0) {
        int severity = g_array_index(look->waiting, struct notification, 0).severity;
        struct utc at = may_go_at(tx, look, severity);
        if (utc_before(tx->now, at)) {
            return claim_passing(tx, look, severity, at);
        }
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
    struct utc at = may_go_at(tx, look, next->severity);
    if (utc_before(tx->now, at)) {
        return claim_passing(tx, look, next->severity, at);
    }
    struct errand *errand =
        wanted->len > 0 ? build_pages(tx, look, wanted) : build_special(tx, look, special, NULL);
    mailbox_rearm(tx->db, &look->mailbox, tx->now);
    return errand;
}

/* May something be written into a message that stands there? */
static bool can_update(const struct look *look)
{
    return look->mailbox.urgency == MAILBOX_ENDS && look->contact.to != NULL &&
           address_is_bot(look->contact.kind, look->contact.to);
}

static bool find_told(struct ledger_tx *tx, const struct look *look, const struct notification *n,
                      struct told_message *out)
{
    const struct delivery to = {.who = look->mailbox.who,
                                .contact = look->mailbox.contact,
                                .channel = look->contact.kind,
                                .address = look->contact.to};
    if (!can_update(look)) {
        return false;
    }
    return n->kind == NOTIFICATION_ENDED ? end_find_told(tx->db, n, &to, UPDATE_ITEMS_MAX, out)
                                         : restate_find_told(tx->db, n, &to, UPDATE_ITEMS_MAX, out);
}

/* The first of this kind that goes into a message which stands there already. */
static struct errand *claim_update_of(struct ledger_tx *tx, struct look *look, int kind)
{
    struct errand *errand = NULL;
    for (guint i = 0; errand == NULL && i < look->waiting->len;) {
        struct notification *n = &g_array_index(look->waiting, struct notification, i);
        struct told_message told = {0};
        if (n->kind == kind && find_told(tx, look, n, &told)) {
            look->passes = true;
            errand = build_special(tx, look, n, &told);
            mailbox_rearm(tx->db, &look->mailbox, tx->now);
            g_free(told.update_id);
        } else if (n->kind == kind && kind == NOTIFICATION_RESTATED) {
            /* All that could be written anew was; that is no message of its own. */
            notification_settle(tx->db, n->id, NOTIFICATION_CANCELLED, tx->now);
            notification_clear(n);
            g_array_remove_index(look->waiting, i);
        } else {
            i++;
        }
    }
    return errand;
}

/* What can be written into the message that told of the alert goes there, past the bound: it makes no noise. Ends
 * first: the latest message is looked at most. Those that cannot follow in a message of their own. */
static struct errand *claim_update(struct ledger_tx *tx, struct look *look)
{
    if (look->mailbox.urgency != MAILBOX_ENDS ||
        utc_before(tx->now, mailbox_opens_at(&look->mailbox, tx->now))) {
        return NULL;
    }
    struct errand *errand = claim_update_of(tx, look, NOTIFICATION_ENDED);
    return errand != NULL ? errand : claim_update_of(tx, look, NOTIFICATION_RESTATED);
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
    struct claim *claim = looks[0].claim;
    if (db_ask_ahead(tx->db)) {
        addresses_read(tx, claim);
        for (size_t i = 0; i < count; i++) {
            look_into(tx, &looks[i], ids[i]);
            close_look(&looks[i]);
        }
        db_ask_ahead_end(tx->db);
    }
    addresses_read(tx, claim);
    for (size_t i = 0; i < count; i++) {
        look_into(tx, &looks[i], ids[i]);
    }
}

/* Of ends those that are wanted still, and whose page is not on its way. */
static void choose_ends(struct ledger_tx *tx, struct look *look)
{
    struct utc due = utc_add(tx->now, END_BUNDLE);
    (void)end_drop_unwanted(tx->db, look->mailbox.id, due, tx->now);
    (void)end_put_off(tx->db, look->mailbox.id, due, utc_add(tx->now, END_AFTER_PAGE));
    notifications_free(look->waiting);
    look->waiting = notifications_waiting(tx->db, look->mailbox.id, due, LOOK_MAX);
}

/* The bound on noise holds all that waits there: no need to know whether the address is busy, nor to be looked at
 * when it is not. */
static bool is_all_held(struct ledger_tx *tx, const struct look *look)
{
    if (look->waiting->len == 0 || can_update(look)) { /* an update passes the bound */
        return false;
    }
    int severity = g_array_index(look->waiting, struct notification, 0).severity;
    if (!utc_before(tx->now, may_go_at(tx, look, severity))) {
        return false;
    }
    GArray *passing = notifications_passing(tx->db, look->mailbox.id, tx->now, 1);
    bool is_all = passing->len == 0;
    notifications_free(passing);
    return is_all;
}

static void claim_mailbox(struct ledger_tx *tx, struct look *look)
{
    struct claim *claim = look->claim;
    struct errand *errand = NULL;
    bool is_known = receiver_contact(claim->pager->config, look->mailbox.who, look->mailbox.contact,
                                     &look->contact);
    if (is_known && is_all_held(tx, look)) {
        look->mailbox.waits_for = 0;
        look->mailbox.is_slow = false;
    } else if (is_known && address_is_busy(tx, look)) {
        return;
    }
    if (look->mailbox.urgency == MAILBOX_ENDS) {
        choose_ends(tx, look);
    }
    if (is_known) {
        errand = claim_update(tx, look);
        errand = errand != NULL ? errand : claim_waiting(tx, look);
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
    addresses_forget(claim);
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
    if (count > 0) {
        claim_mailboxes(tx, claim, ids, count);
    }
    pager_leave(claim->pager);
    claim->next_at = mailbox_next(tx->db, tx->lanes);
    return COMMAND_DONE;
}
