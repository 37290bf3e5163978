#include "alert/condition.h"
#include "alert/service.h"
#include "config/config_check.h"

static bool check_route(const struct config *config, const void *item, struct fault *fault)
{
    const struct route *route = item;
    return config_check_reference(config, &INTEGRATION_KIND, route->integration, "integration",
                                  fault) &&
           config_check_reference(config, &SERVICE_KIND, route->service, "service", fault);
}

static bool check_meaning(const struct config *config, const void *item, struct fault *fault)
{
    return conditions_check(config, ((const struct route *)item)->match, fault);
}

const struct config_kind ROUTE_KIND = {
    .section = "routes",
    .noun = "route",
    .number = 8,
    .place = 800,
    .record = &ROUTE_RECORD,
    .is_ordered = true,
    .in_full = conditions_in_full,
    .check = check_route,
    .check_meaning = check_meaning,
};
