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
