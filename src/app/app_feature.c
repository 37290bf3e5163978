#include "base/feature.h"
#include "cli/cli.h"

extern const struct cli_table SERVE_COMMANDS, CONFIG_COMMANDS, ROUTE_COMMANDS, DOCTOR_COMMANDS,
    NODE_COMMANDS, BACKUP_COMMANDS, VERIFY_COMMANDS, MIGRATE_COMMANDS, MOVE_COMMANDS, INFO_COMMANDS;

const struct feature APP_FEATURE = {
    .name = "app",
    .commands =
        (const struct cli_table *const[]){&SERVE_COMMANDS, &CONFIG_COMMANDS, &ROUTE_COMMANDS,
                                          &DOCTOR_COMMANDS, &NODE_COMMANDS, &BACKUP_COMMANDS,
                                          &VERIFY_COMMANDS, &MIGRATE_COMMANDS, &MOVE_COMMANDS,
                                          &INFO_COMMANDS, NULL},
    .help_place = 60,
};
