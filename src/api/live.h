/* api/live.h - what live streams send. Only for this folder; see api/context.h for the rest. */
#ifndef API_LIVE_H
#define API_LIVE_H

#include "api/context.h"
#include "ledger/event.h"

/* One event as the API shows it. New reference. */
NODISCARD json_t *event_json(const struct event *event);

/* For struct http_stream: appends the events after `last_id`. `self` is the struct api_context. */
int64_t live_pull(void *self, int64_t last_id, GString *out);

/* Seq of the newest event. `self` is the struct api_context. */
NODISCARD int64_t live_newest(void *self);

#endif
