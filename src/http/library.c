/* What libmicrohttpd answers by itself, before or instead of us (a header that is too long, a chunk that is
 * malformed), is a page in HTML. It queues that page through its own public function, like anybody; so a function
 * of the same name in the program comes first, and answers in the form of all our refusals. Where a linker
 * would bind the library to itself the page stays as it is: server_test tells. */
#include <dlfcn.h>
#include <string.h>
#include <sys/socket.h>

#include "base/json.h"
#include "base/metric.h"
#include "base/random.h"
#include "http/request.h"

typedef enum MHD_Result (*queue_function)(struct MHD_Connection *, unsigned, struct MHD_Response *);
typedef enum MHD_Result (*lookup_function)(struct MHD_Connection *, enum MHD_ValueKind,
                                           const char *, size_t, const char **, size_t *);

static _Thread_local bool is_ours;

/* The library's own function of that name. */
static void *library_symbol(const char *name, _Atomic(void *) *known)
{
    void *symbol = atomic_load(known);
    if (symbol == NULL) {
        symbol = dlsym(RTLD_NEXT, name);
        CHECK(symbol != NULL);
        atomic_store(known, symbol);
    }
    return symbol;
}

static queue_function library_queue(void)
{
    static _Atomic(void *) known;
    void *symbol = library_symbol("MHD_queue_response", &known);
    queue_function found;
    memcpy(&found, &symbol, sizeof found);
    return found;
}

static lookup_function library_lookup(void)
{
    static _Atomic(void *) known;
    void *symbol = library_symbol("MHD_lookup_connection_value_n", &known);
    lookup_function found;
    memcpy(&found, &symbol, sizeof found);
    return found;
}

static bool is_cookie(enum MHD_ValueKind kind, const char *key, size_t key_size)
{
    static const char NAME[] = "Cookie";
    return (kind & MHD_HEADER_KIND) != 0 && key != NULL && key_size == strlen(NAME) &&
           g_ascii_strncasecmp(key, NAME, key_size) == 0;
}

/* White space behind a value is no part of it (shape.c drops it), but how the body comes the library reads before we
 * see the header: it looks for a length of that many digits, and for one word. */
static void drop_white_space(const char **value, size_t *size)
{
    static const char CHUNKED[] = "chunked";
    while (*size > 0 && ((*value)[*size - 1] == ' ' || (*value)[*size - 1] == '\t')) {
        (*size)--;
    }
    if (*size == strlen(CHUNKED) && g_ascii_strncasecmp(*value, CHUNKED, *size) == 0) {
        *value = CHUNKED;
    }
}

/* The library copies the cookies of a request to take them apart. Where its memory for the connection is too small
 * for that, 0.9.75 refuses the request, frees what it was read into, and reads on in it: 20 KB of cookies, from
 * anybody, ended the process. So it finds none; http/cookie.h reads them. */
__attribute__((visibility("default"))) enum MHD_Result
MHD_lookup_connection_value_n(struct MHD_Connection *connection, enum MHD_ValueKind kind,
                              const char *key, size_t key_size, const char **value_ptr,
                              size_t *value_size_ptr)
{
    if (is_cookie(kind, key, key_size)) {
        return MHD_NO;
    }
    const char *value = NULL;
    size_t size = 0;
    if (library_lookup()(connection, kind, key, key_size, &value, &size) != MHD_YES) {
        return MHD_NO;
    }
    if ((kind & MHD_HEADER_KIND) != 0 && value != NULL) {
        drop_white_space(&value, &size);
    }
    if (value_ptr != NULL) {
        *value_ptr = value;
    }
    if (value_size_ptr != NULL) {
        *value_size_ptr = size;
    }
    return MHD_YES;
}

enum MHD_Result library_queue_ours(struct MHD_Connection *connection, unsigned status,
                                   struct MHD_Response *response)
{
    is_ours = true;
    enum MHD_Result result = MHD_queue_response(connection, status, response);
    is_ours = false;
    return result;
}

const char LIBRARY_LONG_HEADER[] = "The header has more than 16 KiB, cookies included, or more "
                                   "than 256 lines and parameters.";

static const char *detail_of(unsigned status)
{
    switch (status) {
    case 400:
        return "The request cannot be read: its first line, a header line or a chunk is malformed, "
               "or it has no "
               "Host.";
    case 413:
        return "The body is too large, or one of its chunks is announced as too large.";
    case 414:
        return "The address is too long.";
    case 505:
        return "Only versions 1.0 and 1.1 of HTTP are understood here.";
    case 431:
        return LIBRARY_LONG_HEADER;
    default:
        return "The server cannot take this request.";
    }
}

/* Of a clock that people read (RFC 9110, 5.6.7). */
static void append_date(GString *out)
{
    static const char *const DAYS[] = {"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"};
    static const char *const MONTHS[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                         "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    g_autoptr(GDateTime) now = g_date_time_new_now_utc();
    g_string_append_printf(
        out, "Date: %s, %02d %s %04d %02d:%02d:%02d GMT\r\n",
        DAYS[g_date_time_get_day_of_week(now) - 1], g_date_time_get_day_of_month(now),
        MONTHS[g_date_time_get_month(now) - 1], g_date_time_get_year(now),
        g_date_time_get_hour(now), g_date_time_get_minute(now), g_date_time_get_second(now));
}

/* Written at once, for nothing else waits to be sent on this connection; the library is to close it. */
static void answer_at_once(struct MHD_Connection *connection, unsigned status, const char *id,
                           const char *type, const json_t *body)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    g_autofree char *text = json_write(body);
    g_autoptr(GString) out = g_string_new(NULL);
    g_string_append_printf(out, "HTTP/1.1 %u %s\r\n", status, problem_title((int)status));
    append_date(out);
    g_string_append_printf(out,
                           "Connection: close\r\nContent-Type: %s\r\n"
                           "Cache-Control: no-store\r\nX-Request-Id: %s\r\n"
                           "X-Content-Type-Options: nosniff\r\nContent-Security-Policy: %s\r\n"
                           "Content-Length: %zu\r\n\r\n%s",
                           type, id, ANSWER_POLICY, strlen(text), text);
    metric_add(status < 500 ? METRIC_REQUESTS_4XX : METRIC_REQUESTS_5XX, 1);
    (void)!send(info->connect_fd, out->str, out->len, MSG_NOSIGNAL | MSG_DONTWAIT);
    (void)shutdown(info->connect_fd, SHUT_WR);
}

/* No request of ours has begun, so the id is one of its own. */
static void answer_for_library(struct MHD_Connection *connection, unsigned status)
{
    uint64_t number = 0;
    char id[REQUEST_ID_SIZE];
    random_fill(&RANDOM_SYSTEM, &number, sizeof number);
    request_id_write(number, id);
    json_auto_t *problem = problem_json((int)status, detail_of(status), "", id);
    answer_at_once(connection, status, id, ANSWER_PROBLEM, problem);
}

enum MHD_Result library_refuse_header(const struct http_request *request)
{
    const char *type = NULL;
    json_auto_t *problem = answer_problem_body(
        request, problem_json(431, LIBRARY_LONG_HEADER, "", request->id), &type);
    answer_at_once(request->connection, 431, request->id, type, problem);
    return MHD_NO;
}

enum MHD_Result library_answer_at_once(const struct http_request *request)
{
    const struct answer *answer = &request->answer;
    if (answer->json != NULL) {
        answer_at_once(request->connection, (unsigned)answer->status, request->id,
                       answer->content_type, answer->json);
    }
    return MHD_NO;
}

/* See above; this is the library's own name. Of some of its pages 0.9.75 sends the head twice, so ours does not go
 * through it: the library, told that its page cannot be queued, closes. */
__attribute__((visibility("default"))) enum MHD_Result
MHD_queue_response(struct MHD_Connection *connection, unsigned status,
                   struct MHD_Response *response)
{
    if (is_ours) {
        return library_queue()(connection, status, response);
    }
    answer_for_library(connection, status);
    return MHD_NO;
}
