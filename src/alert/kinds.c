#include "alert/kinds.h"

#include "alert/service.h"
#include "oncall/absence.h"
#include "oncall/policy.h"
#include "oncall/schedule.h"
#include "people/user.h"

const struct config_kind *const CONFIG_KINDS[] = {
    &USER_KIND,    &TEAM_KIND,      &CHAT_CHANNEL_KIND, &SCHEDULE_KIND,
    &POLICY_KIND,  &SERVICE_KIND,   &INTEGRATION_KIND,  &ROUTE_KIND,
    &SILENCE_KIND, &HEARTBEAT_KIND, &ABSENCE_KIND,      NULL,
};
