#include "http/request.h"

#include <stdarg.h>
#include <string.h>

#include "base/json.h"
#include "base/metric.h"

/* So many connections, from which on only callers that are known keep theirs between requests. */
enum { CROWD = 2048 };

static const char HTML_POLICY[] =
    "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self'; "
    "manifest-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";
static const char RETRY_AFTER_S[] = "5"; /* of a 503 whose handler knows no better */

void answer_clear(struct answer *answer)
{
    g_free(answer->content_type);
    g_free(answer->bytes);
    json_decref(answer->json);
    if (answer->headers != NULL) {
        g_ptr_array_unref(answer->headers);
    }
    memset(answer, 0, sizeof *answer);
}

/* The first caller may answer. A second one is our bug, unless the server answered at its stop. */
static bool claim(struct http_request *request)
{
    if (!atomic_exchange(&request->is_claimed, true)) {
        return true;
    }
    CHECK(atomic_load(&request->is_forced));
    request_unref(request);
    return false;
}

/* The answer is filled in: wakes the connection if it already sleeps. Its handler may not have
 * returned yet: then access.c finds the answer when it has. */
static void settle(struct http_request *request)
{
    if (atomic_exchange(&request->state, REQUEST_ANSWERED) == REQUEST_SUSPENDED) {
        request_waiting_remove(request);
        MHD_resume_connection(request->connection);
    }
}

static void fill(struct http_request *request, int status, const char *content_type, char *bytes,
                 size_t size)
{
    struct answer *answer = &request->answer;
    answer->status = status;
    answer->content_type = g_strdup(content_type);
    answer->bytes = bytes;
    answer->size = size;
}

void http_answer_json(struct http_request *request, int status, json_t *body)
{
    CHECK(body != NULL);
    char *text = request->kept != NULL ? json_write(body) : NULL;
    if (text != NULL) {
        g_clear_pointer(&body, json_decref);
    }
    if (!claim(request)) {
        json_decref(body);
        g_free(text);
        return;
    }
    fill(request, status, "application/json", text, text == NULL ? 0 : strlen(text));
    request->answer.json = body;
    settle(request);
    request_unref(request);
}

void http_answer_bytes(struct http_request *request, int status, const char *content_type,
                       const void *bytes, size_t size)
{
    if (!claim(request)) {
        return;
    }
    fill(request, status, content_type, size == 0 ? NULL : g_memdup2(bytes, size), size);
    settle(request);
    request_unref(request);
}

void http_answer_lasting(struct http_request *request, int status, const char *content_type,
                         const void *bytes, size_t size)
{
    if (!claim(request)) {
        return;
    }
    fill(request, status, content_type, NULL, size);
    request->answer.lasting = bytes;
    settle(request);
    request_unref(request);
}

void http_answer_text(struct http_request *request, int status, const char *content_type,
                      const char *text)
{
    http_answer_bytes(request, status, content_type, text, strlen(text));
}

void http_answer_empty(struct http_request *request, int status)
{
    http_answer_bytes(request, status, NULL, NULL, 0);
}

void http_answer_redirect(struct http_request *request, int status, const char *location)
{
    bool is_ours = location[0] == '/' && location[1] != '/';
    g_autofree char *address =
        is_ours ? g_strconcat(request->server->root, location + 1, NULL) : g_strdup(location);
    http_set_header(request, "Location", address);
    http_answer_empty(request, status);
}

/* Programs written for another's interface show people only what has the form that they know. */
json_t *answer_problem_body(const struct http_request *request, json_t *problem,
                            const char **out_type)
{
    const char *plain = request->server->plain_problems;
    if (plain == NULL || !g_str_has_prefix(request->path, plain)) {
        *out_type = ANSWER_PROBLEM;
        return problem;
    }
    json_t *text = problem_plain(problem);
    json_decref(problem);
    *out_type = "application/json";
    return text;
}

/* Takes the problem over. */
static void fill_problem(struct http_request *request, int status, json_t *problem)
{
    const char *type = NULL;
    json_t *body = answer_problem_body(request, problem, &type);
    fill(request, status, type, NULL, 0);
    request->answer.json = body;
}

static void answer_problem(struct http_request *request, int status, json_t *problem)
{
    if (!claim(request)) {
        json_decref(problem);
        return;
    }
    fill_problem(request, status, problem);
    settle(request);
    request_unref(request);
}

void http_answer_fault(struct http_request *request, int status, const struct fault *fault)
{
    answer_problem(request, status, problem_json(status, fault->text, fault->field, request->id));
}

void http_answer_faults(struct http_request *request, int status, const struct fault *faults,
                        size_t count)
{
    json_t *problem = problem_json(status, faults[0].text, faults[0].field, request->id);
    json_t *errors = json_array();
    for (size_t i = 0; i < count; i++) {
        json_auto_t *one = problem_json(status, faults[i].text, faults[i].field, request->id);
        json_t *field = json_object_get(one, "field");
        json_array_append_new(errors, json_pack("{s:O?, s:O}", "field", field, "detail",
                                                json_object_get(one, "detail")));
    }
    json_object_set_new(problem, "errors", errors);
    answer_problem(request, status, problem);
}

void http_answer_problem(struct http_request *request, int status, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    g_autofree char *text = g_strdup_vprintf(format, args);
    va_end(args);
    answer_problem(request, status, problem_json(status, text, "", request->id));
}

void request_refuse(struct http_request *request, int status, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    g_autofree char *text = g_strdup_vprintf(format, args);
    va_end(args);
    atomic_fetch_add(&request->refs, 1);
    answer_problem(request, status, problem_json(status, text, "", request->id));
}

void http_answer_later(struct http_request *request, int retry_after_s, const char *why)
{
    g_autofree char *seconds = g_strdup_printf("%d", retry_after_s);
    http_set_header(request, "Retry-After", seconds);
    http_answer_problem(request, 429, "%s", why);
}

void http_answer_busy(struct http_request *request, int retry_after_s, const char *why)
{
    g_autofree char *seconds = g_strdup_printf("%d", retry_after_s);
    http_set_header(request, "Retry-After", seconds);
    http_answer_problem(request, 503, "%s", why);
}

void http_answer_stream(struct http_request *request, struct http_stream stream)
{
    enum { SOME_MAY_HAVE_ENDED_S = 10 };

    if (streams_are_too_many(request)) {
        stream.closed(stream.self);
        http_answer_later(
            request, SOME_MAY_HAVE_ENDED_S,
            request->token == NULL
                ? "This address has as many streams open as one may have without a token. Close "
                  "some, or sign in."
                : "This token has as many streams open as one may have. Close some, or give each "
                  "program a token of its own.");
        return;
    }
    if (!claim(request)) {
        stream.closed(stream.self);
        return;
    }
    fill(request, 200, "text/event-stream", NULL, 0);
    request->answer.stream = stream;
    request->answer.is_stream = true;
    settle(request);
    request_unref(request);
}

bool http_is_late(const struct http_request *request)
{
    return atomic_load(&request->is_forced);
}

static void add_header(struct answer *answer, const char *name, const char *value)
{
    if (answer->headers == NULL) {
        answer->headers = g_ptr_array_new_with_free_func(g_free);
    }
    g_ptr_array_add(answer->headers, g_strdup(name));
    g_ptr_array_add(answer->headers, g_strdup(value));
}

void request_force(struct http_request *request, const char *why)
{
    atomic_store(&request->is_forced, true);
    pthread_mutex_lock(&request->header_lock);
    bool is_answered = atomic_exchange(&request->is_claimed, true);
    pthread_mutex_unlock(&request->header_lock);
    if (is_answered) {
        return;
    }
    fill_problem(request, 503, problem_json(503, why, "", request->id));
    add_header(&request->answer, "Retry-After", RETRY_AFTER_S);
    settle(request);
}

void http_set_header(struct http_request *request, const char *name, const char *value)
{
    /* A line break in a value would begin a header of somebody else's choosing. */
    CHECK(strpbrk(name, "\r\n:") == NULL);
    if (strpbrk(value, "\r\n") != NULL) {
        return;
    }
    pthread_mutex_lock(&request->header_lock);
    if (!atomic_load(&request->is_claimed)) {
        add_header(&request->answer, name, value);
    }
    pthread_mutex_unlock(&request->header_lock);
}

static bool is_html(const struct answer *answer)
{
    return answer->content_type != NULL && g_str_has_prefix(answer->content_type, "text/html");
}

static struct MHD_Response *response_of(const struct http_server *server, struct answer *answer)
{
    if (answer->bytes != NULL && server->root[1] != '\0' && is_html(answer)) {
        g_autofree char *page = g_strndup(answer->bytes, answer->size);
        g_free(answer->bytes);
        answer->bytes = client_root_page(server, g_steal_pointer(&page));
        answer->size = strlen(answer->bytes);
    }
    if (answer->json != NULL) {
        answer->bytes = json_write(answer->json);
        answer->size = strlen(answer->bytes);
        g_clear_pointer(&answer->json, json_decref);
    }
    if (answer->lasting != NULL) {
        return MHD_create_response_from_buffer(answer->size, (void *)(uintptr_t)answer->lasting,
                                               MHD_RESPMEM_PERSISTENT);
    }
    if (answer->bytes == NULL) {
        return MHD_create_response_from_buffer(0, NULL, MHD_RESPMEM_PERSISTENT);
    }
    /* MHD frees it: the answer of a slow reader must not be copied, nor outlive its request. */
    return MHD_create_response_from_buffer_with_free_callback(
        answer->size, g_steal_pointer(&answer->bytes), g_free);
}

static bool sets_header(const struct answer *answer, const char *name)
{
    for (guint i = 0; answer->headers != NULL && i < answer->headers->len; i += 2) {
        if (g_ascii_strcasecmp(answer->headers->pdata[i], name) == 0) {
            return true;
        }
    }
    return false;
}

/* Every answer carries these, whatever the handler thought of. */
void answer_add_headers(struct http_request *request, struct MHD_Response *response)
{
    const struct answer *answer = &request->answer;
    if (answer->content_type != NULL) {
        MHD_add_response_header(response, "Content-Type", answer->content_type);
    }
    if (!sets_header(answer, "Content-Security-Policy")) {
        MHD_add_response_header(response, "Content-Security-Policy",
                                is_html(answer) ? HTML_POLICY : ANSWER_POLICY);
    }
    MHD_add_response_header(response, "X-Content-Type-Options", "nosniff");
    /* Not "no-referrer": a browser then sends "Origin: null" with our own forms. */
    MHD_add_response_header(response, "Referrer-Policy", "same-origin");
    MHD_add_response_header(response, "X-Request-Id", request->id);
    if (!sets_header(answer, "Cache-Control")) {
        MHD_add_response_header(response, "Cache-Control", "no-store");
    }
    if (answer->status == 503 && !sets_header(answer, "Retry-After")) {
        MHD_add_response_header(response, "Retry-After", RETRY_AFTER_S);
    }
    for (guint i = 0; answer->headers != NULL && i < answer->headers->len; i += 2) {
        MHD_add_response_header(response, answer->headers->pdata[i], answer->headers->pdata[i + 1]);
    }
    /* A connection that was used once holds all of its memory from then on. */
    bool is_crowded = !request->is_known && metric_value(METRIC_CONNECTIONS) > CROWD;
    if (answer->must_close || is_crowded || atomic_load(&request->server->is_stopping)) {
        MHD_add_response_header(response, "Connection", "close");
    }
}

static void count(int status)
{
    int class = status / 100;
    enum metric metric = class <= 2   ? METRIC_REQUESTS_2XX
                         : class == 3 ? METRIC_REQUESTS_3XX
                         : class == 4 ? METRIC_REQUESTS_4XX
                                      : METRIC_REQUESTS_5XX;
    metric_add(metric, 1);
}

enum MHD_Result answer_queue(struct http_request *request)
{
    struct answer *answer = &request->answer;
    count(answer->status);
    if (answer->is_stream) {
        return stream_queue(request);
    }
    struct MHD_Response *response = response_of(request->server, answer);
    if (response == NULL) {
        return MHD_NO;
    }
    answer_add_headers(request, response);
    enum MHD_Result result =
        library_queue_ours(request->connection, (unsigned)answer->status, response);
    MHD_destroy_response(response);
    return result;
}
