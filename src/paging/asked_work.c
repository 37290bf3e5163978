/* Pages that a person asks for: whoever asks is told which of them do not go at once, why, and until when. */
#include "base/json_set.h"
#include "paging/work.h"

/* The ways of one page, and the first of its messages to go. */
struct asked {
    struct pager *pager;
    struct ledger_tx *tx;
    const struct page *page;
    GPtrArray *contacts; /* names (char *) of those that its messages go by */
    const char *first;   /* of them; NULL: there is none */
    struct utc
        first_at; /* when that message, or another instead of it, goes; unset: at once; UTC_NEVER: when the
                          * attempt under way is over, whenever that is */
};

static void read_contacts(struct asked *asked)
{
    GArray *notifications = notifications_of_page(asked->tx->db, asked->page->id);
    for (guint i = 0; i < notifications->len; i++) {
        struct mailbox mailbox = {0};
        const struct notification *n = &g_array_index(notifications, struct notification, i);
        if (mailbox_load(asked->tx->db, n->mailbox_id, &mailbox)) {
            g_ptr_array_add(asked->contacts, g_strdup(mailbox.contact));
        }
        mailbox_clear(&mailbox);
    }
    notifications_free(notifications);
}

/* As above, of one contact. Where an attempt is slow already, the next one is used as well. */
static struct utc goes_at(const struct asked *asked, const char *name)
{
    struct contact contact;
    const struct config *config = asked->pager->config;
    const struct page *page = asked->page;
    if (!receiver_contact(config, page->who, name, &contact)) {
        return UTC_NEVER;
    }
    struct utc slow_at = address_slow_at(asked->tx, &contact, page->who);
    const char *next = receiver_next_contact(config, page->who, page->urgency, asked->contacts);
    if (!utc_is_set(slow_at) || (next != NULL && utc_before(asked->tx->now, slow_at))) {
        return slow_at;
    }
    if (next != NULL) {
        g_ptr_array_add(asked->contacts, g_strdup(next));
    }
    return UTC_NEVER;
}

static void find_first(struct asked *asked)
{
    for (guint i = 0; i < asked->contacts->len; i++) {
        const char *name = g_ptr_array_index(asked->contacts, i);
        struct utc at = goes_at(asked, name);
        if (asked->first == NULL || utc_before(at, asked->first_at)) {
            asked->first = name;
            asked->first_at = at;
        }
    }
}

static void note(const struct asked *asked, struct utc until, const char *why, json_t *holds)
{
    json_t *hold =
        json_pack("{s:s, s:s*, s:s}", "who", asked->page->who, "contact", asked->first, "why", why);
    json_set_utc(hold, "until", until);
    json_array_append_new(holds, hold);
}

static void look(struct asked *asked, json_t *holds)
{
    read_contacts(asked);
    find_first(asked);
    if (asked->first == NULL && utc_is_set(asked->page->next_at)) {
        note(asked, asked->page->next_at, "their own rules tell them only then", holds);
    } else if (asked->first != NULL && asked->first_at.us == UTC_NEVER.us) {
        note(asked, (struct utc){0},
             "another message to the same address is under way; it goes when that is over", holds);
    } else if (asked->first != NULL && utc_is_set(asked->first_at)) {
        note(asked, asked->first_at,
             "another message to the same address is under way; it goes when that is over, or "
             "then by another contact",
             holds);
    }
}

void pages_hold(struct pager *pager, struct ledger_tx *tx, struct subject subject,
                const GPtrArray *tellings, json_t *holds)
{
    for (guint i = 0; i < tellings->len; i++) {
        const struct telling *telling = g_ptr_array_index(tellings, i);
        struct page page = {0};
        g_autoptr(GPtrArray) contacts = g_ptr_array_new_with_free_func(g_free);
        if (page_load(tx->db, page_last(tx->db, subject, telling->who), &page)) {
            struct asked asked = {.pager = pager, .tx = tx, .page = &page, .contacts = contacts};
            look(&asked, holds);
        }
        page_clear(&page);
    }
}
