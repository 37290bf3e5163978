#include "alert/route.h"

#include <string.h>

static bool route_applies(const struct route *route, const struct match_subject *subject)
{
    if (route->integration != NULL && strcmp(route->integration, subject->integration) != 0) {
        return false;
    }
    return match_all(route->match, subject);
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
    if (verdict->taken == NULL) {
        verdict->taken = g_strdup(route->name);
    } else {
        g_autofree char *before = verdict->taken;
        verdict->taken = g_strconcat(before, ",", route->name, NULL);
    }
}

struct route_verdict route_walk(const GPtrArray *routes, const struct match_subject *subject)
{
    struct route_verdict verdict = {0};
    for (guint i = 0; routes != NULL && i < routes->len; i++) {
        const struct route *route = g_ptr_array_index(routes, i);
        if (!route_applies(route, subject)) {
            continue;
        }
        route_take(route, &verdict);
        if (!route->continues) {
            break;
        }
    }
    return verdict;
}
