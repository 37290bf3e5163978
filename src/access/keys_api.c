/* Tokens of programs, keys of integrations and heartbeats. Admin only; a key is shown once. */
#include "api/aside.h"
#include "api/handler.h"
#include "api/job.h"
#include "api/shapes.h"

#include <string.h>

#include "access/key_command.h"
#include "access/key_permits.h"
#include "access/token_store.h"
#include "alert/alert_permits.h"
#include "alert/service.h"
#include "base/limits.h"

/* --- tokens --- */

struct token_body {
    char *name;
    int scope;
    struct utc expires_at;
    struct span expires_in;
};

#define AT(member) offsetof(struct token_body, member)

static bool token_check(const void *self, struct fault *fault)
{
    const struct token_body *body = self;
    if (utc_is_set(body->expires_at) && body->expires_in.us != 0) {
        return fault_set(fault, "expires_in", "Say either \"expires_at\" or \"expires_in\".");
    }
    return true;
}

static const struct field TOKEN_FIELDS[] = {
    {.name = "name",
     .kind = FIELD_TEXT,
     .offset = AT(name),
     .flags = FIELD_REQUIRED,
     .min = 1,
     .max = LIMIT_NAME,
     .doc = "Shows in the history as token:NAME."},
    {.name = "scope",
     .kind = FIELD_ENUM,
     .offset = AT(scope),
     .flags = FIELD_REQUIRED,
     .names = TOKEN_SCOPE_NAMES},
    {.name = "expires_at",
     .kind = FIELD_UTC,
     .offset = AT(expires_at),
     .doc = "Never when absent."},
    {.name = "expires_in",
     .kind = FIELD_SPAN,
     .offset = AT(expires_in),
     .doc = "Instead of expires_at: \"90d\"."},
};
static const struct record TOKEN_BODY_RECORD = {.name = "TokenCreate",
                                                .doc = "A token for a program.",
                                                .size = sizeof(struct token_body),
                                                .fields = TOKEN_FIELDS,
                                                .field_count = G_N_ELEMENTS(TOKEN_FIELDS),
                                                .check = token_check};

/* How a token is shown; never its text. */
struct token_view {
    char *id, *name;
    int scope;
    struct utc created_at, expires_at, revoked_at, last_used_at;
};

#define VIEW(member) offsetof(struct token_view, member)
static const struct field TOKEN_VIEW_FIELDS[] = {
    {.name = "id", .kind = FIELD_TEXT, .offset = VIEW(id), .flags = FIELD_ALWAYS},
    {.name = "name", .kind = FIELD_TEXT, .offset = VIEW(name), .flags = FIELD_ALWAYS},
    {.name = "scope",
     .kind = FIELD_ENUM,
     .offset = VIEW(scope),
     .flags = FIELD_ALWAYS,
     .names = TOKEN_SCOPE_NAMES},
    {.name = "created_at", .kind = FIELD_UTC, .offset = VIEW(created_at), .flags = FIELD_ALWAYS},
    {.name = "expires_at", .kind = FIELD_UTC, .offset = VIEW(expires_at)},
    {.name = "revoked_at", .kind = FIELD_UTC, .offset = VIEW(revoked_at)},
    {.name = "last_used_at",
     .kind = FIELD_UTC,
     .offset = VIEW(last_used_at),
     .doc = "To the minute."},
};
static const struct record TOKEN_RECORD = {.name = "Token",
                                           .doc = "A token, without its text.",
                                           .size = sizeof(struct token_view),
                                           .fields = TOKEN_VIEW_FIELDS,
                                           .field_count = G_N_ELEMENTS(TOKEN_VIEW_FIELDS)};

static void take_token(void *items, const struct access_key *key)
{
    g_autofree char *id = g_strdup_printf("%" G_GINT64_FORMAT, key->id);
    g_autofree char *name = g_strdup(key->owner);
    struct token_view view = {.id = id,
                              .name = name,
                              .scope = key->scope,
                              .created_at = key->created_at,
                              .expires_at = key->expires_at,
                              .revoked_at = key->revoked_at,
                              .last_used_at = key->last_used_at};
    json_array_append_new(items, record_write(&TOKEN_RECORD, &view));
}

static void read_tokens(struct http_request *request, void *self)
{
    struct api_context *context = self;
    json_t *items = json_array();
    struct db *db = api_reader(context);
    access_key_list(db, KEY_TOKEN, NULL, take_token, items);
    if (api_reader_done(context, request, db)) {
        api_answer_list(request, items, 0);
    } else {
        json_decref(items);
    }
}

static void get_tokens(struct http_request *request, void *context)
{
    aside_answer(request, context, read_tokens);
}

static enum command_result run_create(struct ledger_tx *tx, struct job *job)
{
    struct token_create *create = job->work;
    if (token_create(tx, create) == COMMAND_REFUSED) {
        return job_became(job, COMMAND_REFUSED, 422, &create->fault);
    }
    return job_done(job, 201,
                    json_pack("{s:o, s:s, s:s, s:s, s:o}", "id",
                              json_sprintf("%" G_GINT64_FORMAT, create->id), "name", create->name,
                              "scope", enum_to_name(TOKEN_SCOPE_NAMES, create->scope), "token",
                              create->text, "expires_at", api_utc(create->expires_at)));
}

static void post_token(struct http_request *request, void *self)
{
    static const struct job_kind CREATING = {
        .body = &TOKEN_BODY_RECORD, .work = sizeof(struct token_create), .run = run_create};
    struct api_context *context = self;
    struct job *job = job_begin(request, context, context, &CREATING);
    if (job == NULL) {
        return;
    }
    const struct token_body *body = job->body;
    bool has_span = body->expires_in.us != 0;
    *(struct token_create *)job->work = (struct token_create){
        .name = body->name,
        .scope = body->scope,
        .expires_at =
            has_span ? utc_add(clock_now(context->clock), body->expires_in) : body->expires_at,
        .actor = job->actor,
    };
    job_go(job);
}

/* --- ending keys --- */

static enum command_result run_revoke(struct ledger_tx *tx, struct job *job)
{
    struct key_revoke revoke = {.owner_kind = KEY_TOKEN,
                                .owner = http_path_param(job->request, "name"),
                                .actor = job->actor};
    if (key_revoke(tx, &revoke) == COMMAND_REFUSED) {
        return job_missing(job, "live token", revoke.owner);
    }
    return job_done(job, 204, NULL);
}

static void delete_token(struct http_request *request, void *context)
{
    static const struct job_kind REVOKING = {.run = run_revoke};
    job_submit(request, context, context, &REVOKING);
}

/* --- a new key for an integration or a heartbeat --- */

struct rotate_body {
    struct span overlap;
};
static const struct field ROTATE_FIELDS[] = {
    {.name = "overlap",
     .kind = FIELD_SPAN,
     .offset = offsetof(struct rotate_body, overlap),
     .doc = "How long the keys of before stay good: \"1d\"; 0s: they end now. Absent: 1d."},
};
static const struct record ROTATE_RECORD = {.name = "KeyRotate",
                                            .doc = "A new key in place of the old.",
                                            .size = sizeof(struct rotate_body),
                                            .fields = ROTATE_FIELDS,
                                            .field_count = G_N_ELEMENTS(ROTATE_FIELDS)};

static enum command_result run_rotate(struct ledger_tx *tx, struct job *job)
{
    struct key_rotate *rotate = job->work;
    if (key_rotate(tx, rotate) == COMMAND_REFUSED) {
        (void)fault_set(&job->fault, "", "No new key could be made for \"%s\".",
                        rotate->mint.owner);
        return job_refused(job, 409);
    }
    return job_done(job, 201,
                    json_pack("{s:s, s:s}", "name", rotate->mint.owner, "key", rotate->mint.text));
}

static void rotate(struct http_request *request, struct api_context *context, int owner_kind,
                   bool is_routing)
{
    static const struct job_kind ROTATING = {
        .body = &ROTATE_RECORD, .work = sizeof(struct key_rotate), .run = run_rotate};
    struct job *job = job_begin(request, context, context, &ROTATING);
    if (job == NULL) {
        return;
    }
    const struct rotate_body *body = job->body;
    size_t size = 0;
    (void)http_body(request, &size);
    bool is_said = size > 0 && json_object_get(http_json(request), "overlap") != NULL;
    *(struct key_rotate *)job->work = (struct key_rotate){
        .mint = {.owner_kind = owner_kind,
                 .owner = http_path_param(request, "name"),
                 .is_routing = is_routing,
                 .actor = job->actor},
        .overlap = is_said ? body->overlap : SPAN_D(1),
    };
    job_go(job);
}

static void post_integration_key(struct http_request *request, void *self)
{
    struct api_context *context = self;
    const char *name = http_path_param(request, "name");
    struct config *config = config_current(context->configs);
    const struct integration *integration = integration_find(config, name);
    bool is_known = integration != NULL;
    bool is_routing = is_known && integration->kind == INTEGRATION_PAGERDUTY;
    if (is_known) {
        rotate(request, context, KEY_INTEGRATION, is_routing);
    } else {
        api_answer_unknown(request, 404, "name", config, &INTEGRATION_KIND, name);
    }
    config_unref(config);
}

static void post_heartbeat_key(struct http_request *request, void *self)
{
    struct api_context *context = self;
    const char *name = http_path_param(request, "name");
    struct config *config = config_current(context->configs);
    bool is_known = heartbeat_find(config, name) != NULL;
    if (is_known) {
        rotate(request, context, KEY_HEARTBEAT, false);
    } else {
        api_answer_unknown(request, 404, "name", config, &HEARTBEAT_KIND, name);
    }
    config_unref(config);
}

static const int GONE[] = {409, 0};

static const struct field TOKEN_MADE_FIELDS[] = {
    SHAPE_TEXT("id", FIELD_ALWAYS, NULL),
    SHAPE_TEXT("name", FIELD_ALWAYS, NULL),
    SHAPE_ENUM("scope", TOKEN_SCOPE_NAMES, FIELD_ALWAYS),
    SHAPE_TEXT("token", FIELD_ALWAYS, "Shown only here."),
    SHAPE_KIND("expires_at", FIELD_UTC, FIELD_ALWAYS | FIELD_NULL, "Null: never."),
};
static const struct record TOKEN_MADE_SHAPE = SHAPE("TokenMade", "A new token.", TOKEN_MADE_FIELDS);

static const struct field KEY_MADE_FIELDS[] = {
    SHAPE_TEXT("name", FIELD_ALWAYS, "Of the integration or heartbeat."),
    SHAPE_TEXT("key", FIELD_ALWAYS, "Shown only here."),
};
static const struct record KEY_MADE_SHAPE = SHAPE("KeyMade", "A new key.", KEY_MADE_FIELDS);

static const struct route_row ROWS[] = {
    {"GET", "/api/v1/tokens", &PERMIT_TOKEN_READ, get_tokens,
     .summary = "Tokens, without their texts.", .answer = &TOKEN_RECORD, .is_list = true},
    {"POST", "/api/v1/tokens", &PERMIT_TOKEN_CHANGE, post_token,
     .summary = "Makes a token. Its text is in this answer only.", .request = &TOKEN_BODY_RECORD,
     .answer = &TOKEN_MADE_SHAPE, .success = 201},
    {"DELETE", "/api/v1/tokens/{name}", &PERMIT_TOKEN_CHANGE, delete_token,
     .summary = "Ends a token.", .success = 204},
    {"POST", "/api/v1/integrations/{name}/key", &PERMIT_INTEGRATION_KEY, post_integration_key,
     .summary = "Makes a new key. Its text is in this answer only.", .request = &ROTATE_RECORD,
     .answer = &KEY_MADE_SHAPE, .others = GONE, .success = 201},
    {"POST", "/api/v1/heartbeats/{name}/key", &PERMIT_HEARTBEAT_KEY, post_heartbeat_key,
     .summary = "Makes a new key. Its text is in this answer only.", .request = &ROTATE_RECORD,
     .answer = &KEY_MADE_SHAPE, .others = GONE, .success = 201},
};
const struct route_table KEY_ROUTES = {ROWS, G_N_ELEMENTS(ROWS)};
