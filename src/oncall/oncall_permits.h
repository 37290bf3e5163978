/* oncall/oncall_permits.h - what may be done with schedules, shifts, policies. */
#ifndef ONCALL_ONCALL_PERMITS_H
#define ONCALL_ONCALL_PERMITS_H

#include "access/permit.h"

extern const struct permit PERMIT_SCHEDULE_READ, PERMIT_SCHEDULE_OVERRIDE, PERMIT_ABSENCE_READ,
    PERMIT_ABSENCE_CHANGE, PERMIT_POLICY_READ, PERMIT_FEED_READ, PERMIT_FEED_CHANGE;

#endif
