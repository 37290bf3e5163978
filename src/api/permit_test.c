/* The permission matrix, made from the route tables: every row with every caller. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "api/test_house.h"

enum caller { NOBODY, STRANGER, INTEGRATION_KEY, READER, RESPONDER, ADMIN, CALLERS };

static const char *token_of(const struct test_house *house, enum caller caller)
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
    case CALLERS:
        break;
    }
    return NULL;
}

/* What the table promises, written down a second time and differently. 0: let in. */
static int expected_refusal(enum permit permit, enum caller caller)
{
    if (permit == PERMIT_ANYONE || permit == PERMIT_KEY || permit == PERMIT_LINK) {
        return 0;
    }
    if (caller == NOBODY || caller == STRANGER || caller == INTEGRATION_KEY) {
        return 401;
    }
    bool is_enough = (permit == PERMIT_READ) || (permit == PERMIT_RESPOND && caller != READER) ||
                     (permit == PERMIT_ADMIN && caller == ADMIN);
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

static void check_cell(struct test_house *house, const struct route_row *row, enum caller caller)
{
    g_autofree char *path = concrete_path(row->path);
    /* A stream does not end; its head is answered by the same guard. */
    const char *method = is_stream(row) ? "HEAD" : row->method;
    g_autofree char *answer = test_ask(house, token_of(house, caller), method, path,
                                       strcmp(row->method, "GET") == 0 ? NULL : "[]");
    int status = client_status(answer);
    int refusal = expected_refusal(row->permit, caller);
    bool is_guarded = row->permit >= PERMIT_READ;
    bool is_refused = status == 401 || status == 403;
    if (is_guarded && (refusal != 0 ? status != refusal : is_refused)) {
        fail_msg("%s %s as caller %d: expected %d, got: %s", row->method, row->path, caller,
                 refusal, answer);
    }
    if (status == 0 || status == 500) {
        fail_msg("%s %s as caller %d: %s", row->method, row->path, caller, answer);
    }
    if (row->permit == PERMIT_KEY && status < 300) {
        fail_msg("%s %s let caller %d in without a key", row->method, row->path, caller);
    }
}

static void test_every_row_with_every_caller(void **state)
{
    (void)state;
    struct test_house *house = test_house_open(false);
    struct api_tables tables;
    api_tables(&tables);
    size_t cells = 0;
    for (size_t t = 0; tables.tables[t] != NULL; t++) {
        for (size_t i = 0; i < tables.sizes[t]; i++) {
            for (int caller = NOBODY; caller < CALLERS; caller++) {
                check_cell(house, &tables.tables[t][i], (enum caller)caller);
                cells++;
            }
        }
    }
    assert_true(cells > 300);
    test_house_close(&house);
}

/* A row that changes something is never a GET, and what needs no token is a short, known list. */
static void test_rows_without_a_guard_are_known(void **state)
{
    (void)state;
    static const char *const OPEN[] = {
        "/",        "/board/parts",         "/board/live", "/login",
        "/logout",  "/static/{file}",       "/healthz",    "/readyz",
        "/metrics", "/api/v1/openapi.json",
    };
    struct api_tables tables;
    api_tables(&tables);
    for (size_t t = 0; tables.tables[t] != NULL; t++) {
        for (size_t i = 0; i < tables.sizes[t]; i++) {
            const struct route_row *row = &tables.tables[t][i];
            bool is_known = row->permit != PERMIT_ANYONE;
            for (size_t k = 0; k < G_N_ELEMENTS(OPEN); k++) {
                is_known = is_known || strcmp(row->path, OPEN[k]) == 0;
            }
            if (!is_known) {
                fail_msg("%s %s is open to anyone", row->method, row->path);
            }
        }
    }
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

static void test_documentation_has_every_row(void **state)
{
    (void)state;
    struct test_house *house = test_house_open(false);
    json_auto_t *document = test_json(house, NULL, "GET", "/api/v1/openapi.json", NULL, 200);
    assert_string_equal(json_string_value(json_object_get(document, "openapi")), "3.1.0");
    const json_t *paths = json_object_get(document, "paths");
    const json_t *schemas = json_object_get(json_object_get(document, "components"), "schemas");
    struct api_tables tables;
    api_tables(&tables);
    for (size_t t = 0; tables.tables[t] != NULL; t++) {
        for (size_t i = 0; i < tables.sizes[t]; i++) {
            const struct route_row *row = &tables.tables[t][i];
            g_autofree char *method = g_ascii_strdown(row->method, -1);
            const json_t *operation = json_object_get(json_object_get(paths, row->path), method);
            assert_non_null(operation);
            assert_true(json_is_object(json_object_get(operation, "responses")));
            assert_true(strlen(json_string_value(json_object_get(operation, "summary"))) > 0);
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
        cmocka_unit_test(test_rows_without_a_guard_are_known),
        cmocka_unit_test(test_revoked_token_is_refused_at_once),
        cmocka_unit_test(test_documentation_has_every_row),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
