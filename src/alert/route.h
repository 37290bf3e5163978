/* alert/route.h - where does an alert go? Pure. */
#ifndef ALERT_ROUTE_H
#define ALERT_ROUTE_H

#include "alert/match.h"

struct route_verdict {
    const char *service; /* borrowed from the route; NULL: the integration's own */
    int severity;        /* 0: unchanged */
    bool is_suppressed;
    char *taken;  /* names of the routes taken, a comma between; NULL when none; the caller's */
    char *unsure; /* likewise, of those whose patterns gave up: they were not taken; the caller's */
};

/* Walks the routes in order. The first whose conditions hold decides, unless it says "continue":
 * then later ones may decide what it left open or decide it anew. Conditions always see the alert
 * as it came, not what an earlier route made of it. No match is no change, never nowhere. */
NODISCARD struct route_verdict route_walk(const GPtrArray *routes,
                                          const struct match_subject *subject);

#endif
