#include "api/context.h"
#include "base/feature.h"
#include "cli/cli.h"
#include "http/http.h"
#include "swap.gresource.h"
#include "swap/swap_work.h"

extern const struct route_table SWAP_ROUTES;
extern const struct cli_table SWAP_COMMANDS;

static void *open_swaps(struct api_context *api)
{
    ledger_add_duty(api->ledger, (struct ledger_duty){.name = "swaps",
                                                      .next_at = swap_next_due,
                                                      .run_due = swap_run_due,
                                                      .put_off = swap_put_off_due,
                                                      .self = api->pager});
    return api;
}

const struct feature SWAP_FEATURE = {
    .name = "swap",
    .files = swap_get_resource,
    .events = (const struct event_kind *const *const[]){SWAP_EVENTS, NULL},
    .routes = (const struct route_table *const[]){&SWAP_ROUTES, NULL},
    .commands = (const struct cli_table *const[]){&SWAP_COMMANDS, NULL},
    .help_place = 30,
    .open = open_swaps,
};
