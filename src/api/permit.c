/* The guard in front of all routes. */
#include "api/context.h"
#include "api/refused.h"

#include "access/key_index.h"
#include "access/permit.h"
#include "source/pagerduty.h"

const char API_PLAIN_PROBLEMS[] = "/in/prometheus/";

struct caller *api_recognize(void *self, const char *token)
{
    struct api_context *context = self;
    struct key_entry entry = {0};
    if (!key_index_find(context->keys, token, clock_now(context->clock), &entry) ||
        entry.owner_kind != KEY_TOKEN) {
        return NULL;
    }
    return caller_create((struct principal){.kind = PRINCIPAL_TOKEN, .name = entry.owner},
                         entry.scope);
}

/* Whoever may open the socket may read the database. */
static struct caller *local(void *self)
{
    (void)self;
    return caller_create((struct principal){.kind = PRINCIPAL_LOCAL, .name = ""}, SCOPE_ADMIN);
}

static bool may(const struct caller *caller, const struct permit *permit,
                const struct http_request *request)
{
    const char *name = permit->object != NULL ? http_path_object(request) : NULL;
    char kind[SUBJECT_KIND_SIZE];
    struct subject object;
    g_autofree char *text = name != NULL ? g_strconcat(permit->object, ":", name, NULL) : NULL;
    bool is_known = text != NULL && subject_read(text, kind, &object);
    return caller_may(caller, permit, is_known ? &object : NULL);
}

struct openapi_permit api_permit_of(const struct permit *permit)
{
    return (struct openapi_permit){
        permit->name, enum_to_name(TOKEN_SCOPE_NAMES, (int)permit->least), permit->doc};
}

/* Of one that may send more than a form: an integration, a heartbeat, a token that may respond. */
static bool knows(void *self, const struct http_request *request, bool *out_is_wrong)
{
    struct api_context *context = self;
    const char *key = http_path_param(request, "key");
    struct key_entry entry = {0};
    if (key == NULL) {
        key = http_bearer(request);
    }
    if (key == NULL || !key_index_find(context->keys, key, clock_now(context->clock), &entry)) {
        *out_is_wrong = key != NULL;
        return false;
    }
    return entry.owner_kind == KEY_INTEGRATION || entry.owner_kind == KEY_HEARTBEAT ||
           (entry.owner_kind == KEY_TOKEN && entry.scope >= SCOPE_RESPOND);
}

static bool knows_body(void *self, const struct http_request *request)
{
    const struct api_context *context = self;
    size_t size = 0;
    const char *bytes = http_body(request, &size);
    struct key_entry entry = {0};
    g_autofree char *key = pagerduty_key_in(bytes, size);
    return key != NULL && key_index_find(context->keys, key, clock_now(context->clock), &entry) &&
           entry.owner_kind == KEY_INTEGRATION;
}

struct http_guard api_guard(struct api_context *context)
{
    return (struct http_guard){.recognize = api_recognize,
                               .local = local,
                               .may = may,
                               .forget = caller_destroy,
                               .knows = knows,
                               .knows_body = knows_body,
                               .lost = refused_lost,
                               .turned_away = refused_turned_away,
                               .self = context,
                               .sign_in = "/"};
}
