#include "base/state.h"

bool state_may(const struct states *states, int from, int to)
{
    for (size_t i = 0; i < states->count; i++) {
        if (states->changes[i].from == from) {
            return (states->changes[i].to & STATE_BIT(to)) != 0;
        }
    }
    return false;
}

static const char *name_of(const struct states *states, int state)
{
    const char *name = enum_to_name(states->names, state);
    return name != NULL ? name : "nothing";
}

/* What a newer program wrote is not ours to judge: what it was about must not end this one again and again. */
static bool is_known(const struct states *states, int state)
{
    return state == 0 || enum_to_name(states->names, state) != NULL;
}

void state_set(const struct states *states, int *state, int to)
{
    if (*state != to && is_known(states, *state) && !state_may(states, *state, to)) {
        g_autofree char *what = g_strdup_printf("%s may become %s after %s", states->noun,
                                                name_of(states, to), name_of(states, *state));
        check_failed(what, __FILE__, __LINE__);
    }
    *state = to;
}
