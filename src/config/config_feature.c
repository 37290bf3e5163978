#include "base/feature.h"
#include "config/config_work.h"
#include "config/off_duty.h"

const struct feature CONFIG_FEATURE = {
    .name = "config",
    .events = (const struct event_kind *const *const[]){CONFIG_EVENTS, OVERRIDE_EVENTS,
                                                        ABSENCE_EVENTS, OFF_DUTY_EVENTS, NULL},
};
