/* api/live.h - what live streams send. Only for this folder; see api/context.h for the rest. */
#ifndef API_LIVE_H
#define API_LIVE_H

#include "api/context.h"
#include "ledger/event.h"

/* One event as the API shows it. New reference. */
/* `shows_client`: with EVENT_CLIENT, for who may administer. */
NODISCARD json_t *event_json(const struct event *event, bool shows_client);

/* Reads the events after `last_id`, a bounded piece of them, and appends them as a stream sends them;
 * answers the seq of the last. Not sound: some could not be read. */
struct live_source {
    int64_t (*read)(void *self, int64_t last_id, GString *out, bool *out_is_sound);
    void *self;
};

/* The same through what all streams have in common: one thread reads at a time, and outside of any
 * lock. Who would have to wait for long gets nothing and is woken later. */
int64_t live_share(struct live *live, const struct live_source *source, int64_t last_id,
                   GString *out);

/* For struct http_stream: appends the events after `last_id`. `self` is the struct api_context. */
int64_t live_pull(void *self, int64_t last_id, GString *out);

/* For struct http_stream likewise: is so much missing that it is read by itself? */
NODISCARD bool live_is_far(void *self, int64_t last_id);

/* False after answering 503 when this node has nothing to say (live_is_out). */
NODISCARD bool live_admit(struct http_request *request, const struct api_context *context);

/* Seq of the newest event. `self` is the struct api_context. */
NODISCARD int64_t live_newest(void *self);

#endif
