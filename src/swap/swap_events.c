#include "base/describe.h"
#include "swap/swap_work.h"

static const char *const OF_SWAP[] = {SWAP_SUBJECT, NULL};

/* What the swap is by then. */
static const struct record DATA = {
    .name = "EventSwap", .doc = "Shifts that somebody asks others to take.", .base = &SWAP_RECORD};

#define KIND(called)                                         \
    {                                                        \
        .name = (called), .subjects = OF_SWAP, .data = &DATA \
    }

const struct event_kind EVENT_SWAP_ASKED = KIND("swap.asked");
const struct event_kind EVENT_SWAP_REMINDED = KIND("swap.reminded");
const struct event_kind EVENT_SWAP_ACCEPTED = KIND("swap.accepted");
const struct event_kind EVENT_SWAP_DECLINED = KIND("swap.declined");
const struct event_kind EVENT_SWAP_WITHDRAWN = KIND("swap.withdrawn");
const struct event_kind EVENT_SWAP_EXPIRED = KIND("swap.expired");

const struct event_kind *const SWAP_EVENTS[] = {&EVENT_SWAP_ASKED,
                                                &EVENT_SWAP_REMINDED,
                                                &EVENT_SWAP_ACCEPTED,
                                                &EVENT_SWAP_DECLINED,
                                                &EVENT_SWAP_WITHDRAWN,
                                                &EVENT_SWAP_EXPIRED,
                                                NULL};
