#include "base/feature.h"
#include "cli/cli.h"

extern const struct cli_table INTEGRATION_COMMANDS;

const struct feature SOURCE_FEATURE = {
    .name = "source",
    .commands = (const struct cli_table *const[]){&INTEGRATION_COMMANDS, NULL},
    .help_place = 40,
};
