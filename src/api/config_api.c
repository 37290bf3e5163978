/* What the configuration consists of: lists, single ones, apply, export. */
#include "api/aside.h"
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

struct apply_job {
    struct http_request *request;
    struct api_context *context;
    struct apply_config apply;
    struct apply_body body;
    json_t *warnings;
    struct principal actor;
};

static void apply_job_free(struct apply_job *job)
{
    apply_config_clear(&job->apply);
    record_clear(&APPLY_RECORD, &job->body);
    json_decref(job->warnings);
    principal_clear(&job->actor);
    g_free(job);
}

static enum command_result apply_run(struct ledger_tx *tx, void *job)
{
    return apply_config_run(tx, &((struct apply_job *)job)->apply);
}

/* Frees the job before it answers: with the answer the request and its body, which the job refers
 * to, belong to another thread. */
static void answer_applied(struct apply_job *job, enum command_outcome outcome)
{
    struct http_request *request = job->request;
    const int status = job->apply.base.status;
    const struct fault fault = job->apply.base.fault;
    g_autoptr(GArray) faults = g_steal_pointer(&job->apply.faults);
    json_t *plan = g_steal_pointer(&job->apply.plan);
    json_t *minted = g_steal_pointer(&job->apply.minted);
    json_t *warnings = g_steal_pointer(&job->warnings);
    json_array_extend(warnings, job->apply.warnings);
    apply_job_free(job);
    bool is_done = api_outcome(request, outcome);
    if (is_done && status < 400 && plan != NULL) {
        json_t *keys = minted == NULL ? json_array() : minted;
        http_answer_json(
            request, 200,
            json_pack("{s:o, s:o, s:o}", "plan", plan, "keys", keys, "warnings", warnings));
        return;
    }
    json_decref(plan);
    json_decref(minted);
    json_decref(warnings);
    if (is_done && faults != NULL && faults->len > 0) {
        http_answer_faults(request, status, (const struct fault *)(const void *)faults->data,
                           faults->len);
    } else if (is_done) {
        http_answer_fault(request, status, &fault);
    }
}

static void apply_answer(void *self, enum command_outcome outcome)
{
    struct apply_job *job = self;
    config_command_answered(&job->apply, outcome);
    answer_applied(job, outcome);
}

static void post_apply(struct http_request *request, void *self)
{
    struct api_context *context = self;
    struct apply_job *job = g_new0(struct apply_job, 1);
    job->request = request;
    job->context = context;
    if (!api_body(request, &APPLY_RECORD, &job->body)) {
        apply_job_free(job);
        return;
    }
    job->actor = principal_copy(api_principal(request));
    job->apply.base = (struct config_command){.configs = context->configs, .actor = job->actor};
    job->apply.document = job->body.document;
    job->warnings = context->ways_amiss != NULL
                        ? context->ways_amiss(context->ways_self, job->body.document)
                        : json_array();
    job->apply.keys = job->body.keys;
    job->apply.dry_run = job->body.dry_run;
    job->apply.prune = job->body.prune;
    struct command command = {.run = apply_run, .answer = apply_answer, .arg = job};
    if (!api_submit(request, context, command)) {
        apply_job_free(job);
    }
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
