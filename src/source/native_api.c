/* Our own doors: alerts in our own format, and signs of life. POST only; a GET never changes anything. */
#include "access/key_index.h"
#include "alert/alert_permits.h"
#include "alert/service.h"
#include "api/door.h"
#include "api/handler.h"
#include "api/intake.h"
#include "api/refused.h"
#include "base/json.h"
#include "base/principal.h"
#include "config/config_check.h"
#include "source/door_shapes.h"
#include "source/native.h"

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
    bool is_owned = door_owner(intake->context, key, &owner);
    *out_is_free = false;
    if (is_owned && owner.owner_kind == KEY_INTEGRATION) {
        return door_enter_as(intake, owner.owner, key, 403);
    }
    *out_is_free = true;
    if (is_owned && owner.owner_kind == KEY_TOKEN && owner.scope >= SCOPE_RESPOND) {
        return true;
    }
    /* At the machine, or a person whom the row lets in. */
    if (api_principal(intake->request).kind != 0 && key == NULL) {
        return true;
    }
    refuse_caller(intake, is_owned && owner.owner_kind == KEY_TOKEN);
    return false;
}

/* Who signed in acts on an alert that there is by its own routes, which ask whose it is. */
static bool may_act_here(const struct intake *intake, const struct signal *signal,
                         struct fault *fault)
{
    return signal->action == SIGNAL_TRIGGER ||
           api_principal(intake->request).kind != PRINCIPAL_USER ||
           fault_set(fault, "action",
                     "With a session alerts are triggered here and nothing else; act on one by "
                     "POST /api/v1/alerts/NUMBER/%s.",
                     enum_to_name(SIGNAL_ACTION_NAMES, signal->action));
}

/* A person's alert: into the batch, and whose it is. */
static bool take_named(struct intake *intake, const json_t *body, struct fault *fault)
{
    g_autofree char *integration = NULL;
    g_autofree char *service = NULL;
    struct signal *signal = batch_add(&intake->batch);
    return native_read(body, signal, &integration, &service, fault) &&
           may_act_here(intake, signal, fault) && adopt_named(intake, integration, service, fault);
}

static bool take_program(struct intake *intake, const json_t *body, struct fault *fault)
{
    struct fault mend = {0};
    bool is_good = native_take(body, batch_add(&intake->batch), fault, &mend);
    batch_mend_request(&intake->batch, &mend);
    return is_good;
}

static void accept(struct intake *intake)
{
    const struct take *take = &intake->takes[0];
    json_t *body = json_object();
    if (take->alert_id != 0) {
        (void)json_object_set_new(body, "alert_id",
                                  json_sprintf("%" G_GINT64_FORMAT, take->alert_id));
    }
    (void)json_object_set_new(body, "dedup_key", json_string(take->dedup_key));
    (void)json_object_set_new(body, "outcome",
                              json_string(enum_to_name(TAKE_OUTCOME_NAMES, take->outcome)));
    door_add_note(intake, body);
    http_answer_json(intake->request, intake->door->success, body);
}

const struct door NATIVE_DOOR = {
    .kind = INTEGRATION_NATIVE, .address = "/api/v1/alerts", .success = 202, .accept = accept};

static void post_alert(struct http_request *request, void *context)
{
    struct intake *intake = intake_create(context, request, &NATIVE_DOOR);
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
    door_refuse(request, &NATIVE_DOOR, status, &fault);
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
    if (!door_owner(api, http_path_param(request, "key"), &owner) ||
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

static const struct field NATIVE_HEADERS[] = {
    SHAPE_TEXT("Idempotency-Key", 0,
               "Says that a trigger without dedup_key is the same one sent again: any text of "
               "the sender's, another one for each alert."),
    {0},
};

static const int NOT_LET_IN[] = {401, 403, 0};

static const struct route_row ROWS[] = {
    {"POST", "/api/v1/alerts", NULL, post_alert, .door = HTTP_DOOR_KEY,
     .summary = "Trigger, acknowledge or resolve an alert with an integration's key, or a token; "
                "trigger one as a person who signed in.",
     .person = &PERMIT_ALERT_PAGE, .request = &NATIVE_ALERT_RECORD, .answer = &NATIVE_ANSWER_RECORD,
     .success = 202, .others = NOT_LET_IN, .takes_part = true, .headers = NATIVE_HEADERS},
    {"POST", "/heartbeat/{key}", NULL, post_heartbeat, .door = HTTP_DOOR_KEY,
     .summary = "A sign of life.", .answer = &BEAT_TAKEN_SHAPE, .ignores_body = true},
};

const struct route_table NATIVE_ROUTES = {ROWS, G_N_ELEMENTS(ROWS)};
