/* source/webhook_api.h - what the doors of all webhooks do. */
#ifndef SOURCE_WEBHOOK_API_H
#define SOURCE_WEBHOOK_API_H

#include "api/door.h"

/* The handler of POST /in/NAME/{key}. */
void webhook_post(struct http_request *request, void *context, const struct door *door);

#endif
