#include "base/feature.h"
#include "cli/cli.h"
#include "http/http.h"
#include "source/webhook_routes.h"

extern const struct cli_table INTEGRATION_COMMANDS;
extern const struct route_table NATIVE_ROUTES, PROMETHEUS_ROUTES, PAGERDUTY_ROUTES, PAYLOAD_ROUTES,
    ALERTMANAGER_ROUTES;

static const struct route_table *const ROUTES[] = {&NATIVE_ROUTES,
                                                   WEBHOOK_ROUTES,
                                                   &PROMETHEUS_ROUTES,
                                                   &PAGERDUTY_ROUTES,
                                                   &PAYLOAD_ROUTES,
                                                   &ALERTMANAGER_ROUTES,
                                                   NULL};

const struct feature SOURCE_FEATURE = {
    .name = "source",
    .routes = ROUTES,
    .commands = (const struct cli_table *const[]){&INTEGRATION_COMMANDS, NULL},
    .help_place = 40,
};
