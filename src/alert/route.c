#include "alert/route.h"

#include <string.h>

static enum matched route_applies(const struct route *route, const struct match_subject *subject)
{
    if (route->integration != NULL && strcmp(route->integration, subject->integration) != 0) {
        return MATCHED_NOT;
    }
    return match_judge(route->match, subject);
}

static void add_name(char **names, const char *name)
{
    g_autofree char *before = *names;
    *names = before == NULL ? g_strdup(name) : g_strconcat(before, ",", name, NULL);
}

static void route_take(const struct route *route, struct route_verdict *verdict)
{
    if (route->service != NULL) {
        verdict->service = route->service;
    }
    if (route->severity != 0) {
        verdict->severity = route->severity;
    }
    verdict->is_suppressed = verdict->is_suppressed || route->suppress;
    add_name(&verdict->taken, route->name);
}

struct route_verdict route_walk(const GPtrArray *routes, const struct match_subject *subject)
{
    struct route_verdict verdict = {0};
    for (guint i = 0; routes != NULL && i < routes->len; i++) {
        const struct route *route = g_ptr_array_index(routes, i);
        enum matched applies = route_applies(route, subject);
        if (applies == MATCHED_UNSURE) {
            add_name(&verdict.unsure, route->name);
        }
        if (applies != MATCHED) {
            continue;
        }
        route_take(route, &verdict);
        if (!route->continues) {
            break;
        }
    }
    return verdict;
}
