/* retention/retention_room.h - what the feature makes in a server. */
#ifndef RETENTION_RETENTION_ROOM_H
#define RETENTION_RETENTION_ROOM_H

#include "api/context.h"
#include "retention/retention_work.h"

struct retention_room {
    struct api_context *api;
    struct retention_work *work;
};

#endif
