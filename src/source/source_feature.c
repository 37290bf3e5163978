#include "base/feature.h"
#include "cli/cli.h"
#include "http/http.h"

extern const struct cli_table INTEGRATION_COMMANDS;
extern const struct route_table INTAKE_ROUTES, ALERTMANAGER_ROUTES;

const struct feature SOURCE_FEATURE = {
    .name = "source",
    .routes = (const struct route_table *const[]){&INTAKE_ROUTES, &ALERTMANAGER_ROUTES, NULL},
    .commands = (const struct cli_table *const[]){&INTEGRATION_COMMANDS, NULL},
    .help_place = 40,
};
