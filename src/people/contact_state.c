#include "people/contact_state.h"

#include <string.h>

const struct contact_state *contact_state_of(const struct contact_states *states, const char *user,
                                             const char *contact)
{
    for (guint i = 0; states != NULL && i < states->items->len; i++) {
        const struct contact_state *state = &g_array_index(states->items, struct contact_state, i);
        if (strcmp(state->user, user) == 0 && strcmp(state->contact, contact) == 0) {
            return state;
        }
    }
    return NULL;
}

const struct contact_state *contact_trouble(const struct contact_states *states, const char *user,
                                            const char *contact)
{
    const struct contact_state *state = contact_state_of(states, user, contact);
    return state != NULL && utc_is_set(state->failed_at) ? state : NULL;
}

void contact_state_refuse(struct contact_states *states, const char *user, const char *contact,
                          const char *why, struct utc at)
{
    const struct contact_state *known = contact_state_of(states, user, contact);
    struct contact_state state = {.user = g_string_chunk_insert(states->texts, user),
                                  .contact = g_string_chunk_insert(states->texts, contact)};
    if (known != NULL) {
        state = *known;
        g_array_remove_index(
            states->items,
            (guint)(known - (const struct contact_state *)(const void *)states->items->data));
    }
    state.failed_at = at;
    state.failure = g_string_chunk_insert(states->texts, why);
    state.failures = MAX(state.failures, 1);
    state.is_foreseen = !state.is_refused;
    state.is_refused = true;
    g_array_append_val(states->items, state);
}
