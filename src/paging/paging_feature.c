#include "base/feature.h"
#include "cli/cli.h"
#include "paging/pager.h"

extern const struct cli_table ACT_COMMANDS, EXPLAIN_COMMANDS, MISS_COMMANDS, TEST_COMMANDS;

const struct feature PAGING_FEATURE = {
    .name = "paging",
    .events = (const struct event_kind *const *const[]){PAGING_EVENTS, NULL},
    .commands = (const struct cli_table *const[]){&ACT_COMMANDS, &EXPLAIN_COMMANDS, &MISS_COMMANDS,
                                                  &TEST_COMMANDS, NULL},
};
