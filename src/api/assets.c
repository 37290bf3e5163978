#include "api/assets.h"

#include <gio/gio.h>
#include <jansson.h>
#include <string.h>

#include "api/web.h"
#include "base/json.h"

#define ASSETS_PATH "/tocsin/web/"

static const struct {
    const char *suffix, *content_type;
} TYPES[] = {
    {".js", "text/javascript; charset=utf-8"},
    {".css", "text/css; charset=utf-8"},
    {".svg", "image/svg+xml"},
    {".png", "image/png"},
    {".webmanifest", "application/manifest+json"},
};

static const char *type_of(const char *name)
{
    for (size_t i = 0; i < G_N_ELEMENTS(TYPES); i++) {
        if (g_str_has_suffix(name, TYPES[i].suffix)) {
            return TYPES[i].content_type;
        }
    }
    return NULL;
}

/* Of the program's own memory: the resources are constants of it. */
static bool look_up(const char *name, const char *suffix, const void **out_bytes, size_t *out_size)
{
    g_autofree char *path = g_strconcat(ASSETS_PATH, name, suffix, NULL);
    g_autoptr(GBytes) bytes =
        g_resource_lookup_data(web_get_resource(), path, G_RESOURCE_LOOKUP_FLAGS_NONE, NULL);
    gsize size = 0;
    *out_bytes = bytes == NULL ? NULL : g_bytes_get_data(bytes, &size);
    *out_size = size;
    return *out_bytes != NULL;
}

bool asset_find(const char *name, enum encoding wanted, struct asset *out)
{
    static const char *const SUFFIXES[] = {
        [ENCODING_IDENTITY] = "", [ENCODING_GZIP] = ".gz", [ENCODING_BROTLI] = ".br"};
    memset(out, 0, sizeof *out);
    out->content_type = type_of(name);
    return out->content_type != NULL && strchr(name, '/') == NULL &&
           look_up(name, SUFFIXES[wanted], &out->bytes, &out->size);
}

/* --- the index --- */

static char **texts_of(const json_t *list)
{
    GPtrArray *texts = g_ptr_array_new();
    for (size_t i = 0; i < json_array_size(list); i++) {
        g_ptr_array_add(texts, g_strdup(json_string_value(json_array_get(list, i))));
    }
    g_ptr_array_add(texts, NULL);
    return (char **)g_ptr_array_free(texts, FALSE);
}

static struct asset_index *read_index(void)
{
    const void *bytes = NULL;
    size_t size = 0;
    if (!look_up("index.json", "", &bytes, &size)) {
        return NULL;
    }
    json_auto_t *json = json_loadb(bytes, size, 0, NULL);
    CHECK(json_text(json, "script", NULL) != NULL);
    struct asset_index *index = g_new0(struct asset_index, 1);
    index->script = g_strdup(json_text(json, "script", NULL));
    index->icon = g_strdup(json_text(json, "icon", NULL));
    index->manifest = g_strdup(json_text(json, "manifest", NULL));
    index->preloads = texts_of(json_object_get(json, "preloads"));
    index->styles = texts_of(json_object_get(json, "styles"));
    return index;
}

const struct asset_index *asset_index(void)
{
    static gsize is_read;
    static struct asset_index *index; /* lives for ever */
    if (g_once_init_enter(&is_read)) {
        index = read_index();
        g_once_init_leave(&is_read, 1);
    }
    return index;
}
