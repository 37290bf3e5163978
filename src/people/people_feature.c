#include "base/feature.h"
#include "http/http.h"

extern const struct route_table PEOPLE_ROUTES;

const struct feature PEOPLE_FEATURE = {
    .name = "people",
    .routes = (const struct route_table *const[]){&PEOPLE_ROUTES, NULL},
};
