#include "people/contact_store.h"

#include <string.h>

static const char *keep(struct contact_states *states, const char *text)
{
    return text != NULL ? g_string_chunk_insert_const(states->texts, text) : NULL;
}

struct contact_states *contact_states_read(struct db *db)
{
    struct contact_states *states = g_new0(struct contact_states, 1);
    states->items = g_array_new(FALSE, TRUE, sizeof(struct contact_state));
    states->texts = g_string_chunk_new(1024);
    /* One contact has a mailbox for each urgency of pages; the worst speaks for all. That of ends says nothing about
     * them. */
    struct db_query *q =
        db_query(db, "SELECT known.user_name, known.contact, known.address, known.verified_at,"
                     " known.failed_at, known.failure, MAX(m.failures), MAX(m.refused),"
                     " MAX(m.retry_at) FROM contact_state known LEFT JOIN mailbox m"
                     " ON m.user_name = known.user_name AND m.contact = known.contact"
                     " AND known.failed_at IS NOT NULL AND m.urgency IN (1, 2)"
                     " GROUP BY known.user_name, known.contact, known.address,"
                     " known.verified_at, known.failed_at, known.failure"
                     " ORDER BY known.user_name, known.contact");
    while (db_step(q) == DB_ROW) {
        struct contact_state state = {.user = keep(states, db_text(q, 0)),
                                      .contact = keep(states, db_text(q, 1)),
                                      .address = keep(states, db_text(q, 2)),
                                      .verified_at = db_utc(q, 3),
                                      .failed_at = db_utc(q, 4),
                                      .failure = keep(states, db_text(q, 5)),
                                      .failures = db_int(q, 6),
                                      .is_refused = db_int(q, 7) != 0,
                                      .retry_at = db_utc(q, 8)};
        g_array_append_val(states->items, state);
    }
    return states;
}

void contact_states_free(struct contact_states *states)
{
    if (states != NULL) {
        g_array_unref(states->items);
        g_string_chunk_free(states->texts);
        g_free(states);
    }
}
