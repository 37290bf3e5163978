#include "alert/alert_events.h"
#include "alert/kinds.h"
#include "base/feature.h"
#include "cli/cli.h"

extern const struct cli_table ALERT_SEND_COMMANDS, ALERT_COMMANDS, SILENCE_COMMANDS;

const struct feature ALERT_FEATURE = {
    .name = "alert",
    .kinds = CONFIG_KINDS,
    .events = (const struct event_kind *const *const[]){ALERT_EVENTS, NULL},
    .commands = (const struct cli_table *const[]){&ALERT_SEND_COMMANDS, &ALERT_COMMANDS,
                                                  &SILENCE_COMMANDS, NULL},
    .help_place = 10,
};
