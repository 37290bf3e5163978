/* Building what a claim sends: which alerts a message names, and which it only counts. */
#include "base/metric.h"
#include "paging/claim.h"
#include "paging/end_store.h"

/* What waited for less was not held back. */
#define HELD_AT_LEAST SPAN_S(1)
#define HELD_WORTH_A_WORD SPAN_S(10)

/* `told`: the message that it is written into; NULL: none. */
static void open_delivery(struct ledger_tx *tx, const struct look *look, int severity,
                          const struct told_message *told, struct delivery *out)
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
        .passes = look->passes,
        .provider_id = g_strdup(told != NULL ? told->update_id : NULL),
    };
    delivery_insert(tx->db, out);
    address_take(look->claim, out);
}

static void set_link(struct errand *errand, const struct claim *claim,
                     const struct delivery *delivery, bool is_single, struct subject subject)
{
    if (is_single) {
        errand_link_subject(errand, claim, delivery->who, subject);
    } else {
        errand_link_delivery(errand, claim, delivery->who, LINK_DELIVERY, delivery->id);
    }
}

/* "Still on it?" about every subject of which that is asked now: one message, not one for each. */
static void fill_question(struct ledger_tx *tx, const struct look *look, struct errand *errand,
                          struct delivery *delivery)
{
    struct subject subject = {0};
    delivery->items = 0;
    for (guint i = 0; i < look->waiting->len; i++) {
        const struct notification *n = &g_array_index(look->waiting, struct notification, i);
        struct topic topic = {0};
        if (n->kind != NOTIFICATION_STILL_ON_IT) {
            continue;
        }
        delivery_carry(tx->db, delivery->id, n->id);
        delivery->items++;
        subject = n->subject;
        if (topic_load(look->claim->pager, tx->db, n->subject, &topic)) {
            errand_add(errand, look->claim->pager->config, &topic);
        }
        topic_clear(&topic);
    }
    delivery_save(tx->db, delivery);
    questions_begin_waits(tx->db, delivery->id, utc_add(tx->now, STILL_ON_IT_WAIT));
    bool is_single = delivery->items == 1;
    if (is_single) {
        errand_set_others(errand, look->claim->pager, tx, subject, delivery->who);
    }
    errand->message.kind = MESSAGE_STILL_ON_IT;
    errand->message.total = (size_t)delivery->items;
    set_link(errand, look->claim, delivery, is_single, subject);
}

static int kind_of_special(int kind)
{
    switch (kind) {
    case NOTIFICATION_TEST:
        return MESSAGE_TEST;
    case NOTIFICATION_GAP:
        return MESSAGE_GAP;
    default:
        return MESSAGE_NOTICE;
    }
}

struct errand *build_special(struct ledger_tx *tx, const struct look *look,
                             const struct notification *n, const struct told_message *told)
{
    struct delivery delivery;
    open_delivery(tx, look, n->severity, told, &delivery);
    struct errand *errand =
        errand_new(&delivery, &look->contact, look->claim->pager->config, tx->now);
    struct message *message = &errand->message;
    errand_set_id(errand, look->claim->pager, 'n', n->id);
    message->may_repeat = n->tries > 0 && notification_unknown_attempts(tx->db, n->id) > 0;
    if (n->kind == NOTIFICATION_STILL_ON_IT) {
        fill_question(tx, look, errand, &delivery);
    } else if (n->kind == NOTIFICATION_ENDED || n->kind == NOTIFICATION_RESTATED) {
        end_fill(look->claim->pager, tx, look->waiting, told, errand, &delivery);
        /* A message that is rewritten stands for what it told of, also where another one tells its end. */
        struct delivery standing = delivery;
        standing.id = told != NULL ? told->delivery_id : delivery.id;
        set_link(errand, look->claim, &standing, message->total == 1, n->subject);
        if (message->kind != MESSAGE_PAGE && message->kind != MESSAGE_DIGEST) {
            errand_only_look(errand);
        }
    } else {
        delivery_carry(tx->db, delivery.id, n->id);
        message->kind = kind_of_special(n->kind);
        message->total = 1;
        errand_link_delivery(errand, look->claim, delivery.who, LINK_CONTACT, delivery.id);
    }
    errand_explain(errand, look->claim->pager->config, n);
    delivery_clear(&delivery);
    return errand;
}

/* An alert is named once, however many pages of it wait: so many of the newest are looked at. */
enum { NEWEST_NAMED = 3, NEWEST_SEEN = 4 * NEWEST_NAMED };

/* Which of them a message names: the first, and of a great many of equal severity the newest as well. */
struct named {
    const struct notification *items[ERRAND_ITEMS_MAX];
    struct topic topics[ERRAND_ITEMS_MAX];
    size_t count;
    GArray *newest; /* owns those that were not looked at */
};

static bool is_named(const struct named *named, struct subject subject)
{
    for (size_t i = 0; i < named->count; i++) {
        if (subject_equal(named->items[i]->subject, subject)) {
            return true;
        }
    }
    return false;
}

static void name_it(const struct pager *pager, struct ledger_tx *tx, struct named *named,
                    const struct notification *n)
{
    if (named->count < ERRAND_ITEMS_MAX && !is_named(named, n->subject) &&
        topic_load(pager, tx->db, n->subject, &named->topics[named->count])) {
        named->items[named->count++] = n;
    }
}

/* Reads them before anything is written, while they are kept. */
static void name_them(struct ledger_tx *tx, const struct look *look, const GArray *wanted,
                      struct named *named)
{
    bool are_many = wanted->len > ERRAND_ITEMS_MAX && !look->passes;
    guint first = are_many ? ERRAND_ITEMS_MAX - NEWEST_NAMED : ERRAND_ITEMS_MAX;
    for (guint i = 0; i < wanted->len && named->count < first; i++) {
        name_it(
            look->claim->pager, tx, named,
            &g_array_index(look->waiting, struct notification, g_array_index(wanted, guint, i)));
    }
    int severity =
        g_array_index(look->waiting, struct notification, g_array_index(wanted, guint, 0)).severity;
    named->newest =
        are_many ? notifications_newest(tx->db, look->mailbox.id, severity, tx->now, NEWEST_SEEN)
                 : g_array_new(FALSE, FALSE, sizeof(struct notification));
    for (guint i = 0; i < named->newest->len; i++) {
        name_it(look->claim->pager, tx, named,
                &g_array_index(named->newest, struct notification, i));
    }
}

static void named_clear(struct named *named)
{
    for (size_t i = 0; i < named->count; i++) {
        topic_clear(&named->topics[i]);
    }
    notifications_free(named->newest);
}

/* Puts on the delivery what the message stands for: all that is due, or only what may pass. */
static void carry(struct ledger_tx *tx, const struct look *look, const GArray *wanted,
                  const struct delivery *delivery)
{
    if (!look->passes) {
        delivery_carry_pages(tx->db, delivery, tx->now);
        return;
    }
    for (guint i = 0; i < wanted->len; i++) {
        const struct notification *n =
            &g_array_index(look->waiting, struct notification, g_array_index(wanted, guint, i));
        delivery_carry(tx->db, delivery->id, n->id);
    }
}

/* Since when the first of them waits for its first attempt; `now`: none does. */
static struct utc waiting_since(const struct look *look, const GArray *wanted, struct utc now)
{
    struct utc since = now;
    for (guint i = 0; i < wanted->len; i++) {
        const struct notification *n =
            &g_array_index(look->waiting, struct notification, g_array_index(wanted, guint, i));
        since = n->tries == 0 ? utc_earlier(since, n->due_at) : since;
    }
    return since;
}

struct errand *build_pages(struct ledger_tx *tx, const struct look *look, const GArray *wanted)
{
    struct pager *pager = look->claim->pager;
    const struct notification *first =
        &g_array_index(look->waiting, struct notification, g_array_index(wanted, guint, 0));
    struct named named = {0};
    name_them(tx, look, wanted, &named);
    struct delivery delivery;
    open_delivery(tx, look, first->severity, NULL, &delivery);
    struct errand *errand = errand_new(&delivery, &look->contact, pager->config, tx->now);
    struct message *message = &errand->message;
    carry(tx, look, wanted, &delivery);
    delivery.items = delivery_count_subjects(tx->db, delivery.id, message->by_severity);
    delivery_save(tx->db, &delivery);
    message->total = (size_t)delivery.items;
    message->may_repeat = delivery_may_repeat(tx->db, delivery.id);
    struct utc since = waiting_since(look, wanted, tx->now);
    if (utc_since(tx->now, look->paged_at).us >= HELD_AT_LEAST.us) {
        escalation_begin_waits(tx->db, delivery.id,
                               utc_add(tx->now, (struct span){-HELD_AT_LEAST.us}), tx->now);
    }
    if (utc_since(tx->now, since).us >= HELD_WORTH_A_WORD.us) {
        message->held_since = since;
    }
    for (size_t i = 0; i < named.count; i++) {
        errand_add(errand, pager->config, &named.topics[i]);
        if (named.items[i]->tries == 0) {
            metric_observe(HISTOGRAM_NOTIFICATION, utc_since(tx->now, named.items[i]->created_at));
        }
    }
    named_clear(&named);
    bool is_single = message->total == 1;
    message->kind = is_single ? MESSAGE_PAGE : MESSAGE_DIGEST;
    errand_set_reason(errand, pager, tx, first->page_id);
    if (is_single) {
        errand_set_others(errand, pager, tx, first->subject, delivery.who);
    }
    if (is_single && first->passes == PASS_ASKED) {
        errand_mind_hold(errand, tx, first->subject);
    }
    set_link(errand, look->claim, &delivery, is_single, first->subject);
    errand_set_id(errand, pager, is_single ? 'n' : 'd', is_single ? first->id : delivery.id);
    delivery_clear(&delivery);
    return errand;
}
