/* api/server_permits.h - what may be asked of the server itself. */
#ifndef API_SERVER_PERMITS_H
#define API_SERVER_PERMITS_H

#include "access/permit.h"

extern const struct permit PERMIT_EVENT_READ, PERMIT_EVENT_VERIFY, PERMIT_NODE_READ,
    PERMIT_SERVER_EXAMINE, PERMIT_SERVER_BACK_UP;

#endif
