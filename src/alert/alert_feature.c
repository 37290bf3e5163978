#include "alert/alert_events.h"
#include "alert/kinds.h"
#include "base/feature.h"
#include "cli/cli.h"
#include "http/http.h"

extern const struct cli_table ALERT_SEND_COMMANDS, ALERT_COMMANDS, SILENCE_COMMANDS;
extern const struct route_table ALERT_ROUTES, SERVICE_ROUTES, HEARTBEAT_ROUTES, ROUTE_ROUTES,
    REPLAY_ROUTES, SILENCE_ROUTES;

const struct feature ALERT_FEATURE = {
    .name = "alert",
    .kinds = CONFIG_KINDS,
    .events = (const struct event_kind *const *const[]){ALERT_EVENTS, NULL},
    .routes =
        (const struct route_table *const[]){&ALERT_ROUTES, &SERVICE_ROUTES, &HEARTBEAT_ROUTES,
                                            &ROUTE_ROUTES, &REPLAY_ROUTES, &SILENCE_ROUTES, NULL},
    .commands = (const struct cli_table *const[]){&ALERT_SEND_COMMANDS, &ALERT_COMMANDS,
                                                  &SILENCE_COMMANDS, NULL},
    .help_place = 10,
};
