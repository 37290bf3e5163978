/* A contact that failed is tried again before its back-off is over, for what made it fail may be gone: its
 * address was changed, or a person asks for a test. */
#include <string.h>

#include "paging/work.h"
#include "people/contact_store.h"

static void reopen_mailbox(struct pager *pager, struct ledger_tx *tx, struct mailbox *mailbox)
{
    mailbox->failures = 0;
    mailbox->failed_at = (struct utc){0};
    mailbox->retry_at = (struct utc){0};
    mailbox->is_refused = false;
    g_hash_table_remove(pager->held, (gpointer)(intptr_t)mailbox->id);
    notifications_hurry(tx->db, mailbox->id, tx->now);
    mailbox_rearm(tx->db, mailbox, tx->now);
}

void contact_reopen(struct pager *pager, struct ledger_tx *tx, const char *who, const char *contact)
{
    for (int urgency = URGENCY_HIGH; urgency <= MAILBOX_ENDS; urgency++) {
        struct mailbox mailbox = {0};
        if (mailbox_find(tx->db, who, contact, urgency, &mailbox) && mailbox.failures > 0) {
            reopen_mailbox(pager, tx, &mailbox);
        }
        mailbox_clear(&mailbox);
    }
}

void mailbox_try_now(struct pager *pager, struct ledger_tx *tx, struct mailbox *mailbox)
{
    if (utc_before(tx->now, mailbox_opens_at(mailbox, tx->now))) {
        mailbox->retry_at = tx->now;
        g_hash_table_remove(pager->held, (gpointer)(intptr_t)mailbox->id);
        mailbox_rearm(tx->db, mailbox, tx->now);
    }
}

/* The address that the last message of a mailbox that fails was sent to is not the one in force. */
static bool has_moved(struct ledger_tx *tx, const char *who, const char *contact, const char *to)
{
    bool has_moved = false;
    for (int urgency = URGENCY_HIGH; urgency <= MAILBOX_ENDS; urgency++) {
        struct mailbox mailbox = {0};
        if (mailbox_find(tx->db, who, contact, urgency, &mailbox) && mailbox.failures > 0) {
            g_autofree char *address = delivery_last_address(tx->db, mailbox.id);
            has_moved |= address != NULL && strcmp(address, to) != 0;
        }
        mailbox_clear(&mailbox);
    }
    return has_moved;
}

/* What a reference to a secret stands for is read at the start: it may be another one now. */
void contacts_follow_start(struct pager *pager, struct ledger_tx *tx)
{
    struct contact_states *states = contact_states_read(tx->db);
    for (guint i = 0; i < states->items->len; i++) {
        const struct contact_state *state = &g_array_index(states->items, struct contact_state, i);
        struct contact contact;
        if (state->is_refused &&
            receiver_contact(pager->config, state->user, state->contact, &contact) &&
            contact.secret != NULL) {
            contact_reopen(pager, tx, state->user, state->contact);
        }
    }
    contact_states_free(states);
}

void contacts_follow_config(struct pager *pager, struct ledger_tx *tx)
{
    struct contact_states *states = contact_states_read(tx->db);
    for (guint i = 0; i < states->items->len; i++) {
        const struct contact_state *state = &g_array_index(states->items, struct contact_state, i);
        struct contact contact;
        if (utc_is_set(state->failed_at) &&
            receiver_contact(pager->config, state->user, state->contact, &contact) &&
            contact.to != NULL && has_moved(tx, state->user, state->contact, contact.to)) {
            contact_reopen(pager, tx, state->user, state->contact);
            contact_note_failure(tx->db, state->user, state->contact, contact.to, NULL, tx->now);
        }
    }
    contact_states_free(states);
}
