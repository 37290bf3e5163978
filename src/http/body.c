/* The body of a request: how much of it, and out of which budget. Memory is taken as the bytes come, never because
 * somebody announces them. */
#include "http/request.h"

#include <string.h>

#include "base/limits.h"
#include "base/metric.h"

enum { RETRY_AFTER_S = 5 };

void bodies_init(struct bodies *bodies, const struct http_options *options)
{
    bodies->part_max = options->body_part_max == 0 ? LIMIT_BODY_INTAKE : options->body_part_max;
    bodies->max = options->body_memory == 0 ? LIMIT_BODIES : options->body_memory;
    bodies->strangers_max = bodies->max / LIMIT_BODIES_STRANGERS_PART;
}

static atomic_size_t *pot_of(struct http_request *request)
{
    struct bodies *bodies = &request->server->bodies;
    return request->is_known ? &bodies->known : &bodies->strangers;
}

/* Takes that much out of the budget, which is the callers' without a key, or the others'. */
static bool charge(struct http_request *request, size_t size)
{
    struct bodies *bodies = &request->server->bodies;
    size_t max = request->is_known ? bodies->max : bodies->strangers_max;
    atomic_size_t *pot = pot_of(request);
    if (atomic_fetch_add(pot, size) + size > max) {
        atomic_fetch_sub(pot, size);
        return false;
    }
    request->charged += size;
    return true;
}

void body_free(struct http_request *request)
{
    unpack_destroy(&request->unpack);
    g_clear_pointer(&request->body, g_byte_array_unref);
    atomic_fetch_sub(pot_of(request), request->charged);
    request->charged = 0;
}

static bool may_be_cut(const struct http_request *request)
{
    const struct route_row *row = request->match.row;
    return request->is_known && (row->takes_part || row->has_key_in_body);
}

static bool may_tell_whose(const struct http_request *request)
{
    return !request->is_known && request->match.row->has_key_in_body;
}

static size_t max_of(const struct http_request *request)
{
    const struct route_row *row = request->match.row;
    bool is_form = row->door == HTTP_DOOR_ANYONE || row->door == HTTP_DOOR_LINK;
    size_t max = row->body_max != 0 ? row->body_max : is_form ? LIMIT_BODY_FORM : LIMIT_BODY;
    if (may_be_cut(request)) {
        return request->server->bodies.part_max;
    }
    return request->is_known ? max : MIN(max, LIMIT_BODY_STRANGER);
}

/* gzip, or nothing. */
static bool check_encoding(struct http_request *request, const struct shape *shape)
{
    bool is_known = !shape->is_packed_otherwise && shape->packings <= 1;
    if (is_known || !shape_has_body(shape)) {
        request->is_packed = shape->packings == 1 && shape_has_body(shape);
        return true;
    }
    http_set_header(request, "Accept-Encoding", "gzip");
    request_refuse(request, 415,
                   "The Content-Encoding \"%.60s\" is not understood%s; send the body as it is, or "
                   "as gzip.",
                   shape->encoding, shape->is_packed_otherwise ? "" : " more than once");
    body_lost(request, HTTP_LOSS_ENCODING);
    return false;
}

static void refuse_length(struct http_request *request)
{
    const struct route_row *row = request->match.row;
    if (row->too_long != NULL && request_is_browser(request)) {
        atomic_fetch_add(&request->refs, 1);
        row->too_long(request, request->match.context);
        return;
    }
    request_refuse(request, 413, "The body has more than the %zu bytes that are taken.",
                   request->body_max);
}

bool body_expect(struct http_request *request, const struct shape *shape)
{
    uint64_t size = shape_size(shape);
    if (request->match.row->ignores_body) {
        request_handle(request);
        return false;
    }
    request->body_max = max_of(request);
    bool is_read = may_be_cut(request) || (may_tell_whose(request) && size <= LIMIT_BODY_FORGOTTEN);
    if (size > request->body_max && !is_read) {
        refuse_length(request);
        return false;
    }
    return check_encoding(request, shape);
}

/* The rest is read and forgotten. */
static void give_up(struct http_request *request)
{
    request->is_discarding = true;
    request->discarded = request->body == NULL ? 0 : request->body->len;
    body_free(request);
}

static void refuse_crowd(struct http_request *request)
{
    g_autofree char *seconds = g_strdup_printf("%d", RETRY_AFTER_S);
    metric_add(METRIC_BODIES_BUSY, 1);
    http_set_header(request, "Retry-After", seconds);
    request_refuse(request, 503, "Too many bodies are being taken at the same time; try again.");
    give_up(request);
}

static void refuse_size(struct http_request *request)
{
    request->answer.must_close = true;
    refuse_length(request);
    give_up(request);
}

/* The first bytes of a stranger are free, so that nobody who holds the strangers' budget shuts out small
 * bodies that carry their key; connections are counted anyway. */
static size_t costs(const struct http_request *request, size_t size)
{
    size_t before = request->body->len;
    size_t gift = request->is_known || before >= LIMIT_BODY_GIFT ? 0 : LIMIT_BODY_GIFT - before;
    return size > gift ? size - gift : 0;
}

/* If what is there names a good key, it is a known caller's from here on: by their limit, out of their budget. */
static bool is_known_by_body(struct http_request *request)
{
    const struct http_guard *guard = &request->server->guard;
    if (guard->knows_body == NULL || !guard->knows_body(guard->self, request)) {
        return false;
    }
    atomic_fetch_sub(pot_of(request), request->charged);
    request->is_known = true;
    atomic_fetch_add(pot_of(request), request->charged);
    request->body_max = max_of(request);
    return true;
}

/* A few bytes of gzip can be a lot to unpack, and nobody has shown a key for it yet: as much as a log usually is, so
 * that a stranger's work is no more than some times what they send. */
static size_t sought_max(const struct http_request *request)
{
    enum { USUALLY_UNPACKS_TO = 20 /* times its size */ };

    size_t part_max = request->server->bodies.part_max;
    size_t usual = MAX(request->packed * USUALLY_UNPACKS_TO, 2 * (size_t)LIMIT_BODY_STRANGER);
    return request->is_packed ? MIN(part_max, usual) : part_max;
}

/* The key may come last, as with whoever sorts the names: the latest part is held beside the first, in the room
 * that was paid for. */
static bool seek(struct http_request *request, const char *data, size_t size)
{
    GByteArray *body = request->body;
    size_t skipped = size > LIMIT_BODY_SOUGHT ? size - LIMIT_BODY_SOUGHT : 0;
    g_byte_array_append(body, (const guint8 *)data + skipped, (guint)(size - skipped));
    if (body->len > 3 * LIMIT_BODY_SOUGHT) {
        g_byte_array_remove_range(body, LIMIT_BODY_SOUGHT, body->len - 2 * LIMIT_BODY_SOUGHT);
    }
    request->is_cut = true;
    request->sought += size;
    request->is_seeking = request->sought <= sought_max(request);
    request->is_discarding = !request->is_seeking;
    return request->is_seeking;
}

/* Some more of the body as it is meant. False: no more of it is wanted. */
static bool keep(void *self, const char *data, size_t size)
{
    struct http_request *request = self;
    bool is_full = size > request->body_max - MIN(request->body->len, request->body_max);
    if (request->is_seeking || (is_full && may_tell_whose(request) && !is_known_by_body(request))) {
        return seek(request, data, size);
    }
    size_t room = request->body_max - request->body->len;
    if (size > room && may_be_cut(request)) {
        request->is_cut = true;
        size = room;
    }
    if (size > room) {
        refuse_size(request);
    } else if (!charge(request, costs(request, size))) {
        refuse_crowd(request);
    } else {
        g_byte_array_append(request->body, (const guint8 *)data, (guint)size);
        request->is_discarding = request->is_cut;
        if (request->is_cut) {
            request_handle(request); /* waits for no rest, which may never end */
        }
    }
    return !request->is_discarding;
}

static void refuse_packed(struct http_request *request)
{
    request_refuse(request, 400, "The body is not the gzip that its Content-Encoding says.");
    body_lost(request, HTTP_LOSS_ENCODING);
    give_up(request);
}

static void keep_packed(struct http_request *request, const char *data, size_t size)
{
    if (request->unpack == NULL) {
        if (!charge(request, UNPACK_MEMORY)) {
            refuse_crowd(request);
            return;
        }
        request->unpack = unpack_create();
    }
    request->packed += size;
    if (!unpack_feed(request->unpack, data, size, keep, request)) {
        refuse_packed(request);
    }
}

/* Between what was read of a chunk and what comes now lie the lines that begin the next one, if both are in
 * libmicrohttpd's buffer at the same time. If not, what came since was put where that had been, and `from` may point
 * into the middle of such a line: what stands before it is looked at, too. */
static bool has_bare_lf(const char *from, const char *to)
{
    bool is_same_buffer = from != NULL && from < to && (size_t)(to - from) < LIMIT_HEADER;
    for (const char *at = from; is_same_buffer && at < to; at++) {
        if (*at == '\n' && at[-1] != '\r') {
            return true;
        }
    }
    return false;
}

static void refuse_chunk(struct http_request *request)
{
    request_refuse(request, 400, "A line between two chunks ends in a bare LF.");
    give_up(request);
}

/* The sender is to see the answer, which comes when the body is over. Alerts are read on for as long as the sweeper lets
 * them come; they were taken already. */
static bool is_forgotten_on(const struct http_request *request)
{
    const struct route_row *row = request->match.row;
    return request->discarded <= LIMIT_BODY_FORGOTTEN || may_be_cut(request) ||
           (row != NULL && row->ignores_body);
}

bool body_take(struct http_request *request, const char *data, size_t size)
{
    bool is_bare = !request->is_discarding && has_bare_lf(request->chunk_from, data);
    request->chunk_from = request->chunk_from == NULL ? NULL : data + size;
    if (is_bare) {
        refuse_chunk(request);
    }
    if (request->is_discarding) {
        request->discarded += size;
        return is_forgotten_on(request);
    }
    if (request->body == NULL) {
        request->body = g_byte_array_new();
    }
    if (request->is_packed) {
        keep_packed(request, data, size);
    } else {
        (void)keep(request, data, size);
    }
    return true;
}

bool body_end(struct http_request *request)
{
    bool is_missing =
        request->unpack != NULL && !request->is_discarding && !unpack_is_whole(request->unpack);
    unpack_destroy(&request->unpack);
    if (is_missing) {
        refuse_packed(request);
    }
    return !is_missing;
}

void body_lost(struct http_request *request, enum http_loss loss)
{
    const struct http_guard *guard = &request->server->guard;
    const struct route_row *row = request->match.row;
    bool may_be_known = request->is_known || (row != NULL && row->has_key_in_body);
    if (guard->lost != NULL && may_be_known && row != NULL && row->door == HTTP_DOOR_KEY) {
        guard->lost(guard->self, request, loss);
    }
}
