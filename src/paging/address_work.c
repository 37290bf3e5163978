/* One attempt at a time to one address, at any urgency and whichever node makes it: what comes meanwhile waits, and
 * goes together. But for updates of messages that stand there: those wait, and are not waited for. */
#include <string.h>

#include "paging/claim.h"
#include "paging/courier.h"

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

/* A webhook may be the gateway through which a whole company is reached: there the person is a part of the address,
 * else one who is slow to reach would hold up everybody. A mailbox of mail or a room is one, whoever names it. */
static char *key_of(int channel, const char *address, const char *who, bool is_update)
{
    return g_strdup_printf("%s%d %s %s", is_update ? "update " : "", channel, address,
                           channel == CONTACT_WEBHOOK ? who : "");
}

static void note_busy(void *self, const struct delivery *delivery)
{
    struct claim *claim = self;
    if (has_address(delivery->address)) {
        struct busy *busy = g_new(struct busy, 1);
        *busy = (struct busy){delivery->id, delivery->claimed_at};
        /* Of what is under way only an update knows its id already. */
        bool is_update = delivery->provider_id != NULL && *delivery->provider_id != '\0';
        g_hash_table_replace(claim->busy,
                             key_of(delivery->channel, delivery->address, delivery->who, is_update),
                             busy);
    }
}

void addresses_read(struct ledger_tx *tx, struct claim *claim)
{
    addresses_forget(claim);
    claim->busy = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    deliveries_under_way(tx->db, tx->now, note_busy, claim);
}

void addresses_forget(struct claim *claim)
{
    g_clear_pointer(&claim->busy, g_hash_table_unref);
}

void address_take(struct claim *claim, const struct delivery *delivery)
{
    note_busy(claim, delivery);
}

/* Of a great many a part in each look: the ledger has other work. */
enum { PASSED_BY_MAX = 200, AWAITED_MAX = 4096 };

#define LOOK_FOR_MORE SPAN_S(1)

/* Pages that wait behind a slow attempt go another way as well, each once; most severe first. True: there may be
 * more. */
static bool pass_by(struct ledger_tx *tx, const struct look *look)
{
    const struct mailbox *mailbox = &look->mailbox;
    g_autoptr(GPtrArray) used = g_ptr_array_new();
    g_ptr_array_add(used, mailbox->contact);
    if (receiver_next_contact(look->claim->pager->config, mailbox->who,
                              MIN(mailbox->urgency, URGENCY_LOW), used) == NULL) {
        return false; /* there is no other way */
    }
    g_autoptr(GArray) pages = pages_waiting(tx->db, mailbox->id, tx->now, PASSED_BY_MAX);
    for (guint i = 0; i < pages->len; i++) {
        page_fall_back(look->claim->pager, tx, g_array_index(pages, int64_t, i), mailbox->contact);
    }
    return pages->len == PASSED_BY_MAX;
}

/* One address, and since when something is under way there. */
struct wanted_address {
    const char *key;
    struct utc begun_at;
};

static void look_for(void *self, const struct delivery *delivery)
{
    struct wanted_address *wanted = self;
    if (delivery->provider_id == NULL || *delivery->provider_id == '\0') {
        g_autofree char *key = key_of(delivery->channel, delivery->address, delivery->who, false);
        wanted->begun_at = strcmp(key, wanted->key) == 0 ? delivery->claimed_at : wanted->begun_at;
    }
}

struct utc address_slow_at(struct ledger_tx *tx, const struct contact *contact, const char *who)
{
    if (!has_address(contact->to)) {
        return (struct utc){0};
    }
    g_autofree char *key = key_of(contact->kind, contact->to, who, false);
    struct wanted_address wanted = {.key = key};
    deliveries_under_way(tx->db, tx->now, look_for, &wanted);
    bool is_busy = utc_is_set(wanted.begun_at);
    return is_busy ? utc_add(wanted.begun_at, ATTEMPT_SLOW) : wanted.begun_at;
}

/* A clock that was set back leaves the beginning ahead of it. */
static bool is_slow(const struct busy *busy, struct utc now)
{
    return utc_before(now, busy->begun_at) ||
           !utc_before(now, utc_add(busy->begun_at, ATTEMPT_SLOW));
}

/* Kept after the settling, for a batch may be run twice. */
static void note_awaited(struct pager *pager, int64_t delivery_id)
{
    if (g_hash_table_size(pager->awaited) >= AWAITED_MAX) {
        g_hash_table_remove_all(pager->awaited);
    }
    g_hash_table_add(pager->awaited, g_memdup2(&delivery_id, sizeof delivery_id));
}

static void wait_for(struct ledger_tx *tx, struct look *look, const struct busy *busy)
{
    struct mailbox *mailbox = &look->mailbox;
    bool is_noted = mailbox->is_slow && mailbox->waits_for == busy->delivery_id;
    mailbox->waits_for = 0;
    mailbox->is_slow = false;
    mailbox_judge_next(tx->db, mailbox, tx->now);
    if (!utc_is_set(mailbox->next_at) || utc_before(tx->now, mailbox->next_at)) {
        mailbox_save(tx->db, mailbox); /* nothing is due here any more */
        return;
    }
    mailbox->waits_for = busy->delivery_id;
    note_awaited(look->claim->pager, busy->delivery_id);
    mailbox->is_slow = is_slow(busy, tx->now);
    /* Its end comes first, as a rule; and a clock that jumped back must not make the wait endless. */
    struct utc look_again = utc_add(tx->now, ATTEMPT_SLOW);
    mailbox->next_at = mailbox->is_slow
                           ? look_again
                           : utc_earlier(utc_add(busy->begun_at, ATTEMPT_SLOW), look_again);
    mailbox_save(tx->db, mailbox);
    if (mailbox->is_slow && !is_noted && pass_by(tx, look)) {
        mailbox->is_slow = false; /* noted when all of them were */
        mailbox->next_at = utc_add(tx->now, LOOK_FOR_MORE);
        mailbox_save(tx->db, mailbox);
    }
}

bool address_is_awaited(const struct pager *pager, const struct ledger_tx *tx, int64_t delivery_id,
                        bool is_lost)
{
    return is_lost || !db_is_shared(tx->db) || g_hash_table_contains(pager->awaited, &delivery_id);
}

static const struct busy *under_way(const struct look *look, bool is_update)
{
    g_autofree char *key =
        key_of(look->contact.kind, look->contact.to, look->mailbox.who, is_update);
    return g_hash_table_lookup(look->claim->busy, key);
}

bool address_is_busy(struct ledger_tx *tx, struct look *look)
{
    const struct busy *busy = NULL;
    if (has_address(look->contact.to)) {
        busy = under_way(look, false);
        /* Nothing that is news waits until what stands there already is written anew. */
        if (busy == NULL && look->mailbox.urgency == MAILBOX_ENDS) {
            busy = under_way(look, true);
        }
    }
    if (busy == NULL) {
        look->mailbox.waits_for = 0; /* saved with whatever comes of the look */
        look->mailbox.is_slow = false;
        return false;
    }
    wait_for(tx, look, busy);
    return true;
}
