/* The reading side of Alertmanager's API v2 behind an integration's key, for amtool and dashboards. What
 * sends alerts there is webhook_api.c. */
#include <string.h>

#include "access/key_index.h"
#include "alert/service.h"
#include "api/aside.h"
#include "api/door.h"
#include "api/handler.h"
#include "base/json.h"
#include "base/principal.h"
#include "source/alertmanager_silences_api.h"
#include "source/alertmanager_view_api.h"
#include "source/door_shapes.h"

/* Alertmanager's own programs show the text of this status and of 500 alone. */
enum { REFUSED = 400 };

/* The integration's name, or NULL and the request is answered. Newly allocated. */
static char *reader_of(struct http_request *request, const struct api_context *api)
{
    struct key_entry owner = {0};
    const char *key = http_path_param(request, "key");
    if (!key_index_find(api->keys, key, clock_now(api->clock), &owner) ||
        owner.owner_kind != KEY_INTEGRATION) {
        http_answer_problem(request, REFUSED, "%s", DOOR_UNKNOWN_KEY);
        return NULL;
    }
    /* Other kinds of senders never read: a key that leaks from one of them shows nothing. */
    struct config *config = config_current(api->configs);
    const struct integration *integration = integration_find(config, owner.owner);
    bool may_read = integration != NULL && integration->kind == INTEGRATION_PROMETHEUS;
    config_unref(config);
    if (!may_read) {
        http_answer_problem(request, REFUSED,
                            "This key is of an integration that sends alerts and does not read "
                            "them: use one of kind prometheus.");
        return NULL;
    }
    return g_strdup(owner.owner);
}

/* One list on its way through the thread of long reads. */
struct alerts_job {
    struct http_request *request;
    const struct api_context *context;
    char *integration;
    struct view_query query;
    bool is_grouped;
};

static void alerts_job_free(struct alerts_job *job)
{
    view_query_clear(&job->query);
    g_free(job->integration);
    g_free(job);
}

static void answer_alerts(void *arg)
{
    struct alerts_job *job = arg;
    json_t *alerts = view_alerts(job->request, job->context, &job->query);
    if (alerts != NULL && job->is_grouped) {
        alerts = view_groups(alerts, job->integration);
    }
    if (alerts != NULL) {
        http_answer_json(job->request, 200, alerts);
    }
    alerts_job_free(job);
}

static void list_alerts(struct http_request *request, const struct api_context *context,
                        bool is_grouped)
{
    char *integration = reader_of(request, context);
    if (integration == NULL) {
        return;
    }
    struct alerts_job *job = g_new0(struct alerts_job, 1);
    *job = (struct alerts_job){.request = request,
                               .context = context,
                               .integration = integration,
                               .is_grouped = is_grouped};
    if (!view_query_read(request, integration, &job->query) ||
        !aside_run(request, answer_alerts, job)) {
        alerts_job_free(job);
    }
}

static void get_alerts(struct http_request *request, void *context)
{
    list_alerts(request, context, false);
}

static void get_groups(struct http_request *request, void *context)
{
    list_alerts(request, context, true);
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

/* --- silences --- */

static json_t *asked_silences(struct http_request *request, const struct api_context *api,
                              const char *integration)
{
    g_autoptr(GPtrArray) filters = view_filters(request);
    if (filters == NULL) {
        return NULL;
    }
    struct config *config = config_current(api->configs);
    json_t *silences = silences_gettable(config, integration, filters, clock_now(api->clock));
    config_unref(config);
    return silences;
}

static void read_silences(struct http_request *request, void *context)
{
    g_autofree char *integration = reader_of(request, context);
    json_t *silences = integration == NULL ? NULL : asked_silences(request, context, integration);
    if (silences != NULL) {
        http_answer_json(request, 200, silences);
    }
}

static void get_silences(struct http_request *request, void *context)
{
    aside_answer(request, context, read_silences);
}

static void get_silence(struct http_request *request, void *context)
{
    const struct api_context *api = context;
    g_autofree char *integration = reader_of(request, context);
    if (integration == NULL) {
        return;
    }
    struct config *config = config_current(api->configs);
    const struct silence *silence =
        silence_by_id(config, integration, http_path_param(request, "id"));
    json_t *shown =
        silence == NULL ? NULL : silence_gettable(silence, integration, clock_now(api->clock));
    config_unref(config);
    if (shown != NULL) {
        http_answer_json(request, 200, shown);
    } else {
        http_answer_problem(request, 404, "There is no silence of that id here.");
    }
}

/* Clients that know no bearer tokens send it as the password, behind any name. */
static char *token_of(const struct http_request *request)
{
    const char *bearer = http_bearer(request);
    const char *header = http_header(request, "Authorization");
    if (bearer != NULL || header == NULL || g_ascii_strncasecmp(header, "Basic ", 6) != 0) {
        return g_strdup(bearer);
    }
    gsize size = 0;
    g_autofree guchar *bytes = g_base64_decode(header + 6, &size);
    g_autofree char *text = g_strndup((const char *)bytes, size);
    const char *colon = strchr(text, ':');
    return colon == NULL ? NULL : g_strdup(colon + 1);
}

/* In whose name may this request silence? By an access token of scope respond; else as the integration,
 * whose configuration allows it. False: it may not; *out_is_guess then says whether a token that is none was
 * tried. End `out->actor` with principal_clear. */
static bool find_silencer(const struct http_request *request, const struct api_context *api,
                          const char *integration, struct silencing *out, bool *out_is_guess)
{
    g_autofree char *token = token_of(request);
    struct key_entry owner = {0};
    bool is_known =
        token != NULL && key_index_find(api->keys, token, clock_now(api->clock), &owner);
    out->is_trusted = true;
    *out_is_guess = token != NULL && !is_known;
    if (is_known && owner.owner_kind == KEY_TOKEN && owner.scope >= SCOPE_RESPOND) {
        out->actor = principal_copy((struct principal){PRINCIPAL_TOKEN, owner.owner});
        return true;
    }
    if (api_principal(request).kind == PRINCIPAL_LOCAL) {
        out->actor = principal_copy(PRINCIPAL_HERE);
        return true;
    }
    out->is_trusted = false;
    struct config *config = config_current(api->configs);
    const struct integration *item = integration_find(config, integration);
    bool may = item != NULL && item->silences;
    config_unref(config);
    if (may) {
        out->actor = principal_copy((struct principal){PRINCIPAL_INTEGRATION, integration});
    }
    return may;
}

typedef void silence_change(struct http_request *request, struct api_context *context,
                            const struct silencing *who);

static void change_silence(struct http_request *request, struct api_context *context,
                           silence_change *change, int refusal)
{
    struct silencing who = {0};
    g_autofree char *integration = reader_of(request, context);
    if (integration == NULL) {
        return;
    }
    bool is_guess = false;
    bool may = find_silencer(request, context, integration, &who, &is_guess);
    int wait_s = !may && is_guess ? http_wrong_key(request) : 0;
    if (wait_s > 0) {
        http_answer_later(request, wait_s, "Too many wrong tokens came from this address.");
        return;
    }
    if (!may) {
        http_answer_problem(request, refusal,
                            "This key may not silence. Send an access token of scope respond, or "
                            "set silences: true on integration %s.",
                            integration);
        return;
    }
    who.integration = integration;
    change(request, context, &who);
    principal_clear(&who.actor);
}

static void post_silence(struct http_request *request, void *context)
{
    change_silence(request, context, silence_put, REFUSED_CHANGE);
}

static void delete_silence(struct http_request *request, void *context)
{
    change_silence(request, context, silence_end, REFUSED_END);
}

static void get_ready(struct http_request *request, void *context)
{
    g_autofree char *integration = reader_of(request, context);
    if (integration != NULL) {
        http_answer_text(request, 200, "text/plain; charset=utf-8", "OK\n");
    }
}

#define PROMETHEUS "/in/prometheus/{key}"
#define FILTER_PARAM                                                                            \
    {                                                                                           \
        .name = "filter", .kind = FIELD_TEXTS,                                                  \
        .doc = "NAME=\"VALUE\", or with != =~ !~: only with such labels. May be given several " \
               "times; all must hold."                                                          \
    }

static const struct field ALERTS_PARAMS[] = {
    FILTER_PARAM,
    SHAPE_KIND("active", FIELD_BOOL, 0, "false: without those that no silence holds."),
    SHAPE_KIND("silenced", FIELD_BOOL, 0, "false: without those that a silence holds."),
    SHAPE_KIND("inhibited", FIELD_BOOL, 0, "Taken and without effect: nothing is inhibited here."),
    SHAPE_KIND("unprocessed", FIELD_BOOL, 0,
               "Taken and without effect: an alert is listed when it is stored."),
    SHAPE_TEXT("receiver", 0,
               "A regular expression of the whole name of the receiver: the integration's name."),
    {0}};

static const struct field SILENCES_PARAMS[] = {FILTER_PARAM, {0}};

static const struct route_row ROWS[] = {
    {"GET", PROMETHEUS "/api/v2/alerts", NULL, get_alerts, .door = HTTP_DOOR_KEY,
     .summary = "Open alerts of the integration, as Alertmanager's API v2 lists them.",
     .answer = &SHOWN_ALERT_SHAPE, .gives_array = true, .params = ALERTS_PARAMS},
    {"GET", PROMETHEUS "/api/v2/alerts/groups", NULL, get_groups, .door = HTTP_DOOR_KEY,
     .summary = "The same in groups, by label alertname.", .answer = &SHOWN_GROUP_SHAPE,
     .gives_array = true, .params = ALERTS_PARAMS},
    {"GET", PROMETHEUS "/api/v2/status", NULL, get_status, .door = HTTP_DOOR_KEY,
     .summary = "Status, as Alertmanager's API v2 tells it.", .answer = &STATUS_SHAPE},
    {"GET", PROMETHEUS "/api/v2/receivers", NULL, get_receivers, .door = HTTP_DOOR_KEY,
     .summary = "The one receiver: the integration.", .answer = &RECEIVER_SHAPE,
     .gives_array = true},
    {"GET", PROMETHEUS "/api/v2/silences", NULL, get_silences, .door = HTTP_DOOR_KEY,
     .summary = "Silences that may hold the integration's alerts.", .answer = &SHOWN_SILENCE_SHAPE,
     .gives_array = true, .params = SILENCES_PARAMS},
    {"POST", PROMETHEUS "/api/v2/silences", NULL, post_silence, .door = HTTP_DOOR_KEY,
     .summary = "Makes a silence of the integration's alerts, or changes the one of that id.",
     .request = &SENT_SILENCE_SHAPE, .answer = &SILENCE_MADE_SHAPE},
    {"GET", PROMETHEUS "/api/v2/silence/{id}", NULL, get_silence, .door = HTTP_DOOR_KEY,
     .summary = "One silence.", .answer = &SHOWN_SILENCE_SHAPE},
    {"DELETE", PROMETHEUS "/api/v2/silence/{id}", NULL, delete_silence, .door = HTTP_DOOR_KEY,
     .summary = "Ends a silence now."},
    {"GET", PROMETHEUS "/-/ready", NULL, get_ready, .door = HTTP_DOOR_KEY, .summary = "Answers OK.",
     .gives = TEXT_TYPE},
    {"GET", PROMETHEUS "/-/healthy", NULL, get_ready, .door = HTTP_DOOR_KEY,
     .summary = "Answers OK.", .gives = TEXT_TYPE},
};

const struct route_table ALERTMANAGER_ROUTES = {ROWS, G_N_ELEMENTS(ROWS)};
