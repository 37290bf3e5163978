/* Who has signed in with a browser: the cookie that says it, and that a change was meant by a page of ours. */
#include <string.h>

#include "http/cookie.h"
#include "http/request.h"

/* A browser takes the first only over https or from the machine itself, and lets no other host or path write it, so
 * that a neighbour's page cannot slip in a session of its choice. Over plain http elsewhere it takes none but the
 * second, which is all that can be had there. */
#define GUARDED "__Host-tocsin"
#define PLAIN "tocsin"

/* As the host of an address or a Host header: "127.0.0.1:8420", "[::1]", "localhost". */
static bool is_loopback(const char *host)
{
    size_t size = host[0] == '[' ? strcspn(host, "]") + 1 : strcspn(host, ":/");
    g_autofree char *name = g_strndup(host, size);
    return g_ascii_strcasecmp(name, "localhost") == 0 || strcmp(name, "[::1]") == 0 ||
           (g_str_has_prefix(name, "127.") && g_hostname_is_ip_address(name));
}

static bool is_guarded(const struct http_request *request)
{
    const char *origin = request->server->origin;
    const char *host = http_host(request);
    return (origin != NULL && g_str_has_prefix(origin, "https://")) ||
           (host != NULL && is_loopback(host));
}

static const char *cookie_name(const struct http_request *request)
{
    return request->has_guarded_cookie ? GUARDED : PLAIN;
}

struct cookie_search {
    const char *name;
    char *found;
    bool is_odd;
};

static enum MHD_Result look(void *self, enum MHD_ValueKind kind, const char *name,
                            const char *value)
{
    struct cookie_search *looking = self;
    (void)kind;
    if (value != NULL && g_ascii_strcasecmp(name, "Cookie") == 0) {
        char *found = NULL;
        looking->is_odd |=
            !cookie_sole(value, looking->name, &found) || (found != NULL && looking->found != NULL);
        g_free(looking->found);
        looking->found = found;
    }
    return MHD_YES;
}

void session_find(struct http_request *request)
{
    request->has_guarded_cookie = is_guarded(request);
    struct cookie_search looking = {.name = cookie_name(request)};
    MHD_get_connection_values(request->connection, MHD_HEADER_KIND, look, &looking);
    request->session = looking.is_odd ? NULL : g_steal_pointer(&looking.found);
    g_free(looking.found);
}

const char *http_session(const struct http_request *request)
{
    return request->session;
}

void http_set_session(struct http_request *request, const char *session, struct span lasts)
{
    g_autofree char *cookie =
        g_strdup_printf("%s=%s; Path=/; HttpOnly; SameSite=Lax; Max-Age=%" G_GINT64_FORMAT "%s",
                        cookie_name(request), session != NULL ? session : "",
                        session != NULL ? lasts.us / SPAN_S(1).us : 0,
                        request->has_guarded_cookie ? "; Secure" : "");
    http_set_header(request, "Set-Cookie", cookie);
}

bool session_recognize(struct http_request *request)
{
    const struct http_guard *guard = &request->server->guard;
    if (request->session == NULL || guard->recognize_session == NULL) {
        return false;
    }
    request->caller = guard->recognize_session(guard->self, request->session);
    request->is_session = request->caller != NULL;
    request->token = request->is_session ? g_strdup(request->session) : NULL;
    return request->is_session;
}

static bool refuse(struct http_request *request, const char *field, const char *why)
{
    struct fault fault = {0};
    (void)fault_set(&fault, field, "%s", why);
    atomic_fetch_add(&request->refs, 1);
    http_answer_fault(request, 403, &fault);
    return false;
}

bool session_is_meant(struct http_request *request)
{
    const struct http_guard *guard = &request->server->guard;
    const char *given = http_header(request, HTTP_CSRF_HEADER);
    if (!client_is_own_origin(request)) {
        return refuse(request, "Origin",
                      "With the cookie of a session only a page of ours may change anything: send "
                      "its Origin (or Sec-Fetch-Site: same-origin).");
    }
    if (given == NULL || !guard->is_meant(request->caller, given)) {
        return refuse(
            request, HTTP_CSRF_HEADER,
            "With the cookie of a session each change carries the header " HTTP_CSRF_HEADER
            " with what GET /api/v1/me answers as \"csrf\".");
    }
    return true;
}

bool session_enter(struct http_request *request)
{
    const struct permit *person = request->match.row->person;
    if (person == NULL || http_bearer(request) != NULL) {
        return true;
    }
    session_find(request);
    if (!session_recognize(request)) {
        return true;
    }
    if (!session_is_meant(request)) {
        return false;
    }
    if (!http_may(request, person)) {
        request_refuse_caller(request, person);
        return false;
    }
    return true;
}
