/* The doors of programs that post to an address with their key in it. POST only; a GET never changes anything. */
#include "source/webhook_api.h"

#include "alert/service.h"
#include "base/json.h"
#include "source/door_shapes.h"
#include "source/prometheus.h"

void webhook_post(struct http_request *request, void *context, const struct door *door)
{
    const struct api_context *api = context;
    struct intake *intake = intake_create(api, request, door);
    if (!door_enter(intake, http_path_param(request, "key"), 404)) {
        return;
    }
    json_auto_t *body = intake_json(intake);
    if (body == NULL) {
        return;
    }
    struct fault fault = {0};
    intake->batch.is_cut = intake->is_cut;
    if (door->webhook->read(body, clock_now(api->clock), &intake->batch, &fault)) {
        intake_submit(intake);
    } else {
        intake_refuse(intake, 400, &fault);
    }
}

/* --- Prometheus pointing at us as an Alertmanager --- */

static const struct webhook PROMETHEUS = {.title = "Prometheus pointing at us as an Alertmanager.",
                                          .read = prometheus_read,
                                          .is_list = true};

static void accept_prometheus(struct intake *intake)
{
    http_answer_empty(intake->request, 200);
}

const struct door PROMETHEUS_DOOR = {
    .kind = INTEGRATION_PROMETHEUS,
    .address = "/in/prometheus/KEY/api/v2/alerts",
    .success = 200,
    .webhook = &PROMETHEUS,
    .accept = accept_prometheus,
};

static void post_prometheus(struct http_request *request, void *context)
{
    webhook_post(request, context, &PROMETHEUS_DOOR);
}

static const struct route_row ROWS[] = {
    {"POST", "/in/prometheus/{key}/api/v2/alerts", NULL, post_prometheus, .door = HTTP_DOOR_KEY,
     .summary = PROMETHEUS.title, .request = &PROMETHEUS_ALERT_SHAPE, .takes_array = true,
     .takes_part = true},
};

const struct route_table PROMETHEUS_ROUTES = {ROWS, G_N_ELEMENTS(ROWS)};
