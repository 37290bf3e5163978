#include "api/intake.h"
#include "base/feature.h"

extern const struct route_table OPERATION_ROUTES, DOCTOR_ROUTES, BOARD_ROUTES, ASSET_ROUTES;

const struct feature API_FEATURE = {
    .name = "api",
    .events = (const struct event_kind *const *const[]){CHANGE_EVENTS, NULL},
    .routes = (const struct route_table *const[]){&OPERATION_ROUTES, &DOCTOR_ROUTES, &BOARD_ROUTES,
                                                  &ASSET_ROUTES, NULL},
};
