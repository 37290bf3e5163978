/* /api/v1/events: the one event log, as pages and as a live stream. */
#include "api/support.h"

#include "api/live.h"
#include "ledger/event.h"

/* What an event looks like; its texts are borrowed, so it is only written, never read or freed. */
struct event_view {
    char *seq, *actor, *kind, *subject;
    struct utc at;
    json_t *data;
};

#define AT(member) offsetof(struct event_view, member)
static const struct field EVENT_FIELDS[] = {
    {.name = "seq", .kind = FIELD_TEXT, .offset = AT(seq), .doc = "Grows with each event."},
    {.name = "at", .kind = FIELD_UTC, .offset = AT(at)},
    {.name = "actor",
     .kind = FIELD_TEXT,
     .offset = AT(actor),
     .doc = "\"user:ana\", \"integration:prod-am\", \"token:ci\", \"tocsin\"."},
    {.name = "kind", .kind = FIELD_TEXT, .offset = AT(kind), .doc = "Such as \"alert.triggered\"."},
    {.name = "subject", .kind = FIELD_TEXT, .offset = AT(subject), .doc = "Such as \"alert:42\"."},
    {.name = "data", .kind = FIELD_JSON, .offset = AT(data)},
};
static const struct record EVENT_RECORD = {.name = "Event",
                                           .doc = "Something that happened.",
                                           .size = sizeof(struct event_view),
                                           .fields = EVENT_FIELDS,
                                           .field_count = G_N_ELEMENTS(EVENT_FIELDS)};

json_t *event_json(const struct event *event)
{
    json_t *data = event->data == NULL ? NULL : json_loads(event->data, JSON_DECODE_ANY, NULL);
    json_t *json = json_pack(
        "{s:o, s:o, s:s, s:s, s:s}", "seq", json_sprintf("%" G_GINT64_FORMAT, event->seq), "at",
        api_utc(event->at), "actor", event->actor, "kind", event->kind, "subject", event->subject);
    if (data != NULL && json != NULL) {
        json_object_set_new(json, "data", data);
    }
    return json;
}

struct collecting {
    json_t *items;
    int limit;
    int64_t last_seq;
    bool has_more;
};

static void collect(void *self, const struct event *event)
{
    struct collecting *collecting = self;
    if ((int)json_array_size(collecting->items) == collecting->limit) {
        collecting->has_more = true;
        return;
    }
    collecting->last_seq = event->seq;
    json_array_append_new(collecting->items, event_json(event));
}

/* ?after=SEQ is the same as ?cursor=, under the name that a reader of a log expects. */
static bool read_after(struct http_request *request, int64_t *out)
{
    const char *text = http_query(request, "after");
    gint64 after = 0;
    if (text == NULL || g_ascii_string_to_signed(text, 10, 0, G_MAXINT64, &after, NULL)) {
        *out = MAX(*out, after);
        return true;
    }
    struct fault fault = {0};
    fault_set(&fault, "after", "after must be the seq of an event, or 0.");
    http_answer_fault(request, 400, &fault);
    return false;
}

static void get_events(struct http_request *request, void *self)
{
    struct api_context *context = self;
    struct api_page page;
    if (!api_page_read(request, &page) || !read_after(request, &page.from)) {
        return;
    }
    struct collecting collecting = {.items = json_array(), .limit = page.limit};
    struct db *db = api_reader(context);
    event_list(db, page.from, http_query(request, "subject"), page.limit + 1, collect, &collecting);
    if (!api_reader_done(context, request, db)) {
        json_decref(collecting.items);
        return;
    }
    api_answer_list(request, collecting.items, collecting.has_more ? collecting.last_seq : 0);
}

/* --- live --- */

static void nothing_to_close(void *self)
{
    (void)self;
}

/* Without Last-Event-ID or ?after= the stream begins with what happens next. */
static void get_stream(struct http_request *request, void *self)
{
    struct api_context *context = self;
    if (!live_admit(request, context)) {
        return;
    }
    const char *last = http_header(request, "Last-Event-ID");
    int64_t after = 0;
    gint64 seen = 0;
    if (last != NULL && g_ascii_string_to_signed(last, 10, 0, G_MAXINT64, &seen, NULL)) {
        after = seen;
    } else if (http_query(request, "after") != NULL) {
        if (!read_after(request, &after)) {
            return;
        }
    } else {
        struct db *db = api_reader(context);
        after = event_last_seq(db);
        if (!api_reader_done(context, request, db)) {
            return;
        }
    }
    struct http_stream stream = {
        .last_id = after, .pull = live_pull, .closed = nothing_to_close, .self = context};
    http_answer_stream(request, stream);
}

static const struct query_param EVENT_PARAMS[] = {
    {"after", "Only events after this seq."},
    {"subject", "Only events of this subject, such as alert:42."},
    API_PAGE_PARAM_ROWS,
    {NULL, NULL}};
static const struct query_param STREAM_PARAMS[] = {
    {"after", "Begin after this seq; the header Last-Event-ID goes before it."}, {NULL, NULL}};

const struct route_row EVENT_ROUTES[] = {
    {"GET", "/api/v1/events", PERMIT_READ, get_events, .summary = "What happened, oldest first.",
     .answer = &EVENT_RECORD, .is_list = true, .params = EVENT_PARAMS},
    {"GET", "/api/v1/stream", PERMIT_READ, get_stream,
     .summary = "The same events live, as server-sent events (text/event-stream).",
     .params = STREAM_PARAMS},
};
const size_t EVENT_ROUTE_COUNT = G_N_ELEMENTS(EVENT_ROUTES);
