#include "api/alertmanager_view.h"

#include "api/support.h"

#include <string.h>

#include "alert/alert_store.h"
#include "alert/match.h"
#include "base/json.h"
#include "base/limits.h"
#include "source/prometheus.h"

struct listing {
    json_t *alerts;
    const char *integration;
    GPtrArray *filters; /* of struct match */
};

/* One matcher as Prometheus writes it, NAME="VALUE" with = != =~ or !~, as a condition on the label.
 * Matchers that are one "{…}" are not taken. */
static struct match *filter_read(const char *text, struct fault *fault)
{
    size_t name = strcspn(text, "=!");
    size_t op = strspn(text + name, "=!~");
    if (name == 0 || op == 0 || op > 2) {
        (void)fault_set(fault, "filter", "must be NAME=\"VALUE\", or with != =~ or !~");
        return NULL;
    }
    const char *start = text + name + op;
    size_t length = strlen(start);
    if (length >= 2 && start[0] == '"' && start[length - 1] == '"') {
        start++;
        length -= 2;
    }
    g_autofree char *field = g_strdup_printf("details.labels.%.*s", (int)name, text);
    json_auto_t *condition = json_pack("{s:s, s:s%, s:s%}", "field", field, "op", text + name, op,
                                       "value", start, length);
    struct match *match = record_new(&MATCH_RECORD, condition, fault);
    if (match == NULL) {
        (void)g_strlcpy(fault->field, "filter", sizeof(fault->field));
    }
    return match;
}

static void match_free(gpointer match)
{
    record_free(&MATCH_RECORD, match);
}

static json_t *instant(struct utc at)
{
    char text[UTC_TEXT_SIZE];
    utc_format(at, text);
    return json_string(text);
}

/* A new reference to the object there, or an empty one. */
static json_t *object_at(const json_t *details, const char *key)
{
    json_t *object = json_object_get(details, key);
    return json_is_object(object) ? json_incref(object) : json_object();
}

static void list_alert(void *self, const struct alert *alert)
{
    struct listing *listing = self;
    struct match_subject subject = match_subject_of_alert(alert);
    if (!match_all(listing->filters, &subject)) {
        return;
    }
    struct utc ends_at = utc_is_set(alert->expires_at)
                             ? alert->expires_at
                             : utc_add(alert->last_at, PROMETHEUS_RESOLVE_AFTER);
    const json_t *link = json_array_get(alert->links, json_array_size(alert->links) - 1);
    json_t *item = json_pack(
        "{s:o, s:o, s:s, s:o, s:o, s:o, s:s, s:[{s:s}], s:{s:s, s:[], s:[], s:[]}}", "labels",
        object_at(alert->details, "labels"), "annotations",
        object_at(alert->details, "annotations"), "fingerprint", alert->dedup_key, "startsAt",
        instant(alert->first_at), "endsAt", instant(ends_at), "updatedAt", instant(alert->last_at),
        "generatorURL", json_text(link, "href", ""), "receivers", "name", listing->integration,
        "status", "state", "active", "silencedBy", "inhibitedBy", "mutedBy");
    (void)json_array_append_new(listing->alerts, item);
}

void view_alerts(struct http_request *request, const struct api_context *context,
                 const char *integration)
{
    g_autoptr(GPtrArray) filters = g_ptr_array_new_with_free_func(match_free);
    const char *text = http_query_at(request, "filter", 0);
    for (size_t i = 1; text != NULL; i++) {
        struct fault fault = {0};
        struct match *match = filter_read(text, &fault);
        if (match == NULL) {
            http_answer_fault(request, 400, &fault);
            return;
        }
        g_ptr_array_add(filters, match);
        text = http_query_at(request, "filter", i);
    }
    struct listing listing = {
        .alerts = json_array(), .integration = integration, .filters = filters};
    const struct alert_filter filter = {.is_unresolved = true, .integration = integration};
    struct db *db = api_reader(context);
    (void)alert_list(db, &filter, LIMIT_ALERTS_PER_REQUEST, list_alert, &listing);
    if (api_reader_done(context, request, db)) {
        http_answer_json(request, 200, listing.alerts);
    } else {
        json_decref(listing.alerts);
    }
}

void view_status(struct http_request *request, const struct api_context *context)
{
    /* Their schema wants every one of these; the version is ours, the rest does not apply. */
    json_t *version =
        json_pack("{s:s, s:s, s:s, s:s, s:s, s:s}", "version", TOCSIN_VERSION, "revision", "",
                  "branch", "", "buildUser", "", "buildDate", "", "goVersion", "");
    http_answer_json(request, 200,
                     json_pack("{s:{s:s, s:[]}, s:o, s:{s:s}, s:o}", "cluster", "status",
                               "disabled", "peers", "versionInfo", version, "config", "original",
                               "", "uptime", instant(clock_now(context->clock))));
}

void view_receivers(struct http_request *request, const char *integration)
{
    http_answer_json(request, 200, json_pack("[{s:s}]", "name", integration));
}
