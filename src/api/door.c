#include "api/door.h"

#include "alert/service.h"
#include "base/limits.h"
#include "source/native.h"
#include "source/pagerduty.h"

static const char RETRY_AFTER_S[] = "5";

const char DOOR_UNKNOWN_KEY[] = "This key is not known: it was mistyped, rotated away or deleted. "
                                "\"tocsin integration rotate NAME\" makes a new one.";

const char *door_address(int kind)
{
    switch ((enum integration_kind)kind) {
    case INTEGRATION_ALERTMANAGER:
        return "/in/alertmanager/KEY";
    case INTEGRATION_PROMETHEUS:
        return "/in/prometheus/KEY/api/v2/alerts";
    case INTEGRATION_PAGERDUTY:
        return "/v2/enqueue";
    case INTEGRATION_NATIVE:
    default:
        return "/api/v1/alerts";
    }
}

int door_success(enum door door)
{
    return door == DOOR_PROMETHEUS || door == DOOR_PAGERDUTY_V1 ? 200 : 202;
}

/* Where the dialect has room for it. */
static void add_note(const struct intake *intake, json_t *body)
{
    g_autofree char *note = intake_note(intake);
    if (note != NULL) {
        (void)json_object_set_new(body, "note", json_string(note));
    }
}

static void accept_native(struct intake *intake)
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
    add_note(intake, body);
    http_answer_json(intake->request, 202, body);
}

static void accept_pagerduty(struct intake *intake)
{
    const char *key = intake->sent_key != NULL ? intake->sent_key : intake->takes[0].dedup_key;
    json_t *body =
        intake->door == DOOR_PAGERDUTY_V1 ? pagerduty_accepted_v1(key) : pagerduty_accepted(key);
    add_note(intake, body);
    http_answer_json(intake->request, door_success(intake->door), body);
}

static void accept_change(struct intake *intake)
{
    json_t *body = pagerduty_accepted(NULL);
    add_note(intake, body);
    http_answer_json(intake->request, 202, body);
}

static void accept_alertmanager(struct intake *intake)
{
    json_t *body = json_pack("{s:I}", "accepted",
                             (json_int_t)(intake->count - intake->own - intake->batch.added));
    if (intake->batch.cut_off > 0) {
        (void)json_object_set_new(body, "cut_off", json_integer((json_int_t)intake->batch.cut_off));
    }
    if (intake->batch.refused > 0) {
        (void)json_object_set_new(body, "refused", json_integer((json_int_t)intake->batch.refused));
        (void)json_object_set_new(
            body, "first_problem",
            json_sprintf("%s: %s", intake->batch.first.field, intake->batch.first.text));
    }
    add_note(intake, body);
    http_answer_json(intake->request, 202, body);
}

void door_accept(struct intake *intake)
{
    switch (intake->door) {
    case DOOR_ALERTMANAGER:
        accept_alertmanager(intake);
        break;
    case DOOR_PROMETHEUS:
        http_answer_empty(intake->request, 200);
        break;
    case DOOR_PAGERDUTY:
    case DOOR_PAGERDUTY_V1:
        accept_pagerduty(intake);
        break;
    case DOOR_PAGERDUTY_CHANGE:
        accept_change(intake);
        break;
    case DOOR_NATIVE:
    default:
        accept_native(intake);
        break;
    }
}

/* PagerDuty's own words for each kind of no. */
static json_t *refused_pagerduty(int status, const struct fault *fault)
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

static bool is_pagerduty(enum door door)
{
    return door == DOOR_PAGERDUTY || door == DOOR_PAGERDUTY_CHANGE || door == DOOR_PAGERDUTY_V1;
}

void door_refuse(struct http_request *request, enum door door, int status,
                 const struct fault *fault)
{
    if (status == 429 || status >= 500) {
        http_set_header(request, "Retry-After", RETRY_AFTER_S);
    }
    if (is_pagerduty(door)) {
        bool is_forbidden =
            door == DOOR_PAGERDUTY_V1 && status == 429; /* its word for "too fast" */
        http_answer_json(request, is_forbidden ? 403 : status, refused_pagerduty(status, fault));
        return;
    }
    http_answer_fault(request, status, fault);
}
