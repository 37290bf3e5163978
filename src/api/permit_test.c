/* The permission matrix, made from the route tables: every row with every caller. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "access/permit.h"
#include "api/test_house.h"

enum who { NOBODY, STRANGER, INTEGRATION_KEY, READER, RESPONDER, ADMIN, WHO_COUNT };

static const char *token_of(const struct test_house *house, enum who caller)
{
    switch (caller) {
    case STRANGER:
        return "tcn_api_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
    case INTEGRATION_KEY:
        return house->key;
    case READER:
        return house->read;
    case RESPONDER:
        return house->respond;
    case ADMIN:
        return house->admin;
    case NOBODY:
    case WHO_COUNT:
        break;
    }
    return NULL;
}

enum { BY_ANYONE = -3, BY_KEY, BY_LINK };

/* Who may call what was there before permits had names: a scope that reached a route reaches it still. */
static const struct {
    const char *method, *path;
    int by; /* enum token_scope, or one of the above */
} RELEASED[] = {
    {"GET", "/board", BY_ANYONE},
    {"GET", "/", BY_ANYONE},
    {"GET", "/api/v1/absences", SCOPE_READ},
    {"DELETE", "/api/v1/absences/{name}", SCOPE_RESPOND},
    {"GET", "/api/v1/alerts", SCOPE_READ},
    {"POST", "/api/v1/alerts", BY_KEY},
    {"GET", "/api/v1/alerts/{id}", SCOPE_READ},
    {"POST", "/api/v1/alerts/{id}/acknowledge", SCOPE_RESPOND},
    {"POST", "/api/v1/alerts/{id}/escalate", SCOPE_RESPOND},
    {"GET", "/api/v1/alerts/{id}/explain", SCOPE_READ},
    {"POST", "/api/v1/alerts/{id}/page", SCOPE_RESPOND},
    {"POST", "/api/v1/alerts/{id}/resolve", SCOPE_RESPOND},
    {"POST", "/api/v1/alerts/{id}/snooze", SCOPE_RESPOND},
    {"POST", "/api/v1/backup", SCOPE_ADMIN},
    {"GET", "/api/v1/channels", SCOPE_READ},
    {"GET", "/api/v1/channels/{name}", SCOPE_READ},
    {"POST", "/api/v1/channels/{name}/test", SCOPE_RESPOND},
    {"POST", "/api/v1/config/apply", SCOPE_ADMIN},
    {"GET", "/api/v1/config/export", SCOPE_ADMIN},
    {"GET", "/api/v1/doctor", SCOPE_ADMIN},
    {"GET", "/api/v1/events", SCOPE_READ},
    {"GET", "/api/v1/events/verify", SCOPE_ADMIN},
    {"GET", "/api/v1/feeds", SCOPE_READ},
    {"POST", "/api/v1/feeds", SCOPE_RESPOND},
    {"DELETE", "/api/v1/feeds/{owner}", SCOPE_RESPOND},
    {"GET", "/api/v1/heartbeats", SCOPE_READ},
    {"POST", "/api/v1/heartbeats/{name}/key", SCOPE_ADMIN},
    {"GET", "/api/v1/integrations", SCOPE_READ},
    {"GET", "/api/v1/integrations/{name}", SCOPE_READ},
    {"POST", "/api/v1/integrations/{name}/key", SCOPE_ADMIN},
    {"GET", "/api/v1/integrations/{name}/payloads", SCOPE_RESPOND},
    {"GET", "/api/v1/misses", SCOPE_READ},
    {"GET", "/api/v1/nodes", SCOPE_READ},
    {"GET", "/api/v1/openapi.json", BY_ANYONE},
    {"GET", "/api/v1/policies", SCOPE_READ},
    {"GET", "/api/v1/policies/{name}", SCOPE_READ},
    {"GET", "/api/v1/routes", SCOPE_READ},
    {"POST", "/api/v1/routes/replay", SCOPE_RESPOND},
    {"POST", "/api/v1/routes/test", SCOPE_READ},
    {"GET", "/api/v1/routes/{name}", SCOPE_READ},
    {"GET", "/api/v1/schedules", SCOPE_READ},
    {"GET", "/api/v1/schedules/{name}", SCOPE_READ},
    {"GET", "/api/v1/schedules/{name}/gaps", SCOPE_READ},
    {"GET", "/api/v1/schedules/{name}/on-call", SCOPE_READ},
    {"GET", "/api/v1/schedules/{name}/overrides", SCOPE_READ},
    {"POST", "/api/v1/schedules/{name}/overrides", SCOPE_RESPOND},
    {"DELETE", "/api/v1/schedules/{name}/overrides/{id}", SCOPE_RESPOND},
    {"GET", "/api/v1/schedules/{name}/shifts", SCOPE_READ},
    {"GET", "/api/v1/services", SCOPE_READ},
    {"GET", "/api/v1/services/{name}", SCOPE_READ},
    {"GET", "/api/v1/silences", SCOPE_READ},
    {"POST", "/api/v1/silences", SCOPE_RESPOND},
    {"DELETE", "/api/v1/silences/{name}", SCOPE_RESPOND},
    {"GET", "/api/v1/silences/{name}", SCOPE_READ},
    {"GET", "/api/v1/stream", SCOPE_READ},
    {"GET", "/api/v1/teams", SCOPE_READ},
    {"GET", "/api/v1/teams/{name}", SCOPE_READ},
    {"GET", "/api/v1/tokens", SCOPE_ADMIN},
    {"POST", "/api/v1/tokens", SCOPE_ADMIN},
    {"DELETE", "/api/v1/tokens/{name}", SCOPE_ADMIN},
    {"GET", "/api/v1/users", SCOPE_READ},
    {"GET", "/api/v1/users/{name}", SCOPE_READ},
    {"GET", "/api/v1/users/{name}/misses", SCOPE_READ},
    {"POST", "/api/v1/users/{name}/off-duty", SCOPE_RESPOND},
    {"POST", "/api/v1/users/{name}/test", SCOPE_RESPOND},
    {"GET", "/api/v1/whatif", SCOPE_READ},
    {"POST", "/api/v1/whatif", SCOPE_READ},
    {"POST", "/board/alerts/{id}/acknowledge", SCOPE_RESPOND},
    {"GET", "/board/live", BY_ANYONE},
    {"GET", "/board/parts", BY_ANYONE},
    {"GET", "/cal/{key}", BY_KEY},
    {"POST", "/generic/2010-04-15/create_event.json", BY_KEY},
    {"GET", "/healthz", BY_ANYONE},
    {"POST", "/heartbeat/{key}", BY_KEY},
    {"POST", "/in/alertmanager/{key}", BY_KEY},
    {"GET", "/in/prometheus/{key}/-/healthy", BY_KEY},
    {"GET", "/in/prometheus/{key}/-/ready", BY_KEY},
    {"GET", "/in/prometheus/{key}/api/v2/alerts", BY_KEY},
    {"POST", "/in/prometheus/{key}/api/v2/alerts", BY_KEY},
    {"GET", "/in/prometheus/{key}/api/v2/alerts/groups", BY_KEY},
    {"GET", "/in/prometheus/{key}/api/v2/receivers", BY_KEY},
    {"DELETE", "/in/prometheus/{key}/api/v2/silence/{id}", BY_KEY},
    {"GET", "/in/prometheus/{key}/api/v2/silence/{id}", BY_KEY},
    {"GET", "/in/prometheus/{key}/api/v2/silences", BY_KEY},
    {"POST", "/in/prometheus/{key}/api/v2/silences", BY_KEY},
    {"GET", "/in/prometheus/{key}/api/v2/status", BY_KEY},
    {"GET", "/l/{token}", BY_LINK},
    {"POST", "/l/{token}", BY_LINK},
    {"GET", "/login", BY_ANYONE},
    {"POST", "/login", BY_ANYONE},
    {"POST", "/logout", BY_ANYONE},
    {"GET", "/metrics", BY_ANYONE},
    {"GET", "/readyz", BY_ANYONE},
    {"GET", "/static/{file}", BY_ANYONE},
    {"POST", "/v2/change/enqueue", BY_KEY},
    {"POST", "/v2/enqueue", BY_KEY},
};

/* What is asked at a row that came later is what its permit says. */
static int asked_at(const struct route_row *row)
{
    static const int DOORS[] = {
        [HTTP_DOOR_ANYONE] = BY_ANYONE, [HTTP_DOOR_KEY] = BY_KEY, [HTTP_DOOR_LINK] = BY_LINK};
    for (size_t i = 0; i < G_N_ELEMENTS(RELEASED); i++) {
        if (strcmp(RELEASED[i].method, row->method) == 0 &&
            strcmp(RELEASED[i].path, row->path) == 0) {
            return RELEASED[i].by;
        }
    }
    return row->door != 0 ? DOORS[row->door] : (int)row->permit->least;
}

/* What the table promises, written down a second time and differently. 0: let in. */
static int expected_refusal(int asked, enum who caller)
{
    if (asked < 0) {
        return 0;
    }
    if (caller == NOBODY || caller == STRANGER || caller == INTEGRATION_KEY) {
        return 401;
    }
    bool is_enough = (asked == SCOPE_READ) || (asked == SCOPE_RESPOND && caller != READER) ||
                     (asked == SCOPE_ADMIN && caller == ADMIN);
    return is_enough ? 0 : 403;
}

/* "/api/v1/alerts/{id}" becomes "/api/v1/alerts/none". */
static char *concrete_path(const char *path)
{
    GString *out = g_string_new(NULL);
    for (const char *at = path; *at != '\0'; at++) {
        if (*at == '{') {
            g_string_append(out, "none");
            at = strchr(at, '}');
        } else {
            g_string_append_c(out, *at);
        }
    }
    return g_string_free(out, FALSE);
}

static bool is_stream(const struct route_row *row)
{
    return strcmp(row->path, "/api/v1/stream") == 0 || strcmp(row->path, "/board/live") == 0;
}

static void check_cell(struct test_house *house, const struct route_row *row, enum who caller)
{
    g_autofree char *path = concrete_path(row->path);
    /* A stream does not end; its head is answered by the same guard. */
    const char *method = is_stream(row) ? "HEAD" : row->method;
    g_autofree char *answer = test_ask(house, token_of(house, caller), method, path,
                                       strcmp(row->method, "GET") == 0 ? NULL : "[]");
    int status = client_status(answer);
    int asked = asked_at(row);
    int refusal = expected_refusal(asked, caller);
    bool is_guarded = asked > 0;
    bool is_refused = status == 401 || status == 403;
    if (is_guarded && (refusal != 0 ? status != refusal : is_refused)) {
        fail_msg("%s %s as caller %d: expected %d, got: %s", row->method, row->path, caller,
                 refusal, answer);
    }
    if (status == 0 || status == 500) {
        fail_msg("%s %s as caller %d: %s", row->method, row->path, caller, answer);
    }
    if (asked == BY_KEY && status < 300) {
        fail_msg("%s %s let caller %d in without a key", row->method, row->path, caller);
    }
}

static void test_every_row_with_every_caller(void **state)
{
    (void)state;
    struct test_house *house = test_house_open(false);
    size_t cells = 0;
    for (const struct route_set *set = house->api.routes; set->table != NULL; set++) {
        for (size_t i = 0; i < set->table->count; i++) {
            for (int caller = NOBODY; caller < WHO_COUNT; caller++) {
                check_cell(house, &set->table->rows[i], (enum who)caller);
                cells++;
            }
        }
    }
    assert_true(cells >= G_N_ELEMENTS(RELEASED) * WHO_COUNT);
    test_house_close(&house);
}

/* None was lost on the way, nor is there one that nobody lists. */
static const struct route_row *row_of(const struct test_house *house, const char *method,
                                      const char *path)
{
    for (const struct route_set *set = house->api.routes; set->table != NULL; set++) {
        for (size_t i = 0; i < set->table->count; i++) {
            const struct route_row *row = &set->table->rows[i];
            if (strcmp(row->method, method) == 0 && strcmp(row->path, path) == 0) {
                return row;
            }
        }
    }
    return NULL;
}

static void test_every_row_of_before_is_there(void **state)
{
    (void)state;
    struct test_house *house = test_house_open(false);
    for (size_t i = 0; i < G_N_ELEMENTS(RELEASED); i++) {
        if (row_of(house, RELEASED[i].method, RELEASED[i].path) == NULL) {
            fail_msg("%s %s is gone", RELEASED[i].method, RELEASED[i].path);
        }
    }
    test_house_close(&house);
}

static struct caller *recognize_bound(void *context, const char *token)
{
    struct caller *caller = api_recognize(context, token);
    if (caller != NULL) {
        caller->only = subject_named("user", "ana");
    }
    return caller;
}

/* Whoever is bound to one object passes where the path names that, as far as their scope goes, and nowhere else. */
static void test_one_bound_to_an_object_passes_there_alone(void **state)
{
    (void)state;

    static const struct {
        const char *path;
        int status;
    } ROWS[] = {
        {"/api/v1/users/ana", 200},     {"/api/v1/users/ana/misses", 200},
        {"/api/v1/users/budi", 403},    {"/api/v1/users", 403},
        {"/api/v1/schedules/ana", 403}, {"/api/v1/teams/ana", 403},
        {"/api/v1/alerts/1", 403},      {"/api/v1/events", 403},
        {"/api/v1/config/export", 403}, {"/api/v1/tokens", 403},
        {"/api/v1/openapi.json", 200},
    };
    struct test_house *house = test_house_open(false);
    struct fault fault = {0};
    struct http_options options = {.listen = "127.0.0.1:0",
                                   .threads = 1,
                                   .routes = house->api.routes,
                                   .guard = api_guard(&house->api),
                                   .context = &house->api};
    options.guard.recognize = recognize_bound;
    struct http_server *http = http_start(&options, &fault);
    assert_non_null(http);
    g_autofree char *headers = g_strdup_printf("Authorization: Bearer %s\r\n", house->admin);
    for (size_t i = 0; i < G_N_ELEMENTS(ROWS); i++) {
        g_autofree char *answer = client_call(http_port(http), "GET", ROWS[i].path, headers, NULL);
        if (client_status(answer) != ROWS[i].status) {
            fail_msg("%s: expected %d, got %s", ROWS[i].path, ROWS[i].status, answer);
        }
    }
    http_stop(&http, 1000);
    test_house_close(&house);
}

/* A row that changes something is never a GET, and what needs no token is a short, known list. */
static void test_rows_without_a_guard_are_known(void **state)
{
    (void)state;
    static const char *const OPEN[] = {
        "/board",
        "/assets/{file}",
        "/",
        "/board/parts",
        "/board/live",
        "/login",
        "/logout",
        "/static/{file}",
        "/healthz",
        "/readyz",
        "/metrics",
        "/api/v1/openapi.json",
        "/api/v1/session",
        "/api/v1/account/accept",
    };
    struct test_house *house = test_house_open(false);
    for (const struct route_set *set = house->api.routes; set->table != NULL; set++) {
        for (size_t i = 0; i < set->table->count; i++) {
            const struct route_row *row = &set->table->rows[i];
            bool is_known = row->door != HTTP_DOOR_ANYONE;
            for (size_t k = 0; k < G_N_ELEMENTS(OPEN); k++) {
                is_known = is_known || strcmp(row->path, OPEN[k]) == 0;
            }
            if (!is_known) {
                fail_msg("%s %s is open to anyone", row->method, row->path);
            }
        }
    }
    test_house_close(&house);
}

static void test_revoked_token_is_refused_at_once(void **state)
{
    (void)state;
    struct test_house *house = test_house_open(false);
    json_decref(test_json(house, house->respond, "GET", "/api/v1/users", NULL, 200));
    json_decref(test_json(house, house->admin, "DELETE", "/api/v1/tokens/respond", NULL, 204));
    json_decref(test_json(house, house->respond, "GET", "/api/v1/users", NULL, 401));
    json_decref(test_json(house, house->admin, "DELETE", "/api/v1/tokens/respond", NULL, 404));
    test_house_close(&house);
}

/* Each way in that it names is described; the permit, too; and only what is open to anyone names none. */
static void check_security(const json_t *document, const struct route_row *row,
                           const json_t *operation)
{
    const json_t *schemes =
        json_object_get(json_object_get(document, "components"), "securitySchemes");
    const json_t *security = json_object_get(operation, "security");
    assert_true(json_is_array(security));
    assert_int_equal(json_array_size(security) == 0, row->door == HTTP_DOOR_ANYONE);
    size_t i;
    json_t *one;
    json_array_foreach (security, i, one) {
        const char *name;
        json_t *scopes;
        json_object_foreach ((json_t *)(uintptr_t)one, name, scopes) {
            assert_non_null(json_object_get(schemes, name));
        }
    }
    const char *permit = json_string_value(json_object_get(operation, "x-permit"));
    assert_int_equal(permit != NULL, row->permit != NULL);
    if (permit != NULL && row->permit != NULL) {
        const json_t *told = json_object_get(json_object_get(document, "x-permits"), permit);
        const char *scope = json_string_value(json_object_get(told, "scope"));
        assert_string_equal(permit, row->permit->name);
        assert_string_equal(scope, enum_to_name(TOKEN_SCOPE_NAMES, (int)row->permit->least));
        assert_string_equal(scope, json_string_value(json_array_get(
                                       json_object_get(json_array_get(security, 0), "token"), 0)));
    }
}

static void test_documentation_has_every_row(void **state)
{
    (void)state;
    struct test_house *house = test_house_open(false);
    json_auto_t *document = test_json(house, NULL, "GET", "/api/v1/openapi.json", NULL, 200);
    assert_string_equal(json_string_value(json_object_get(document, "openapi")), "3.1.0");
    const json_t *paths = json_object_get(document, "paths");
    const json_t *schemas = json_object_get(json_object_get(document, "components"), "schemas");
    for (const struct route_set *set = house->api.routes; set->table != NULL; set++) {
        for (size_t i = 0; i < set->table->count; i++) {
            const struct route_row *row = &set->table->rows[i];
            g_autofree char *method = g_ascii_strdown(row->method, -1);
            const json_t *operation = json_object_get(json_object_get(paths, row->path), method);
            assert_non_null(operation);
            assert_true(json_is_object(json_object_get(operation, "responses")));
            assert_true(strlen(json_string_value(json_object_get(operation, "summary"))) > 0);
            check_security(document, row, operation);
        }
    }
    /* Every reference leads somewhere. */
    g_autofree char *text = json_dumps(document, 0);
    static const char REF[] = "#/components/schemas/";
    for (const char *at = strstr(text, REF); at != NULL; at = strstr(at + 1, REF)) {
        const char *name = at + strlen(REF);
        g_autofree char *schema = g_strndup(name, strcspn(name, "\""));
        if (json_object_get(schemas, schema) == NULL) {
            fail_msg("the schema %s is referred to and missing", schema);
        }
    }
    test_house_close(&house);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_row_with_every_caller),
        cmocka_unit_test(test_every_row_of_before_is_there),
        cmocka_unit_test(test_one_bound_to_an_object_passes_there_alone),
        cmocka_unit_test(test_rows_without_a_guard_are_known),
        cmocka_unit_test(test_revoked_token_is_refused_at_once),
        cmocka_unit_test(test_documentation_has_every_row),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
