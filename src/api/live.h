/* api/live.h - what live streams send. Only for this floor; see api/context.h for the rest. */
#ifndef API_LIVE_H
#define API_LIVE_H

#include "api/context.h"
#include "ledger/event.h"

/* Appends what all streams send for one event: one type of frame, so that one handler of a browser hears of every kind;
 * which kind stands inside. */
void live_frame(int64_t seq, const json_t *event, GString *out);

/* Reads the events after `last_id`, a bounded piece of them, and appends them as a stream sends them;
 * answers the seq of the last. Not sound: some could not be read. */
struct live_source {
    int64_t (*read)(void *self, int64_t last_id, GString *out, bool *out_is_sound);
    void *self;
    int sight; /* api/sight.h: of those who may share what is read */
};

/* The same through what all streams have in common: one thread reads at a time, and outside of any
 * lock. Who would have to wait for long gets nothing and is woken later. */
int64_t live_share(struct live *live, const struct live_source *source, int64_t last_id,
                   GString *out);

/* Somebody who follows the events. */
struct live_reader {
    const struct api_context *context;
    int sight;
};

/* For struct http_stream: appends the events after `last_id` that the reader may see. */
int64_t live_pull(struct live_reader *reader, int64_t last_id, GString *out);

/* Is so much missing that it is read by itself? */
NODISCARD bool live_is_far(const struct api_context *context, int64_t last_id);

/* False after answering 503 when this node has nothing to say (live_is_out). */
NODISCARD bool live_admit(struct http_request *request, const struct api_context *context);

/* Seq of the newest event. `self` is the struct api_context. */
NODISCARD int64_t live_newest(void *self);

#endif
