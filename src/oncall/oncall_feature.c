#include "base/feature.h"
#include "cli/cli.h"

extern const struct cli_table SCHEDULE_COMMANDS, ABSENCE_COMMANDS, FEED_COMMANDS;

const struct feature ONCALL_FEATURE = {
    .name = "oncall",
    .commands = (const struct cli_table *const[]){&SCHEDULE_COMMANDS, &ABSENCE_COMMANDS,
                                                  &FEED_COMMANDS, NULL},
};
