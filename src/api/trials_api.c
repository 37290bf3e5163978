/* Trying things out: a test page, a route; and heartbeats with their state. */
#include "api/aside.h"
#include "api/job.h"
#include "api/shapes.h"
#include "api/support.h"

#include <string.h>

#include "alert/alert_permits.h"
#include "alert/route.h"
#include "paging/page_store.h"
#include "paging/pager.h"
#include "people/people_permits.h"
#include "source/native.h"

/* --- a test page --- */

struct test_body {
    char *contact;
};
static const struct field TEST_FIELDS[] = {
    {.name = "contact",
     .kind = FIELD_TEXT,
     .offset = offsetof(struct test_body, contact),
     .doc = "Name of one contact; all of them when absent."},
};
static const struct record TEST_RECORD = {.name = "TestPage",
                                          .doc = "A message that only tries out a contact.",
                                          .size = sizeof(struct test_body),
                                          .fields = TEST_FIELDS,
                                          .field_count = G_N_ELEMENTS(TEST_FIELDS)};

static enum command_result run_test(struct ledger_tx *tx, struct job *job)
{
    struct test_page *test = job->work;
    enum command_result result = pager_test(tx, test);
    if (result == COMMAND_DONE) {
        job->answer = json_pack("{s:s*, s:s*}", "user", test->user, "channel", test->channel);
    }
    return job_became(job, result, result == COMMAND_DONE ? 202 : test->status, &test->fault);
}

static void post_user_test(struct http_request *request, void *context)
{
    static const struct job_kind TESTING = {
        .body = &TEST_RECORD, .work = sizeof(struct test_page), .run = run_test};
    struct job *job = job_begin(request, context, context, &TESTING);
    if (job == NULL) {
        return;
    }
    const struct test_body *body = job->body;
    *(struct test_page *)job->work = (struct test_page){.pager = job->api->pager,
                                                        .user = http_path_param(request, "name"),
                                                        .contact = body->contact,
                                                        .actor = job->actor};
    job_go(job);
}

static void post_channel_test(struct http_request *request, void *context)
{
    static const struct job_kind TESTING = {.work = sizeof(struct test_page), .run = run_test};
    struct job *job = job_begin(request, context, context, &TESTING);
    *(struct test_page *)job->work = (struct test_page){
        .pager = job->api->pager, .channel = http_path_param(request, "name"), .actor = job->actor};
    job_go(job);
}

/* --- heartbeats --- */

struct beat_view {
    char *name, *service;
    int severity;
    struct span every, grace;
    struct utc last_at, due_at;
    bool is_missing;
};
static const struct field BEAT_FIELDS[] = {
    {.name = "name",
     .kind = FIELD_TEXT,
     .offset = offsetof(struct beat_view, name),
     .flags = FIELD_ALWAYS},
    {.name = "service",
     .kind = FIELD_TEXT,
     .offset = offsetof(struct beat_view, service),
     .flags = FIELD_ALWAYS},
    {.name = "severity",
     .kind = FIELD_ENUM,
     .offset = offsetof(struct beat_view, severity),
     .flags = FIELD_ALWAYS,
     .names = SEVERITY_NAMES,
     .doc = "Of the alert when it is missed."},
    {.name = "every",
     .kind = FIELD_SPAN,
     .offset = offsetof(struct beat_view, every),
     .flags = FIELD_ALWAYS,
     .doc = "How often it should be heard."},
    {.name = "grace",
     .kind = FIELD_SPAN,
     .offset = offsetof(struct beat_view, grace),
     .doc = "How late it may be before it is missed; absent: not at all."},
    {.name = "last_at",
     .kind = FIELD_UTC,
     .offset = offsetof(struct beat_view, last_at),
     .doc = "Absent: never heard."},
    {.name = "due_at",
     .kind = FIELD_UTC,
     .offset = offsetof(struct beat_view, due_at),
     .doc = "When it is missed."},
    {.name = "is_missing", .kind = FIELD_BOOL, .offset = offsetof(struct beat_view, is_missing)},
};
static const struct record BEAT_RECORD = {.name = "HeartbeatState",
                                          .doc = "A heartbeat and when it was heard.",
                                          .size = sizeof(struct beat_view),
                                          .fields = BEAT_FIELDS,
                                          .field_count = G_N_ELEMENTS(BEAT_FIELDS)};

static json_t *heartbeat_json(struct db *db, const struct heartbeat *heartbeat)
{
    struct heartbeat_state state = {0};
    (void)!heartbeat_load(db, heartbeat->name, &state);
    struct beat_view view = {.name = heartbeat->name,
                             .service = heartbeat->service,
                             .severity =
                                 heartbeat->severity == 0 ? SEVERITY_CRITICAL : heartbeat->severity,
                             .every = heartbeat->every,
                             .grace = heartbeat->grace,
                             .last_at = state.last_at,
                             .due_at = state.due_at,
                             .is_missing = state.is_missing};
    return record_write(&BEAT_RECORD, &view);
}

static void read_heartbeats(struct http_request *request, void *self)
{
    struct api_context *context = self;
    struct config *config = config_current(context->configs);
    const GPtrArray *all = config_items(config, &HEARTBEAT_KIND);
    json_t *items = json_array();
    struct db *db = api_reader(context);
    for (guint i = 0; all != NULL && i < all->len; i++) {
        json_array_append_new(items, heartbeat_json(db, all->pdata[i]));
    }
    config_unref(config);
    if (api_reader_done(context, request, db)) {
        api_answer_list(request, items, 0);
    } else {
        json_decref(items);
    }
}

static void get_heartbeats(struct http_request *request, void *context)
{
    aside_answer(request, context, read_heartbeats);
}

/* --- where would an alert go? --- */

struct route_test {
    char *integration;
    json_t *alert;
};

static json_t *new_alert_schema(void)
{
    return record_schema(&NATIVE_ALERT_RECORD);
}
static const struct field_codec NEW_ALERT_CODEC = {.schema = new_alert_schema};

static const struct field ROUTE_TEST_FIELDS[] = {
    {.name = "integration",
     .kind = FIELD_TEXT,
     .offset = offsetof(struct route_test, integration),
     .flags = FIELD_REQUIRED},
    {.name = "alert",
     .kind = FIELD_JSON,
     .offset = offsetof(struct route_test, alert),
     .flags = FIELD_REQUIRED,
     .codec = &NEW_ALERT_CODEC,
     .doc = "As for POST /api/v1/alerts."},
};
static const struct record ROUTE_TEST_RECORD = {.name = "RouteTest",
                                                .doc = "An alert that only tries out the routes.",
                                                .size = sizeof(struct route_test),
                                                .fields = ROUTE_TEST_FIELDS,
                                                .field_count = G_N_ELEMENTS(ROUTE_TEST_FIELDS)};

static json_t *walk(const struct config *config, const struct integration *integration,
                    const struct signal *signal)
{
    struct match_subject subject =
        match_subject_of_signal(signal, integration->name, integration->service);
    struct route_verdict verdict = route_walk(config_items(config, &ROUTE_KIND), &subject);
    int severity = verdict.severity == 0 ? signal_severity(signal) : verdict.severity;
    const char *service = verdict.service == NULL ? integration->service : verdict.service;
    json_t *json =
        json_pack("{s:s, s:s?, s:b, s:s?, s:s?}", "service", service, "severity",
                  enum_to_name(SEVERITY_NAMES, severity), "is_suppressed", verdict.is_suppressed,
                  "routes", verdict.taken, "not_evaluated", verdict.unsure);
    g_free(verdict.taken);
    g_free(verdict.unsure);
    return json;
}

static void test_route(struct http_request *request, const struct config *config,
                       const struct route_test *test)
{
    struct fault fault = {0};
    struct signal signal = {0};
    g_autofree char *ignored_integration = NULL;
    g_autofree char *ignored_service = NULL;
    const struct integration *integration = integration_find(config, test->integration);
    if (integration == NULL) {
        api_answer_unknown(request, 422, "integration", config, &INTEGRATION_KIND,
                           test->integration);
    } else if (!native_read(test->alert, &signal, &ignored_integration, &ignored_service, &fault)) {
        fault_within(&fault, "alert");
        http_answer_fault(request, 422, &fault);
    } else {
        http_answer_json(request, 200, walk(config, integration, &signal));
    }
    signal_clear(&signal);
}

static void post_route_test(struct http_request *request, void *self)
{
    struct api_context *context = self;
    struct route_test test = {0};
    if (api_body(request, &ROUTE_TEST_RECORD, &test)) {
        struct config *config = config_current(context->configs);
        test_route(request, config, &test);
        config_unref(config);
        record_clear(&ROUTE_TEST_RECORD, &test);
    }
}

static const struct route_row ROWS[] = {
    {"POST", "/api/v1/users/{name}/test", &PERMIT_USER_TEST, post_user_test,
     .summary = "Sends a test message to one contact of a user, or to all.",
     .request = &TEST_RECORD, .answer = &TEST_SENT_SHAPE, .success = 202},
    {"POST", "/api/v1/channels/{name}/test", &PERMIT_CHANNEL_TEST, post_channel_test,
     .summary = "Sends a test message to a channel.", .answer = &TEST_SENT_SHAPE, .success = 202},
    {"GET", "/api/v1/heartbeats", &PERMIT_HEARTBEAT_READ, get_heartbeats,
     .summary = "Heartbeats and when they were heard.", .answer = &BEAT_RECORD, .is_list = true},
    {"POST", "/api/v1/routes/test", &PERMIT_ROUTE_READ, post_route_test,
     .summary = "Which service and severity the routes would give an alert.",
     .request = &ROUTE_TEST_RECORD, .answer = &ROUTE_TESTED_SHAPE},
};
const struct route_table TRIAL_ROUTES = {ROWS, G_N_ELEMENTS(ROWS)};
