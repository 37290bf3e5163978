/* One attempt at a time to one address, whoever's contact it is and whichever node makes it: what comes
 * meanwhile waits, and goes together. */
#include "page/claim.h"
#include "page/courier.h"

/* A message on its way. */
struct busy {
    int64_t delivery_id;
    struct utc begun_at;
};

/* What is written to no address of anybody's (the log) takes no time either. */
static bool has_address(const char *address)
{
    return address != NULL && *address != '\0';
}

static char *key_of(int channel, const char *address)
{
    return g_strdup_printf("%d %s", channel, address);
}

static void note_busy(void *self, const struct delivery *delivery)
{
    struct claim *claim = self;
    if (has_address(delivery->address)) {
        struct busy *busy = g_new(struct busy, 1);
        *busy = (struct busy){delivery->id, delivery->claimed_at};
        g_hash_table_replace(claim->busy, key_of(delivery->channel, delivery->address), busy);
    }
}

void addresses_read(struct ledger_tx *tx, struct claim *claim)
{
    addresses_forget(claim);
    claim->busy = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    deliveries_under_way(tx->db, note_busy, claim);
}

void addresses_forget(struct claim *claim)
{
    g_clear_pointer(&claim->busy, g_hash_table_unref);
}

void address_take(struct claim *claim, const struct delivery *delivery)
{
    note_busy(claim, delivery);
}

/* Pages that wait behind a slow attempt go another way as well; most severe first. */
static void pass_by(struct ledger_tx *tx, const struct look *look)
{
    g_autoptr(GArray) pages = pages_waiting(tx->db, look->mailbox.id, tx->now);
    for (guint i = 0; i < pages->len; i++) {
        page_fall_back(look->claim->pager, tx, g_array_index(pages, int64_t, i),
                       look->mailbox.contact);
    }
}

static void wait_for(struct ledger_tx *tx, struct look *look, const struct busy *busy)
{
    struct mailbox *mailbox = &look->mailbox;
    struct utc slow_at = utc_add(busy->begun_at, ATTEMPT_SLOW);
    bool is_slow = !utc_before(tx->now, slow_at);
    bool is_noted = mailbox->is_slow && mailbox->waits_for == busy->delivery_id;
    mailbox_rearm(tx->db, mailbox, tx->now);
    if (!utc_is_set(mailbox->next_at) || utc_before(tx->now, mailbox->next_at)) {
        return; /* nothing is due here any more */
    }
    mailbox->waits_for = busy->delivery_id;
    mailbox->is_slow = is_slow;
    /* Its end comes first, as a rule; and a clock that jumped back must not make the wait endless. */
    struct utc look_again = utc_add(tx->now, ATTEMPT_SLOW);
    mailbox->next_at = is_slow ? look_again : utc_earlier(slow_at, look_again);
    mailbox_save(tx->db, mailbox);
    if (is_slow && !is_noted) {
        pass_by(tx, look);
    }
}

bool address_is_busy(struct ledger_tx *tx, struct look *look)
{
    const struct busy *busy = NULL;
    if (has_address(look->contact.to)) {
        g_autofree char *key = key_of(look->contact.kind, look->contact.to);
        busy = g_hash_table_lookup(look->claim->busy, key);
    }
    if (busy == NULL) {
        look->mailbox.waits_for = 0; /* saved with whatever comes of the look */
        look->mailbox.is_slow = false;
        return false;
    }
    wait_for(tx, look, busy);
    return true;
}
