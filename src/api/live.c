#include "api/live.h"

#include <pthread.h>
#include <stdatomic.h>
#include <time.h>

#include "api/sight.h"
#include "base/clock.h"
#include "base/json.h"

enum {
    BATCH = 100,
    BUSY_RETRY_S = 2,
    LOOK = 5000, /* events, that one who is far behind goes through in a turn, seen or not */
    FAR = 2000,  /* events; whoever keeps up with the fastest intake stays nearer */
};

/* For another's read; one takes a millisecond or two. */
#define WAIT_MOST SPAN_MS(20)
/* A primary is replaced sooner, when all goes well: then nobody needs to move. */
#define OUT_AFTER SPAN_S(3)

/* Ten thousand readers stand at the same event and all want what follows it: whoever asks first
 * writes it out for all who see the same, the others copy. They wait for it only as long as a sound read takes: their threads
 * take alerts, too, and a database may not answer for seconds. */
struct view {
    pthread_mutex_t lock; /* guards everything below; not held while somebody reads */
    pthread_cond_t has_read;
    bool is_reading;
    struct timespec wait_until; /* nobody waits longer for that read */
    bool has_skipped;           /* somebody went away without what that read brings */
    int64_t after, upto;        /* what `text` holds: the events in (after, upto] */
    GString *text;
};

struct live {
    void (*wake)(void *self);
    void *self;
    atomic_int_least64_t newest;    /* seq of the last committed event; 0: not told yet */
    atomic_bool has_failed;         /* events could not be read: nobody tries before live_tend */
    struct view views[SIGHT_COUNT]; /* of each sight */
};

static void open_view(struct view *view)
{
    CHECK(pthread_mutex_init(&view->lock, NULL) == 0);
    pthread_condattr_t monotonic;
    CHECK(pthread_condattr_init(&monotonic) == 0);
    CHECK(pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC) == 0);
    CHECK(pthread_cond_init(&view->has_read, &monotonic) == 0);
    (void)pthread_condattr_destroy(&monotonic);
    view->text = g_string_new(NULL);
}

static void close_view(struct view *view)
{
    (void)pthread_cond_destroy(&view->has_read);
    (void)pthread_mutex_destroy(&view->lock);
    g_string_free(view->text, TRUE);
}

struct live *live_create(void (*wake)(void *self), void *self)
{
    struct live *live = g_new0(struct live, 1);
    live->wake = wake;
    live->self = self;
    for (size_t i = 0; i < SIGHT_COUNT; i++) {
        open_view(&live->views[i]);
    }
    return live;
}

void live_destroy(struct live **live)
{
    if (*live == NULL) {
        return;
    }
    for (size_t i = 0; i < SIGHT_COUNT; i++) {
        close_view(&(*live)->views[i]);
    }
    g_clear_pointer(live, g_free);
}

void live_committed(struct live *live, int64_t last_seq)
{
    atomic_store(&live->newest, last_seq);
}

void live_frame(int64_t seq, const json_t *event, GString *out)
{
    g_autofree char *text = json_write(event);
    g_string_append_printf(out, "id: %" G_GINT64_FORMAT "\nevent: message\ndata: %s\n\n", seq,
                           text);
}

struct pulling {
    const struct live_reader *reader;
    GString *out;
    int64_t last_seq;
    int count;
    int64_t looked_at;
};

static void append_event(void *self, const struct event *event)
{
    struct pulling *pulling = self;
    const struct live_reader *reader = pulling->reader;
    if (sight_sees(reader->sight, reader->context->ledger, event->kind)) {
        json_auto_t *json = event_json(event, reader->sight);
        live_frame(event->seq, json, pulling->out);
    }
    pulling->last_seq = event->seq;
    pulling->count++;
    pulling->looked_at++;
}

/* Who may see little would go through all of the past for one frame. */
static bool has_looked_enough(const struct pulling *pulling)
{
    return pulling->looked_at >= LOOK && live_is_far(pulling->reader->context, pulling->last_seq);
}

/* Whoever missed much gets it in pieces, as fast as they read. */
static int64_t read_events(void *self, int64_t last_id, GString *out, bool *out_is_sound)
{
    const struct live_reader *reader = self;
    const struct api_context *context = reader->context;
    struct pulling pulling = {.reader = reader, .out = out, .last_seq = last_id};
    size_t before = out->len;
    struct db *db = api_borrow(context);
    db_begin(db);
    do {
        pulling.count = 0;
        event_list(db, pulling.last_seq, NULL, BATCH, append_event, &pulling);
    } while (pulling.count == BATCH && out->len - before < HTTP_STREAM_MORE &&
             !has_looked_enough(&pulling));
    *out_is_sound = db_error(db) == DB_OK;
    db_rollback(db);
    db_pool_give(context->readers, db);
    return pulling.last_seq;
}

/* Under the lock. */
static void wait_for_reader(struct view *view)
{
    const struct timespec until = view->wait_until;
    int code = 0;
    while (view->is_reading && code == 0) {
        code = pthread_cond_timedwait(&view->has_read, &view->lock, &until);
    }
}

/* Under the lock. */
static void begin_to_read(struct view *view)
{
    view->is_reading = true;
    view->wait_until = clock_monotonic_after(WAIT_MOST);
}

/* Outside of the lock, by one thread at a time. */
static int64_t read_for_all(struct live *live, const struct live_source *source, int64_t last_id,
                            GString *out)
{
    struct view *view = &live->views[source->sight - 1];
    bool is_sound = true;
    GString *text = g_string_new(NULL);
    int64_t upto = source->read(source->self, last_id, text, &is_sound);
    g_string_append_len(out, text->str, (gssize)text->len);
    if (!is_sound) {
        atomic_store(&live->has_failed, true);
    }
    pthread_mutex_lock(&view->lock);
    GString *old = view->text;
    view->text = text;
    view->after = last_id;
    view->upto = upto;
    view->is_reading = false;
    bool must_wake = view->has_skipped && is_sound; /* else live_tend does */
    view->has_skipped = false;
    pthread_cond_broadcast(&view->has_read);
    pthread_mutex_unlock(&view->lock);
    g_string_free(old, TRUE);
    if (must_wake) {
        live->wake(live->self);
    }
    return upto;
}

int64_t live_share(struct live *live, const struct live_source *source, int64_t last_id,
                   GString *out)
{
    int64_t newest = atomic_load(&live->newest);
    if (last_id >= newest) {
        return last_id;
    }
    struct view *view = &live->views[source->sight - 1];
    int64_t upto = last_id;
    bool must_read = false;
    pthread_mutex_lock(&view->lock);
    wait_for_reader(view);
    if (view->after == last_id && view->upto >= newest) {
        g_string_append_len(out, view->text->str, (gssize)view->text->len);
        upto = view->upto;
    } else if (view->is_reading) {
        view->has_skipped = true;
    } else if (!atomic_load(&live->has_failed)) {
        must_read = true;
        begin_to_read(view);
    }
    pthread_mutex_unlock(&view->lock);
    return must_read ? read_for_all(live, source, last_id, out) : upto;
}

bool live_is_far(const struct api_context *context, int64_t last_id)
{
    return context->live != NULL && atomic_load(&context->live->newest) - last_id > FAR;
}

int64_t live_pull(struct live_reader *reader, int64_t last_id, GString *out)
{
    const struct api_context *context = reader->context;
    struct live *live = context->live;
    /* What one reads of the past is of no use to the others. */
    if (live == NULL || atomic_load(&live->newest) == 0 || live_is_far(context, last_id)) {
        bool is_sound = true;
        int64_t upto = read_events(reader, last_id, out, &is_sound);
        if (!is_sound && live != NULL) {
            atomic_store(&live->has_failed, true);
        }
        return upto;
    }
    struct live_source source = {read_events, reader, reader->sight};
    return live_share(live, &source, last_id, out);
}

bool live_is_out(const struct api_context *context)
{
    return ledger_is_cut_off(context->ledger) &&
           ledger_closed_for(context->ledger).us >= OUT_AFTER.us;
}

bool live_admit(struct http_request *request, const struct api_context *context)
{
    if (!live_is_out(context)) {
        return true;
    }
    http_answer_busy(
        request, BUSY_RETRY_S,
        "This node cannot work with the database at the moment. Come again, to another "
        "node if there is one.");
    return false;
}

void live_tend(const struct api_context *context)
{
    struct live *live = context->live;
    if (!ledger_is_cut_off(context->ledger) && atomic_exchange(&live->has_failed, false)) {
        live->wake(live->self);
    }
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
