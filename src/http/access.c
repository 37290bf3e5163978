/* From the first header to the handler: shape, route, permission, limits, body. */
#include "http/request.h"

#include <string.h>

#include "base/clock.h"
#include "base/limits.h"
#include "base/nearest.h"
#include "http/cookie.h"
#include "http/shape.h"

enum { HEADER_END = 4 }; /* CR LF CR LF, where a body begins */

static const char STOPPING[] = "The server is stopping. Send the request again.";

/* Doors are written into other programs' settings, some of which put a slash at the end; so do mail programs and
 * chats at links. */
static void match_door(struct http_request *request)
{
    size_t size = strlen(request->path);
    if (size < 2 || request->path[size - 1] != '/') {
        return;
    }
    request->path[size - 1] = '\0';
    struct route_match match;
    routes_match(request->server->routes, request->method, request->path, &match);
    if (match.row != NULL &&
        (match.row->door == HTTP_DOOR_KEY || match.row->door == HTTP_DOOR_LINK)) {
        request->match = match;
    } else {
        request->path[size - 1] = '/';
    }
}

static bool is_safe(const struct http_request *request)
{
    return strcmp(request->method, "GET") == 0 || strcmp(request->method, "HEAD") == 0;
}

static bool refuse_guess(struct http_request *request)
{
    int wait_s = http_wrong_key(request);
    if (wait_s == 0) {
        return false;
    }
    atomic_fetch_add(&request->refs, 1);
    http_answer_later(
        request, wait_s,
        "Too many wrong keys or tokens came from this address; this one is not known, either. "
        "It was mistyped, rotated away or deleted.");
    return true;
}

/* Who reads, or asks what may be done, sends no alert. */
static bool may_send(const struct http_request *request)
{
    return !is_safe(request) && strcmp(request->method, "OPTIONS") != 0;
}

/* Before a handler could say whose it is. Does it hold a key that opens nothing? That is a guess here as at a door, else
 * guesses were free where nothing is. */
static bool tell_owner(struct http_request *request, int status, const char *why)
{
    const struct http_guard *guard = &request->server->guard;
    return guard->turned_away != NULL && may_send(request) &&
           guard->turned_away(guard->self, request, status, why);
}

/* The answer is the same for each key. */
static void turn_away(struct http_request *request, int status, const char *why)
{
    if (!tell_owner(request, status, why) || !refuse_guess(request)) {
        request_refuse(request, status, "%s", why);
    }
}

static enum MHD_Result refuse_header(struct http_request *request)
{
    if (tell_owner(request, 431, LIBRARY_LONG_HEADER)) {
        (void)!http_wrong_key(request);
    }
    return library_refuse_header(request);
}

bool request_is_browser(const struct http_request *request)
{
    const char *accept = http_header(request, "Accept");
    return http_header(request, "Authorization") == NULL && accept != NULL &&
           strstr(accept, "text/html") != NULL;
}

static void answer_nowhere(struct http_request *request)
{
    struct http_server *server = request->server;
    if (server->nowhere != NULL && is_safe(request) && request_is_browser(request)) {
        atomic_fetch_add(&request->refs, 1);
        server->nowhere(request, server->context);
        return;
    }
    turn_away(request, 404,
              "There is nothing at this address. GET /api/v1/openapi.json lists what there is.");
}

static bool find_route(struct http_request *request)
{
    struct http_server *server = request->server;
    routes_match(server->routes, request->method, request->path, &request->match);
    if (request->match.row == NULL && !request->match.is_known_path) {
        match_door(request);
    }
    if (request->match.row != NULL) {
        return true;
    }
    if (!request->match.is_known_path) {
        answer_nowhere(request);
        return false;
    }
    http_set_header(request, "Allow", request->match.allow);
    if (strcmp(request->method, "OPTIONS") == 0) {
        atomic_fetch_add(&request->refs, 1);
        http_answer_empty(request, 204);
    } else {
        g_autofree char *why = g_strdup_printf("This address takes %s.", request->match.allow);
        turn_away(request, 405, why);
    }
    return false;
}

/* A person who pressed a button of a page that stood open too long: a problem in JSON would not help. */
static bool is_form_of_browser(const struct http_request *request)
{
    return !is_safe(request) && request_is_browser(request);
}

void request_refuse_caller(struct http_request *request, const struct permit *permit)
{
    const struct http_guard *guard = &request->server->guard;
    struct fault fault = {.text = "This token's scope does not reach that far. "
                                  "Create one with a wider scope: tocsin token create."};
    if (guard->why_not != NULL) {
        guard->why_not(guard->self, request->caller, permit, request, &fault);
    }
    atomic_fetch_add(&request->refs, 1);
    http_answer_fault(request, 403, &fault);
}

static bool deny(struct http_request *request, bool is_known, bool has_token)
{
    const char *sign_in = request->server->guard.sign_in;
    if (!is_known && sign_in != NULL && is_form_of_browser(request)) {
        atomic_fetch_add(&request->refs, 1);
        http_answer_redirect(request, 303, sign_in);
        return false;
    }
    if (is_known) {
        request_refuse_caller(request, request->match.row->permit);
        return false;
    }
    if (has_token && refuse_guess(request)) {
        return false;
    }
    http_set_header(request, "WWW-Authenticate", "Bearer realm=\"tocsin\"");
    request_refuse(request, 401, "%s",
                   request->session != NULL ? "The session is over: sign in again."
                                            : "Send a valid token: Authorization: Bearer TOKEN "
                                              "(tocsin token create makes one).");
    return false;
}

static enum MHD_Result look_for_token(void *self, enum MHD_ValueKind kind, const char *name,
                                      const char *value)
{
    char **token = self;
    (void)kind;
    if (value != NULL && g_ascii_strcasecmp(name, "Cookie") == 0) {
        *token = cookie_value(value, HTTP_COOKIE);
    }
    return *token == NULL ? MHD_YES : MHD_NO;
}

/* Of a browser that has signed in. Newly allocated, or NULL. The library reads no cookies: see library.c. */
static char *cookie_token(const struct http_request *request)
{
    char *token = NULL;
    MHD_get_connection_values(request->connection, MHD_HEADER_KIND, look_for_token, &token);
    return token;
}

static void recognize(struct http_request *request, const char *token)
{
    const struct http_guard *guard = &request->server->guard;
    request->caller = guard->recognize == NULL ? NULL : guard->recognize(guard->self, token);
    request->token = request->caller != NULL ? g_strdup(token) : NULL;
}

/* Rows that prove themselves in their handler still learn who a signed-in person is. */
static void greet(struct http_request *request)
{
    g_autofree char *token = cookie_token(request);
    if (token != NULL && (is_safe(request) || client_is_own_origin(request))) {
        recognize(request, token);
    }
}

bool http_may(const struct http_request *request, const struct permit *permit)
{
    const struct http_guard *guard = &request->server->guard;
    return request->caller != NULL && guard->may(guard->self, request->caller, permit, request);
}

/* Default deny. */
static bool check_permit(struct http_request *request)
{
    return http_may(request, request->match.row->permit) ||
           deny(request, request->caller != NULL, true);
}

static bool check_caller(struct http_request *request)
{
    const struct http_guard *guard = &request->server->guard;
    enum http_door door = request->match.row->door;
    if (door == 0 || door == HTTP_DOOR_ANYONE) {
        session_find(request);
    }
    if (request->is_local) {
        request->caller = guard->local == NULL ? NULL : guard->local(guard->self);
        return door != 0 || check_permit(request);
    }
    if (door != 0) {
        if (door == HTTP_DOOR_ANYONE) {
            greet(request);
        }
        return door != HTTP_DOOR_KEY || session_enter(request);
    }
    const char *token = http_bearer(request);
    if (token == NULL && session_recognize(request)) {
        return (is_safe(request) || session_is_meant(request)) && check_permit(request);
    }
    g_autofree char *cookie = token == NULL ? cookie_token(request) : NULL;
    if (token == NULL) {
        token = cookie;
        if (token != NULL && !is_safe(request) && !client_is_own_origin(request)) {
            request_refuse(request, 403, "The request came from another site's page.");
            return false;
        }
    }
    if (token == NULL) {
        return deny(request, false, false);
    }
    recognize(request, token);
    return check_permit(request);
}

/* Is it one of the row's parameters? Offers each of them to `nearest`, whose `given` it is. */
static const struct field *known_param(const struct route_row *row, struct nearest *nearest)
{
    static const struct field LIST[] = {{.name = "limit"}, {.name = "cursor"}, {0}};
    const struct field *const tables[] = {row->params, row->is_list ? LIST : NULL};
    for (size_t t = 0; t < G_N_ELEMENTS(tables); t++) {
        for (const struct field *at = tables[t]; at != NULL && at->name != NULL; at++) {
            if (strcmp(at->name, nearest->given) == 0) {
                return at;
            }
            nearest_offer(nearest, at->name);
        }
    }
    return NULL;
}

static void refuse_param(struct http_request *request, const struct nearest *nearest)
{
    struct fault fault = {0};
    const char *near = nearest->found;
    fault_set(&fault, nearest->given, "There is no query parameter \"%.60s\" here%s%s%s",
              nearest->given, near == NULL ? "." : "; did you mean \"", near == NULL ? "" : near,
              near == NULL ? "" : "\"?");
    atomic_fetch_add(&request->refs, 1);
    http_answer_fault(request, 400, &fault);
}

static void refuse_escape(struct http_request *request)
{
    request_refuse(request, 400, "The address holds a malformed escape or is not UTF-8.");
}

/* Does an earlier one of that name say something else? The same twice is harmless. */
static bool is_contradicted(const GPtrArray *texts, guint at)
{
    for (guint i = 0; i < at; i += 2) {
        if (strcmp(texts->pdata[i], texts->pdata[at]) == 0 &&
            strcmp(texts->pdata[i + 1], texts->pdata[at + 1]) != 0) {
            return true;
        }
    }
    return false;
}

static void refuse_double(struct http_request *request, const char *name)
{
    struct fault fault = {0};
    fault_set(&fault, name, "The query parameter \"%.60s\" is given twice; give one value.", name);
    atomic_fetch_add(&request->refs, 1);
    http_answer_fault(request, 400, &fault);
}

/* A misspelt filter must not answer everything, nor a ?dry_run=true that nobody reads change something.
 * Pages, probes and doors of programs get what others put behind their addresses; behind a link of a message mail
 * gateways and chats put words of their own. */
static bool check_query(struct http_request *request)
{
    const struct route_row *row = request->match.row;
    const GPtrArray *texts = request->query.texts;
    bool is_strict = row->params != NULL || row->is_list || row->door == 0;
    if (!is_strict || row->door == HTTP_DOOR_LINK) {
        return true;
    }
    if (request->has_odd_query) {
        refuse_escape(request);
        return false;
    }
    for (guint i = 0; texts != NULL && i + 1 < texts->len; i += 2) {
        struct nearest nearest = {.given = texts->pdata[i]};
        const struct field *param = known_param(row, &nearest);
        if (param == NULL) {
            refuse_param(request, &nearest);
            return false;
        }
        if (row->door == 0 && param->kind != FIELD_TEXTS && is_contradicted(texts, i)) {
            refuse_double(request, param->name);
            return false;
        }
    }
    return true;
}

void request_handle(struct http_request *request)
{
    request->is_handled = true;
    atomic_fetch_add(&request->refs, 1);
    request->match.row->handler(request, request->match.context);
}

/* A key in the address or the header is judged before the first byte of the body. Without a good one the
 * handler is called at once, which refuses in its own dialect; the body is read and forgotten. */
static bool check_key(struct http_request *request)
{
    const struct http_guard *guard = &request->server->guard;
    const struct route_row *row = request->match.row;
    if (request->is_local || row->door == 0 || request->is_session) {
        request->is_known = true;
    } else if (row->door == HTTP_DOOR_KEY && guard->knows != NULL) {
        bool is_wrong = false;
        request->is_known = guard->knows(guard->self, request, &is_wrong);
        if (is_wrong && !row->has_key_in_body && refuse_guess(request)) {
            return false;
        }
        if (!request->is_known && !row->has_key_in_body && !is_safe(request)) {
            request_handle(request);
            return false;
        }
    }
    return true;
}

/* What is wrong with the header, or with a target that is a whole address; NULL: nothing. */
static const char *flaw_of(const struct http_request *request, const struct shape *shape)
{
    const char *authority = request->authority;
    bool is_odd = authority != NULL && (authority[0] == '\0' || !host_is_sound(authority));
    return shape->why == NULL && is_odd
               ? "The host in the address must be a name or an address, with or without a port."
               : shape->why;
}

static bool admit(struct http_request *request, const struct shape *shape)
{
    const char *flaw = flaw_of(request, shape);
    if (flaw != NULL) {
        request->answer.must_close = true;
        turn_away(request, 400, flaw);
        return false;
    }
    if (!find_route(request)) {
        return false;
    }
    if (!request_read_url(request)) {
        refuse_escape(request);
        return false;
    }
    return check_caller(request) && check_query(request) && check_key(request) &&
           body_expect(request, shape);
}

static bool is_answered(struct http_request *request)
{
    return atomic_load(&request->state) == REQUEST_ANSWERED;
}

/* A body of bearable size is read to its end and forgotten, so that the sender sees the answer instead of a
 * reset connection. */
static enum MHD_Result refuse(struct http_request *request, const struct shape *shape)
{
    request->is_discarding = true;
    if (is_answered(request) &&
        (request->answer.must_close || shape->is_chunked || shape->expects_continue ||
         shape_size(shape) > LIMIT_BODY_FORGOTTEN)) {
        request->answer.must_close = true;
        return answer_queue(request);
    }
    return MHD_YES;
}

static enum MHD_Result begin(struct http_server *server, struct MHD_Connection *connection,
                             const char *path, const char *method, const char *version,
                             struct http_request **out)
{
    struct http_request *request =
        request_create(server, connection, method, client_path(server, path));
    request->authority = client_authority(path);
    *out = request;
    struct peer *peer = peer_of(connection);
    request->is_local = peer->is_local;
    peer_reads(peer, true);
    struct shape shape;
    shape_read(connection, version, &shape);
    client_find(request);
    if (shape.is_chunked) {
        /* The library takes chunks whose lines end in a bare LF, where another program on the way may see
         * another end of the body: what follows on this connection is nobody's request. */
        request->answer.must_close = true;
        request->chunk_from = shape.end + HEADER_END;
    }
    if (shape.header_size > LIMIT_HEADER || shape.parts > LIMIT_HEADER_PARTS) {
        return refuse_header(request);
    }
    return admit(request, &shape) ? MHD_YES : refuse(request, &shape);
}

static void waiting_add(struct http_request *request)
{
    struct http_server *server = request->server;
    pthread_mutex_lock(&server->waiting_lock);
    request->waiting_after = server->waiting;
    if (server->waiting != NULL) {
        server->waiting->waiting_before = request;
    }
    server->waiting = request;
    pthread_mutex_unlock(&server->waiting_lock);
}

void request_waiting_remove(struct http_request *request)
{
    struct http_server *server = request->server;
    pthread_mutex_lock(&server->waiting_lock);
    if (request->waiting_before != NULL) {
        request->waiting_before->waiting_after = request->waiting_after;
    } else {
        server->waiting = request->waiting_after;
    }
    if (request->waiting_after != NULL) {
        request->waiting_after->waiting_before = request->waiting_before;
    }
    pthread_mutex_unlock(&server->waiting_lock);
}

/* Of those that wait, one that should have been answered; held, to be let go with request_unref. */
static struct http_request *find_late(struct http_server *server, const struct span *elapsed)
{
    pthread_mutex_lock(&server->waiting_lock);
    struct http_request *request = server->waiting;
    while (request != NULL && elapsed != NULL &&
           (request->answer_by_us == 0 || elapsed->us < request->answer_by_us)) {
        request = request->waiting_after;
    }
    if (request != NULL) {
        atomic_fetch_add(&request->refs, 1);
    }
    pthread_mutex_unlock(&server->waiting_lock);
    return request;
}

void waiting_force_late(struct http_server *server, struct span elapsed)
{
    for (struct http_request *request; (request = find_late(server, &elapsed)) != NULL;) {
        request_force(request, request->late);
        request_unref(request);
    }
}

void waiting_force_all(struct http_server *server)
{
    for (struct http_request *request; (request = find_late(server, NULL)) != NULL;) {
        request_force(request, STOPPING);
        request_unref(request);
    }
}

void http_answer_within(struct http_request *request, struct span time, const char *why)
{
    request->late = why;
    request->answer_by_us = clock_elapsed(&CLOCK_SYSTEM).us + time.us;
}

static enum MHD_Result run(struct http_request *request)
{
    peer_reads(peer_of(request->connection), false);
    if (!request->is_handled && body_end(request)) {
        request_handle(request);
    }
    if (is_answered(request)) {
        return answer_queue(request);
    }
    /* The answer may come from now on at any moment. Whoever is second to change the state, this
     * thread or the answering one, resumes the connection. */
    waiting_add(request);
    MHD_suspend_connection(request->connection);
    int expected = REQUEST_RUNNING;
    if (!atomic_compare_exchange_strong(&request->state, &expected, REQUEST_SUSPENDED)) {
        request_waiting_remove(request);
        MHD_resume_connection(request->connection);
    } else if (atomic_load(&request->server->must_not_sleep)) {
        request_force(request, STOPPING);
    }
    return MHD_YES;
}

/* It goes on and on, and the library takes no answer before its end. */
static enum MHD_Result break_off(struct http_request *request)
{
    if (!is_answered(request)) {
        request_refuse(request, 413, "The body has more than the %zu bytes that are taken.",
                       request->body_max);
    }
    return library_answer_at_once(request);
}

/* NOLINTNEXTLINE(readability-function-size): libmicrohttpd's signature */
enum MHD_Result access_handle(void *self, struct MHD_Connection *connection, const char *path,
                              const char *method, const char *version, const char *data,
                              size_t *data_size, void **handle)
{
    struct http_request *request = *handle;
    if (request == NULL) {
        enum MHD_Result result = begin(self, connection, path, method, version, &request);
        *handle = request;
        return result;
    }
    if (*data_size > 0) {
        size_t size = *data_size;
        *data_size = 0;
        return body_take(request, data, size) ? MHD_YES : break_off(request);
    }
    return is_answered(request) ? answer_queue(request) : run(request);
}

void access_done(void *self, struct MHD_Connection *connection, void **handle,
                 enum MHD_RequestTerminationCode how)
{
    struct http_server *server = self;
    struct http_request *request = *handle;
    if (request == NULL) {
        return;
    }
    *handle = NULL;
    bool is_broken_off =
        how != MHD_REQUEST_TERMINATED_COMPLETED_OK && how != MHD_REQUEST_TERMINATED_DAEMON_SHUTDOWN;
    if (is_broken_off && !request->is_handled && !is_answered(request)) {
        body_lost(request, HTTP_LOSS_BROKEN_OFF);
    }
    peer_reads(peer_of(connection), true);
    stream_close(request);
    request_unref(request);
    atomic_fetch_sub(&server->in_flight, 1);
}
