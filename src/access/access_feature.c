#include "access/key_command.h"
#include "base/feature.h"
#include "cli/cli.h"

extern const struct cli_table TOKEN_COMMANDS;

const struct feature ACCESS_FEATURE = {
    .name = "access",
    .events = (const struct event_kind *const *const[]){KEY_EVENTS, NULL},
    .commands = (const struct cli_table *const[]){&TOKEN_COMMANDS, NULL},
    .help_place = 50,
};
