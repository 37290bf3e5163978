/* The web interface: its files, and the page that they run in. */
#include "api/frame_html.h"
#include "api/handler.h"
#include "api/shapes.h"

#include "api/assets.h"

static void get_asset(struct http_request *request, void *context)
{
    (void)context;
    const char *name = http_path_param(request, "file");
    enum encoding encoding = encoding_wanted(http_header(request, "Accept-Encoding"));
    const char *form = encoding_name(encoding);
    struct asset asset;
    if (!asset_find(name, encoding, &asset)) {
        api_answer_missing(request, "file", name);
        return;
    }
    /* The name has the hash of what is in it, so with the form it tells one answer from every other. */
    g_autofree char *etag = g_strdup_printf("\"%s-%s\"", name, form == NULL ? "identity" : form);
    http_set_header(request, "Cache-Control", "public, max-age=31536000, immutable");
    http_set_header(request, "Vary", "Accept-Encoding");
    http_set_header(request, "ETag", etag);
    if (etag_is_listed(http_header(request, "If-None-Match"), etag)) {
        http_answer_empty(request, 304);
        return;
    }
    if (form != NULL) {
        http_set_header(request, "Content-Encoding", form);
    }
    http_answer_lasting(request, 200, asset.content_type, asset.bytes, asset.size);
}

static void get_root(struct http_request *request, void *context)
{
    frame_answer(request, context);
}

static const int NONE[] = {404, 0};
static const int KNOWN[] = {304, 0};

static const struct route_row ROWS[] = {
    {"GET", "/", NULL, get_root, .door = HTTP_DOOR_ANYONE,
     .summary = "The web interface (HTML); so is every address below it that is none of these and "
                "names no file.",
     .gives = HTML_TYPE, .others = NONE},
    {"GET", "/assets/{file}", NULL, get_asset, .door = HTTP_DOOR_ANYONE,
     .summary = "A file of the web interface: its name changes with what is in it.", .gives = "*/*",
     .others = KNOWN},
};
const struct route_table ASSET_ROUTES = {ROWS, G_N_ELEMENTS(ROWS)};
