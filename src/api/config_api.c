/* What the configuration consists of: lists, single ones, apply, export. */
#include "api/aside.h"
#include "api/job.h"
#include "api/shapes.h"
#include "api/support.h"

#include <string.h>

#include "alert/alert_permits.h"
#include "alert/service.h"
#include "base/limits.h"
#include "config/config_permits.h"
#include "config/config_store.h"
#include "config/config_work.h"
#include "oncall/oncall_permits.h"
#include "oncall/policy.h"
#include "oncall/schedule.h"
#include "people/address.h"
#include "people/people_permits.h"

/* --- lists and single ones --- */

struct section {
    const struct config_kind *kind;
    const char *noun;
    const struct record *record;
};

/* The address of a webhook or a room is a password: who may not change it sees where it leads, not it. */
static void hide_address(json_t *item)
{
    const char *to = json_string_value(json_object_get(item, "to"));
    g_autofree char *shown = address_shown(to);
    if (shown != NULL) {
        json_object_set_new(item, "to", json_string(shown));
    }
}

static json_t *written(struct http_request *request, const struct section *section,
                       const void *item)
{
    json_t *json = record_write(section->record, item);
    if (http_may(request, &PERMIT_ADDRESS_READ)) {
        return json;
    }
    size_t i;
    json_t *contact;
    hide_address(json);
    json_array_foreach (json_object_get(json, "contacts"), i, contact) {
        hide_address(contact);
    }
    return json;
}

static void list_section(struct http_request *request, struct api_context *context,
                         const struct section *section)
{
    struct api_page page;
    if (!api_page_read(request, &page)) {
        return;
    }
    struct config *config = config_current(context->configs);
    const GPtrArray *all = config_items(config, section->kind);
    json_t *items = json_array();
    guint at = all == NULL ? 0 : (guint)MIN(page.from, (int64_t)all->len);
    guint end = all == NULL ? 0 : MIN(all->len, at + (guint)page.limit);
    for (guint i = at; i < end; i++) {
        json_array_append_new(items, written(request, section, all->pdata[i]));
    }
    bool has_more = all != NULL && end < all->len;
    config_unref(config);
    api_answer_list(request, items, has_more ? (int64_t)end : 0);
}

static void one_of_section(struct http_request *request, struct api_context *context,
                           const struct section *section)
{
    const char *name = http_path_param(request, "name");
    struct config *config = config_current(context->configs);
    const void *item = config_find(config, section->kind, name);
    if (item == NULL) {
        api_answer_unknown(request, 404, "name", config, section->kind, name);
    } else {
        http_answer_json(request, 200, written(request, section, item));
    }
    config_unref(config);
}

#define SECTION(list, one, kind_, noun_, record_)                                                  \
    static void read_##list(struct http_request *request, void *context)                           \
    {                                                                                              \
        list_section(request, context,                                                             \
                     &(struct section){.kind = (kind_), .noun = (noun_), .record = &(record_)});   \
    }                                                                                              \
    static void list(struct http_request *request, void *context)                                  \
    {                                                                                              \
        aside_answer(request, context, read_##list);                                               \
    }                                                                                              \
    static void one(struct http_request *request, void *context)                                   \
    {                                                                                              \
        one_of_section(request, context,                                                           \
                       &(struct section){.kind = (kind_), .noun = (noun_), .record = &(record_)}); \
    }

SECTION(get_users, get_user, &USER_KIND, "user", USER_RECORD)
SECTION(get_teams, get_team, &TEAM_KIND, "team", TEAM_RECORD)
SECTION(get_channels, get_channel, &CHAT_CHANNEL_KIND, "channel", CHAT_CHANNEL_RECORD)
SECTION(get_policies, get_policy, &POLICY_KIND, "policy", POLICY_RECORD)
SECTION(get_services, get_service, &SERVICE_KIND, "service", SERVICE_RECORD)
SECTION(get_integrations, get_integration, &INTEGRATION_KIND, "integration", INTEGRATION_RECORD)
SECTION(get_routes, get_route, &ROUTE_KIND, "route", ROUTE_RECORD)

static void read_schedules(struct http_request *request, void *context)
{
    list_section(request, context,
                 &(struct section){.kind = &SCHEDULE_KIND, .record = &SCHEDULE_RECORD});
}

static void get_schedules(struct http_request *request, void *context)
{
    aside_answer(request, context, read_schedules);
}

/* --- apply and export --- */

struct apply_body {
    json_t *document;
    json_t *keys;
    bool dry_run;
    bool prune;
};

#define AT(member) offsetof(struct apply_body, member)
static const struct field APPLY_FIELDS[] = {
    {.name = "document",
     .kind = FIELD_JSON,
     .offset = AT(document),
     .flags = FIELD_REQUIRED,
     .codec = &CONFIG_DOCUMENT_CODEC,
     .doc = "The file as JSON: {users, teams, schedules, policies, services, …}."},
    {.name = "keys",
     .kind = FIELD_JSON,
     .offset = AT(keys),
     .codec = &SHAPE_LABELS_CODEC,
     .doc = "What the references env:NAME and file:PATH stand for: {\"integration:NAME\": key}."},
    {.name = "dry_run",
     .kind = FIELD_BOOL,
     .offset = AT(dry_run),
     .doc = "Only says what it would do."},
    {.name = "prune",
     .kind = FIELD_BOOL,
     .offset = AT(prune),
     .doc = "Deletes what came from a file and is not in this one."},
};
static const struct record APPLY_RECORD = {.name = "ConfigApply",
                                           .doc = "A configuration file to put into force.",
                                           .size = sizeof(struct apply_body),
                                           .fields = APPLY_FIELDS,
                                           .field_count = G_N_ELEMENTS(APPLY_FIELDS)};

struct enforcing {
    struct apply_config apply; /* first: for job_run_config */
    json_t *warnings;          /* of ways that cannot work here */
};

static void enforcing_clear(void *work)
{
    struct enforcing *enforcing = work;
    apply_config_clear(&enforcing->apply);
    json_decref(enforcing->warnings);
}

static enum command_result run_apply(struct ledger_tx *tx, struct job *job)
{
    struct enforcing *enforcing = job->work;
    struct apply_config *apply = &enforcing->apply;
    enum command_result result = job_run_config(tx, job, apply_config_run);
    if (job->status >= 400) {
        job->faults = g_steal_pointer(&apply->faults);
        return result;
    }
    json_t *warnings = json_deep_copy(enforcing->warnings);
    json_array_extend(warnings, apply->warnings);
    json_t *keys = apply->minted != NULL ? g_steal_pointer(&apply->minted) : json_array();
    job->answer = json_pack("{s:o, s:o, s:o}", "plan", g_steal_pointer(&apply->plan), "keys", keys,
                            "warnings", warnings);
    return result;
}

static void post_apply(struct http_request *request, void *self)
{
    static const struct job_kind APPLYING = {.body = &APPLY_RECORD,
                                             .work = sizeof(struct enforcing),
                                             .run = run_apply,
                                             .settle = job_settle_config,
                                             .clear = enforcing_clear};
    struct api_context *context = self;
    struct job *job = job_begin(request, context, context, &APPLYING);
    if (job == NULL) {
        return;
    }
    const struct apply_body *body = job->body;
    struct enforcing *enforcing = job->work;
    enforcing->apply = (struct apply_config){.document = body->document,
                                             .keys = body->keys,
                                             .dry_run = body->dry_run,
                                             .prune = body->prune};
    job_begin_config(job, &enforcing->apply.base);
    enforcing->warnings = context->ways_amiss != NULL
                              ? context->ways_amiss(context->ways_self, body->document)
                              : json_array();
    job_go(job);
}

static void read_export(struct http_request *request, void *self)
{
    struct api_context *context = self;
    g_autoptr(GPtrArray) notes = g_ptr_array_new_with_free_func(g_free);
    struct db *db = api_reader(context);
    json_t *document = config_export(db, clock_now(context->clock), notes);
    if (!api_reader_done(context, request, db)) {
        json_decref(document);
        return;
    }
    json_t *list = json_array();
    for (guint i = 0; i < notes->len; i++) {
        json_array_append_new(list, json_string(notes->pdata[i]));
    }
    http_answer_json(request, 200, json_pack("{s:o, s:o}", "document", document, "notes", list));
}

static void get_export(struct http_request *request, void *context)
{
    aside_answer(request, context, read_export);
}

#define LIST(path_, permit_, handler_, text, record_)                                      \
    {                                                                                      \
        "GET", (path_), &(permit_), (handler_), .summary = (text), .answer = &(record_),   \
                                                .is_list = true, .params = API_PAGE_PARAMS \
    }
#define ONE(path_, permit_, handler_, text, record_)                                    \
    {                                                                                   \
        "GET", (path_), &(permit_), (handler_), .summary = (text), .answer = &(record_) \
    }

static const struct route_row ROWS[] = {
    LIST("/api/v1/users", PERMIT_USER_READ, get_users, "Everybody who can be told.", USER_RECORD),
    ONE("/api/v1/users/{name}", PERMIT_USER_READ, get_user, "One user.", USER_RECORD),
    LIST("/api/v1/teams", PERMIT_TEAM_READ, get_teams, "Teams.", TEAM_RECORD),
    ONE("/api/v1/teams/{name}", PERMIT_TEAM_READ, get_team, "One team.", TEAM_RECORD),
    LIST("/api/v1/channels", PERMIT_CHANNEL_READ, get_channels,
         "Chat channels that policies can tell.", CHAT_CHANNEL_RECORD),
    ONE("/api/v1/channels/{name}", PERMIT_CHANNEL_READ, get_channel, "One chat channel.",
        CHAT_CHANNEL_RECORD),
    LIST("/api/v1/schedules", PERMIT_SCHEDULE_READ, get_schedules, "On-call schedules.",
         SCHEDULE_RECORD),
    LIST("/api/v1/policies", PERMIT_POLICY_READ, get_policies, "Escalation policies.",
         POLICY_RECORD),
    ONE("/api/v1/policies/{name}", PERMIT_POLICY_READ, get_policy, "One escalation policy.",
        POLICY_RECORD),
    LIST("/api/v1/services", PERMIT_SERVICE_READ, get_services, "Services.", SERVICE_RECORD),
    ONE("/api/v1/services/{name}", PERMIT_SERVICE_READ, get_service, "One service.",
        SERVICE_RECORD),
    LIST("/api/v1/integrations", PERMIT_INTEGRATION_READ, get_integrations,
         "Doors that alerts come in by.", INTEGRATION_RECORD),
    ONE("/api/v1/integrations/{name}", PERMIT_INTEGRATION_READ, get_integration, "One integration.",
        INTEGRATION_RECORD),
    LIST("/api/v1/routes", PERMIT_ROUTE_READ, get_routes,
         "Routes, in the order in which they are tried.", ROUTE_RECORD),
    ONE("/api/v1/routes/{name}", PERMIT_ROUTE_READ, get_route, "One route.", ROUTE_RECORD),
    {"POST", "/api/v1/config/apply", &PERMIT_CONFIG_APPLY, post_apply,
     .summary = "Puts a configuration file into force, or says what it would change.",
     .request = &APPLY_RECORD, .answer = &APPLIED_SHAPE, .body_max = LIMIT_YAML},
    {"GET", "/api/v1/config/export", &PERMIT_CONFIG_EXPORT, get_export,
     .summary = "The whole configuration.", .answer = &EXPORTED_SHAPE},
};
const struct route_table CONFIG_ROUTES = {ROWS, G_N_ELEMENTS(ROWS)};
