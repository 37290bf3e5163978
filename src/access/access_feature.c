#include "access/key_command.h"
#include "base/feature.h"
#include "cli/cli.h"
#include "http/http.h"

extern const struct cli_table TOKEN_COMMANDS;
extern const struct route_table KEY_ROUTES;

const struct feature ACCESS_FEATURE = {
    .name = "access",
    .events = (const struct event_kind *const *const[]){KEY_EVENTS, NULL},
    .routes = (const struct route_table *const[]){&KEY_ROUTES, NULL},
    .commands = (const struct cli_table *const[]){&TOKEN_COMMANDS, NULL},
    .help_place = 50,
};
