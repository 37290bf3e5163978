/* api/door.h - how each dialect says yes, no and later. */
#ifndef API_DOOR_H
#define API_DOOR_H

#include "api/intake.h"

/* What a stranger is told. */
extern const char DOOR_UNKNOWN_KEY[];

/* What the sender of an integration of that kind (enum integration_kind) posts to. */
const char *door_address(int kind);

/* The status of an accepted request: 202, or 200 where the sender's protocol has it so. */
int door_success(enum door door);

/* What the batch came to. The request is answered; the intake stays. */
void door_accept(struct intake *intake);

/* 429 and 5xx carry Retry-After. */
void door_refuse(struct http_request *request, enum door door, int status,
                 const struct fault *fault);

#endif
