#include "http/request.h"

#include "base/fault.h"
#include "base/json.h"

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
};

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
