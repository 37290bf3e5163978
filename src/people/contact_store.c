#include "people/contact_store.h"

#include "people/user.h"

static const char *keep(struct contact_states *states, const char *text)
{
    return text != NULL ? g_string_chunk_insert_const(states->texts, text) : NULL;
}

#define AT(member) offsetof(struct contact_state, member)

static const struct column CONTACT_COLUMNS[] = {
    {"user_name", COLUMN_BORROWED, AT(user), COLUMN_KEY},
    {"contact", COLUMN_BORROWED, AT(contact), COLUMN_KEY},
    {"address", COLUMN_BORROWED, AT(address)},
    {"verified_at", COLUMN_UTC, AT(verified_at)},
    {"failed_at", COLUMN_UTC, AT(failed_at)},
    {"failure", COLUMN_BORROWED, AT(failure)},
};

const struct table CONTACT_TABLE = {
    .name = "contact_state", .size = sizeof(struct contact_state), ROW_COLUMNS(CONTACT_COLUMNS)};

/* One contact has a mailbox for each urgency of pages; the worst speaks for all. */
static const struct column MAILBOX_COLUMNS[] = {
    {"MAX(m.failures)", COLUMN_INT, AT(failures)},
    {"MAX(m.refused)", COLUMN_BOOL, AT(is_refused)},
    {"MAX(m.retry_at)", COLUMN_UTC, AT(retry_at)},
};

static const struct row_word WORDS[] = {{"urgency", URGENCY_NAMES, NULL}, {NULL}};

static const struct table KNOWN = {
    .base = &CONTACT_TABLE,
    .size = sizeof(struct contact_state),
    ROW_COLUMNS(MAILBOX_COLUMNS),
    .words = WORDS,
};

struct contact_states *contact_states_read(struct db *db)
{
    struct contact_states *states = g_new0(struct contact_states, 1);
    states->items = g_array_new(FALSE, TRUE, sizeof(struct contact_state));
    states->texts = g_string_chunk_new(1024);
    /* The mailbox of ends says nothing about those of pages. */
    struct db_query *q = row_query(
        db, &KNOWN,
        "SELECT {known.columns} FROM contact_state known LEFT JOIN mailbox m"
        " ON m.user_name = known.user_name AND m.contact = known.contact"
        " AND known.failed_at IS NOT NULL AND m.urgency IN ({urgency.high}, {urgency.low})"
        " GROUP BY known.user_name, known.contact"
        " ORDER BY known.user_name, known.contact");
    struct contact_state state;
    while (row_next(q, &KNOWN, &state)) {
        state.user = keep(states, state.user);
        state.contact = keep(states, state.contact);
        state.address = keep(states, state.address);
        state.failure = keep(states, state.failure);
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
