#include "http/request.h"

#include "base/fault.h"
#include "base/json.h"
#include "base/limits.h"

struct title {
    int status;
    const char *title;
};

static const struct title TITLES[] = {
    {400, "Bad request"},
    {401, "Not authenticated"},
    {403, "Not permitted"},
    {404, "Not found"},
    {405, "Method not allowed"},
    {408, "Request timed out"},
    {409, "Conflict"},
    {410, "Gone"},
    {413, "Body too large"},
    {414, "Address too long"},
    {415, "Media type not supported"},
    {422, "Not acceptable as it is"},
    {429, "Too many requests"},
    {431, "Header too large"},
    {500, "Internal error"},
    {501, "Not implemented"},
    {503, "Not available for the moment"},
    {505, "HTTP version not supported"},
};

#define TEXT(name_, flags_, doc_)                                                                \
    {                                                                                            \
        .name = (name_), .kind = FIELD_TEXT, .flags = (flags_), .max = LIMIT_BODY, .doc = (doc_) \
    }

static const struct field MISTAKE_FIELDS[] = {
    TEXT("field", FIELD_ALWAYS | FIELD_NULL, "Null: the document as a whole."),
    TEXT("detail", FIELD_ALWAYS, NULL),
};
static const struct record MISTAKE_RECORD = {.name = "Mistake",
                                             .doc = "One of several in a document.",
                                             .fields = MISTAKE_FIELDS,
                                             .field_count = G_N_ELEMENTS(MISTAKE_FIELDS)};

static const struct field PROBLEM_FIELDS[] = {
    TEXT("type", FIELD_ALWAYS, NULL),
    TEXT("title", FIELD_ALWAYS, NULL),
    {.name = "status", .kind = FIELD_INT, .flags = FIELD_ALWAYS},
    TEXT("detail", FIELD_ALWAYS, "What was wrong, and what to do."),
    TEXT("field", 0, "Path of the field that was refused."),
    {.name = "errors",
     .kind = FIELD_RECORDS,
     .record = &MISTAKE_RECORD,
     .doc = "All mistakes of a document that has several."},
    TEXT("request_id", FIELD_ALWAYS, "Of this request in the log."),
    TEXT("database", 0, "Of /readyz only: full, down, uncertain, outdated, damaged or slow."),
    TEXT("sending", 0, "Of /readyz only: silent, unwatched or overdue."),
    {.name = "since", .kind = FIELD_UTC, .flags = FIELD_NULL, .doc = "Of /readyz only."},
    TEXT("node", FIELD_NULL, "Of /readyz only."),
};
const struct record PROBLEM_RECORD = {.name = "Problem",
                                      .doc = "Why a request was refused (RFC 9457).",
                                      .fields = PROBLEM_FIELDS,
                                      .field_count = G_N_ELEMENTS(PROBLEM_FIELDS)};

const char *problem_title(int status)
{
    for (size_t i = 0; i < G_N_ELEMENTS(TITLES); i++) {
        if (TITLES[i].status == status) {
            return TITLES[i].title;
        }
    }
    return status >= 500 ? "Server error" : "Request refused";
}

json_t *problem_json(int status, const char *detail, const char *field, const char *request_id)
{
    json_t *problem = json_pack("{s:s, s:s, s:i}", "type", "about:blank", "title",
                                problem_title(status), "status", status);
    CHECK(problem != NULL);
    /* Texts that quote the input may hold a half character where they were cut. */
    g_autofree char *sound_detail = g_utf8_make_valid(detail, -1);
    g_autofree char *sound_field = g_utf8_make_valid(field, -1);
    json_object_set_new(problem, "detail", json_string(sound_detail));
    if (field[0] != '\0') {
        json_object_set_new(problem, "field", json_string(sound_field));
    }
    json_object_set_new(problem, "request_id", json_string(request_id));
    return problem;
}

json_t *problem_plain(const json_t *problem)
{
    const char *field = json_text(problem, "field", "");
    const char *detail = json_text(problem, "detail", "");
    return field[0] == '\0' ? json_string(detail) : json_sprintf("%s: %s", field, detail);
}
