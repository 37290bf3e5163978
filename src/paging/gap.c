#include "paging/gap.h"

#include "people/user.h"

#define ROUTINE_MAX SPAN_D(7)

bool gap_is_routine(const struct gap *gap)
{
    return gap->cause == GAP_WINDOWS && utc_since(gap->until, gap->since).us < ROUTINE_MAX.us;
}

bool gap_is_news(const struct gap *gap, const GArray *known)
{
    if (gap->cause == GAP_OVERRIDE) {
        return false;
    }
    bool is_routine = gap_is_routine(gap);
    for (guint i = 0; i < known->len; i++) {
        const struct gap *before = &g_array_index(known, struct gap, i);
        /* A gap under way starts "now" whenever one looks, and its end is as far as one looks: it is
         * the same gap while its start lies within the one that was warned about. */
        bool is_same =
            !utc_before(gap->since, before->since) && utc_before(gap->since, before->until);
        if (is_same || (is_routine && gap_is_routine(before))) {
            return false;
        }
    }
    return true;
}

static void add_reachable(const struct config *config, GPtrArray *names, char *name)
{
    if (user_reach(user_find(config, name)) == REACH_GOOD &&
        !g_ptr_array_find_with_equal_func(names, name, g_str_equal, NULL)) {
        g_ptr_array_add(names, name);
    }
}

static void add_team(const struct config *config, GPtrArray *names, const struct team *team)
{
    if (team->lead != NULL) {
        add_reachable(config, names, team->lead);
    }
    bool has_lead = names->len > 0;
    for (guint i = 0; !has_lead && i < team->members->len; i++) {
        add_reachable(config, names, g_ptr_array_index(team->members, i));
    }
}

GPtrArray *gap_receivers(const struct config *config, const struct schedule *schedule)
{
    GPtrArray *names = g_ptr_array_new();
    const struct team *team =
        user_find(config, schedule->owner) == NULL ? team_find(config, schedule->owner) : NULL;
    if (team != NULL) {
        add_team(config, names, team);
        return names;
    }
    g_autoptr(GPtrArray) listeners = coverage_listeners(schedule);
    for (guint i = 0; i < listeners->len; i++) {
        add_reachable(config, names, g_ptr_array_index(listeners, i));
    }
    return names;
}
