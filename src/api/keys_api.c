/* Tokens of programs, keys of integrations and heartbeats. Admin only; a key is shown once. */
#include "api/aside.h"
#include "api/shapes.h"
#include "api/support.h"

#include <sodium.h>
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

struct token_job {
    struct http_request *request;
    struct token_create create;
    struct token_body body;
    struct principal actor;
};

static void token_job_free(struct token_job *job)
{
    record_clear(&TOKEN_BODY_RECORD, &job->body);
    principal_clear(&job->actor);
    sodium_memzero(job, sizeof *job);
    g_free(job);
}

static enum command_result token_run(struct ledger_tx *tx, void *job)
{
    return token_create(tx, &((struct token_job *)job)->create);
}

static void token_answer(void *self, enum command_outcome outcome)
{
    struct token_job *job = self;
    if (!api_outcome(job->request, outcome)) {
        token_job_free(job);
        return;
    }
    if (outcome == OUTCOME_REFUSED) {
        http_answer_fault(job->request, 422, &job->create.fault);
    } else {
        const char *scope = enum_to_name(TOKEN_SCOPE_NAMES, job->create.scope);
        json_t *answer = json_pack("{s:o, s:s, s:s, s:s}", "id",
                                   json_sprintf("%" G_GINT64_FORMAT, job->create.id), "name",
                                   job->create.name, "scope", scope, "token", job->create.text);
        json_object_set_new(answer, "expires_at", api_utc(job->create.expires_at));
        http_answer_json(job->request, 201, answer);
    }
    token_job_free(job);
}

static void post_token(struct http_request *request, void *self)
{
    struct api_context *context = self;
    struct token_job *job = g_new0(struct token_job, 1);
    job->request = request;
    if (!api_body(request, &TOKEN_BODY_RECORD, &job->body)) {
        token_job_free(job);
        return;
    }
    job->actor = principal_copy(api_principal(request));
    bool has_span = job->body.expires_in.us != 0;
    job->create = (struct token_create){
        .name = job->body.name,
        .scope = job->body.scope,
        .expires_at = has_span ? utc_add(clock_now(context->clock), job->body.expires_in)
                               : job->body.expires_at,
        .actor = job->actor,
    };
    struct command command = {.run = token_run, .answer = token_answer, .arg = job};
    if (!api_submit(request, context, command)) {
        token_job_free(job);
    }
}

/* --- ending keys --- */

struct revoke_job {
    struct http_request *request;
    struct key_revoke revoke;
    char *owner;
    struct principal actor;
};

static void revoke_job_free(struct revoke_job *job)
{
    g_free(job->owner);
    principal_clear(&job->actor);
    g_free(job);
}

static enum command_result revoke_run(struct ledger_tx *tx, void *job)
{
    return key_revoke(tx, &((struct revoke_job *)job)->revoke);
}

static void revoke_answer(void *self, enum command_outcome outcome)
{
    struct revoke_job *job = self;
    if (api_outcome(job->request, outcome)) {
        if (job->revoke.revoked == 0) {
            api_answer_missing(job->request, "live token", job->owner);
        } else {
            http_answer_empty(job->request, 204);
        }
    }
    revoke_job_free(job);
}

static void delete_token(struct http_request *request, void *context)
{
    struct revoke_job *job = g_new0(struct revoke_job, 1);
    job->request = request;
    job->owner = g_strdup(http_path_param(request, "name"));
    job->actor = principal_copy(api_principal(request));
    job->revoke =
        (struct key_revoke){.owner_kind = KEY_TOKEN, .owner = job->owner, .actor = job->actor};
    struct command command = {.run = revoke_run, .answer = revoke_answer, .arg = job};
    if (!api_submit(request, context, command)) {
        revoke_job_free(job);
    }
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

struct rotate_job {
    struct http_request *request;
    struct key_rotate rotate;
    char *owner;
    struct principal actor;
};

static void rotate_job_free(struct rotate_job *job)
{
    g_free(job->owner);
    principal_clear(&job->actor);
    sodium_memzero(job, sizeof *job);
    g_free(job);
}

static enum command_result rotate_run(struct ledger_tx *tx, void *job)
{
    return key_rotate(tx, &((struct rotate_job *)job)->rotate);
}

static void rotate_answer(void *self, enum command_outcome outcome)
{
    struct rotate_job *job = self;
    if (api_outcome(job->request, outcome)) {
        if (outcome == OUTCOME_REFUSED) {
            http_answer_problem(job->request, 409, "No new key could be made for \"%s\".",
                                job->owner);
        } else {
            http_answer_json(
                job->request, 201,
                json_pack("{s:s, s:s}", "name", job->owner, "key", job->rotate.mint.text));
        }
    }
    rotate_job_free(job);
}

static void rotate(struct http_request *request, struct api_context *context, int owner_kind,
                   bool is_routing)
{
    struct rotate_body body = {0};
    if (!api_body(request, &ROTATE_RECORD, &body)) {
        return;
    }
    size_t size = 0;
    (void)http_body(request, &size);
    if (size == 0 || json_object_get(http_json(request), "overlap") == NULL) {
        body.overlap = SPAN_D(1);
    }
    struct rotate_job *job = g_new0(struct rotate_job, 1);
    job->request = request;
    job->owner = g_strdup(http_path_param(request, "name"));
    job->actor = principal_copy(api_principal(request));
    job->rotate = (struct key_rotate){
        .mint = {.owner_kind = owner_kind,
                 .owner = job->owner,
                 .is_routing = is_routing,
                 .actor = job->actor},
        .overlap = body.overlap,
    };
    struct command command = {.run = rotate_run, .answer = rotate_answer, .arg = job};
    if (!api_submit(request, context, command)) {
        rotate_job_free(job);
    }
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
