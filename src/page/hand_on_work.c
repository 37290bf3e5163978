/* Handing on: a person leaves, and what they have not answered goes to others. */
#include <string.h>

#include "alert/alert_store.h"
#include "page/work.h"

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
    page_list(tx->db, page->alert_id, look_for_companion, &companion);
    return companion.is_found;
}

/* False when the page stays: it is the last resort, and there is nobody behind it. */
static bool pass_on_or_escalate(struct pager *pager, struct ledger_tx *tx, struct page *page,
                                const struct alert *alert)
{
    if (page_pass_on(pager, tx, page, alert)) {
        return true;
    }
    if (page->step < 0) {
        return false;
    }
    /* Else others were told since, or are told with them. */
    bool is_alone = escalation_waits_for(tx, page) && !has_companion(tx, page);
    page_close(tx, page, PAGE_MOVED);
    if (is_alone) {
        escalation_hurry(pager, tx, alert);
    }
    return true;
}

/* True when the page went on. */
static bool hand_on_page(struct pager *pager, struct ledger_tx *tx, int64_t page_id)
{
    struct page page = {0};
    struct alert alert = {0};
    /* An earlier one of the same alert may have moved this one as well. */
    bool is_live = page_load(tx->db, page_id, &page) && alert_load(tx->db, page.alert_id, &alert) &&
                   page_is_live(&page, &alert) && page.escalation_id != 0;
    bool is_gone = is_live && pass_on_or_escalate(pager, tx, &page, &alert);
    alert_clear(&alert);
    page_clear(&page);
    return is_gone;
}

void pager_hand_on(struct ledger_tx *tx, struct hand_on *hand_on)
{
    struct pager *pager = hand_on->pager;
    g_autofree int64_t *ids = g_new(int64_t, PAGES_MAX);
    size_t count = page_unanswered(tx->db, hand_on->user, ids, PAGES_MAX);
    hand_on->count = hand_on->dry_run ? (int)count : 0;
    CHECK(pager->config == NULL);
    pager->config = config_ref(hand_on->config);
    for (size_t i = 0; !hand_on->dry_run && i < count; i++) {
        hand_on->count += hand_on_page(pager, tx, ids[i]) ? 1 : 0;
    }
    pager_leave(pager);
}
