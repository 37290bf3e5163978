/* The OpenAPI document of the route tables. Pure. */
#include "http/http.h"

#include <string.h>

#define PROBLEM_REF "#/components/schemas/Problem"

static json_t *text(const char *value)
{
    return json_string(value == NULL ? "" : value);
}

static json_t *ref_to(const char *record_name)
{
    g_autofree char *ref = g_strdup_printf("#/components/schemas/%s", record_name);
    return json_pack("{s:s}", "$ref", ref);
}

static json_t *parameter(const char *name, const char *where, const char *doc, bool is_required)
{
    json_t *parameter = json_pack("{s:s, s:s, s:b, s:{s:s}}", "name", name, "in", where, "required",
                                  is_required, "schema", "type", "string");
    if (doc != NULL) {
        json_object_set_new(parameter, "description", text(doc));
    }
    return parameter;
}

static void add_named(json_t *list, const struct query_param *params, const char *where)
{
    for (const struct query_param *param = params; param != NULL && param->name != NULL; param++) {
        json_array_append_new(list, parameter(param->name, where, param->doc, false));
    }
}

static void add_parameters(json_t *operation, const struct route_row *row)
{
    json_t *list = json_array();
    for (const char *at = strchr(row->path, '{'); at != NULL; at = strchr(at, '{')) {
        at++;
        g_autofree char *name = g_strndup(at, strcspn(at, "}"));
        json_array_append_new(list, parameter(name, "path", NULL, true));
    }
    add_named(list, row->params, "query");
    add_named(list, row->headers, "header");
    if (json_array_size(list) > 0) {
        json_object_set(operation, "parameters", list);
    }
    json_decref(list);
}

static json_t *content_of(json_t *schema)
{
    return json_pack("{s:{s:o}}", "application/json", "schema", schema);
}

static json_t *list_of(const struct record *record)
{
    return json_pack("{s:s, s:[s], s:{s:{s:s, s:o}, s:{s:[s, s]}}}", "type", "object", "required",
                     "items", "properties", "items", "type", "array", "items", ref_to(record->name),
                     "next_cursor", "type", "string", "null");
}

static void add_answers(json_t *operation, const struct route_row *row)
{
    json_t *answer = json_pack("{s:s}", "description", row->summary);
    if (row->answer != NULL) {
        json_t *schema = row->is_list ? list_of(row->answer) : ref_to(row->answer->name);
        json_object_set_new(answer, "content", content_of(schema));
    }
    g_autofree char *status = g_strdup_printf("%d", row->success == 0 ? 200 : row->success);
    json_t *problem =
        json_pack("{s:s, s:{s:{s:{s:s}}}}", "description", "What was wrong, by RFC 9457.",
                  "content", "application/problem+json", "schema", "$ref", PROBLEM_REF);
    json_object_set_new(operation, "responses",
                        json_pack("{s:o, s:o}", status, answer, "default", problem));
}

/* "get /api/v1/alerts/{id}" becomes "get_api_v1_alerts_id". */
static char *operation_id(const struct route_row *row)
{
    GString *id = g_string_new(NULL);
    for (const char *at = row->method; *at != '\0'; at++) {
        g_string_append_c(id, g_ascii_tolower(*at));
    }
    for (const char *at = row->path; *at != '\0'; at++) {
        if (g_ascii_isalnum(*at)) {
            g_string_append_c(id, *at);
        } else if (id->str[id->len - 1] != '_') {
            g_string_append_c(id, '_');
        }
    }
    if (id->str[id->len - 1] == '_') {
        g_string_truncate(id, id->len - 1);
    }
    return g_string_free(id, FALSE);
}

static const char *scope_of(enum permit permit)
{
    switch (permit) {
    case PERMIT_READ:
        return "read";
    case PERMIT_RESPOND:
        return "respond";
    case PERMIT_ADMIN:
        return "admin";
    case PERMIT_ANYONE:
    case PERMIT_KEY:
    case PERMIT_LINK:
        break;
    }
    return NULL;
}

static json_t *security_of(enum permit permit)
{
    const char *scope = scope_of(permit);
    if (scope != NULL) {
        return json_pack("[{s:[s]}]", "token", scope);
    }
    return json_array();
}

static json_t *operation_of(const struct route_row *row)
{
    g_autofree char *id = operation_id(row);
    json_t *operation = json_pack("{s:s, s:s}", "operationId", id, "summary", row->summary);
    CHECK(operation != NULL);
    add_parameters(operation, row);
    if (row->request != NULL) {
        json_object_set_new(operation, "requestBody",
                            json_pack("{s:b, s:o}", "required", 1, "content",
                                      content_of(ref_to(row->request->name))));
    }
    add_answers(operation, row);
    json_object_set_new(operation, "security", security_of(row->permit));
    return operation;
}

static void add_row(json_t *paths, json_t *schemas, const struct route_row *row)
{
    json_t *path = json_object_get(paths, row->path);
    if (path == NULL) {
        path = json_object();
        json_object_set_new(paths, row->path, path);
    }
    g_autofree char *method = g_ascii_strdown(row->method, -1);
    json_object_set_new(path, method, operation_of(row));
    if (row->request != NULL) {
        record_schemas(row->request, schemas);
    }
    if (row->answer != NULL) {
        record_schemas(row->answer, schemas);
    }
}

static json_t *problem_schema(void)
{
    return json_pack("{s:s, s:[s, s, s], s:{s:{s:s}, s:{s:s}, s:{s:s}, s:{s:s}, s:{s:s, s:s}, "
                     "s:{s:s}}}",
                     "type", "object", "required", "type", "title", "status", "properties", "type",
                     "type", "string", "title", "type", "string", "status", "type", "integer",
                     "detail", "type", "string", "field", "type", "string", "description",
                     "Path of the field that was refused.", "request_id", "type", "string");
}

json_t *http_openapi(const struct route_row *const *tables, const size_t *table_sizes,
                     const char *title, const char *version)
{
    json_t *paths = json_object();
    json_t *schemas = json_object();
    json_object_set_new(schemas, "Problem", problem_schema());
    for (size_t t = 0; tables[t] != NULL; t++) {
        for (size_t i = 0; i < table_sizes[t]; i++) {
            add_row(paths, schemas, &tables[t][i]);
        }
    }
    json_t *document = json_pack(
        "{s:s, s:{s:s, s:s}, s:o, s:{s:o, s:{s:{s:s, s:s, s:s}}}}", "openapi", "3.1.0", "info",
        "title", title, "version", version, "paths", paths, "components", "schemas", schemas,
        "securitySchemes", "token", "type", "http", "scheme", "bearer", "description",
        "A token from `tocsin token create`; scopes read < respond < admin.");
    CHECK(document != NULL);
    return document;
}
