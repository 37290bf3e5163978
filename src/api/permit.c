/* The guard in front of all routes. */
#include "api/context.h"
#include "api/refused.h"

#include "access/key_index.h"
#include "access/permit.h"
#include "account/session_index.h"
#include "api/team.h"
#include "people/user.h"
#include "source/pagerduty.h"

#include <sodium.h>
#include <string.h>

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

/* An account whose user was taken out of the configuration opens nothing. */
static struct caller *recognize_session(void *self, const char *session)
{
    struct api_context *context = self;
    struct caller *caller =
        session_index_find(context->sessions, session, clock_now(context->clock));
    if (caller == NULL) {
        return NULL;
    }
    struct config *config = config_current(context->configs);
    bool is_user = user_find(config, caller->principal.name) != NULL;
    config_unref(config);
    if (!is_user) {
        caller_destroy(caller);
        return NULL;
    }
    return caller;
}

static bool is_meant(const struct caller *caller, const char *given)
{
    const char *csrf = caller->sign_in->csrf;
    size_t size = strlen(csrf);
    return strlen(given) == size && sodium_memcmp(given, csrf, size) == 0;
}

/* Whoever may open the socket may read the database. */
static struct caller *local(void *self)
{
    (void)self;
    return caller_create((struct principal){.kind = PRINCIPAL_LOCAL, .name = ""}, SCOPE_ADMIN);
}

/* Leaving aside what a person has to prove once more, and whose team it is. */
static bool may_ever(const struct caller *caller, const struct permit *permit,
                     const struct http_request *request)
{
    const char *name = permit->object != NULL ? http_path_object(request) : NULL;
    char kind[SUBJECT_KIND_SIZE];
    struct subject object;
    g_autofree char *text = name != NULL ? g_strconcat(permit->object, ":", name, NULL) : NULL;
    bool is_known = text != NULL && subject_read(text, kind, &object);
    return caller_may(caller, permit, is_known ? &object : NULL);
}

static bool may(void *self, const struct caller *caller, const struct permit *permit,
                const struct http_request *request)
{
    const struct api_context *context = self;
    return may_ever(caller, permit, request) &&
           caller_is_fresh(caller, permit, clock_now(context->clock)) &&
           team_reaches(context, caller, permit, http_path_object(request));
}

static void why_not(void *self, const struct caller *caller, const struct permit *permit,
                    const struct http_request *request, struct fault *out)
{
    const struct api_context *context = self;
    if (caller->sign_in == NULL) {
        return; /* a token: as it stands */
    }
    if (!may_ever(caller, permit, request)) {
        (void)fault_set(out, "", "Your role (%s) does not include that: \"%s\" (%s).",
                        enum_to_name(ROLE_NAMES, caller->sign_in->role), permit->doc, permit->name);
    } else if (!caller_is_fresh(caller, permit, clock_now(context->clock))) {
        (void)fault_set(out, "password",
                        "Give your password once more first (POST /api/v1/session/check); it "
                        "counts for 10 minutes.");
    } else {
        (void)fault_set(out, "",
                        "It belongs to a team that you are not in. Who was paged for it may act.");
    }
}

static bool holds(const struct permit *permit, int role)
{
    const struct sign_in sign_in = {.role = role};
    const struct caller caller = {.scope = role_scope((enum role)role),
                                  .sign_in = (struct sign_in *)(uintptr_t)&sign_in};
    return caller_may(&caller, permit, NULL);
}

struct openapi_permit api_permit_of(const struct permit *permit)
{
    struct openapi_permit told = {permit->name, enum_to_name(TOKEN_SCOPE_NAMES, (int)permit->least),
                                  permit->doc, ""};
    for (const struct enum_name *role = ROLE_NAMES; role->name != NULL; role++) {
        if (holds(permit, role->value)) {
            (void)g_strlcat(told.roles, told.roles[0] != '\0' ? " " : "", sizeof told.roles);
            (void)g_strlcat(told.roles, role->name, sizeof told.roles);
        }
    }
    return told;
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
                               .recognize_session = recognize_session,
                               .is_meant = is_meant,
                               .why_not = why_not,
                               .local = local,
                               .may = may,
                               .forget = caller_destroy,
                               .knows = knows,
                               .knows_body = knows_body,
                               .lost = refused_lost,
                               .turned_away = refused_turned_away,
                               .self = context,
                               .sign_in = "/board"};
}
