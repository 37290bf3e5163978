/* Routes tried out on past alerts, before they are put into force. */
#include "api/aside.h"
#include "api/handler.h"

#include <string.h>

#include "alert/alert_permits.h"
#include "alert/alert_store.h"
#include "alert/route.h"
#include "config/config_check.h"

enum { LAST_USUAL = 100, LAST_MAX = 1000 };

struct replay {
    GPtrArray *routes;
    int64_t last;
};
static const struct field REPLAY_FIELDS[] = {
    {.name = "routes",
     .kind = FIELD_RECORDS,
     .offset = offsetof(struct replay, routes),
     .flags = FIELD_REQUIRED,
     .record = &ROUTE_RECORD,
     .doc = "All that would be in force, in order; none: every alert keeps its own service."},
    {.name = "last",
     .kind = FIELD_INT,
     .offset = offsetof(struct replay, last),
     .min = 0,
     .max = LAST_MAX,
     .doc = "How many of the newest alerts are tried; 100 when absent."},
};
static const struct record REPLAY_RECORD = {.name = "RouteReplay",
                                            .doc = "Routes to be tried on past alerts.",
                                            .size = sizeof(struct replay),
                                            .fields = REPLAY_FIELDS,
                                            .field_count = G_N_ELEMENTS(REPLAY_FIELDS)};

struct way {
    char *service;
    int severity;
    bool is_suppressed;
    char *routes;
    char *not_evaluated;
};
static const struct field WAY_FIELDS[] = {
    {.name = "service",
     .kind = FIELD_TEXT,
     .offset = offsetof(struct way, service),
     .flags = FIELD_ALWAYS},
    {.name = "severity",
     .kind = FIELD_ENUM,
     .offset = offsetof(struct way, severity),
     .flags = FIELD_ALWAYS,
     .names = SEVERITY_NAMES},
    {.name = "is_suppressed", .kind = FIELD_BOOL, .offset = offsetof(struct way, is_suppressed)},
    {.name = "routes",
     .kind = FIELD_TEXT,
     .offset = offsetof(struct way, routes),
     .doc = "Names of the routes that were taken, commas between."},
    {.name = "not_evaluated",
     .kind = FIELD_TEXT,
     .offset = offsetof(struct way, not_evaluated),
     .doc = "Names of those whose patterns took too many steps: they were not taken."},
};
static const struct record WAY_RECORD = {.name = "RouteOutcome",
                                         .doc = "Where routes send an alert.",
                                         .size = sizeof(struct way),
                                         .fields = WAY_FIELDS,
                                         .field_count = G_N_ELEMENTS(WAY_FIELDS)};

struct replayed {
    char *alert_id, *summary, *integration;
    struct utc first_at;
    struct way *now, *then;
    bool is_different;
};
static const struct field REPLAYED_FIELDS[] = {
    {.name = "alert_id",
     .kind = FIELD_TEXT,
     .offset = offsetof(struct replayed, alert_id),
     .flags = FIELD_ALWAYS},
    {.name = "summary",
     .kind = FIELD_TEXT,
     .offset = offsetof(struct replayed, summary),
     .flags = FIELD_ALWAYS},
    {.name = "integration",
     .kind = FIELD_TEXT,
     .offset = offsetof(struct replayed, integration),
     .flags = FIELD_ALWAYS},
    {.name = "first_at",
     .kind = FIELD_UTC,
     .offset = offsetof(struct replayed, first_at),
     .flags = FIELD_ALWAYS},
    {.name = "now",
     .kind = FIELD_RECORD,
     .offset = offsetof(struct replayed, now),
     .flags = FIELD_ALWAYS,
     .record = &WAY_RECORD,
     .doc = "By the routes in force."},
    {.name = "then",
     .kind = FIELD_RECORD,
     .offset = offsetof(struct replayed, then),
     .flags = FIELD_ALWAYS,
     .record = &WAY_RECORD,
     .doc = "By the routes that are tried."},
    {.name = "is_different",
     .kind = FIELD_BOOL,
     .offset = offsetof(struct replayed, is_different),
     .flags = FIELD_READ_ONLY | FIELD_ALWAYS,
     .doc = "Another service, severity or suppression."},
};
static const struct record REPLAYED_RECORD = {.name = "ReplayedAlert",
                                              .doc = "One past alert by old and new routes.",
                                              .size = sizeof(struct replayed),
                                              .fields = REPLAYED_FIELDS,
                                              .field_count = G_N_ELEMENTS(REPLAYED_FIELDS)};

/* Do the routes name what is there? */
static bool judge_names(const struct config *config, const GPtrArray *routes, struct fault *fault)
{
    for (guint i = 0; i < routes->len; i++) {
        const struct route *route = g_ptr_array_index(routes, i);
        char path[40];
        g_snprintf(path, sizeof path, "routes[%u]", i);
        bool is_good = true;
        if (route->service != NULL && service_find(config, route->service) == NULL) {
            is_good = config_unknown(config, &SERVICE_KIND, route->service, fault);
            fault_within(fault, "service");
        } else if (route->integration != NULL &&
                   integration_find(config, route->integration) == NULL) {
            is_good = config_unknown(config, &INTEGRATION_KIND, route->integration, fault);
            fault_within(fault, "integration");
        }
        if (!is_good) {
            fault_within(fault, path);
            return false;
        }
    }
    return true;
}

/* The alert as it came, as far as that is known: where a route changed its severity, the changed one. */
static struct match_subject subject_of(const struct config *config, const struct alert *alert)
{
    struct match_subject subject = match_subject_of_alert(alert);
    const struct integration *integration = integration_find(config, alert->integration);
    if (alert->route != NULL && integration != NULL) {
        subject.service = integration->service;
    }
    return subject;
}

static void send_along(const GPtrArray *routes, const struct match_subject *subject,
                       struct way *out)
{
    struct route_verdict verdict = route_walk(routes, subject);
    out->service = g_strdup(verdict.service != NULL ? verdict.service : subject->service);
    out->severity = verdict.severity != 0 ? verdict.severity : subject->severity;
    out->is_suppressed = verdict.is_suppressed;
    out->routes = verdict.taken;
    out->not_evaluated = verdict.unsure;
}

/* Whoever waits would have gone, and others wait behind. */
#define REPLAY_MOST SPAN_S(2)

struct replaying {
    const struct http_request *request;
    const struct config *config;
    const GPtrArray *routes;
    json_t *items;
    struct span began; /* elapsed clock */
    bool is_late;
};

static void replay_one(void *self, const struct alert *alert)
{
    struct replaying *replaying = self;
    int64_t spent_us = clock_elapsed(&CLOCK_SYSTEM).us - replaying->began.us;
    replaying->is_late |= spent_us > REPLAY_MOST.us;
    if (replaying->is_late || http_is_late(replaying->request)) {
        return;
    }
    struct match_subject subject = subject_of(replaying->config, alert);
    struct way now = {0};
    struct way then = {0};
    send_along(config_items(replaying->config, &ROUTE_KIND), &subject, &now);
    send_along(replaying->routes, &subject, &then);
    struct replayed replayed = {
        .alert_id = g_strdup_printf("%" G_GINT64_FORMAT, alert->id),
        .summary = alert->summary,
        .integration = alert->integration,
        .first_at = alert->first_at,
        .now = &now,
        .then = &then,
        .is_different = strcmp(now.service, then.service) != 0 || now.severity != then.severity ||
                        now.is_suppressed != then.is_suppressed,
    };
    json_array_append_new(replaying->items, record_write(&REPLAYED_RECORD, &replayed));
    g_free(replayed.alert_id);
    record_clear(&WAY_RECORD, &now);
    record_clear(&WAY_RECORD, &then);
}

/* One replay on its way through the thread of long reads. */
struct replay_job {
    struct http_request *request;
    struct api_context *context;
    struct config *config;
    struct replay replay;
};

static void replay_job_free(struct replay_job *job)
{
    config_unref(job->config);
    record_clear(&REPLAY_RECORD, &job->replay);
    g_free(job);
}

/* Frees the job before it answers: with the answer the request belongs to another thread. */
static void replay_newest(struct replay_job *job)
{
    static const struct alert_filter ALL = {0};
    struct http_request *request = job->request;
    struct api_context *context = job->context;
    struct replaying replaying = {.request = request,
                                  .config = job->config,
                                  .routes = job->replay.routes,
                                  .items = json_array(),
                                  .began = clock_elapsed(&CLOCK_SYSTEM)};
    int last = job->replay.last > 0 ? (int)job->replay.last : LAST_USUAL;
    struct db *db = api_reader(context);
    (void)alert_list(db, &ALL, last, replay_one, &replaying);
    replay_job_free(job);
    if (!api_reader_done(context, request, db)) {
        json_decref(replaying.items);
    } else if (replaying.is_late) {
        struct fault fault = {0};
        (void)fault_set(&fault, "routes",
                        "trying these routes took longer than 2 s: make their regular expressions "
                        "simpler, or try fewer alerts (last)");
        json_decref(replaying.items);
        http_answer_fault(request, 422, &fault);
    } else {
        api_answer_list(request, replaying.items, 0);
    }
}

/* The body with the short forms that a file may have, written out. New reference. */
static json_t *in_full(const json_t *body)
{
    json_t *full = json_deep_copy(body);
    json_t *routes = json_object_get(full, "routes");
    for (size_t i = 0; i < json_array_size(routes); i++) {
        json_array_set_new(routes, i, config_in_full(&ROUTE_KIND, json_array_get(routes, i)));
    }
    return full;
}

/* False after answering. */
static bool read_replay(struct http_request *request, struct replay *out)
{
    const json_t *body = http_json(request);
    struct fault fault = {0};
    if (body == NULL) {
        return false;
    }
    json_auto_t *full = in_full(body);
    if (!record_read(&REPLAY_RECORD, full, out, &fault)) {
        http_answer_fault(request, 422, &fault);
        return false;
    }
    return true;
}

/* Reading a thousand regular expressions takes its time, too. */
static void run_replay(void *self)
{
    struct replay_job *job = self;
    struct http_request *request = job->request;
    struct fault fault = {0};
    if (!read_replay(request, &job->replay)) {
        replay_job_free(job);
    } else if (!judge_names(job->config, job->replay.routes, &fault)) {
        replay_job_free(job);
        http_answer_fault(request, 422, &fault);
    } else {
        replay_newest(job);
    }
}

static void post_replay(struct http_request *request, void *self)
{
    struct api_context *context = self;
    struct replay_job *job = g_new0(struct replay_job, 1);
    *job = (struct replay_job){
        .request = request, .context = context, .config = config_current(context->configs)};
    if (!aside_run(request, run_replay, job)) {
        replay_job_free(job);
    }
}

static const struct route_row ROWS[] = {
    {"POST", "/api/v1/routes/replay", &PERMIT_ROUTE_REPLAY, post_replay,
     .summary = "Where routes that are not in force yet would have sent the newest alerts.",
     .request = &REPLAY_RECORD, .answer = &REPLAYED_RECORD, .is_list = true},
};
const struct route_table REPLAY_ROUTES = {ROWS, G_N_ELEMENTS(ROWS)};
