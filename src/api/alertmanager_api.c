/* The reading side of Alertmanager's API v2 behind an integration's key, for amtool and dashboards. What
 * sends alerts there is intake_api.c. */
#include "api/alertmanager_view.h"
#include "api/door.h"
#include "api/support.h"
#include "people/key_index.h"

/* The integration's name, or NULL and the request is answered. Newly allocated. */
static char *reader_of(struct http_request *request, const struct api_context *api)
{
    struct key_entry owner = {0};
    const char *key = http_path_param(request, "key");
    if (key_index_find(api->keys, key, clock_now(api->clock), &owner) &&
        owner.owner_kind == KEY_INTEGRATION) {
        return g_strdup(owner.owner);
    }
    http_answer_problem(request, 404, "%s", DOOR_UNKNOWN_KEY);
    return NULL;
}

/* NULL after an answer. */
static json_t *asked_alerts(struct http_request *request, const struct api_context *api,
                            const char *integration)
{
    struct view_query query;
    json_t *alerts = NULL;
    if (view_query_read(request, integration, &query)) {
        alerts = view_alerts(request, api, &query);
    }
    view_query_clear(&query);
    return alerts;
}

static void get_alerts(struct http_request *request, void *context)
{
    g_autofree char *integration = reader_of(request, context);
    json_t *alerts = integration == NULL ? NULL : asked_alerts(request, context, integration);
    if (alerts != NULL) {
        http_answer_json(request, 200, alerts);
    }
}

static void get_groups(struct http_request *request, void *context)
{
    g_autofree char *integration = reader_of(request, context);
    json_t *alerts = integration == NULL ? NULL : asked_alerts(request, context, integration);
    if (alerts != NULL) {
        http_answer_json(request, 200, view_groups(alerts, integration));
    }
}

static void get_status(struct http_request *request, void *context)
{
    g_autofree char *integration = reader_of(request, context);
    if (integration != NULL) {
        http_answer_json(request, 200, view_status(context, integration));
    }
}

static void get_receivers(struct http_request *request, void *context)
{
    g_autofree char *integration = reader_of(request, context);
    if (integration != NULL) {
        http_answer_json(request, 200, json_pack("[{s:s}]", "name", integration));
    }
}

static void get_silences(struct http_request *request, void *context)
{
    g_autofree char *integration = reader_of(request, context);
    if (integration != NULL) {
        http_answer_json(request, 200, json_array());
    }
}

static void get_ready(struct http_request *request, void *context)
{
    g_autofree char *integration = reader_of(request, context);
    if (integration != NULL) {
        http_answer_text(request, 200, "text/plain; charset=utf-8", "OK\n");
    }
}

#define PROMETHEUS "/in/prometheus/{key}"
#define FILTER_PARAM                                                                               \
    {                                                                                              \
        "filter", "NAME=\"VALUE\", or with != =~ !~: only with such labels. May be given several " \
                  "times; all must hold."                                                          \
    }

static const struct query_param ALERTS_PARAMS[] = {
    FILTER_PARAM,
    {"active", "false: without those that no silence holds."},
    {"silenced", "false: without those that a silence holds."},
    {"inhibited", "Taken and without effect: nothing is inhibited here."},
    {"unprocessed", "Taken and without effect: an alert is listed when it is stored."},
    {"receiver", "A regular expression of the whole name of the receiver: the integration's name."},
    {NULL, NULL}};

const struct route_row ALERTMANAGER_ROUTES[] = {
    {"GET", PROMETHEUS "/api/v2/alerts", PERMIT_KEY, get_alerts,
     .summary = "Open alerts of the integration, as Alertmanager's API v2 lists them.",
     .params = ALERTS_PARAMS},
    {"GET", PROMETHEUS "/api/v2/alerts/groups", PERMIT_KEY, get_groups,
     .summary = "The same in groups, by label alertname.", .params = ALERTS_PARAMS},
    {"GET", PROMETHEUS "/api/v2/status", PERMIT_KEY, get_status,
     .summary = "Status, as Alertmanager's API v2 tells it."},
    {"GET", PROMETHEUS "/api/v2/receivers", PERMIT_KEY, get_receivers,
     .summary = "The one receiver: the integration."},
    {"GET", PROMETHEUS "/api/v2/silences", PERMIT_KEY, get_silences,
     .summary = "Always empty: silences are in /api/v1/silences."},
    {"GET", PROMETHEUS "/-/ready", PERMIT_KEY, get_ready, .summary = "Answers OK."},
    {"GET", PROMETHEUS "/-/healthy", PERMIT_KEY, get_ready, .summary = "Answers OK."},
};

const size_t ALERTMANAGER_ROUTE_COUNT = G_N_ELEMENTS(ALERTMANAGER_ROUTES);
