/* Falling back: a contact does not work, so the person's next one is used; none works, so somebody
 * else is told, unless others of the same step were. */
#include <string.h>

#include "base/json.h"
#include "paging/work.h"

static bool add_way(struct pager *pager, struct ledger_tx *tx, const struct page *page,
                    const struct topic *topic, GPtrArray *used)
{
    for (;;) {
        const char *failed = g_ptr_array_index(used, used->len - 1);
        const char *next = receiver_next_contact(pager->config, page->who, page->urgency, used);
        if (next == NULL) {
            return false;
        }
        json_auto_t *data = json_pack("{s:s, s:s}", "from", failed, "to", next);
        append_page_event(tx, PRINCIPAL_TOCSIN, &EVENT_PAGE_FELL_BACK, page, data);
        g_ptr_array_add(used, g_strdup(next));
        int outlook = notify_of_page(pager, tx, page, topic, next, false);
        if (outlook == OUTLOOK_GOOD) {
            return true;
        }
    }
}

/* A contact that is asked again only at `until`, or later, comes too late: the page's step is over. One that has
 * refused would refuse again. */
static bool may_reach(struct ledger_tx *tx, const struct notification *n,
                      const struct mailbox *mailbox, struct utc until)
{
    if (n->state == NOTIFICATION_WAITING) {
        return !mailbox->is_refused && utc_before(mailbox_opens_at(mailbox, tx->now), until);
    }
    return n->state == NOTIFICATION_SENDING || n->state == NOTIFICATION_DELIVERED;
}

/* One that is no longer configured was a way when it was used. */
static bool wakes(const struct config *config, const char *who, const char *name)
{
    struct contact contact;
    return !receiver_contact(config, who, name, &contact) || contact_wakes(&contact);
}

/* The names of contacts that this page has used so far, in order; `out_has_hope`: one of them may
 * still reach the person while the step waits. */
static GPtrArray *contacts_used(const struct pager *pager, struct ledger_tx *tx,
                                const struct page *page, bool *out_has_hope)
{
    GPtrArray *used = g_ptr_array_new_with_free_func(g_free);
    GArray *notifications = notifications_of_page(tx->db, page->id);
    struct utc until = escalation_next_of(tx, page);
    *out_has_hope = false;
    for (guint i = 0; i < notifications->len; i++) {
        const struct notification *n = &g_array_index(notifications, struct notification, i);
        struct mailbox mailbox = {0};
        if (mailbox_load(tx->db, n->mailbox_id, &mailbox)) {
            g_ptr_array_add(used, g_strdup(mailbox.contact));
        }
        *out_has_hope |=
            may_reach(tx, n, &mailbox, until) && wakes(pager->config, mailbox.who, mailbox.contact);
        mailbox_clear(&mailbox);
    }
    notifications_free(notifications);
    return used;
}

/* Does a message of the alert wait at one of these contacts, perhaps of an earlier page, that may still reach the
 * person while the step waits? */
static bool waits_with_hope(const struct pager *pager, struct ledger_tx *tx,
                            const struct page *page, const GPtrArray *contacts)
{
    struct utc until = escalation_next_of(tx, page);
    bool has_hope = false;
    for (guint i = 0; i < contacts->len && !has_hope; i++) {
        struct mailbox mailbox = {0};
        const char *contact = g_ptr_array_index(contacts, i);
        has_hope = wakes(pager->config, page->who, contact) &&
                   mailbox_find(tx->db, page->who, contact, page->urgency, &mailbox) &&
                   !mailbox.is_refused && utc_before(mailbox_opens_at(&mailbox, tx->now), until) &&
                   notification_waits(tx->db, mailbox.id, page->subject);
        mailbox_clear(&mailbox);
    }
    return has_hope;
}

bool notify_or_fall_back(struct pager *pager, struct ledger_tx *tx, const struct page *page,
                         const struct topic *topic, const char *contact, bool is_fresh)
{
    int outlook = notify_of_page(pager, tx, page, topic, contact, is_fresh);
    if (outlook == OUTLOOK_GOOD) {
        /* What is only written into a log leaves the hope that a rule to come brings. */
        return wakes(pager->config, page->who, contact) || utc_is_set(page->next_at);
    }
    bool has_hope = false;
    g_autoptr(GPtrArray) used = contacts_used(pager, tx, page, &has_hope);
    g_ptr_array_add(used, g_strdup(contact));
    if (add_way(pager, tx, page, topic, used) || page->escalation_id == 0) {
        return true; /* what a person asked for is tried in any case */
    }
    return waits_with_hope(pager, tx, page, used);
}

/* The last resort cannot be reached: then anybody who can, once for each such page. */
static void page_anybody_else(struct pager *pager, struct ledger_tx *tx, const struct page *page,
                              const struct topic *topic)
{
    struct fault fault;
    json_auto_t *reason = json_read(page->reason, strlen(page->reason), &fault);
    if (strcmp(json_text(reason, "via", ""), "anybody") == 0) {
        return; /* told again with the last resort, if nobody answers until then */
    }
    g_autoptr(GPtrArray) tellings = tellings_new();
    tell_anybody(pager->config, page->who, tellings);
    const struct page_order order = {
        .topic = topic,
        .escalation_id = page->escalation_id,
        .step = page->step,
        .round = page->round,
        .urgency = URGENCY_HIGH,
        .actor = PRINCIPAL_TOCSIN,
    };
    pages_open(pager, tx, &order, tellings);
}

/* What follows when every way to this person failed. */
enum then { THEN_WAIT = 1, THEN_ANYBODY, THEN_NEXT_STEP, THEN_NOTHING };

static const struct enum_name THEN_NAMES[] = {{"wait", THEN_WAIT},
                                              {"anybody", THEN_ANYBODY},
                                              {"next_step", THEN_NEXT_STEP},
                                              {"nothing", THEN_NOTHING},
                                              {NULL, 0}};

/* A step goes on early only when nobody of it could be told; else its wait holds, for those who were. */
static int then_of(struct ledger_tx *tx, const struct page *page)
{
    if (page_has_company(tx->db, page, escalation_next_of(tx, page))) {
        return THEN_WAIT;
    }
    if (page->step < 0) {
        return THEN_ANYBODY;
    }
    /* The policy may have moved on already and told others since. */
    return escalation_waits_for(tx, page) ? THEN_NEXT_STEP : THEN_NOTHING;
}

static void page_is_unreachable(struct pager *pager, struct ledger_tx *tx, struct page *page,
                                const struct topic *topic)
{
    int then = then_of(tx, page);
    json_auto_t *data = json_pack("{s:s}", "then", enum_to_name(THEN_NAMES, then));
    append_page_event(tx, PRINCIPAL_TOCSIN, &EVENT_PAGE_UNREACHABLE, page, data);
    if (then == THEN_ANYBODY) {
        page_anybody_else(pager, tx, page, topic);
    } else if (then == THEN_NEXT_STEP) {
        escalation_hurry(pager, tx, topic);
    }
}

static bool load_live(const struct pager *pager, struct ledger_tx *tx, int64_t page_id,
                      struct page *page, struct topic *topic)
{
    return page_load(tx->db, page_id, page) && topic_load(pager, tx->db, page->subject, topic) &&
           page_is_live(page, topic);
}

void page_give_up(struct pager *pager, struct ledger_tx *tx, int64_t page_id)
{
    struct page page = {0};
    struct topic topic = {0};
    if (load_live(pager, tx, page_id, &page, &topic)) {
        page_is_unreachable(pager, tx, &page, &topic);
    }
    topic_clear(&topic);
    page_clear(&page);
}

void page_fall_back(struct pager *pager, struct ledger_tx *tx, int64_t page_id, const char *failed)
{
    struct page page = {0};
    struct topic topic = {0};
    if (load_live(pager, tx, page_id, &page, &topic)) {
        bool has_hope = false;
        g_autoptr(GPtrArray) used = contacts_used(pager, tx, &page, &has_hope);
        /* Only the latest way leads to another one: the earlier ones did already. */
        bool is_latest =
            used->len > 0 && strcmp(g_ptr_array_index(used, used->len - 1), failed) == 0;
        has_hope |= is_latest && add_way(pager, tx, &page, &topic, used);
        if (!has_hope) {
            page_is_unreachable(pager, tx, &page, &topic);
        }
    }
    topic_clear(&topic);
    page_clear(&page);
}
