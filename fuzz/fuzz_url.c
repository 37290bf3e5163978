/* Addresses, queries, forms and routes from any bytes. */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "http/html.h"
#include "http/route.h"
#include "http/urlcode.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void handle(struct http_request *request, void *context)
{
    (void)request;
    (void)context;
}

static const struct route_row ROWS[] = {
    {"GET", "/", NULL, handle, .door = HTTP_DOOR_ANYONE, .summary = "root"},
    {"GET", "/a/{id}", NULL, handle, .door = HTTP_DOOR_ANYONE, .summary = "one"},
    {"POST", "/a/{id}/b/{other}", NULL, handle, .door = HTTP_DOOR_ANYONE, .summary = "two"},
    {"GET", "/a/{id}/b/{other}/{x}/{y}", NULL, handle, .door = HTTP_DOOR_ANYONE, .summary = "four"},
};

static void try_route(const char *path)
{
    static const struct route_table TABLE = {ROWS, G_N_ELEMENTS(ROWS)};
    const struct route_set SETS[] = {{&TABLE, NULL}, {NULL, NULL}};
    struct routes *routes = routes_create(SETS);
    struct route_match match;
    routes_match(routes, "GET", path, &match);
    for (size_t i = 0; i < match.param_count; i++) {
        CHECK(match.params[i].text >= path);
        CHECK(match.params[i].text + match.params[i].size <= path + strlen(path));
        CHECK(memchr(match.params[i].text, '/', match.params[i].size) == NULL);
    }
    routes_destroy(&routes);
}

/* What was escaped and unescaped again is the same; what is UTF-8 stays so. */
static void try_decode(const char *bytes, size_t size)
{
    g_autofree char *text = url_decode(bytes, size, true);
    if (text == NULL) {
        return;
    }
    CHECK(g_utf8_validate(text, -1, NULL));
    g_autofree char *escaped = url_encode(text);
    g_autofree char *again = url_decode(escaped, strlen(escaped), true);
    CHECK(again != NULL && strcmp(again, text) == 0);
}

static void try_html(const char *text)
{
    struct html *html = html_fragment();
    html_element(html, "p", text, "title", text, "href", text, NULL);
    g_autofree char *out = html_end(&html);
    /* The one element that the program wrote, and no other. */
    unsigned brackets = 0;
    for (const char *at = strchr(out, '<'); at != NULL; at = strchr(at + 1, '<')) {
        brackets++;
    }
    CHECK(brackets == 2);
}

/* Nothing in a sound one means something else elsewhere in an address. */
static void try_host(const char *text)
{
    if (host_is_sound(text)) {
        CHECK(strpbrk(text, "/\\?#@\"<>\r\n") == NULL && g_str_is_ascii(text));
        g_autofree char *with_port = g_strconcat(text, ":1", NULL);
        CHECK(strchr(text, ':') == NULL || text[0] == '[' || !host_is_sound(with_port));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autofree char *text = g_strndup((const char *)data, size);
    struct form form = {0};
    if (form_read((const char *)data, size, &form)) {
        (void)form_get(&form, "a");
    }
    form_clear(&form);
    try_decode((const char *)data, size);
    try_route(text);
    try_html(text);
    try_host(text);
    return 0;
}
