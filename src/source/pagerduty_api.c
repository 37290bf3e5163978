/* The doors of PagerDuty's Events API: version 2, its change events, and the generic API before it. */
#include "access/key_index.h"
#include "alert/service.h"
#include "api/door.h"
#include "api/intake.h"
#include "base/json.h"
#include "base/limits.h"
#include "source/door_shapes.h"
#include "source/pagerduty.h"

/* --- how they answer --- */

static const char *answered_key(const struct intake *intake)
{
    return intake->sent_key != NULL ? intake->sent_key : intake->takes[0].dedup_key;
}

static void accept_as(struct intake *intake, json_t *body)
{
    door_add_note(intake, body);
    http_answer_json(intake->request, intake->door->success, body);
}

static void accept_event(struct intake *intake)
{
    accept_as(intake, pagerduty_accepted(answered_key(intake)));
}

static void accept_event_v1(struct intake *intake)
{
    accept_as(intake, pagerduty_accepted_v1(answered_key(intake)));
}

static void accept_change(struct intake *intake)
{
    accept_as(intake, pagerduty_accepted(NULL));
}

/* Its own words for each kind of no. */
static json_t *refused_body(int status, const struct fault *fault)
{
    json_auto_t *errors = json_array();
    (void)json_array_append_new(errors, json_string(fault->text));
    if (status == 429) {
        return pagerduty_refused("throttle exceeded", "Requests for this key are arriving too fast",
                                 errors);
    }
    if (status >= 500) {
        return pagerduty_refused("unavailable", "The event was not accepted", errors);
    }
    return pagerduty_refused("invalid event", "Event object is invalid", errors);
}

static void refuse(struct http_request *request, int status, const struct fault *fault)
{
    http_answer_json(request, status, refused_body(status, fault));
}

static void refuse_v1(struct http_request *request, int status, const struct fault *fault)
{
    int said = status == 429 ? 403 : status; /* its word for "too fast" */
    http_answer_json(request, said, refused_body(status, fault));
}

const struct door PAGERDUTY_DOOR = {
    .kind = INTEGRATION_PAGERDUTY,
    .address = "/v2/enqueue",
    .success = 202,
    .key_in = pagerduty_key_in,
    .accept = accept_event,
    .refuse = refuse,
};

static const struct door PAGERDUTY_CHANGE_DOOR = {
    .kind = INTEGRATION_PAGERDUTY,
    .address = "/v2/change/enqueue",
    .success = 202,
    .key_in = pagerduty_key_in,
    .accept = accept_change,
    .refuse = refuse,
};

static const struct door PAGERDUTY_V1_DOOR = {
    .kind = INTEGRATION_PAGERDUTY,
    .address = "/generic/2010-04-15/create_event.json",
    .success = 200,
    .key_in = pagerduty_key_in,
    .accept = accept_event_v1,
    .refuse = refuse_v1,
};

/* --- what they take --- */

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
static struct intake *enter_pagerduty(struct http_request *request, void *context,
                                      const struct door *door, json_t **out_body)
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
    const char *key = door == &PAGERDUTY_V1_DOOR ? pagerduty_service_key(*out_body)
                                                 : pagerduty_routing_key(*out_body);
    if (key != NULL && !door_enter(intake, key, 400)) {
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
    struct intake *intake = enter_pagerduty(request, context, &PAGERDUTY_DOOR, &body);
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
    struct intake *intake = enter_pagerduty(request, context, &PAGERDUTY_V1_DOOR, &body);
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
    struct intake *intake = enter_pagerduty(request, context, &PAGERDUTY_CHANGE_DOOR, &body);
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

static const int TOO_FAST[] = {429, 0};
static const int TOO_FAST_V1[] = {403, 0}; /* its word for it */

static const struct route_row ROWS[] = {
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
};

const struct route_table PAGERDUTY_ROUTES = {ROWS, G_N_ELEMENTS(ROWS)};
