/* What happens to the ledger itself. */
#include "ledger/ledger_private.h"

static const char *const OF_LEDGER[] = {"ledger", NULL};
static const char *const OF_CLOCK[] = {"clock", NULL};
static const char *const OF_NODE[] = {"node", NULL};

const struct event_kind EVENT_LEDGER_REOPENED = {.name = "ledger.reopened", .subjects = OF_LEDGER};
const struct event_kind EVENT_CLOCK_JUMPED = {
    .name = "clock.jumped", .subjects = OF_CLOCK, .is_trouble = true};
const struct event_kind EVENT_NODE_JOINED = {.name = "node.joined", .subjects = OF_NODE};
const struct event_kind EVENT_NODE_LEFT = {.name = "node.left", .subjects = OF_NODE};
const struct event_kind EVENT_NODE_LOST = {.name = "node.lost", .subjects = OF_NODE};

const struct event_kind *const LEDGER_EVENTS[] = {&EVENT_LEDGER_REOPENED, &EVENT_CLOCK_JUMPED,
                                                  &EVENT_NODE_JOINED,     &EVENT_NODE_LEFT,
                                                  &EVENT_NODE_LOST,       NULL};
