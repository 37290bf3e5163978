/* Settling: how an attempt ended, and what follows from it. */
#include <string.h>

#include "base/random.h"
#include "paging/errand.h"
#include "paging/restate_store.h"
#include "paging/work.h"

/* How long a mailbox waits after its n-th failure in a row, when the provider does not say. */
static const int BACKOFF_S[] = {5, 15, 30, 60, 120, 300, 600};

/* Stands for whoever claimed it and will never say how it went. */
enum { CLAIMANT_LOST = -1 };

/* Some two hours; that something is over can be looked up. */
static const struct patience PATIENCE = {.tries_max = 12, .unknown_max = 3};
static const struct patience PATIENCE_AT_THE_END = {.tries_max = 5, .unknown_max = 3};

/* The first of all contacts to fail again, or to ask for more time than we would give it, is not waited
 * for: the next contact is told as well, while this one goes on. */
static struct span back_off(const struct pager *pager, const struct mailbox *mailbox,
                            struct span asked_for, bool *out_is_long)
{
    size_t at = (size_t)CLAMP(mailbox->failures - 1, 0, (int64_t)G_N_ELEMENTS(BACKOFF_S) - 1);
    int64_t own_us = SPAN_S(BACKOFF_S[at]).us;
    /* Up to a fifth more, so that a provider that comes back is not met by everybody at once. */
    int64_t jitter_us = (int64_t)random_below(pager->random, (uint64_t)own_us / 5);
    int64_t wait_us = MAX(own_us, MIN(asked_for.us, MAILBOX_RETRY_MAX.us));
    *out_is_long = wait_us > SPAN_S(BACKOFF_S[1]).us && asked_for.us > own_us;
    return (struct span){MIN(wait_us + jitter_us, MAILBOX_RETRY_MAX.us)};
}

enum { NAMED_SUBJECTS_MAX = 50 };

/* What a digest is about, "alert:5 alert:6 …", so that each finds its way through the log. */
static char *subjects_of(const GArray *carried)
{
    GString *names = g_string_new(NULL);
    for (guint i = 0; i < MIN(carried->len, NAMED_SUBJECTS_MAX); i++) {
        const struct notification *n = &g_array_index(carried, struct notification, i);
        g_string_append(names, i > 0 ? " " : "");
        subject_append(names, n->subject);
    }
    return g_string_free(names, FALSE);
}

static const struct event_kind *event_of(int delivery_state)
{
    switch (delivery_state) {
    case DELIVERY_DELIVERED:
        return &EVENT_DELIVERY_DELIVERED;
    case DELIVERY_RETRY:
        return &EVENT_DELIVERY_RETRY;
    case DELIVERY_REFUSED:
        return &EVENT_DELIVERY_REFUSED;
    case DELIVERY_CANCELLED:
        return &EVENT_DELIVERY_CANCELLED;
    default:
        return &EVENT_DELIVERY_UNKNOWN;
    }
}

static void append_event(struct ledger_tx *tx, const struct event_kind *kind,
                         const struct delivery *delivery, const GArray *carried, const char *why)
{
    const struct notification *n = &g_array_index(carried, struct notification, 0);
    bool is_single = delivery->items == 1 && n->subject.kind != NULL;
    json_t *data = json_pack("{s:s, s:s, s:I, s:I, s:s}", "who", delivery->who, "contact",
                             delivery->contact, "delivery", (json_int_t)delivery->id, "items",
                             (json_int_t)delivery->items, "detail", why);
    if (!is_single && n->subject.kind != NULL) {
        g_autofree char *alerts = subjects_of(carried);
        json_object_set_new(data, "alerts", json_string(alerts));
    }
    topic_event(tx, PRINCIPAL_TOCSIN, kind,
                is_single ? n->subject : subject_of_id("delivery", delivery->id), data);
}

/* Each of these pages goes another way, too; most severe first. */
static void fall_back_all(struct pager *pager, struct ledger_tx *tx, const GArray *pages,
                          const char *failed)
{
    for (guint i = 0; i < pages->len; i++) {
        page_fall_back(pager, tx, g_array_index(pages, int64_t, i), failed);
    }
}

static void note_failure(const struct pager *pager, const struct ledger_tx *tx,
                         const struct delivery *delivery, struct span asked_for,
                         struct mailbox *mailbox)
{
    bool is_long = false;
    /* Of several that were under way at once the first to fail speaks for all. */
    if (!utc_before(delivery->claimed_at, mailbox->failed_at)) {
        mailbox->failures++;
        mailbox->failed_at = tx->now;
    }
    struct span wait = back_off(pager, mailbox, asked_for, &is_long);
    mailbox->failures = is_long ? MAX(mailbox->failures, MAILBOX_FAILS) : mailbox->failures;
    mailbox->retry_at = utc_later(mailbox->retry_at, utc_add(tx->now, wait));
}

/* The attempt failed for now, or nobody knows. It is not the provider's fault that we died: once,
 * nobody waits for that. */
static void settle_retry(struct pager *pager, struct ledger_tx *tx, const struct settle *settle,
                         const struct delivery *delivery, struct mailbox *mailbox)
{
    bool is_our_fault = settle->node == CLAIMANT_LOST && mailbox->failures == 0;
    if (is_our_fault) {
        mailbox->failures = 1;
        mailbox->failed_at = tx->now;
    } else {
        note_failure(pager, tx, delivery, settle->result.retry_after, mailbox);
    }
    mailbox->is_refused = false;
    mailbox_save(tx->db, mailbox); /* whoever falls back must see it */
    struct utc due_at = is_our_fault ? tx->now : mailbox->retry_at;
    carried_wait_again(tx->db, delivery->id,
                       mailbox->urgency == MAILBOX_ENDS ? PATIENCE_AT_THE_END : PATIENCE, due_at,
                       tx->now);
    g_autoptr(GArray) failed = carried_pages(tx->db, delivery->id, NOTIFICATION_FAILED, G_MAXINT64);
    fall_back_all(pager, tx, failed, delivery->contact);
    if (mailbox->failures >= MAILBOX_FAILS) {
        /* Later failures concern those that came meanwhile; the others went another way already. */
        g_autoptr(GArray) waiting =
            carried_pages(tx->db, delivery->id, NOTIFICATION_WAITING, MAILBOX_FAILS);
        fall_back_all(pager, tx, waiting, delivery->contact);
    }
}

static void settle_refused(struct pager *pager, struct ledger_tx *tx, const struct settle *settle,
                           const struct delivery *delivery, struct mailbox *mailbox)
{
    note_failure(pager, tx, delivery, settle->result.retry_after, mailbox);
    mailbox->is_refused = true;
    mailbox_save(tx->db, mailbox);
    carried_settle(tx->db, delivery->id, NOTIFICATION_FAILED, tx->now);
    g_autoptr(GArray) pages = carried_pages(tx->db, delivery->id, NOTIFICATION_FAILED, G_MAXINT64);
    fall_back_all(pager, tx, pages, delivery->contact);
}

static void settle_carried(struct pager *pager, struct ledger_tx *tx, const struct settle *settle,
                           const struct delivery *delivery, struct mailbox *mailbox)
{
    switch ((enum delivery_state)delivery->state) {
    case DELIVERY_DELIVERED:
        if (settle->is_update) {
            restate_go_on(tx->db, delivery->id, tx->now);
        }
        carried_settle(tx->db, delivery->id, NOTIFICATION_DELIVERED, tx->now);
        mailbox->failures = 0;
        mailbox->failed_at = (struct utc){0};
        mailbox->retry_at = (struct utc){0};
        mailbox->is_refused = false;
        break;
    case DELIVERY_CANCELLED:
        if (settle->is_unstarted) {
            carried_put_back(tx->db, delivery->id, tx->now);
        } else {
            carried_settle(tx->db, delivery->id, NOTIFICATION_CANCELLED, tx->now);
        }
        break;
    case DELIVERY_REFUSED:
        if (settle->is_update) {
            carried_put_back(tx->db, delivery->id, tx->now); /* a message of its own says it */
            break;
        }
        settle_refused(pager, tx, settle, delivery, mailbox);
        break;
    case DELIVERY_RETRY:
    case DELIVERY_UNKNOWN:
        settle_retry(pager, tx, settle, delivery, mailbox);
        break;
    case DELIVERY_CLAIMED:
        CHECK(delivery->state != DELIVERY_CLAIMED);
        break;
    }
}

static int state_after(const struct settle *settle)
{
    if (settle->is_cancelled || settle->is_unstarted) {
        return DELIVERY_CANCELLED;
    }
    switch ((enum send_state)settle->result.state) {
    case SEND_DELIVERED:
        return DELIVERY_DELIVERED;
    case SEND_RETRY:
        return DELIVERY_RETRY;
    case SEND_REFUSED:
        return DELIVERY_REFUSED;
    case SEND_UNKNOWN:
        return DELIVERY_UNKNOWN;
    case SEND_CANCELLED:
        return DELIVERY_CANCELLED;
    }
    return DELIVERY_UNKNOWN;
}

/* The address was corrected while this attempt was under way: how it ended says nothing of the one in force. */
static bool was_elsewhere(const struct pager *pager, const struct delivery *delivery)
{
    struct contact contact;
    return receiver_contact(pager->config, delivery->who, delivery->contact, &contact) &&
           strcmp(contact.to != NULL ? contact.to : "", delivery->address) != 0;
}

/* What arrived there arrived; all else goes to the address in force. The mailbox stays as it is. */
static void settle_elsewhere(struct ledger_tx *tx, const struct delivery *delivery)
{
    if (delivery->state == DELIVERY_DELIVERED) {
        carried_settle(tx->db, delivery->id, NOTIFICATION_DELIVERED, tx->now);
    } else {
        carried_put_back(tx->db, delivery->id, tx->now);
    }
}

/* Whether a message can be changed says nothing about the contact. */
static void note_contact(struct ledger_tx *tx, const struct settle *settle,
                         const struct delivery *delivery)
{
    bool has_failed = delivery->state == DELIVERY_REFUSED || delivery->state == DELIVERY_RETRY;
    if (!settle->is_update && (has_failed || delivery->state == DELIVERY_DELIVERED)) {
        contact_note_failure(tx->db, delivery->who, delivery->contact, delivery->address,
                             has_failed ? delivery->detail : NULL, tx->now);
    }
}

static char *detail_of(const struct settle *settle)
{
    const char *detail = settle->result.detail;
    return settle->is_update ? g_strdup_printf("update of a message: %s", detail)
                             : g_strdup(detail);
}

static bool holds_test(const GArray *carried)
{
    for (guint i = 0; i < carried->len; i++) {
        if (g_array_index(carried, struct notification, i).kind == NOTIFICATION_TEST) {
            return true;
        }
    }
    return false;
}

static void close_delivery(struct pager *pager, struct ledger_tx *tx, const struct settle *settle,
                           struct delivery *delivery)
{
    state_set(&DELIVERY_STATES, &delivery->state, state_after(settle));
    delivery->lease_until = (struct utc){0};
    delivery->finished_at = tx->now;
    if (!settle->is_update) { /* else it is known which message that was */
        g_free(delivery->provider_id);
        delivery->provider_id = g_strdup(settle->result.provider_id);
    }
    delivery->detail = detail_of(settle);
    delivery_save(tx->db, delivery);
    bool is_elsewhere = delivery->state != DELIVERY_CANCELLED && was_elsewhere(pager, delivery);
    if (!is_elsewhere) {
        note_contact(tx, settle, delivery);
    }
    GArray *carried = notifications_of_delivery(tx->db, delivery->id, NAMED_SUBJECTS_MAX);
    if (carried->len > 0) {
        append_event(tx, event_of(delivery->state), delivery, carried, delivery->detail);
    }
    bool is_proof = delivery->state == DELIVERY_DELIVERED && !is_elsewhere && holds_test(carried);
    notifications_free(carried);
    struct mailbox mailbox = {0};
    if (address_is_awaited(pager, tx, delivery->id, settle->node == CLAIMANT_LOST)) {
        mailboxes_go_on(tx->db, delivery->id, tx->now);
    }
    if (is_proof) { /* the contact works, at every urgency */
        contact_reopen(pager, tx, delivery->who, delivery->contact);
    }
    if (mailbox_load(tx->db, delivery->mailbox_id, &mailbox)) {
        bool was_well = mailbox.failures == 0;
        if (is_elsewhere) {
            settle_elsewhere(tx, delivery);
        } else {
            settle_carried(pager, tx, settle, delivery, &mailbox);
        }
        if (!was_well || settle->is_update || delivery->state != DELIVERY_DELIVERED) {
            mailbox_rearm(tx->db, &mailbox, tx->now); /* what waits is due by other rules now */
        }
    }
    mailbox_clear(&mailbox);
}

/* A node that was counted as gone works under another id when it is back, so that what it claimed
 * before is no longer its own; and a lease that ended was settled as unknown already. */
static bool may_settle(struct ledger_tx *tx, const struct settle *settle,
                       const struct delivery *delivery)
{
    bool is_lost = settle->node == CLAIMANT_LOST;
    bool is_ours = settle->node == ledger_node(tx) && settle->node == delivery->node;
    return delivery->state == DELIVERY_CLAIMED && (is_lost || is_ours);
}

/* False: it is not, or no longer, this node's to say how it went. */
static bool run_settle(struct ledger_tx *tx, const struct settle *settle)
{
    struct delivery delivery = {0};
    bool is_settled =
        delivery_load(tx->db, settle->delivery_id, &delivery) && may_settle(tx, settle, &delivery);
    if (is_settled) {
        struct settle judged = *settle;
        /* Whoever looked may have seen no more than a lease that seemed over, or what has changed
         * since: a page that is still wanted must not be lost by that. */
        judged.is_unstarted |= settle->is_cancelled && delivery_is_live(tx->db, delivery.id);
        g_clear_pointer(&delivery.detail, g_free);
        close_delivery(settle->pager, tx, &judged, &delivery);
    }
    delivery_clear(&delivery);
    return is_settled;
}

enum command_result pager_settle(struct ledger_tx *tx, void *arg)
{
    struct settle *settle = arg;
    pager_enter(settle->pager, tx);
    settle->is_stale = !run_settle(tx, settle);
    pager_leave(settle->pager);
    return settle->is_stale ? COMMAND_REFUSED : COMMAND_DONE;
}

/* --- attempts that take their time --- */

/* Nothing is known yet, so the attempt goes on; but nobody waits for it. */
static void tell_next(struct pager *pager, struct ledger_tx *tx, const struct delivery *delivery)
{
    GArray *carried = notifications_of_delivery(tx->db, delivery->id, NAMED_SUBJECTS_MAX);
    if (carried->len > 0) {
        append_event(tx, &EVENT_DELIVERY_SLOW, delivery, carried,
                     "still under way: the next contact is told");
    }
    notifications_free(carried);
    g_autoptr(GArray) pages = carried_pages(tx->db, delivery->id, NOTIFICATION_SENDING, G_MAXINT64);
    fall_back_all(pager, tx, pages, delivery->contact);
}

static bool renew_one(struct pager *pager, struct ledger_tx *tx, const struct renewal *renewal)
{
    struct settle settle = {.node = renewal->node};
    struct delivery delivery = {0};
    bool is_ours = delivery_load(tx->db, renewal->delivery_id, &delivery) &&
                   may_settle(tx, &settle, &delivery);
    if (is_ours) {
        delivery.lease_until = utc_later(delivery.lease_until, utc_add(tx->now, DELIVERY_LEASE));
        delivery_save(tx->db, &delivery);
        if (renewal->tells_next) {
            tell_next(pager, tx, &delivery);
        }
    }
    delivery_clear(&delivery);
    return is_ours;
}

enum command_result pager_renew(struct ledger_tx *tx, void *arg)
{
    struct renew *renew = arg;
    bool is_renewed = false;
    pager_enter(renew->pager, tx);
    for (guint i = 0; i < renew->renewals->len; i++) {
        const struct renewal *renewal = &g_array_index(renew->renewals, struct renewal, i);
        is_renewed |= renew_one(renew->pager, tx, renewal);
    }
    pager_leave(renew->pager);
    return is_renewed ? COMMAND_DONE : COMMAND_REFUSED;
}

void delivery_put_back(struct pager *pager, struct ledger_tx *tx, int64_t delivery_id)
{
    struct settle settle = {
        .pager = pager, .delivery_id = delivery_id, .node = CLAIMANT_LOST, .is_unstarted = true};
    g_strlcpy(settle.result.detail, "not started: whether it was claimed was not known in time",
              sizeof settle.result.detail);
    (void)run_settle(tx, &settle);
}

enum { DUE_MAX = 256 };

/* Whoever claimed these is gone: what became of them is not known. */
int lease_run_due(struct ledger_tx *tx, void *self, int limit)
{
    int64_t ids[DUE_MAX];
    /* Alone, and with a full disk, what was accepted is paged all the same: nothing waits for room. */
    if (db_is_shared(tx->db) && outage_forgive(self, tx)) {
        return 1;
    }
    size_t count =
        delivery_expired(tx->db, tx->now, tx->lanes, ids, (size_t)CLAMP(limit, 1, DUE_MAX));
    struct settle settle = {
        .pager = self, .node = CLAIMANT_LOST, .result = {.state = SEND_UNKNOWN}};
    g_strlcpy(settle.result.detail, "no answer was recorded before the lease ended",
              sizeof settle.result.detail);
    pager_enter(self, tx);
    for (size_t i = 0; i < count; i++) {
        settle.delivery_id = ids[i];
        (void)run_settle(tx, &settle);
    }
    pager_leave(self);
    return (int)count;
}
