/* The alert gets worse or better while something about it waits: what goes out names it as it is. */
#include "paging/work.h"

/* Worse than all that waits there it may go before that. What got better the next look finds. */
static void judge_again(struct ledger_tx *tx, int64_t mailbox_id, int severity)
{
    struct mailbox mailbox = {0};
    if (mailbox_load(tx->db, mailbox_id, &mailbox) && severity < mailbox.severity) {
        mailbox.severity = severity;
        mailbox_hurry(tx->db, &mailbox, tx->now);
    }
    mailbox_clear(&mailbox);
}

void waiting_follow(struct ledger_tx *tx, const struct topic *topic)
{
    escalation_follow(tx->db, topic->subject, topic->urgency);
    g_autoptr(GArray) mailboxes = notifications_follow(tx->db, topic->subject, topic->severity);
    for (guint i = 0; i < mailboxes->len; i++) {
        judge_again(tx, g_array_index(mailboxes, int64_t, i), topic->severity);
    }
}

/* Of one person about one alert there are so many at the most: the urgency below. */
enum { LOWER_MAX = 16 };

void page_supersede(struct ledger_tx *tx, const struct page *page)
{
    int64_t ids[LOWER_MAX];
    size_t count = page_lower(tx->db, page, ids, G_N_ELEMENTS(ids));
    for (size_t i = 0; i < count; i++) {
        struct page lower = {0};
        if (page_load(tx->db, ids[i], &lower)) {
            page_close(tx, &lower, PAGE_SUPERSEDED);
            notifications_cancel_of_page(tx->db, lower.id, tx->now);
            json_auto_t *data = json_pack("{s:I}", "by_page", (json_int_t)page->id);
            append_page_event(tx, PRINCIPAL_TOCSIN, &EVENT_PAGE_SUPERSEDED, &lower, data);
        }
        page_clear(&lower);
    }
}
