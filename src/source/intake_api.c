/* The doors in: POST only; a GET never changes anything. */
#include <string.h>

#include "access/key_index.h"
#include "alert/service.h"
#include "api/aside.h"
#include "api/door.h"
#include "api/handler.h"
#include "api/intake.h"
#include "api/refused.h"
#include "base/json.h"
#include "base/limits.h"
#include "base/principal.h"
#include "config/config_check.h"
#include "source/alertmanager.h"
#include "source/door_shapes.h"
#include "source/native.h"
#include "source/pagerduty.h"
#include "source/payload.h"
#include "source/prometheus.h"
#include "source/source_permits.h"

static bool owner_of(const struct api_context *context, const char *key, struct key_entry *out)
{
    return key != NULL && key_index_find(context->keys, key, clock_now(context->clock), out);
}

/* By the key of an integration of this kind. Otherwise answers and frees. */
static bool enter_as(struct intake *intake, const char *integration, const char *key, int kind,
                     int status_otherwise)
{
    struct fault fault = {0};
    intake->secret = g_strdup(key);
    if (intake_adopt(intake, integration, kind, &fault)) {
        return true;
    }
    refused_door(intake->context, integration, fault.text);
    intake_refuse(intake, status_otherwise, &fault);
    return false;
}

/* The door of an integration: by its key. Otherwise answers and frees. */
static bool enter(struct intake *intake, const char *key, int kind, int status_unknown)
{
    struct key_entry owner = {0};
    struct fault fault = {0};
    if (owner_of(intake->context, key, &owner) && owner.owner_kind == KEY_INTEGRATION) {
        return enter_as(intake, owner.owner, key, kind, status_unknown);
    }
    refused_key(intake->context, key);
    (void)fault_set(&fault, "", "%s", DOOR_UNKNOWN_KEY);
    intake_refuse(intake, http_wrong_key(intake->request) > 0 ? 429 : status_unknown, &fault);
    return false;
}

/* --- Alertmanager and Prometheus --- */

static void post_alertmanager(struct http_request *request, void *context)
{
    struct intake *intake = intake_create(context, request, DOOR_ALERTMANAGER);
    if (!enter(intake, http_path_param(request, "key"), INTEGRATION_ALERTMANAGER, 404)) {
        return;
    }
    json_auto_t *body = intake_json(intake);
    if (body == NULL) {
        return;
    }
    struct fault fault = {0};
    intake->batch.is_cut = intake->is_cut;
    if (!alertmanager_read(body, clock_now(intake->context->clock), &intake->batch, &fault)) {
        intake_refuse(intake, 400, &fault);
        return;
    }
    intake_submit(intake);
}

static void post_prometheus(struct http_request *request, void *context)
{
    const struct api_context *api = context;
    struct intake *intake = intake_create(context, request, DOOR_PROMETHEUS);
    if (!enter(intake, http_path_param(request, "key"), INTEGRATION_PROMETHEUS, 404)) {
        return;
    }
    json_auto_t *body = intake_json(intake);
    if (body == NULL) {
        return;
    }
    struct fault fault = {0};
    if (!prometheus_read(body, clock_now(api->clock), &intake->batch, &fault)) {
        intake_refuse(intake, 400, &fault);
        return;
    }
    intake_submit(intake);
}

/* --- PagerDuty --- */

static void refuse_event(struct intake *intake, const json_t *errors)
{
    g_autoptr(GString) problem = g_string_new(NULL);
    size_t i = 0;
    json_t *text = NULL;
    json_array_foreach (errors, i, text) {
        g_string_append_printf(problem, "%s%s", i == 0 ? "" : "; ", json_string_value(text));
    }
    intake_keep(intake, 400, problem->str);
    http_answer_json(intake->request, 400,
                     pagerduty_refused("invalid event", "Event object is invalid", errors));
    intake_free(intake);
}

/* Half of an event is none. Its owner hears of it, if its key stands in the half. */
static void refuse_cut_event(struct intake *intake)
{
    struct fault fault = {0};
    size_t max = http_body_max(intake->request);
    int status = 413;
    if (intake_is_guess(intake, &fault)) {
        status = 429;
    } else if (max > LIMIT_BODY_STRANGER) {
        (void)fault_set(
            &fault, "",
            "The body has more than the %zu bytes that are taken; send less of details.", max);
    } else {
        (void)fault_set(&fault, "",
                        "The body has more than %zu bytes, and among the first of them no key that "
                        "is known; write "
                        "the key before the details, or send less of them.",
                        max);
    }
    intake_refuse(intake, status, &fault);
}

/* The key stands in the body: so first whatever can be read of it, then whose it is. */
static struct intake *enter_pagerduty(struct http_request *request, void *context, enum door door,
                                      json_t **out_body)
{
    struct intake *intake = intake_create(context, request, door);
    if (http_body_is_cut(request)) {
        refuse_cut_event(intake);
        return NULL;
    }
    *out_body = intake_json(intake);
    if (*out_body == NULL) {
        return NULL;
    }
    const char *key = door == DOOR_PAGERDUTY_V1 ? pagerduty_service_key(*out_body)
                                                : pagerduty_routing_key(*out_body);
    if (key != NULL && !enter(intake, key, INTEGRATION_PAGERDUTY, 400)) {
        json_decref(*out_body);
        return NULL;
    }
    return intake; /* without a key: the adapter says that it is missing */
}

static void submit_event(struct intake *intake, const char *sent_key, bool is_good,
                         const json_t *errors)
{
    if (!is_good) {
        refuse_event(intake, errors);
        return;
    }
    if (sent_key != NULL && sent_key[0] != '\0') {
        intake->sent_key = g_strdup(sent_key);
    }
    intake_submit(intake);
}

static void post_enqueue(struct http_request *request, void *context)
{
    json_t *body = NULL;
    struct intake *intake = enter_pagerduty(request, context, DOOR_PAGERDUTY, &body);
    if (intake == NULL) {
        return;
    }
    json_auto_t *errors = json_array();
    bool is_good = pagerduty_read(body, clock_now(intake->context->clock), &intake->batch, errors);
    submit_event(intake, json_text(body, "dedup_key", NULL), is_good, errors);
    json_decref(body);
}

static void post_event_v1(struct http_request *request, void *context)
{
    json_t *body = NULL;
    struct intake *intake = enter_pagerduty(request, context, DOOR_PAGERDUTY_V1, &body);
    if (intake == NULL) {
        return;
    }
    json_auto_t *errors = json_array();
    bool is_good = pagerduty_read_v1(body, &intake->batch, errors);
    submit_event(intake, json_text(body, "incident_key", NULL), is_good, errors);
    json_decref(body);
}

static void post_change(struct http_request *request, void *context)
{
    json_t *body = NULL;
    struct intake *intake = enter_pagerduty(request, context, DOOR_PAGERDUTY_CHANGE, &body);
    if (intake == NULL) {
        return;
    }
    json_auto_t *errors = json_array();
    struct fault mend = {0};
    intake->change = pagerduty_read_change(body, errors, &mend);
    batch_mend_request(&intake->batch, &mend);
    if (intake->change != NULL) {
        intake_submit(intake);
    } else {
        refuse_event(intake, errors);
    }
    json_decref(body);
}

/* --- our own --- */

/* What is open outlives what it came for, and goes on paging until somebody says that it is over. */
static bool adopt_gone(struct intake *intake, const char *integration, const char *service,
                       const struct fault *fault)
{
    struct signal *signal = g_ptr_array_index(intake->batch.signals, 0);
    bool is_heartbeat =
        integration != NULL && principal_read(integration).kind == PRINCIPAL_HEARTBEAT;
    if (signal->action == SIGNAL_TRIGGER || is_heartbeat) {
        return false;
    }
    signal->is_quiet = true; /* a name that never was is no event */
    intake->gone = *fault;
    intake->gone_integration = g_strdup(integration);
    intake->integration = g_strdup(ALERT_MANUAL);
    intake->service = g_strdup(service);
    return true;
}

static bool adopt_service(struct intake *intake, const char *service, struct fault *fault)
{
    struct config *config = config_current(intake->context->configs);
    bool is_there = service_find(config, service) != NULL ||
                    config_unknown(config, &SERVICE_KIND, service, fault);
    config_unref(config);
    if (!is_there) {
        fault_within(fault, "service");
        return adopt_gone(intake, NULL, service, fault);
    }
    intake->integration = g_strdup(ALERT_MANUAL);
    intake->service = g_strdup(service);
    return true;
}

/* A person or program with a token, or on the local socket, says itself where the alert goes. */
static bool adopt_named(struct intake *intake, const char *integration, const char *service,
                        struct fault *fault)
{
    if (integration != NULL && !intake_adopt(intake, integration, 0, fault)) {
        fault_within(fault, "integration");
        return adopt_gone(intake, integration, NULL, fault);
    }
    if (integration == NULL && service == NULL) {
        return fault_set(fault, "service",
                         "is required with a token: which service is it about? (Or name an "
                         "integration.)");
    }
    return integration != NULL || adopt_service(intake, service, fault);
}

static void refuse_caller(struct intake *intake, bool is_known)
{
    struct fault fault = {0};
    (void)fault_set(&fault, "", "%s",
                    is_known ? "This token may only read; alerts need one with scope respond."
                             : "Send the integration's key: Authorization: Bearer KEY. This one is "
                               "missing or not known: mistyped, rotated away or deleted.");
    if (!is_known) {
        refused_key(intake->context, http_bearer(intake->request));
        http_set_header(intake->request, "WWW-Authenticate", "Bearer realm=\"tocsin\"");
    }
    intake_refuse(intake, is_known ? 403 : 401, &fault);
}

/* Who is at the door? True with *out_is_free for one who names the target in the body. Otherwise
 * answers and frees. */
static bool enter_native(struct intake *intake, bool *out_is_free)
{
    struct key_entry owner = {0};
    const char *key = http_bearer(intake->request);
    bool is_owned = owner_of(intake->context, key, &owner);
    *out_is_free = false;
    if (is_owned && owner.owner_kind == KEY_INTEGRATION) {
        return enter_as(intake, owner.owner, key, INTEGRATION_NATIVE, 403);
    }
    *out_is_free = true;
    if (is_owned && owner.owner_kind == KEY_TOKEN && owner.scope >= SCOPE_RESPOND) {
        return true;
    }
    if (api_principal(intake->request).kind == PRINCIPAL_LOCAL && key == NULL) {
        return true;
    }
    refuse_caller(intake, is_owned && owner.owner_kind == KEY_TOKEN);
    return false;
}

/* A person's alert: into the batch, and whose it is. */
static bool take_named(struct intake *intake, const json_t *body, struct fault *fault)
{
    g_autofree char *integration = NULL;
    g_autofree char *service = NULL;
    return native_read(body, batch_add(&intake->batch), &integration, &service, fault) &&
           adopt_named(intake, integration, service, fault);
}

static bool take_program(struct intake *intake, const json_t *body, struct fault *fault)
{
    struct fault mend = {0};
    bool is_good = native_take(body, batch_add(&intake->batch), fault, &mend);
    batch_mend_request(&intake->batch, &mend);
    return is_good;
}

static void post_alert(struct http_request *request, void *context)
{
    struct intake *intake = intake_create(context, request, DOOR_NATIVE);
    bool is_free = false;
    if (!enter_native(intake, &is_free)) {
        return;
    }
    json_auto_t *body = intake_json(intake);
    if (body == NULL) {
        return;
    }
    struct fault fault = {0};
    if (is_free ? take_named(intake, body, &fault) : take_program(intake, body, &fault)) {
        struct signal *signal = g_ptr_array_index(intake->batch.signals, 0);
        native_identify(signal, http_header(request, "Idempotency-Key"));
        intake_submit(intake);
    } else {
        intake_refuse(intake, 400, &fault);
    }
}

/* --- heartbeats --- */

struct beating {
    struct beat beat;
    struct http_request *request;
    char *name;
};

static enum command_result run_beat(struct ledger_tx *tx, void *arg)
{
    struct beating *beating = arg;
    return pager_beat(tx, &beating->beat);
}

static const char UNKNOWN_BEAT[] =
    "This is no heartbeat's key: it was mistyped, rotated away or deleted, "
    "or is another thing's. \"tocsin heartbeat rotate NAME\" makes a new one.";

static void refuse_beat(struct http_request *request, int status, const char *why)
{
    struct fault fault = {0};
    (void)fault_set(&fault, "", "%s", why);
    door_refuse(request, DOOR_NATIVE, status, &fault);
}

static void answer_beat(void *arg, enum command_outcome outcome)
{
    struct beating *beating = arg;
    if (outcome == OUTCOME_COMMITTED) {
        http_answer_json(beating->request, 200, json_pack("{s:s}", "heartbeat", beating->name));
    } else if (outcome == OUTCOME_REFUSED) {
        refuse_beat(beating->request, 404, UNKNOWN_BEAT);
    } else {
        refuse_beat(beating->request, 503, "Nothing can be stored at the moment; try again.");
    }
    g_free(beating->name);
    g_free(beating);
}

static void post_heartbeat(struct http_request *request, void *context)
{
    const struct api_context *api = context;
    struct key_entry owner = {0};
    if (!owner_of(api, http_path_param(request, "key"), &owner) ||
        owner.owner_kind != KEY_HEARTBEAT) {
        if (owner.owner_kind == KEY_INTEGRATION) {
            refused_astray(api, owner.owner, request, 404);
        }
        refuse_beat(request, 404, UNKNOWN_BEAT);
        return;
    }
    struct beating *beating = g_new0(struct beating, 1);
    beating->request = request;
    beating->name = g_strdup(owner.owner);
    beating->beat = (struct beat){.pager = api->pager, .heartbeat = beating->name};
    const struct command command = {.run = run_beat, .answer = answer_beat, .arg = beating};
    if (!queue_submit(api->queue, command)) {
        answer_beat(beating, OUTCOME_UNAVAILABLE);
    }
}

/* --- what came in lately --- */

static void list_payload(void *self, const struct payload *payload)
{
    char at[UTC_TEXT_SIZE];
    utc_format(payload->at, at);
    (void)json_array_append_new(self, json_pack("{s:s, s:i, s:s*, s:s}", "at", at, "status",
                                                payload->status, "problem", payload->problem,
                                                "body", payload->body));
}

static void read_payloads(struct http_request *request, void *context)
{
    const struct api_context *api = context;
    const char *name = http_path_param(request, "name");
    struct config *config = config_current(api->configs);
    bool is_there = integration_find(config, name) != NULL;
    if (!is_there) {
        api_answer_unknown(request, 404, "name", config, &INTEGRATION_KIND, name);
    }
    config_unref(config);
    if (!is_there) {
        return;
    }
    json_t *items = json_array();
    struct db *db = api_reader(api);
    payload_book_list(api->payloads, db, name, list_payload, items);
    if (!api_reader_done(api, request, db)) {
        json_decref(items);
        return;
    }
    http_answer_json(request, 200, json_pack("{s:o, s:n}", "items", items, "next_cursor"));
}

static void get_payloads(struct http_request *request, void *context)
{
    aside_answer(request, context, read_payloads);
}

static const struct field NATIVE_HEADERS[] = {
    SHAPE_TEXT("Idempotency-Key", 0,
               "Says that a trigger without dedup_key is the same one sent again: any text of "
               "the sender's, another one for each alert."),
    {0},
};

static const int NOT_LET_IN[] = {401, 403, 0};
static const int TOO_FAST[] = {429, 0};
static const int TOO_FAST_V1[] = {403, 0}; /* its word for it */

static const struct route_row ROWS[] = {
    {"POST", "/api/v1/alerts", NULL, post_alert, .door = HTTP_DOOR_KEY,
     .summary = "Trigger, acknowledge or resolve an alert with an integration's key, or a token.",
     .request = &NATIVE_ALERT_RECORD, .answer = &NATIVE_ANSWER_RECORD, .success = 202,
     .others = NOT_LET_IN, .takes_part = true, .headers = NATIVE_HEADERS},
    {"POST", "/in/alertmanager/{key}", NULL, post_alertmanager, .door = HTTP_DOOR_KEY,
     .summary = "Alertmanager's webhook, version 4.", .request = &WEBHOOK_SHAPE,
     .answer = &ALERTS_ACCEPTED_SHAPE, .success = 202, .takes_part = true},
    {"POST", "/in/prometheus/{key}/api/v2/alerts", NULL, post_prometheus, .door = HTTP_DOOR_KEY,
     .summary = "Prometheus pointing at us as an Alertmanager.", .request = &PROMETHEUS_ALERT_SHAPE,
     .takes_array = true, .takes_part = true},
    {"POST", "/v2/enqueue", NULL, post_enqueue, .door = HTTP_DOOR_KEY,
     .summary = "PagerDuty Events API v2.", .request = &PAGERDUTY_EVENT_SHAPE,
     .answer = &PAGERDUTY_ACCEPTED_SHAPE, .refusal = &PAGERDUTY_REFUSED_SHAPE, .others = TOO_FAST,
     .success = 202, .has_key_in_body = true},
    {"POST", "/generic/2010-04-15/create_event.json", NULL, post_event_v1, .door = HTTP_DOOR_KEY,
     .summary = "PagerDuty Events API v1.", .request = &PAGERDUTY_V1_SHAPE,
     .answer = &PAGERDUTY_ACCEPTED_V1_SHAPE, .refusal = &PAGERDUTY_REFUSED_SHAPE,
     .others = TOO_FAST_V1, .has_key_in_body = true},
    {"POST", "/v2/change/enqueue", NULL, post_change, .door = HTTP_DOOR_KEY,
     .summary = "PagerDuty change events: recorded, never paged.",
     .request = &PAGERDUTY_CHANGE_SHAPE, .answer = &PAGERDUTY_ACCEPTED_SHAPE,
     .refusal = &PAGERDUTY_REFUSED_SHAPE, .others = TOO_FAST, .success = 202,
     .has_key_in_body = true},
    {"POST", "/heartbeat/{key}", NULL, post_heartbeat, .door = HTTP_DOOR_KEY,
     .summary = "A sign of life.", .answer = &BEAT_TAKEN_SHAPE, .ignores_body = true},
    {"GET", "/api/v1/integrations/{name}/payloads", &PERMIT_PAYLOAD_READ, get_payloads,
     .summary = "The last payloads that arrived, newest first, and why some were refused.",
     .answer = &PAYLOAD_SHAPE, .is_list = true},
};

const struct route_table INTAKE_ROUTES = {ROWS, G_N_ELEMENTS(ROWS)};
