#include "api/alertmanager_view.h"

#include "alert/alert_store.h"
#include "base/json.h"
#include "base/limits.h"
#include "source/prometheus.h"

struct listing {
    json_t *alerts;
    const char *integration;
};

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
    struct listing listing = {.alerts = json_array(), .integration = integration};
    const struct alert_filter filter = {.is_unresolved = true, .integration = integration};
    struct db *db = db_pool_take(context->readers);
    (void)alert_list(db, &filter, LIMIT_ALERTS_PER_REQUEST, list_alert, &listing);
    db_pool_give(context->readers, db);
    http_answer_json(request, 200, listing.alerts);
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
