/* Who asks, and by which way: proxies, the path that they put before ours, the origin of pages. */
#include <arpa/inet.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "http/forwarded.h"
#include "http/request.h"

enum { WRONG_KEYS_FORGIVEN = 50 };

void client_setup(struct http_server *server, const struct http_options *options)
{
    server->guesses = guesses_create(
        options->wrong_keys_forgiven == 0 ? WRONG_KEYS_FORGIVEN : options->wrong_keys_forgiven);
    if (options->trusted_proxies != NULL) {
        server->trusted_proxies = *options->trusted_proxies;
    }
    const char *authority = options->public_url == NULL ? NULL : strstr(options->public_url, "://");
    if (authority == NULL) {
        server->root = g_strdup("/");
        return;
    }
    size_t size = strcspn(authority + 3, "/?#");
    server->origin =
        g_strndup(options->public_url, (gsize)(authority + 3 + size - options->public_url));
    const char *path = authority + 3 + size;
    g_autofree char *trimmed = g_strndup(path, strcspn(path, "?#"));
    server->root =
        g_str_has_suffix(trimmed, "/") ? g_strdup(trimmed) : g_strconcat(trimmed, "/", NULL);
}

/* --- addresses --- */

struct joining {
    const char *name;
    GString *values;
};

static enum MHD_Result join(void *self, enum MHD_ValueKind kind, const char *name,
                            const char *value)
{
    (void)kind;
    struct joining *joining = self;
    if (value != NULL && g_ascii_strcasecmp(name, joining->name) == 0) {
        joining->values = joining->values == NULL ? g_string_new(NULL) : joining->values;
        g_string_append_printf(joining->values, "%s%s", joining->values->len > 0 ? "," : "", value);
    }
    return MHD_YES;
}

/* All values of a header that may come several times, in their order; NULL: none. */
static char *joined(const struct http_request *request, const char *name)
{
    struct joining joining = {.name = name};
    MHD_get_connection_values(request->connection, MHD_HEADER_KIND, join, &joining);
    return joining.values == NULL ? NULL : g_string_free(joining.values, FALSE);
}

static void peer_text(const struct http_request *request, char out[INET6_ADDRSTRLEN])
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(request->connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
    const struct sockaddr *address = info == NULL ? NULL : info->client_addr;
    const void *bytes = NULL;
    out[0] = '\0';
    if (address != NULL && address->sa_family == AF_INET) {
        bytes = &((const struct sockaddr_in *)(const void *)address)->sin_addr;
    } else if (address != NULL && address->sa_family == AF_INET6) {
        bytes = &((const struct sockaddr_in6 *)(const void *)address)->sin6_addr;
    }
    if (bytes != NULL) {
        (void)inet_ntop(address->sa_family, bytes, out, INET6_ADDRSTRLEN);
    }
}

void client_find(struct http_request *request)
{
    char peer[INET6_ADDRSTRLEN];
    if (request->is_local) {
        return;
    }
    peer_text(request, peer);
    bool is_proxy = guard_lists(&request->server->trusted_proxies, peer);
    g_autofree char *forwarded = is_proxy ? joined(request, "Forwarded") : NULL;
    g_autofree char *for_list = is_proxy ? joined(request, "X-Forwarded-For") : NULL;
    forwarded_client(&request->server->trusted_proxies, peer, forwarded, for_list, request->client);
}

int http_wrong_key(struct http_request *request)
{
    if (request->is_local || request->is_guess_counted) {
        return 0;
    }
    request->is_guess_counted = true;
    int wait_s =
        guesses_add(request->server->guesses, request->client, clock_elapsed(&CLOCK_SYSTEM));
    LOG_WARN("http", request->id, "wrong key", "address", request->client, "answered",
             wait_s > 0 ? "429" : NULL);
    return wait_s;
}

/* --- the path before ours --- */

const char *http_root(const struct http_request *request)
{
    return request->server->root;
}

/* The target may be a whole address (RFC 9112, 3.2.2): what follows its scheme. NULL: it is none. */
static const char *skip_scheme(const char *target)
{
    static const char *const SCHEMES[] = {"http://", "https://"};
    for (size_t i = 0; i < G_N_ELEMENTS(SCHEMES); i++) {
        size_t size = strlen(SCHEMES[i]);
        if (g_ascii_strncasecmp(target, SCHEMES[i], size) == 0) {
            return target + size;
        }
    }
    return NULL;
}

char *client_authority(const char *target)
{
    const char *authority = skip_scheme(target);
    return authority == NULL ? NULL : g_strndup(authority, strcspn(authority, "/"));
}

static const char *skip_authority(const char *target)
{
    const char *authority = skip_scheme(target);
    const char *path = authority == NULL ? target : strchr(authority, '/');
    return path == NULL ? "/" : path;
}

const char *http_host(const struct http_request *request)
{
    return request->authority != NULL ? request->authority : http_header(request, "Host");
}

const char *client_path(const struct http_server *server, const char *target)
{
    const char *path = skip_authority(target);
    size_t size = strlen(server->root) - 1;
    if (size == 0 || strncmp(path, server->root, size) != 0) {
        return path;
    }
    return path[size] == '/' ? path + size : path[size] == '\0' ? "/" : path;
}

char *client_root_page(const struct http_server *server, char *page)
{
    /* Quotes in texts are escaped (http/html.h): these are attributes. */
    static const char *const ATTRIBUTES[] = {" href=\"/", " src=\"/", " action=\"/"};
    g_autoptr(GString) text = g_string_new(page);
    g_free(page);
    for (size_t i = 0; i < G_N_ELEMENTS(ATTRIBUTES); i++) {
        g_autofree char *rooted = g_strconcat(ATTRIBUTES[i], server->root + 1, NULL);
        (void)g_string_replace(text, ATTRIBUTES[i], rooted, 0);
    }
    return g_string_free(g_steal_pointer(&text), FALSE);
}

/* --- pages --- */

static bool is_public_origin(const struct http_server *server, const char *origin)
{
    return server->origin != NULL && g_ascii_strcasecmp(server->origin, origin) == 0;
}

/* A cookie travels with whatever page sends the request, so its origin must be our own: the host that was asked,
 * or the public URL, for not every proxy passes the host on. */
bool client_is_own_origin(const struct http_request *request)
{
    const char *origin = http_header(request, "Origin");
    const char *host = http_host(request);
    if (origin == NULL) {
        const char *site = http_header(request, "Sec-Fetch-Site");
        return site != NULL && strcmp(site, "same-origin") == 0;
    }
    const char *authority = strstr(origin, "://");
    return is_public_origin(request->server, origin) ||
           (authority != NULL && host != NULL && g_ascii_strcasecmp(authority + 3, host) == 0);
}

bool http_is_foreign(const struct http_request *request)
{
    const char *origin = http_header(request, "Origin");
    const char *site = http_header(request, "Sec-Fetch-Site");
    if (site != NULL && strcmp(site, "cross-site") == 0) {
        return true;
    }
    if (origin == NULL || client_is_own_origin(request)) {
        return false;
    }
    /* A page without an origin of its own, as browsers inside other programs make them. */
    bool is_none = strcmp(origin, "null") == 0;
    return !is_none || site == NULL || strcmp(site, "same-origin") != 0;
}
