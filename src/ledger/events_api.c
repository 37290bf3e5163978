/* /api/v1/events: the one event log, as pages and as a live stream. */
#include "api/aside.h"
#include "api/handler.h"
#include "api/server_permits.h"
#include "api/shapes.h"

#include <string.h>

#include "api/live.h"
#include "api/sight.h"
#include "config/config.h"
#include "ledger/chain.h"

struct collecting {
    json_t *items;
    int limit;
    int64_t last_seq;
    int64_t rows;
    bool has_more;
    int sight;
    const struct ledger *ledger;
};

static void collect(void *self, const struct event *event)
{
    struct collecting *collecting = self;
    if (collecting->rows++ == collecting->limit) {
        collecting->has_more = true;
        return;
    }
    collecting->last_seq = event->seq;
    if (sight_sees(collecting->sight, collecting->ledger, event->kind)) {
        json_array_append_new(collecting->items, event_json(event, collecting->sight));
    }
}

/* Nothing was ever logged about the subject: is it somebody or something all the same? */
static bool is_known_subject(struct http_request *request, const struct api_context *context)
{
    const char *text = http_query(request, "subject");
    char kind_text[SUBJECT_KIND_SIZE];
    struct subject subject = {0};
    bool is_read = text != NULL && subject_read(text, kind_text, &subject);
    const struct config_kind *kind =
        is_read && subject.name != NULL ? config_kind_of_text(subject.kind) : NULL;
    if (text == NULL || (subject_is(subject, "config") && subject.name == NULL)) {
        return true;
    }
    if (kind == NULL) {
        struct fault fault = {0};
        (void)fault_set(&fault, "subject",
                        "No event is about \"%.100s\"; subjects are such as alert:42, user:ana, "
                        "schedule:primary or config.",
                        text);
        http_answer_fault(request, 400, &fault);
        return false;
    }
    struct config *config = config_current(context->configs);
    bool is_known = config_find(config, kind, subject.name) != NULL;
    if (!is_known) {
        api_answer_unknown(request, 400, "subject", config, kind, subject.name);
    }
    config_unref(config);
    return is_known;
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
    fault_set(&fault, "after", "must be the seq of an event, or 0.");
    http_answer_fault(request, 400, &fault);
    return false;
}

/* Numbers that this database has not reached were another's, or its own before it was put back from a
 * backup: whoever waits for what comes after them would wait for ever. */
static bool is_ahead(struct http_request *request, int64_t after, int64_t newest)
{
    if (after <= newest) {
        return false;
    }
    struct fault fault = {0};
    (void)fault_set(&fault, "after",
                    "The newest event here is %" G_GINT64_FORMAT
                    ": the database was put back or replaced. Begin again, with after=0.",
                    newest);
    http_answer_fault(request, 409, &fault);
    return true;
}

static void read_events(struct http_request *request, void *self)
{
    struct api_context *context = self;
    struct api_page page;
    if (!api_page_read(request, &page) || !read_after(request, &page.from)) {
        return;
    }
    struct collecting collecting = {.items = json_array(),
                                    .limit = page.limit,
                                    .sight = sight_of(request),
                                    .ledger = context->ledger};
    struct db *db = api_reader(context);
    const char *about = http_query(request, "subject");
    char kind[SUBJECT_KIND_SIZE];
    struct subject subject;
    bool is_subject = about != NULL && subject_read(about, kind, &subject);
    if (about == NULL || is_subject) {
        event_list(db, page.from, is_subject ? &subject : NULL, page.limit + 1, collect,
                   &collecting);
    }
    bool is_empty = collecting.rows == 0;
    int64_t newest = is_empty ? event_last_seq(db) : page.from;
    if (!api_reader_done(context, request, db) || is_ahead(request, page.from, newest) ||
        (is_empty && page.from == 0 && !is_known_subject(request, context))) {
        json_decref(collecting.items);
        return;
    }
    api_answer_list(request, collecting.items, collecting.has_more ? collecting.last_seq : 0);
}

static void get_events(struct http_request *request, void *context)
{
    aside_answer(request, context, read_events);
}

/* --- is the record whole? --- */

enum { STEP_EVENTS = 1000, STEPS_A_TURN = 10 };

struct verifying {
    struct http_request *request;
    const struct api_context *context;
    struct chain chain;
    bool has_begun;
};

/* True while there is more. */
static bool walk_on(struct verifying *job, struct db *db)
{
    if (!job->has_begun) {
        job->has_begun = true;
        chain_begin(&job->chain, db);
    }
    bool has_more = true;
    for (int i = 0; i < STEPS_A_TURN && has_more; i++) {
        has_more = chain_walk(&job->chain, db, STEP_EVENTS);
    }
    return has_more;
}

/* In turns, each with a state of the database of its own: other readers go between, and no log grows because
 * somebody still looks at how things were. */
static void run_verify(void *arg)
{
    struct verifying *job = arg;
    struct http_request *request = job->request;
    if (aside_is_over(request)) {
        chain_clear(&job->chain);
        g_free(job);
        return;
    }
    struct db *db = api_reader(job->context);
    bool has_more = walk_on(job, db);
    bool is_read = api_reader_done(job->context, request, db);
    if (is_read && has_more) {
        aside_run_on(run_verify, job);
        return;
    }
    if (is_read) {
        http_answer_json(request, 200, chain_json(&job->chain));
    }
    chain_clear(&job->chain);
    g_free(job);
}

static void get_verify(struct http_request *request, void *context)
{
    struct verifying *job = g_new0(struct verifying, 1);
    job->request = request;
    job->context = context;
    if (!aside_run(request, run_verify, job)) {
        g_free(job);
    }
}

/* --- live --- */

/* One who reads. */
struct following {
    struct live_reader reader; /* first: for what all have in common */
    int64_t asked, newest;
    bool
        is_to_be_told; /* stood further on than this database has got: told first, then what happens next */
};

static json_t *reset_json(const struct following *following)
{
    g_autofree char *system = principal_text_of(PRINCIPAL_TOCSIN);
    g_autofree char *data =
        g_strdup_printf("{\"asked\":\"%" G_GINT64_FORMAT "\",\"newest\":\"%" G_GINT64_FORMAT "\"}",
                        following->asked, following->newest);
    const struct event reset = {.seq = following->newest,
                                .at = clock_now(following->reader.context->clock),
                                .actor = system,
                                .kind = EVENT_STREAM_RESET.name,
                                .subject = "stream",
                                .data = data};
    return event_json(&reset, following->reader.sight);
}

static int64_t pull(void *self, int64_t last_id, GString *out)
{
    struct following *following = self;
    if (!following->is_to_be_told) {
        return live_pull(&following->reader, last_id, out);
    }
    following->is_to_be_told = false;
    json_auto_t *reset = reset_json(following);
    live_frame(following->newest, reset, out);
    return live_pull(&following->reader, following->newest, out);
}

static bool is_far(void *self, int64_t last_id)
{
    const struct following *following = self;
    /* Whoever begins anew goes on with what is new. */
    return !following->is_to_be_told && live_is_far(following->reader.context, last_id);
}

/* False after answering. *out is -1 where the reader did not say. */
static bool read_place(struct http_request *request, int64_t *out)
{
    const char *last = http_header(request, "Last-Event-ID");
    *out = -1;
    if (last == NULL || last[0] == '\0') {
        *out = http_query(request, "after") == NULL ? -1 : 0;
        return *out < 0 || read_after(request, out);
    }
    gint64 seen = 0;
    if (g_ascii_string_to_signed(last, 10, 0, G_MAXINT64, &seen, NULL)) {
        *out = seen;
        return true;
    }
    struct fault fault = {0};
    (void)fault_set(&fault, "Last-Event-ID", "must be the id of an event of this stream.");
    http_answer_fault(request, 400, &fault);
    return false;
}

static bool read_newest(struct http_request *request, const struct api_context *context,
                        int64_t *out)
{
    struct db *db = api_reader(context);
    *out = event_last_seq(db);
    return api_reader_done(context, request, db);
}

/* Without Last-Event-ID or ?after= the stream begins with what happens next. */
static void get_stream(struct http_request *request, void *self)
{
    struct api_context *context = self;
    int64_t after = 0;
    if (!live_admit(request, context) || !read_place(request, &after)) {
        return;
    }
    /* What this node has heard of is enough for nearly all, and costs nothing. */
    int64_t newest = live_newest(context);
    if ((after < 0 || after > newest) && !read_newest(request, context, &newest)) {
        return;
    }
    struct following *following = g_new0(struct following, 1);
    *following = (struct following){.reader = {context, sight_of(request)},
                                    .asked = after,
                                    .newest = newest,
                                    .is_to_be_told = after > newest};
    const struct http_stream stream = {.last_id = after < 0 ? newest : after,
                                       .pull = pull,
                                       .is_far = is_far,
                                       .closed = g_free,
                                       .self = following};
    http_answer_stream(request, stream);
}

static const struct field EVENT_PARAMS[] = {
    SHAPE_CODED("after", SHAPE_NUMBER_CODEC, 0, "Only events after this seq."),
    SHAPE_TEXT("subject", 0, "Only events of this subject, such as alert:42."),
    API_PAGE_PARAM_ROWS,
    {0}};
static const struct field STREAM_PARAMS[] = {
    SHAPE_CODED("after", SHAPE_NUMBER_CODEC, 0,
                "Begin after this seq; the header Last-Event-ID goes before it."),
    {0}};
static const struct field STREAM_HEADERS[] = {
    SHAPE_CODED("Last-Event-ID", SHAPE_NUMBER_CODEC, 0, "The id of the last event that was read."),
    {0}};

static const int NOT_YET[] = {409, 0};

static const struct route_row ROWS[] = {
    {"GET", "/api/v1/events", &PERMIT_EVENT_READ, get_events,
     .summary = "What happened, oldest first.", .answer = &EVENT_RECORD, .is_list = true,
     .others = NOT_YET, .params = EVENT_PARAMS},
    {"GET", "/api/v1/events/verify", &PERMIT_EVENT_VERIFY, get_verify,
     .summary = "Is the record whole, or were events edited or deleted? Reads all of it.",
     .answer = &CHAIN_SHAPE},
    {"GET", "/api/v1/stream", &PERMIT_EVENT_READ, get_stream,
     .summary = "The same events live, as server-sent events of type message: each one's data are "
                "an event.",
     .answer = &EVENT_RECORD, .gives = STREAM_TYPE, .params = STREAM_PARAMS,
     .headers = STREAM_HEADERS},
};
const struct route_table EVENT_ROUTES = {ROWS, G_N_ELEMENTS(ROWS)};
