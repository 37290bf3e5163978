#include "base/feature.h"
#include "cli/cli.h"
#include "http/http.h"
#include "paging/alert_topic.h"
#include "paging/pager.h"

extern const struct cli_table ACT_COMMANDS, EXPLAIN_COMMANDS, MISS_COMMANDS, TEST_COMMANDS;
extern const struct route_table EXPLAIN_ROUTES, MISS_ROUTES, TRIAL_ROUTES, LINK_ROUTES;

const struct feature PAGING_FEATURE = {
    .name = "paging",
    .events = (const struct event_kind *const *const[]){PAGING_EVENTS, NULL},
    .routes = (const struct route_table *const[]){&EXPLAIN_ROUTES, &MISS_ROUTES, &TRIAL_ROUTES,
                                                  &LINK_ROUTES, NULL},
    .topics = (const struct topic_kind *const[]){&ALERT_TOPIC, NULL},
    .commands = (const struct cli_table *const[]){&ACT_COMMANDS, &EXPLAIN_COMMANDS, &MISS_COMMANDS,
                                                  &TEST_COMMANDS, NULL},
    .help_place = 20,
};
