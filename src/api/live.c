#include "api/live.h"

#include <pthread.h>
#include <stdatomic.h>

#include "base/json.h"

enum { BATCH = 100 };

/* Ten thousand readers stand at the same event and all want what follows it: whoever asks first
 * writes it out, the others copy. */
struct live {
    atomic_int_least64_t newest; /* seq of the last committed event; 0: not told yet */
    atomic_bool has_failed;      /* a stream wanted events that could not be read */
    pthread_mutex_t lock;
    int64_t after, upto; /* what `text` holds: the events in (after, upto] */
    GString *text;
};

struct live *live_create(void)
{
    struct live *live = g_new0(struct live, 1);
    pthread_mutex_init(&live->lock, NULL);
    live->text = g_string_new(NULL);
    return live;
}

void live_destroy(struct live **live)
{
    if (*live == NULL) {
        return;
    }
    pthread_mutex_destroy(&(*live)->lock);
    g_string_free((*live)->text, TRUE);
    g_clear_pointer(live, g_free);
}

void live_committed(struct live *live, int64_t last_seq)
{
    atomic_store(&live->newest, last_seq);
}

struct pulling {
    GString *out;
    int64_t last_seq;
    int count;
};

static void append_event(void *self, const struct event *event)
{
    struct pulling *pulling = self;
    json_auto_t *json = event_json(event);
    g_autofree char *text = json_write(json);
    g_string_append_printf(pulling->out, "id: %" G_GINT64_FORMAT "\nevent: %s\ndata: %s\n\n",
                           event->seq, event->kind, text);
    pulling->last_seq = event->seq;
    pulling->count++;
}

bool live_take_failed(struct live *live)
{
    return atomic_exchange(&live->has_failed, false);
}

/* Whoever missed much gets it in pieces, as fast as they read. */
static int64_t read_events(struct api_context *context, int64_t last_id, GString *out)
{
    struct pulling pulling = {.out = out, .last_seq = last_id};
    size_t before = out->len;
    struct db *db = api_borrow(context);
    db_begin(db);
    do {
        pulling.count = 0;
        event_list(db, pulling.last_seq, NULL, BATCH, append_event, &pulling);
    } while (pulling.count == BATCH && out->len - before < HTTP_STREAM_MORE);
    if (db_error(db) != DB_OK && context->live != NULL) {
        atomic_store(&context->live->has_failed, true);
    }
    db_rollback(db);
    db_pool_give(context->readers, db);
    return pulling.last_seq;
}

int64_t live_pull(void *self, int64_t last_id, GString *out)
{
    struct api_context *context = self;
    struct live *live = context->live;
    int64_t newest = live == NULL ? 0 : atomic_load(&live->newest);
    if (newest == 0) {
        return read_events(context, last_id, out);
    }
    if (last_id >= newest) {
        return last_id;
    }
    pthread_mutex_lock(&live->lock);
    if (live->after != last_id || live->upto < newest) {
        g_string_truncate(live->text, 0);
        live->upto = read_events(context, last_id, live->text);
        live->after = last_id;
    }
    g_string_append_len(out, live->text->str, (gssize)live->text->len);
    int64_t upto = live->upto;
    pthread_mutex_unlock(&live->lock);
    return upto;
}

int64_t live_newest(void *self)
{
    struct api_context *context = self;
    int64_t newest = context->live == NULL ? 0 : atomic_load(&context->live->newest);
    if (newest == 0) {
        struct db *db = api_borrow(context);
        db_begin(db);
        newest = event_last_seq(db);
        db_rollback(db);
        db_pool_give(context->readers, db);
    }
    return newest;
}
