/* Server-sent events: a stream sleeps (its connection is suspended) until there may be news. */
#include "http/request.h"

#include <string.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "base/limits.h"
#include "base/metric.h"

enum { BLOCK_SIZE = 1024, SILENCE_MAX_S = 15 };

struct stream {
    struct http_server *server;
    struct MHD_Connection *connection;
    char *token;               /* by which it may be read; NULL: no token was needed */
    bool is_session;           /* that is one's, not a token */
    unsigned char network[16]; /* of who reads without a token: see address_network */
    struct http_stream source;
    GString *pending; /* read from the source, not yet taken by the connection; NULL: nothing */
    size_t sent;      /* of pending */
    atomic_int_least64_t written_us; /* elapsed clock */
    atomic_size_t held;              /* by `pending`, and counted with the server's */
    int fd;
    struct stream *before, *after;
    /* Under streams_lock: */
    bool is_woken;  /* there may be news */
    bool is_behind; /* it reads what is old, and goes on in its turn */
    bool is_silent; /* a comment is due */
    bool is_suspended;
    bool must_end;
};

static void drop_text(GString *text)
{
    g_string_free(text, TRUE);
}

/* Counts what `pending` holds now. */
static void count_held(struct stream *stream)
{
    size_t held = stream->pending == NULL ? 0 : stream->pending->allocated_len;
    size_t before = atomic_exchange(&stream->held, held);
    atomic_fetch_add(&stream->server->streams_held, held - before); /* wraps as it should */
    metric_add(METRIC_STREAM_BYTES, (int64_t)held - (int64_t)before);
}

static ssize_t take_pending(struct stream *stream, char *out, size_t max)
{
    size_t size = MIN(stream->pending->len - stream->sent, max);
    memcpy(out, stream->pending->str + stream->sent, size);
    stream->sent += size;
    if (stream->sent == stream->pending->len) {
        g_string_free(g_steal_pointer(&stream->pending), TRUE);
        stream->sent = 0;
        count_held(stream);
    }
    atomic_store(&stream->written_us, clock_elapsed(&CLOCK_SYSTEM).us);
    return (ssize_t)size;
}

enum turn { TURN_END = 1, TURN_SLEEP, TURN_COMMENT, TURN_PULL };

/* What to do when nothing is pending. Sleeping is decided and done under the lock: a wake-up comes
 * before, and is seen, or after, and resumes. */
static enum turn next_turn(struct stream *stream)
{
    enum turn turn = TURN_SLEEP;
    /* Readers who take nothing hold all that there is: who ends here comes again with Last-Event-ID. */
    bool is_full = atomic_load(&stream->server->streams_held) > stream->server->streams_max;
    pthread_mutex_lock(&stream->server->streams_lock);
    if (atomic_load(&stream->server->is_stopping) || stream->must_end) {
        turn = TURN_END;
    } else if (stream->is_woken && !stream->is_behind) {
        stream->is_woken = false;
        turn = is_full ? TURN_END : TURN_PULL;
    } else if (stream->is_silent) {
        stream->is_silent = false;
        turn = TURN_COMMENT;
    } else {
        MHD_suspend_connection(stream->connection);
        stream->is_suspended = true;
    }
    pthread_mutex_unlock(&stream->server->streams_lock);
    return turn;
}

static bool is_far(const struct http_stream *source)
{
    return source->is_far != NULL && source->is_far(source->self, source->last_id);
}

/* Readers of what is old would hold up the requests of the same threads: they go on in turns. */
static void pull(struct stream *stream)
{
    struct http_stream *source = &stream->source;
    int64_t before = source->last_id;
    source->last_id = source->pull(source->self, before, stream->pending);
    bool is_behind = is_far(source);
    if (stream->pending->len >= HTTP_STREAM_MORE || (is_behind && source->last_id != before)) {
        pthread_mutex_lock(&stream->server->streams_lock);
        stream->is_woken = true;
        stream->is_behind = is_behind;
        stream->server->has_behind |= is_behind;
        pthread_mutex_unlock(&stream->server->streams_lock);
    }
}

static ssize_t read_stream(void *self, uint64_t at, char *out, size_t max)
{
    (void)at;
    struct stream *stream = self;
    while (stream->pending == NULL || stream->pending->len == 0) {
        enum turn turn = next_turn(stream);
        if (turn == TURN_END) {
            return MHD_CONTENT_READER_END_OF_STREAM;
        }
        if (turn == TURN_SLEEP) {
            g_clear_pointer(&stream->pending, drop_text);
            count_held(stream);
            return 0;
        }
        if (stream->pending == NULL) {
            stream->pending = g_string_new(NULL);
        }
        if (turn == TURN_COMMENT) {
            g_string_append(stream->pending, ":\n\n");
        } else {
            pull(stream);
        }
        atomic_store(&stream->written_us, clock_elapsed(&CLOCK_SYSTEM).us); /* its reader's turn */
        count_held(stream);
    }
    return take_pending(stream, out, max);
}

static void link_in(struct stream *stream)
{
    struct http_server *server = stream->server;
    pthread_mutex_lock(&server->streams_lock);
    stream->after = server->streams;
    if (server->streams != NULL) {
        server->streams->before = stream;
    }
    server->streams = stream;
    server->has_behind |= stream->is_behind;
    pthread_mutex_unlock(&server->streams_lock);
    metric_add(METRIC_STREAMS, 1);
}

bool streams_are_too_many(const struct http_request *request)
{
    struct http_server *server = request->server;
    unsigned char network[16];
    unsigned count = 0;
    if (request->is_local || strcmp(request->method, "HEAD") == 0) {
        return false;
    }
    address_network(request->client, network);
    pthread_mutex_lock(&server->streams_lock);
    for (const struct stream *at = server->streams; at != NULL; at = at->after) {
        bool is_neighbour = memcmp(at->network, network, sizeof network) == 0;
        count +=
            g_strcmp0(at->token, request->token) == 0 && (request->token != NULL || is_neighbour);
    }
    pthread_mutex_unlock(&server->streams_lock);
    return count >= LIMIT_STREAMS_PER_READER;
}

static enum MHD_Result queue_head_only(struct http_request *request)
{
    struct MHD_Response *response =
        MHD_create_response_from_buffer(0, NULL, MHD_RESPMEM_PERSISTENT);
    answer_add_headers(request, response);
    enum MHD_Result result = library_queue_ours(request->connection, MHD_HTTP_OK, response);
    MHD_destroy_response(response);
    request->answer.stream.closed(request->answer.stream.self);
    return result;
}

enum MHD_Result stream_queue(struct http_request *request)
{
    if (strcmp(request->method, "HEAD") == 0) {
        return queue_head_only(request);
    }
    struct stream *stream = g_new0(struct stream, 1);
    stream->server = request->server;
    stream->connection = request->connection;
    stream->token = g_strdup(request->token);
    stream->is_session = request->is_session;
    address_network(request->client, stream->network);
    stream->source = request->answer.stream;
    stream->is_woken = true;
    stream->is_behind = is_far(&stream->source);
    stream->pending = g_string_new("retry: 2000\n\n");
    atomic_init(&stream->written_us, clock_elapsed(&CLOCK_SYSTEM).us);
    stream->fd = peer_of(request->connection)->fd;
    count_held(stream);
    request->stream = stream;
    link_in(stream);
    struct MHD_Response *response =
        MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, BLOCK_SIZE, read_stream, stream, NULL);
    if (response == NULL) {
        return MHD_NO;
    }
    answer_add_headers(request, response);
    MHD_add_response_header(response, "X-Accel-Buffering", "no");
    enum MHD_Result result = library_queue_ours(request->connection, MHD_HTTP_OK, response);
    MHD_destroy_response(response);
    return result;
}

void stream_close(struct http_request *request)
{
    struct stream *stream = request->stream;
    if (stream == NULL) {
        return;
    }
    struct http_server *server = stream->server;
    pthread_mutex_lock(&server->streams_lock);
    if (stream->before != NULL) {
        stream->before->after = stream->after;
    } else {
        server->streams = stream->after;
    }
    if (stream->after != NULL) {
        stream->after->before = stream->before;
    }
    pthread_mutex_unlock(&server->streams_lock);
    metric_add(METRIC_STREAMS, -1);
    stream->source.closed(stream->source.self);
    token_forget(stream->token);
    g_clear_pointer(&stream->pending, drop_text);
    count_held(stream);
    g_clear_pointer(&request->stream, g_free);
}

/* Under the lock. */
static void resume(struct stream *stream)
{
    if (stream->is_suspended) {
        stream->is_suspended = false;
        MHD_resume_connection(stream->connection);
    }
}

void streams_mark(struct http_server *server, bool must_end)
{
    pthread_mutex_lock(&server->streams_lock);
    for (struct stream *stream = server->streams; stream != NULL; stream = stream->after) {
        stream->is_woken = true;
        stream->must_end = stream->must_end || must_end;
    }
    pthread_mutex_unlock(&server->streams_lock);
}

bool streams_rouse(struct http_server *server, unsigned max)
{
    unsigned count = 0;
    pthread_mutex_lock(&server->streams_lock);
    struct stream *stream = server->streams;
    for (; stream != NULL && count < max; stream = stream->after) {
        bool may_go = stream->must_end || (stream->is_woken && !stream->is_behind);
        if (stream->is_suspended && may_go) {
            resume(stream);
            count++;
        }
    }
    pthread_mutex_unlock(&server->streams_lock);
    return stream != NULL;
}

/* Under the lock. Of those that read what is old and sleep, the one that waits longest; NULL: none. */
static struct stream *next_behind(struct http_server *server)
{
    struct stream *next = NULL;
    bool is_any = false;
    for (struct stream *at = server->streams; at != NULL; at = at->after) {
        bool is_earlier =
            next == NULL || atomic_load(&at->written_us) < atomic_load(&next->written_us);
        is_any |= at->is_behind;
        next = at->is_behind && at->is_suspended && is_earlier ? at : next;
    }
    server->has_behind = is_any;
    return next;
}

/* The library does not look at connections that sleep. */
static bool has_hung_up(const struct stream *stream)
{
    char byte = 0;
    return recv(stream->fd, &byte, sizeof byte, MSG_PEEK | MSG_DONTWAIT) == 0;
}

bool streams_further(struct http_server *server)
{
    enum { GONE_MAX = 64 }; /* those who went take no turns */

    pthread_mutex_lock(&server->streams_lock);
    bool is_served = !server->has_behind;
    for (int i = 0; i < GONE_MAX && !is_served; i++) {
        struct stream *next = next_behind(server);
        is_served = next == NULL || !has_hung_up(next);
        if (next != NULL) {
            next->must_end |= !is_served; /* and reads nothing more */
            next->is_behind = false;
            resume(next);
        }
    }
    bool has_behind = server->has_behind;
    pthread_mutex_unlock(&server->streams_lock);
    return has_behind;
}

void streams_cut_stuck(struct http_server *server, struct span elapsed)
{
    enum { STUCK_S = 5 };

    if (atomic_load(&server->streams_held) <= server->streams_max / 2) {
        return;
    }
    pthread_mutex_lock(&server->streams_lock);
    for (struct stream *stream = server->streams; stream != NULL; stream = stream->after) {
        bool is_stuck = elapsed.us - atomic_load(&stream->written_us) > SPAN_S(STUCK_S).us;
        if (atomic_load(&stream->held) > 0 && !stream->is_suspended && is_stuck) {
            (void)shutdown(stream->fd, SHUT_RDWR);
            metric_add(METRIC_CONNECTIONS_CUT, 1);
        }
    }
    pthread_mutex_unlock(&server->streams_lock);
}

void streams_keep_alive(struct http_server *server, struct span elapsed)
{
    /* Those that were opened together would all be due together; the rest comes a second later. */
    enum { COMMENTS_MAX = 1000 };

    unsigned count = 0;
    pthread_mutex_lock(&server->streams_lock);
    struct stream *stream = server->streams;
    for (; stream != NULL && count < COMMENTS_MAX; stream = stream->after) {
        if (elapsed.us - atomic_load(&stream->written_us) >= SPAN_S(SILENCE_MAX_S).us) {
            stream->is_silent = true;
            count += stream->is_suspended;
            resume(stream);
        }
    }
    pthread_mutex_unlock(&server->streams_lock);
}

void token_forget(char *token)
{
    if (token != NULL) {
        explicit_bzero(token, strlen(token));
        g_free(token);
    }
}

static bool is_proved(const struct http_guard *guard, const struct stream *stream)
{
    if (stream->token == NULL) {
        return true;
    }
    struct caller *caller = stream->is_session
                                ? guard->recognize_session(guard->self, stream->token)
                                : guard->recognize(guard->self, stream->token);
    if (caller != NULL) {
        guard->forget(caller);
    }
    return caller != NULL;
}

void streams_end_unproved(struct http_server *server)
{
    pthread_mutex_lock(&server->streams_lock);
    for (struct stream *stream = server->streams; stream != NULL; stream = stream->after) {
        if (!is_proved(&server->guard, stream)) {
            stream->must_end = true;
            resume(stream);
        }
    }
    pthread_mutex_unlock(&server->streams_lock);
}

void http_streams_wake(struct http_server *server)
{
    sweeper_wake(server);
}

void http_streams_end(struct http_server *server)
{
    atomic_store(&server->must_end_streams, true);
    sweeper_wake(server);
}
