#include "base/feature.h"
#include "http/http.h"

extern const struct route_table EVENT_ROUTES, NODE_ROUTES;

/* What the ledger tells of itself it knows without being given it. */
const struct feature LEDGER_FEATURE = {
    .name = "ledger",
    .routes = (const struct route_table *const[]){&EVENT_ROUTES, &NODE_ROUTES, NULL},
};
