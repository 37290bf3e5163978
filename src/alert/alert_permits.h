/* alert/alert_permits.h - what may be done with alerts, and with what routes and holds them. */
#ifndef ALERT_ALERT_PERMITS_H
#define ALERT_ALERT_PERMITS_H

#include "access/permit.h"

extern const struct permit PERMIT_ALERT_READ, PERMIT_ALERT_RESPOND, PERMIT_SILENCE_READ,
    PERMIT_SILENCE_CHANGE, PERMIT_SERVICE_READ, PERMIT_ROUTE_READ, PERMIT_ROUTE_REPLAY,
    PERMIT_INTEGRATION_READ, PERMIT_INTEGRATION_KEY, PERMIT_HEARTBEAT_READ, PERMIT_HEARTBEAT_KEY;

#endif
