#include "base/feature.h"
#include "config/config_work.h"
#include "http/http.h"

extern const struct route_table CONFIG_ROUTES;

const struct feature CONFIG_FEATURE = {
    .name = "config",
    .events = (const struct event_kind *const *const[]){CONFIG_EVENTS, NULL},
    .routes = (const struct route_table *const[]){&CONFIG_ROUTES, NULL},
};
