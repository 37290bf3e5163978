/* GET /api/v1/me: who calls, and what they may. */
#include "account/account_api.h"

#include <string.h>

#include "account/account_permits.h"
#include "account/account_shapes.h"
#include "api/handler.h"
#include "base/json_set.h"
#include "people/user.h"

static gint by_text(gconstpointer a, gconstpointer b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Of all that routes ask for, and is not bound to one object. */
static json_t *permits_of(const struct api_context *api, const struct caller *caller)
{
    g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);
    g_autoptr(GPtrArray) names = g_ptr_array_new();
    for (const struct route_set *set = api->routes; set->table != NULL; set++) {
        for (size_t i = 0; i < set->table->count; i++) {
            const struct permit *permit = set->table->rows[i].permit;
            if (permit != NULL && caller_may(caller, permit, NULL) &&
                g_hash_table_add(seen, (char *)(uintptr_t)permit->name)) {
                g_ptr_array_add(names, (char *)(uintptr_t)permit->name);
            }
        }
    }
    g_ptr_array_sort(names, by_text);
    json_t *list = json_array();
    for (guint i = 0; i < names->len; i++) {
        json_array_append_new(list, json_string(names->pdata[i]));
    }
    return list;
}

static json_t *teams_of(const struct config *config, const char *name)
{
    const GPtrArray *teams = config_items(config, &TEAM_KIND);
    json_t *list = json_array();
    for (guint i = 0; i < teams->len; i++) {
        const struct team *team = teams->pdata[i];
        bool is_in = g_strcmp0(team->lead, name) == 0;
        for (guint k = 0; k < team->members->len; k++) {
            is_in |= strcmp(team->members->pdata[k], name) == 0;
        }
        if (is_in) {
            json_array_append_new(list, json_string(team->name));
        }
    }
    return list;
}

static void add_person(const struct api_context *api, const struct caller *caller, json_t *me)
{
    struct config *config = config_current(api->configs);
    const char *name = caller->principal.name;
    const struct user *user = user_find(config, name);
    json_set_text(me, "login", name);
    json_set_text(me, "name", user != NULL && user->full_name != NULL ? user->full_name : name);
    json_set_text(me, "role", enum_to_name(ROLE_NAMES, caller->sign_in->role));
    json_object_set_new(me, "teams", teams_of(config, name));
    json_set_text(me, "language",
                  enum_to_name(LANGUAGE_NAMES, user != NULL ? user->language : LANGUAGE_EN));
    json_set_text(me, "zone", user != NULL && user->time_zone != NULL ? user->time_zone : "UTC");
    config_unref(config);
}

static json_t *session_json(const struct sign_in *sign_in)
{
    char idle[UTC_TEXT_SIZE];
    span_format(SESSION_IDLE, idle);
    json_t *json = json_pack("{s:o, s:s}", "id",
                             json_sprintf("%" G_GINT64_FORMAT, sign_in->session), "idle_for", idle);
    json_set_utc(json, "made_at", sign_in->made_at);
    json_set_utc(json, "ends_at", sign_in->ends_at);
    json_set_utc(json, "checked_until", sign_in->checked_until);
    return json;
}

json_t *account_me(const struct api_context *api, const struct caller *caller)
{
    json_t *me = json_object();
    g_autofree char *actor = principal_text_of(caller->principal);
    json_set_text(me, "actor", actor);
    if (caller->sign_in != NULL) {
        add_person(api, caller, me);
        json_set_text(me, "csrf", caller->sign_in->csrf);
        json_object_set_new(me, "session", session_json(caller->sign_in));
    } else {
        json_set_text(me, "scope", enum_to_name(TOKEN_SCOPE_NAMES, caller->scope));
    }
    json_object_set_new(me, "permits", permits_of(api, caller));
    return me;
}

json_t *account_me_as(const struct api_context *api, const char *name,
                      const struct sign_in *sign_in)
{
    struct caller *caller = caller_create_person(name, sign_in);
    json_t *me = account_me(api, caller);
    caller_destroy(caller);
    return me;
}

static void get_me(struct http_request *request, void *self)
{
    const struct account_room *room = self;
    http_answer_json(request, 200, account_me(room->api, http_caller(request)));
}

static const struct route_row ROWS[] = {
    {"GET", "/api/v1/me", &PERMIT_SELF, get_me, "Who calls, and what they may.",
     .answer = &ME_SHAPE},
};
const struct route_table ME_ROUTES = {ROWS, G_N_ELEMENTS(ROWS)};
