#include "api/context.h"
#include "api/intake.h"
#include "base/feature.h"

static const struct route_table *const ROUTES[] = {
    &INTAKE_ROUTES, &ALERT_ROUTES, &EXPLAIN_ROUTES,      &SCHEDULE_ROUTES,  &CONFIG_ROUTES,
    &EVENT_ROUTES,  &KEY_ROUTES,   &FEED_ROUTES,         &OPERATION_ROUTES, &TRIAL_ROUTES,
    &DOCTOR_ROUTES, &BOARD_ROUTES, &LINK_ROUTES,         &DUTY_ROUTES,      &MISS_ROUTES,
    &REPLAY_ROUTES, &NODE_ROUTES,  &ALERTMANAGER_ROUTES, &SILENCE_ROUTES,   NULL};

const struct feature API_FEATURE = {
    .name = "api",
    .events = (const struct event_kind *const *const[]){CHANGE_EVENTS, NULL},
    .routes = ROUTES,
};
