/* The alert gets worse or better while something about it waits: what goes out names it as it is. */
#include "alert/alert_store.h"
#include "page/work.h"

/* How severe what waits is decides when the mailbox may send, and before which others. */
static void judge_again(struct ledger_tx *tx, int64_t mailbox_id)
{
    struct mailbox mailbox = {0};
    if (!mailbox_load(tx->db, mailbox_id, &mailbox)) {
        return;
    }
    struct utc next_at = mailbox.next_at;
    mailbox_judge_next(tx->db, &mailbox, tx->now);
    if (mailbox.waits_for != 0) {
        mailbox.next_at = next_at; /* an earlier look would only find that the attempt goes on */
    } else if (utc_is_set(mailbox.next_at) && !utc_before(next_at, tx->now)) {
        mailbox.next_at =
            utc_later(mailbox.next_at, tx->now); /* it was held until now, and not late */
    }
    mailbox_save(tx->db, &mailbox);
    mailbox_clear(&mailbox);
}

void waiting_follow(struct ledger_tx *tx, const struct alert *alert)
{
    g_autoptr(GArray) mailboxes = notifications_follow(tx->db, alert->id, alert->severity);
    for (guint i = 0; i < mailboxes->len; i++) {
        judge_again(tx, g_array_index(mailboxes, int64_t, i));
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
            append_page_event(tx, PRINCIPAL_SYSTEM_TEXT, "page.superseded", &lower,
                              json_pack("{s:I}", "by_page", (json_int_t)page->id));
        }
        page_clear(&lower);
    }
}
