/* What each route may answer: its own 2xx, and the refusals that its row makes possible. Pure. */
#include <string.h>

#include "http/openapi.h"

#define PLAIN "PlainProblem"
#define HTML "text/html"
#define PROBLEM_JSON "application/problem+json"
#define FORM "application/x-www-form-urlencoded"

static json_t *ref_to(const char *name)
{
    g_autofree char *ref = g_strdup_printf("#/components/schemas/%s", name);
    return json_pack("{s:s}", "$ref", ref);
}

json_t *openapi_schema(const struct record *record, bool is_array)
{
    if (record == NULL) {
        return json_pack("{s:s}", "type", "string");
    }
    return is_array ? json_pack("{s:s, s:o}", "type", "array", "items", ref_to(record->name))
                    : ref_to(record->name);
}

static json_t *list_of(const struct record *record)
{
    return json_pack("{s:s, s:[s, s], s:{s:{s:s, s:o}, s:{s:[s, s]}}}", "type", "object",
                     "required", "items", "next_cursor", "properties", "items", "type", "array",
                     "items", ref_to(record->name), "next_cursor", "type", "string", "null");
}

static json_t *content_of(const char *type, json_t *schema)
{
    return json_pack("{s:{s:o}}", type, "schema", schema);
}

static void add_header(json_t *answer, const char *name, const char *doc)
{
    json_t *header = json_pack("{s:s, s:b, s:{s:s}}", "description", doc, "required", true,
                               "schema", "type", "string");
    json_object_set_new(answer, "headers", json_pack("{s:o}", name, header));
}

static json_t *success_of(const struct route_row *row)
{
    json_t *answer = json_pack("{s:s}", "description", row->summary);
    if (row->gives != NULL || row->answer != NULL) {
        json_t *schema =
            row->is_list ? list_of(row->answer) : openapi_schema(row->answer, row->gives_array);
        const char *type = row->gives == NULL ? "application/json" : row->gives;
        json_object_set_new(answer, "content", content_of(type, schema));
    }
    if (row->success >= 300) {
        add_header(answer, "Location", "Where to go on.");
    }
    return answer;
}

/* --- refusals --- */

static bool has_dialect_of_plain(const struct openapi *openapi, const struct route_row *row)
{
    const char *plain = openapi->about->plain_problems;
    return plain != NULL && g_str_has_prefix(row->path, plain);
}

/* People who look at a page are told on a page, programs that ask for one as everywhere. */
static bool is_page(const struct route_row *row)
{
    return (row->gives != NULL && strcmp(row->gives, HTML) == 0) ||
           (row->takes != NULL && strcmp(row->takes, FORM) == 0);
}

static json_t *refusal_content(const struct openapi *openapi, const struct route_row *row)
{
    if (has_dialect_of_plain(openapi, row)) {
        if (json_object_get(openapi->schemas, PLAIN) == NULL) {
            json_object_set_new(openapi->schemas, PLAIN,
                                json_pack("{s:s, s:s}", "type", "string", "description",
                                          "\"FIELD: what is wrong\", as Alertmanager says it."));
        }
        return content_of("application/json", ref_to(PLAIN));
    }
    json_t *content = content_of(PROBLEM_JSON, ref_to(PROBLEM_RECORD.name));
    if (row->refusal != NULL) {
        json_object_set_new(content, "application/json",
                            json_pack("{s:o}", "schema", ref_to(row->refusal->name)));
    }
    if (is_page(row)) {
        json_object_set_new(content, HTML,
                            json_pack("{s:o}", "schema", openapi_schema(NULL, false)));
    }
    return content;
}

static const char *dialect_of(const struct openapi *openapi, const struct route_row *row)
{
    if (has_dialect_of_plain(openapi, row)) {
        return PLAIN;
    }
    if (row->refusal != NULL) {
        return row->refusal->name;
    }
    return is_page(row) ? "Page" : PROBLEM_RECORD.name;
}

/* "#/components/responses/404-Problem": one for all rows that say it in the same form. */
static json_t *refusal_of(const struct openapi *openapi, const struct route_row *row, int status)
{
    g_autofree char *name = g_strdup_printf("%d-%s", status, dialect_of(openapi, row));
    if (status == 304) { /* nothing but a header */
        return json_pack("{s:s}", "description", "It is as the asker has it.");
    }
    if (json_object_get(openapi->responses, name) == NULL) {
        json_t *answer = json_pack("{s:s, s:o}", "description", problem_title(status), "content",
                                   refusal_content(openapi, row));
        if (status == 429 || status == 503) {
            add_header(answer, "Retry-After", "In how many seconds to try again.");
        }
        json_object_set_new(openapi->responses, name, answer);
    }
    g_autofree char *ref = g_strdup_printf("#/components/responses/%s", name);
    return json_pack("{s:s}", "$ref", ref);
}

/* --- which --- */

static json_t *answer_of(const struct openapi *openapi, const struct route_row *row, int status)
{
    if (status >= 400) {
        return refusal_of(openapi, row, status);
    }
    return status >= 300 ? json_pack("{s:s}", "description", "Nothing else than before.")
                         : success_of(row);
}

static void add(json_t *answers, const struct openapi *openapi, const struct route_row *row,
                const int *statuses)
{
    for (; *statuses != 0; statuses++) {
        g_autofree char *status = g_strdup_printf("%d", *statuses);
        if (json_object_get(answers, status) != NULL) {
            continue;
        }
        json_object_set_new(answers, status, answer_of(openapi, row, *statuses));
    }
}

json_t *openapi_answers(const struct openapi *openapi, const struct route_row *row)
{
    /* An escape that is malformed, a header that is too large, a server that is stopping. */
    static const int ALL[] = {400, 431, 503, 0};
    static const int OF_TOKENS[] = {401, 403, 429, 0};
    static const int OF_NAMES[] = {404, 0};
    static const int OF_KEYS[] = {429, 0};
    static const int OF_BODIES[] = {413, 415, 0};
    static const int OF_RECORDS[] = {422, 0};
    static const int OF_CHANGES[] = {500, 0};
    bool is_change = strcmp(row->method, "GET") != 0;
    bool has_token = row->door == 0;
    g_autofree char *success = g_strdup_printf("%d", row->success == 0 ? 200 : row->success);
    json_t *answers = json_pack("{s:o}", success, success_of(row));

    const struct {
        bool is_so;
        const int *statuses;
    } rules[] = {
        {true, ALL},
        {has_token, OF_TOKENS},
        {strchr(row->path, '{') != NULL, OF_NAMES},
        {row->door == HTTP_DOOR_KEY && !row->has_key_in_body, OF_KEYS},
        {strcmp(row->method, "POST") == 0 && !row->ignores_body, OF_BODIES},
        {has_token && row->request != NULL, OF_RECORDS},
        {is_change && row->door != HTTP_DOOR_ANYONE, OF_CHANGES},
        {row->others != NULL, row->others},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(rules); i++) {
        if (rules[i].is_so) {
            add(answers, openapi, row, rules[i].statuses);
        }
    }
    return answers;
}
