#include "api/frame_html.h"

#include <sodium.h>
#include <string.h>

#include "api/assets.h"
#include "api/language.h"
#include "api/page_html.h"
#include "base/random.h"
#include "channel/catalogue.h"
#include "http/html.h"

enum { NONCE_BYTES = 18, NONCE_SIZE = NONCE_BYTES * 4 / 3 + 1 };

/* Nothing runs and nothing is drawn but our own files, and the styles that our own code makes. */
static const char POLICY[] =
    "default-src 'none'; script-src 'self'; style-src 'self' 'nonce-%s'; img-src 'self' data:; "
    "connect-src 'self'; manifest-src 'self'; worker-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'";
static const char PERMISSIONS[] =
    "camera=(), microphone=(), geolocation=(), payment=(), usb=(), display-capture=(), "
    "browsing-topics=(), publickey-credentials-get=(self), publickey-credentials-create=(self)";

/* --- which paths --- */

static size_t first_segment(const char *path)
{
    return strcspn(path + 1, "/");
}

static bool is_below_ours(const struct route_set *routes, const char *path)
{
    size_t size = first_segment(path);
    for (const struct route_set *set = routes; size > 0 && set->table != NULL; set++) {
        for (size_t i = 0; i < set->table->count; i++) {
            const char *ours = set->table->rows[i].path;
            if (first_segment(ours) == size && strncmp(ours + 1, path + 1, size) == 0) {
                return true;
            }
        }
    }
    return false;
}

bool frame_is_page(const struct route_set *routes, const char *path)
{
    return path[0] == '/' && strchr(strrchr(path, '/'), '.') == NULL &&
           !is_below_ours(routes, path);
}

/* --- the page --- */

static void write_nonce(const struct random *random, char out[NONCE_SIZE])
{
    unsigned char bytes[NONCE_BYTES];
    random_fill(random, bytes, sizeof bytes);
    sodium_bin2base64(out, NONCE_SIZE, bytes, sizeof bytes,
                      sodium_base64_VARIANT_URLSAFE_NO_PADDING);
}

static void set_headers(struct http_request *request, const char *nonce)
{
    g_autofree char *policy = g_strdup_printf(POLICY, nonce);
    http_set_header(request, "Content-Security-Policy", policy);
    http_set_header(request, "Permissions-Policy", PERMISSIONS);
    http_set_header(request, "Cross-Origin-Opener-Policy", "same-origin");
    http_set_header(request, "Cross-Origin-Resource-Policy", "same-origin");
}

static void write_head(struct html *html, const struct asset_index *index, const char *nonce)
{
    for (char **style = index->styles; *style != NULL; style++) {
        html_void(html, "link", "rel", "stylesheet", "href", *style, NULL);
    }
    for (char **preload = index->preloads; *preload != NULL; preload++) {
        html_void(html, "link", "rel", "modulepreload", "href", *preload, NULL);
    }
    if (index->icon != NULL) {
        html_void(html, "link", "rel", "icon", "href", index->icon, "type", "image/svg+xml", NULL);
    }
    if (index->manifest != NULL) {
        html_void(html, "link", "rel", "manifest", "href", index->manifest, NULL);
    }
    html_element(html, "script", "", "type", "module", "src", index->script, "nonce", nonce, NULL);
}

static void answer_frame(struct http_request *request, const struct api_context *context,
                         const struct asset_index *index)
{
    char nonce[NONCE_SIZE];
    int language = language_wanted(http_header(request, "Accept-Language"));
    write_nonce(context->random, nonce);
    struct html *html = html_begin(catalogue_tag(language), "Tocsin");
    write_head(html, index, nonce);
    html_body(html);
    html_open(html, "div", "id", "root", NULL);
    html_close(html);
    html_open(html, "noscript", NULL);
    html_page_say(html, language, "p", NULL, "interface.needs_script");
    html_close(html);
    g_autofree char *text = html_end(&html);
    set_headers(request, nonce);
    http_set_header(request, "Vary", "Accept-Language");
    http_answer_text(request, 200, "text/html; charset=utf-8", text);
}

void frame_answer(struct http_request *request, const struct api_context *context)
{
    const struct asset_index *index = asset_index();
    if (index == NULL) {
        html_page_answer_dead_end(request, 404, "interface.none", "interface.none_text");
        return;
    }
    answer_frame(request, context, index);
}
