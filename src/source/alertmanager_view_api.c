#include "source/alertmanager_view_api.h"

#include "api/handler.h"

#include <string.h>

#include "alert/alert_store.h"
#include "alert/silence.h"
#include "base/json.h"
#include "base/json_set.h"
#include "source/label_filter.h"
#include "source/prometheus.h"

enum {
    ROWS_AT_ONCE = 1000,
    SHOWN_MAX = 20000, /* some 20 MB of answer; a narrower question is the better one */
};

/* --- the question --- */

GPtrArray *view_filters(struct http_request *request)
{
    GPtrArray *filters = g_ptr_array_new_with_free_func(label_filter_free);
    const char *text = http_query_at(request, "filter", 0);
    for (size_t i = 1; text != NULL; i++) {
        struct fault fault = {0};
        struct match *match = label_filter_read(text, &fault);
        if (match == NULL) {
            http_answer_fault(request, 400, &fault);
            g_ptr_array_unref(filters);
            return NULL;
        }
        g_ptr_array_add(filters, match);
        text = http_query_at(request, "filter", i);
    }
    return filters;
}

static bool read_receiver(struct http_request *request, GRegex **out)
{
    const char *text = http_query(request, "receiver");
    struct fault fault = {0};
    if (text == NULL || text[0] == '\0') {
        return true;
    }
    *out = match_compile(text, &fault);
    if (*out == NULL) {
        (void)g_strlcpy(fault.field, "receiver", sizeof(fault.field));
        http_answer_fault(request, 400, &fault);
    }
    return *out != NULL;
}

bool view_query_read(struct http_request *request, const char *integration, struct view_query *out)
{
    bool is_moot = false; /* nothing here is ever inhibited or unprocessed */
    *out = (struct view_query){.integration = integration};
    if (!api_flag(request, "active", true, &out->active) ||
        !api_flag(request, "silenced", true, &out->silenced) ||
        !api_flag(request, "inhibited", true, &is_moot) ||
        !api_flag(request, "unprocessed", true, &is_moot) ||
        !read_receiver(request, &out->receiver)) {
        return false;
    }
    out->filters = view_filters(request);
    return out->filters != NULL;
}

void view_query_clear(struct view_query *query)
{
    g_clear_pointer(&query->filters, g_ptr_array_unref);
    g_clear_pointer(&query->receiver, g_regex_unref);
}

static enum matched is_of_receiver(const struct view_query *query)
{
    return query->receiver == NULL ? MATCHED : match_pattern(query->receiver, query->integration);
}

/* --- the alerts --- */

struct viewing {
    const struct view_query *query;
    GPtrArray *silences; /* of those in force now; borrowed */
    GPtrArray *shown;    /* of json_t */
    int64_t last_id;
    bool is_unsure; /* a pattern gave up: what is shown would not be what was asked for */
};

/* A new reference. */
static json_t *annotations_of(const json_t *details)
{
    json_t *object = json_object_get(details, "annotations");
    return json_is_object(object) ? json_incref(object) : json_object();
}

/* One without a value counts as absent, and is not shown. */
static json_t *labels_of(const json_t *details)
{
    const json_t *all = json_object_get(details, "labels");
    json_t *labels = json_object();
    const char *name = NULL;
    json_t *value = NULL;
    json_object_foreach ((json_t *)(uintptr_t)all, name, value) {
        if (json_string_length(value) > 0) {
            (void)json_object_set(labels, name, value);
        }
    }
    return labels;
}

/* The sender's own page about it: the link that a door makes of generatorURL. */
static const char *generator_of(const json_t *links)
{
    size_t i = 0;
    json_t *link = NULL;
    json_array_foreach (links, i, link) {
        const char *text = json_text(link, "text", "");
        if (strcmp(text, "Prometheus") == 0 || strcmp(text, "Source") == 0) {
            return json_text(link, "href", "");
        }
    }
    return "";
}

static json_t *ids_of_holders(const struct viewing *viewing, const struct match_subject *subject)
{
    json_t *ids = json_array();
    for (guint i = 0; i < viewing->silences->len; i++) {
        const struct silence *silence = g_ptr_array_index(viewing->silences, i);
        if (match_all(silence->match, subject)) {
            char id[SILENCE_ID_SIZE];
            silence_id(silence->name, id);
            (void)json_array_append_new(ids, json_string(id));
        }
    }
    return ids;
}

static json_t *show_alert(const struct alert *alert, const char *integration, json_t *silenced_by)
{
    json_t *labels = labels_of(alert->details);
    char made[LABELS_FINGERPRINT_SIZE];
    labels_public_fingerprint(labels, made);
    const char *fingerprint =
        json_text(alert->details, "fingerprint", made); /* of labels sent longer */
    struct utc ends_at = utc_is_set(alert->expires_at)
                             ? alert->expires_at
                             : utc_add(alert->last_at, PROMETHEUS_RESOLVE_AFTER);
    struct utc starts_at = utc_is_set(alert->started_at) ? alert->started_at : alert->first_at;
    const char *state = json_array_size(silenced_by) > 0 ? "suppressed" : "active";
    return json_pack("{s:o, s:o, s:s, s:o, s:o, s:o, s:s, s:[{s:s}], s:{s:s, s:o, s:[], s:[]}}",
                     "labels", labels, "annotations", annotations_of(alert->details), "fingerprint",
                     fingerprint, "startsAt", json_utc(starts_at), "endsAt", json_utc(ends_at),
                     "updatedAt", json_utc(alert->last_at), "generatorURL",
                     generator_of(alert->links), "receivers", "name", integration, "status",
                     "state", state, "silencedBy", silenced_by, "inhibitedBy", "mutedBy");
}

static void take_alert(void *self, const struct alert *alert)
{
    struct viewing *viewing = self;
    const struct view_query *query = viewing->query;
    struct match_subject subject = match_subject_of_alert(alert);
    viewing->last_id = alert->id;
    if (viewing->shown->len > SHOWN_MAX || viewing->is_unsure) {
        return;
    }
    enum matched matched = match_judge(query->filters, &subject);
    viewing->is_unsure = matched == MATCHED_UNSURE;
    if (matched != MATCHED) {
        return;
    }
    json_t *silenced_by = ids_of_holders(viewing, &subject);
    bool is_silenced = json_array_size(silenced_by) > 0;
    if (is_silenced ? query->silenced : query->active) {
        g_ptr_array_add(viewing->shown, show_alert(alert, query->integration, silenced_by));
    } else {
        json_decref(silenced_by);
    }
}

static GPtrArray *silences_in_force(const struct config *config, struct utc now)
{
    GPtrArray *found = g_ptr_array_new();
    const GPtrArray *all = config_items(config, &SILENCE_KIND);
    for (guint i = 0; all != NULL && i < all->len; i++) {
        struct utc change_at;
        if (silence_is_active(all->pdata[i], now, &change_at)) {
            g_ptr_array_add(found, all->pdata[i]);
        }
    }
    return found;
}

static int by_fingerprint(gconstpointer a, gconstpointer b)
{
    return strcmp(json_text(*(json_t *const *)a, "fingerprint", ""),
                  json_text(*(json_t *const *)b, "fingerprint", ""));
}

static void drop(gpointer json)
{
    json_decref(json);
}

static json_t *sorted(GPtrArray *shown)
{
    json_t *list = json_array();
    g_ptr_array_sort(shown, by_fingerprint);
    for (guint i = 0; i < shown->len; i++) {
        (void)json_array_append(list, shown->pdata[i]);
    }
    return list;
}

/* Page by page: no list in memory but of what is shown. */
static void read_all(struct db *db, struct viewing *viewing)
{
    struct alert_filter filter = {.is_unresolved = true,
                                  .integration = viewing->query->integration};
    size_t count = 0;
    do {
        filter.before_id = viewing->last_id;
        count = alert_list(db, &filter, ROWS_AT_ONCE, take_alert, viewing);
    } while (count == ROWS_AT_ONCE && viewing->shown->len <= SHOWN_MAX && !viewing->is_unsure);
}

static bool check_shown(struct http_request *request, const struct viewing *viewing)
{
    struct fault fault = {0};
    if (viewing->is_unsure) {
        const struct view_query *query = viewing->query;
        bool is_receiver = is_of_receiver(query) == MATCHED_UNSURE;
        (void)fault_set(&fault, is_receiver ? "receiver" : "filter",
                        "A regular expression takes too many steps here to know whether it fits. "
                        "Write one without repetitions inside repetitions.");
    } else if (viewing->shown->len > SHOWN_MAX) {
        (void)fault_set(&fault, "",
                        "More than %d alerts are open here that fit. Ask for fewer: "
                        "filter=NAME=\"VALUE\".",
                        SHOWN_MAX);
    } else {
        return true;
    }
    http_answer_fault(request, 400, &fault);
    return false;
}

json_t *view_alerts(struct http_request *request, const struct api_context *context,
                    const struct view_query *query)
{
    struct config *config = config_current(context->configs);
    g_autoptr(GPtrArray) silences = silences_in_force(config, clock_now(context->clock));
    g_autoptr(GPtrArray) shown = g_ptr_array_new_with_free_func(drop);
    struct viewing viewing = {.query = query, .silences = silences, .shown = shown};
    struct db *db = api_reader(context);
    enum matched is_asked = is_of_receiver(query);
    viewing.is_unsure = is_asked == MATCHED_UNSURE;
    if (is_asked == MATCHED) {
        read_all(db, &viewing);
    }
    config_unref(config);
    if (!api_reader_done(context, request, db)) {
        return NULL;
    }
    return check_shown(request, &viewing) ? sorted(shown) : NULL;
}

/* --- groups --- */

static json_t *group_for(GHashTable *groups, json_t *list, const char *name,
                         const char *integration)
{
    json_t *group = g_hash_table_lookup(groups, name);
    if (group == NULL) {
        json_t *labels = json_object();
        if (name[0] != '\0') {
            (void)json_object_set_new(labels, "alertname", json_string(name));
        }
        group = json_pack("{s:o, s:{s:s}, s:[]}", "labels", labels, "receiver", "name", integration,
                          "alerts");
        (void)json_array_append_new(list, group);
        (void)g_hash_table_insert(groups, g_strdup(name), group);
    }
    return json_object_get(group, "alerts");
}

json_t *view_groups(json_t *alerts, const char *integration)
{
    g_autoptr(GHashTable) groups = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    json_t *list = json_array();
    size_t i = 0;
    json_t *alert = NULL;
    json_array_foreach (alerts, i, alert) {
        const char *name = json_text(json_object_get(alert, "labels"), "alertname", "");
        (void)json_array_append(group_for(groups, list, name, integration), alert);
    }
    json_decref(alerts);
    return list;
}

/* --- status --- */

json_t *view_status(const struct api_context *context, const char *integration)
{
    /* JSON texts are YAML. `amtool config routes` reads it. */
    json_auto_t *config = json_pack("{s:{s:s, s:[s]}, s:[{s:s}]}", "route", "receiver", integration,
                                    "group_by", "alertname", "receivers", "name", integration);
    g_autofree char *original = json_write(config);
    /* Their schema wants every one of these; the version is ours. */
    json_t *version =
        json_pack("{s:s, s:s, s:s, s:s, s:s, s:s}", "version", TOCSIN_VERSION, "revision", "",
                  "branch", "", "buildUser", "", "buildDate", "", "goVersion", "");
    return json_pack("{s:{s:s, s:[]}, s:o, s:{s:s}, s:o}", "cluster", "status", "disabled", "peers",
                     "versionInfo", version, "config", "original", original, "uptime",
                     json_utc(context->started_at));
}
