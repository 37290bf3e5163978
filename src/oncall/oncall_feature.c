#include "base/feature.h"
#include "cli/cli.h"
#include "http/http.h"
#include "oncall/off_duty.h"
#include "oncall/override_work.h"

extern const struct cli_table SCHEDULE_COMMANDS, ABSENCE_COMMANDS, FEED_COMMANDS;
extern const struct route_table SCHEDULE_ROUTES, POLICY_ROUTES, DUTY_ROUTES, FEED_ROUTES;

const struct feature ONCALL_FEATURE = {
    .name = "oncall",
    .events = (const struct event_kind *const *const[]){OVERRIDE_EVENTS, ABSENCE_EVENTS,
                                                        OFF_DUTY_EVENTS, NULL},
    .routes = (const struct route_table *const[]){&SCHEDULE_ROUTES, &POLICY_ROUTES, &DUTY_ROUTES,
                                                  &FEED_ROUTES, NULL},
    .commands = (const struct cli_table *const[]){&SCHEDULE_COMMANDS, &ABSENCE_COMMANDS,
                                                  &FEED_COMMANDS, NULL},
    .help_place = 30,
};
