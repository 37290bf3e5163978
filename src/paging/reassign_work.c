/* Handing on: a person leaves, and what they have not answered goes to others. */
#include <string.h>

#include "paging/work.h"

enum { PAGES_MAX = 1000 };

struct companion {
    const struct page *page;
    bool is_found;
};

static void look_for_companion(void *self, const struct page *other)
{
    struct companion *companion = self;
    const struct page *page = companion->page;
    companion->is_found |= other->state == PAGE_ACTIVE && other->step == page->step &&
                           other->round == page->round && strcmp(other->who, page->who) != 0;
}

/* Is somebody else told by the same step? */
static bool has_companion(struct ledger_tx *tx, const struct page *page)
{
    struct companion companion = {.page = page};
    page_list(tx->db, page->subject, look_for_companion, &companion);
    return companion.is_found;
}

/* False when the page stays: it is the last resort, and there is nobody behind it. */
static bool pass_on_or_escalate(struct pager *pager, struct ledger_tx *tx, struct page *page,
                                const struct topic *topic)
{
    if (page_pass_on(pager, tx, page, topic)) {
        return true;
    }
    if (page->step < 0) {
        return false;
    }
    /* Else others were told since, or are told with them. */
    bool is_alone = escalation_waits_for(tx, page) && !has_companion(tx, page);
    page_close(tx, page, PAGE_MOVED);
    if (is_alone) {
        escalation_hurry(pager, tx, topic);
    }
    return true;
}

/* The newest page of an alert says where it goes; the older ones just end with it. */
static bool reassign_page(struct pager *pager, struct ledger_tx *tx, struct page *page,
                          bool is_newest)
{
    struct topic topic = {0};
    bool is_live = topic_load(pager, tx->db, page->subject, &topic) && page_is_live(page, &topic);
    bool is_gone = false;
    if (is_live && is_newest) {
        is_gone = pass_on_or_escalate(pager, tx, page, &topic);
    } else if (is_live) {
        page_close(tx, page, PAGE_MOVED);
    }
    topic_clear(&topic);
    return is_gone;
}

static bool reassign_one(struct reassign *reassign, struct ledger_tx *tx, int64_t page_id,
                         struct subject *last)
{
    struct page page = {0};
    bool is_gone = false;
    if (page_load(tx->db, page_id, &page)) {
        bool is_newest = !subject_equal(page.subject, *last);
        is_gone =
            reassign->dry_run ? is_newest : reassign_page(reassign->pager, tx, &page, is_newest);
        *last = page.subject;
    }
    page_clear(&page);
    return is_gone;
}

void pager_reassign(struct ledger_tx *tx, struct reassign *reassign)
{
    struct pager *pager = reassign->pager;
    g_autofree int64_t *ids = g_new(int64_t, PAGES_MAX);
    size_t count = page_unanswered(tx->db, reassign->user, ids, PAGES_MAX);
    struct subject last = {0};
    reassign->count = 0;
    pager_enter_by(pager, reassign->config);
    for (size_t i = 0; i < count; i++) {
        reassign->count += reassign_one(reassign, tx, ids[i], &last) ? 1 : 0;
    }
    pager_leave(pager);
}
