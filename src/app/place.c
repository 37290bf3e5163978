#include "app/place.h"

#include <string.h>

#include "app/data_dir.h"

void place_of_settings(const struct settings *settings, struct place *out)
{
    bool is_server = settings->database_url != NULL;
    *out = (struct place){.is_server = is_server,
                          .where = is_server ? g_strdup(settings->database_url)
                                             : data_dir_database(settings->data),
                          .data = is_server ? NULL : g_strdup(settings->data),
                          .shown = settings_database_shown(settings)};
}

void place_of_file(const char *path, struct place *out)
{
    *out = (struct place){.where = g_strdup(path), .shown = g_strdup(path)};
}

bool place_parse(const char *text, struct place *out, struct fault *fault)
{
    *out = (struct place){0};
    struct settings settings = {0};
    settings_init(&settings);
    bool is_server = g_str_has_prefix(text, "postgres") || g_str_has_prefix(text, "file:");
    const char *name = is_server ? "database-url" : "data";
    /* An address that is none may hold a password all the same: it is not quoted. */
    const char *called = g_str_has_prefix(text, "postgres") ? "the place" : text;
    bool is_good = settings_set(&settings, setting_find(name), called, text, fault);
    if (is_good && text[0] == '\0') {
        is_good = fault_set(fault, "the place", "is empty: name a directory or postgresql://…");
    }
    if (is_good) {
        place_of_settings(&settings, out);
    }
    settings_clear(&settings);
    return is_good;
}

void place_clear(struct place *place)
{
    g_free(place->where);
    g_free(place->data);
    g_free(place->shown);
    *place = (struct place){0};
}
