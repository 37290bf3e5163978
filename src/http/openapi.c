/* The OpenAPI document of the route tables. Pure. */
#include "http/openapi.h"

#include <string.h>

static json_t *parameter(const struct field *field, const char *where)
{
    json_t *one =
        json_pack("{s:s, s:s, s:b, s:o}", "name", field->name, "in", where, "required",
                  (field->flags & FIELD_REQUIRED) != 0, "schema", field_value_schema(field));
    if (field->doc != NULL) {
        json_object_set_new(one, "description", json_string(field->doc));
    }
    return one;
}

static void add_named(json_t *list, const struct field *fields, const char *where)
{
    for (const struct field *field = fields; field != NULL && field->name != NULL; field++) {
        json_array_append_new(list, parameter(field, where));
    }
}

/* A name of the path: it is always there, and any text unless the row says what it is. */
static json_t *path_parameter(const struct route_row *row, const char *name)
{
    struct field field = {.name = name, .kind = FIELD_TEXT};
    for (const struct field *at = row->names; at != NULL && at->name != NULL; at++) {
        field = strcmp(at->name, name) == 0 ? *at : field;
    }
    field.flags |= FIELD_REQUIRED;
    return parameter(&field, "path");
}

static void add_parameters(json_t *operation, const struct route_row *row)
{
    json_t *list = json_array();
    for (const char *at = strchr(row->path, '{'); at != NULL; at = strchr(at, '{')) {
        at++;
        g_autofree char *name = g_strndup(at, strcspn(at, "}"));
        json_array_append_new(list, path_parameter(row, name));
    }
    add_named(list, row->params, "query");
    add_named(list, row->headers, "header");
    if (json_array_size(list) > 0) {
        json_object_set(operation, "parameters", list);
    }
    json_decref(list);
}

static bool needs_member(const struct record *record)
{
    for (size_t i = 0; i < record->field_count; i++) {
        if ((record->fields[i].flags & FIELD_REQUIRED) != 0) {
            return true;
        }
    }
    return false;
}

/* A body of which nothing is required may be left out altogether. */
static void add_body(json_t *operation, const struct route_row *row)
{
    if (row->request == NULL && row->takes == NULL) {
        return;
    }
    json_t *schema = openapi_schema(row->request, row->takes_array);
    bool is_required = row->request != NULL && (row->takes_array || needs_member(row->request));
    json_object_set_new(operation, "requestBody",
                        json_pack("{s:b, s:{s:{s:o}}}", "required", is_required, "content",
                                  row->takes == NULL ? "application/json" : row->takes, "schema",
                                  schema));
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

static json_t *key_security_of(const struct route_row *row)
{
    if (strstr(row->path, "{key}") != NULL) {
        return json_pack("[{s:[]}]", "key_in_address");
    }
    if (row->has_key_in_body) {
        return json_pack("[{s:[]}]", "key_in_body");
    }
    json_t *ways = json_pack("[{s:[]}, {s:[s]}]", "key", "token", "respond");
    if (row->person != NULL) {
        json_array_append_new(ways, json_pack("{s:[]}", "session"));
    }
    return ways;
}

static json_t *security_of(const struct openapi *openapi, const struct route_row *row)
{
    switch (row->door) {
    case HTTP_DOOR_ANYONE:
        return json_array();
    case HTTP_DOOR_KEY:
        return key_security_of(row);
    case HTTP_DOOR_LINK:
        return json_pack("[{s:[]}]", "link");
    }
    return json_pack("[{s:[s]}, {s:[]}]", "token", openapi->about->permit_of(row->permit).scope,
                     "session");
}

/* Which permit it asks for, and in the list of them what that is. */
static void add_permit(const struct openapi *openapi, const struct route_row *row,
                       json_t *operation)
{
    if (row->permit == NULL) {
        return;
    }
    struct openapi_permit permit = openapi->about->permit_of(row->permit);
    json_object_set_new(operation, "x-permit", json_string(permit.name));
    g_auto(GStrv) roles = g_strsplit(permit.roles, " ", -1);
    json_t *names = json_array();
    for (size_t i = 0; roles[i] != NULL; i++) {
        json_array_append_new(names, json_string(roles[i]));
    }
    json_object_set_new(openapi->permits, permit.name,
                        json_pack("{s:s, s:o, s:s}", "scope", permit.scope, "roles", names,
                                  "description", permit.doc));
}

static json_t *operation_of(const struct openapi *openapi, const struct route_row *row)
{
    g_autofree char *id = operation_id(row);
    json_t *operation = json_pack("{s:s, s:s}", "operationId", id, "summary", row->summary);
    CHECK(operation != NULL);
    add_parameters(operation, row);
    add_body(operation, row);
    json_object_set_new(operation, "responses", openapi_answers(openapi, row));
    json_object_set_new(operation, "security", security_of(openapi, row));
    add_permit(openapi, row, operation);
    return operation;
}

static void add_row(const struct openapi *openapi, json_t *paths, const struct route_row *row)
{
    json_t *path = json_object_get(paths, row->path);
    if (path == NULL) {
        path = json_object();
        json_object_set_new(paths, row->path, path);
    }
    g_autofree char *method = g_ascii_strdown(row->method, -1);
    json_object_set_new(path, method, operation_of(openapi, row));
    const struct record *const records[] = {row->request, row->answer, row->refusal};
    for (size_t i = 0; i < G_N_ELEMENTS(records); i++) {
        if (records[i] != NULL) {
            record_schemas(records[i], openapi->schemas);
        }
    }
}

/* OpenAPI has no word for a proof that stands in the path or in the body: there the scheme's own name says it. */
static json_t *security_schemes(void)
{
    static const struct {
        const char *name, *scheme, *doc;
    } SCHEMES[] = {
        {"token", "bearer", "A token from `tocsin token create`; scopes read < respond < admin."},
        {"key", "bearer", "The key of an integration."},
        {"key_in_address", "key-in-address",
         "The key of an integration, a heartbeat or a calendar stands in the address; no header is "
         "sent."},
        {"key_in_body", "key-in-body",
         "The key of an integration stands in the body, where the dialect has its place for it; no "
         "header is sent."},
        {"link", "signed-link",
         "The address itself, as it stands in a message: signed, for one person and one page; no "
         "header is sent."},
    };

    json_t *schemes = json_object();
    for (size_t i = 0; i < G_N_ELEMENTS(SCHEMES); i++) {
        json_object_set_new(schemes, SCHEMES[i].name,
                            json_pack("{s:s, s:s, s:s}", "type", "http", "scheme",
                                      SCHEMES[i].scheme, "description", SCHEMES[i].doc));
    }
    json_object_set_new(
        schemes, "session",
        json_pack("{s:s, s:s, s:s, s:s}", "type", "apiKey", "in", "cookie", "name", "__Host-tocsin",
                  "description",
                  "Of a person who signed in by POST /api/v1/session; over plain http from another "
                  "machine it is called tocsin. What changes something carries " HTTP_CSRF_HEADER
                  ", too, with the \"csrf\" of GET /api/v1/me."));
    return schemes;
}

json_t *http_openapi(const struct route_set *routes, const struct openapi_about *about)
{
    json_t *paths = json_object();
    const struct openapi openapi = {.about = about,
                                    .schemas = json_object(),
                                    .responses = json_object(),
                                    .permits = json_object()};
    record_schemas(&PROBLEM_RECORD, openapi.schemas);
    for (const struct route_set *set = routes; set->table != NULL; set++) {
        for (size_t i = 0; i < set->table->count; i++) {
            add_row(&openapi, paths, &set->table->rows[i]);
        }
    }
    json_t *info =
        json_pack("{s:s, s:s, s:{s:s, s:s}}", "title", about->title, "version", about->version,
                  "license", "name", "Apache License 2.0", "identifier", "Apache-2.0");
    json_t *document =
        json_pack("{s:s, s:o, s:[{s:s}], s:o, s:{s:o, s:o, s:o}, s:o}", "openapi", "3.1.0", "info",
                  info, "servers", "url", about->server, "paths", paths, "components", "schemas",
                  openapi.schemas, "responses", openapi.responses, "securitySchemes",
                  security_schemes(), "x-permits", openapi.permits);
    CHECK(document != NULL);
    return document;
}
