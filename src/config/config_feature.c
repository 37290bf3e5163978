#include "base/feature.h"
#include "config/config_work.h"

const struct feature CONFIG_FEATURE = {
    .name = "config",
    .events = (const struct event_kind *const *const[]){CONFIG_EVENTS, NULL},
};
