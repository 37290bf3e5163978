/* A configuration file: put into force, and given back. */
#include "api/aside.h"
#include "api/handler.h"
#include "api/job.h"
#include "api/shapes.h"

#include <string.h>

#include "base/limits.h"
#include "config/config_permits.h"
#include "config/config_plan.h"
#include "config/config_store.h"
#include "config/config_work.h"

struct apply_body {
    json_t *document;
    json_t *keys;
    bool dry_run;
    bool prune;
};

static json_t *document_schema(void)
{
    return json_pack("{s:s, s:{s:s, s:o}}", "type", "object", "additionalProperties", "type",
                     "array", "items", SHAPE_OBJECT_CODEC.schema());
}
static const struct field_codec DOCUMENT_CODEC = {.schema = document_schema};

#define AT(member) offsetof(struct apply_body, member)
static const struct field APPLY_FIELDS[] = {
    {.name = "document",
     .kind = FIELD_JSON,
     .offset = AT(document),
     .flags = FIELD_REQUIRED,
     .codec = &DOCUMENT_CODEC,
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

static const struct field EXPORTED_FIELDS[] = {
    SHAPE_CODED("document", DOCUMENT_CODEC, FIELD_ALWAYS, "As config/apply takes it."),
    SHAPE_KIND("notes", FIELD_TEXTS, FIELD_ALWAYS, "What is not in it, and why."),
};
static const struct record EXPORTED_SHAPE =
    SHAPE("ConfigExported", "The whole configuration.", EXPORTED_FIELDS);

static const struct field CHANGE_FIELDS[] = {
    SHAPE_ENUM("action", CHANGE_ACTION_NAMES, FIELD_ALWAYS),
    SHAPE_TEXT("kind", FIELD_ALWAYS, "user, team, schedule, policy …"),
    SHAPE_TEXT("name", FIELD_ALWAYS, NULL),
    SHAPE_KIND("details", FIELD_TEXTS, FIELD_ALWAYS, "For people, each in one line."),
};
static const struct record CHANGE_SHAPE =
    SHAPE("ConfigChange", "An object that is touched.", CHANGE_FIELDS);
static const struct field PLAN_FIELDS[] = {
    SHAPE_KIND("created", FIELD_INT, FIELD_ALWAYS, "So many."),
    SHAPE_KIND("changed", FIELD_INT, FIELD_ALWAYS, NULL),
    SHAPE_KIND("deleted", FIELD_INT, FIELD_ALWAYS, NULL),
    SHAPE_KIND("unchanged", FIELD_INT, FIELD_ALWAYS, NULL),
    SHAPE_MANY("changes", CHANGE_SHAPE, FIELD_ALWAYS),
    SHAPE_KIND("left", FIELD_TEXTS, FIELD_ALWAYS, "What came from a file and is not in this one."),
};
static const struct record PLAN_SHAPE =
    SHAPE("ConfigPlan", "What was created, changed and deleted.", PLAN_FIELDS);
static const struct field MINTED_FIELDS[] = {
    SHAPE_TEXT("kind", FIELD_ALWAYS, "integration or heartbeat."),
    SHAPE_TEXT("name", FIELD_ALWAYS, NULL),
    SHAPE_TEXT("key", FIELD_ALWAYS, "Shown only here."),
};
static const struct record MINTED_SHAPE = SHAPE("KeyMinted", "A key that was made.", MINTED_FIELDS);
static const struct field WARNING_FIELDS[] = {
    SHAPE_TEXT("path", FIELD_ALWAYS, "Where in the file, or of which object."),
    SHAPE_TEXT("text", FIELD_ALWAYS, NULL),
};
static const struct record WARNING_SHAPE = SHAPE(
    "ConfigWarning",
    "Taken, and yet: a secret that this server does not find, a policy that tells who is away.",
    WARNING_FIELDS);
static const struct field APPLIED_FIELDS[] = {
    SHAPE_ONE("plan", PLAN_SHAPE, FIELD_ALWAYS),
    SHAPE_MANY("keys", MINTED_SHAPE, FIELD_ALWAYS),
    SHAPE_MANY("warnings", WARNING_SHAPE, FIELD_ALWAYS),
};
static const struct record APPLIED_SHAPE =
    SHAPE("ConfigApplied", "What applying a file did.", APPLIED_FIELDS);

static const struct route_row ROWS[] = {
    {"POST", "/api/v1/config/apply", &PERMIT_CONFIG_APPLY, post_apply,
     .summary = "Puts a configuration file into force, or says what it would change.",
     .request = &APPLY_RECORD, .answer = &APPLIED_SHAPE, .body_max = LIMIT_YAML},
    {"GET", "/api/v1/config/export", &PERMIT_CONFIG_EXPORT, get_export,
     .summary = "The whole configuration.", .answer = &EXPORTED_SHAPE},
};
const struct route_table CONFIG_ROUTES = {ROWS, G_N_ELEMENTS(ROWS)};
