#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "http/http.h"
#include "http/test_client.h"
#include "http/test_guard.h"

enum { SMALL_BODY = 100 };

/* --- handlers of the tests --- */

static void say_hello(struct http_request *request, void *context)
{
    (void)context;
    http_answer_json(request, 200,
                     json_pack("{s:s, s:b, s:s?}", "caller", test_guard_name(http_caller(request)),
                               "may", http_may(request, &TEST_RESPOND), "q",
                               http_query(request, "q")));
}

static void echo_param(struct http_request *request, void *context)
{
    (void)context;
    http_answer_text(request, 200, "text/plain", http_path_param(request, "name"));
}

static void take_json(struct http_request *request, void *context)
{
    (void)context;
    const json_t *body = http_json(request);
    if (body != NULL) {
        http_answer_json(request, 201, json_deep_copy(body));
    }
}

static void take_form(struct http_request *request, void *context)
{
    (void)context;
    const char *value = http_form(request, "token");
    http_answer_text(request, 200, "text/html; charset=utf-8", value == NULL ? "none" : value);
}

static void *answer_later(void *request)
{
    http_answer_text(request, 202, "text/plain", "later");
    return NULL;
}

/* The answer races with the handler's return: both orders must work. */
static void answer_elsewhere(struct http_request *request, void *context)
{
    (void)context;
    pthread_t thread;
    pthread_create(&thread, NULL, answer_later, request);
    pthread_detach(thread);
}

static struct http_request *_Atomic kept;

static void never_answer(struct http_request *request, void *context)
{
    (void)context;
    atomic_store(&kept, request);
}

static void answer_too_late(struct http_request *request, void *context)
{
    (void)context;
    http_answer_within(request, (struct span){0}, "not known yet");
    atomic_store(&kept, request);
}

/* Is at work for longer than a stop waits. */
static void dawdle(struct http_request *request, void *context)
{
    static const struct timespec LONG = {.tv_sec = 1, .tv_nsec = 300000000};
    (void)context;
    atomic_store(&kept, request);
    /* rules: allow sleep: a handler that takes long is what is tested */
    (void)nanosleep(&LONG, NULL);
}

static atomic_int_least64_t newest;

static int64_t pull_numbers(void *self, int64_t last_id, GString *out)
{
    (void)self;
    int64_t to = atomic_load(&newest);
    for (int64_t id = last_id + 1; id <= to; id++) {
        g_string_append_printf(out, "id: %d\ndata: n%d\n\n", (int)id, (int)id);
    }
    return to;
}

static atomic_int closed_streams;

static void count_closed(void *self)
{
    (void)self;
    atomic_fetch_add(&closed_streams, 1);
}

static void open_stream(struct http_request *request, void *context)
{
    (void)context;
    const char *last = http_header(request, "Last-Event-ID");
    struct http_stream stream = {.last_id = last == NULL ? 0 : g_ascii_strtoll(last, NULL, 10),
                                 .pull = pull_numbers,
                                 .closed = count_closed};
    http_answer_stream(request, stream);
}

static const struct route_row ROWS[] = {
    {"GET", "/hello", NULL, say_hello, .door = HTTP_DOOR_ANYONE, .summary = "Says hello."},
    {"GET", "/things/{name}", &TEST_READ, echo_param, .summary = "One thing."},
    {"POST", "/things", &TEST_RESPOND, take_json, .summary = "Makes a thing.", .success = 201},
    {"DELETE", "/things/{name}", &TEST_ADMIN, echo_param, .summary = "Removes a thing."},
    {"POST", "/small", NULL, take_json, .door = HTTP_DOOR_ANYONE, .summary = "Small.",
     .body_max = SMALL_BODY},
    {"POST", "/form", NULL, take_form, .door = HTTP_DOOR_ANYONE, .summary = "A form."},
    {"POST", "/later", NULL, answer_elsewhere, .door = HTTP_DOOR_KEY,
     .summary = "Answered by a thread."},
    {"POST", "/never", NULL, never_answer, .door = HTTP_DOOR_KEY, .summary = "Not answered."},
    {"POST", "/overdue", NULL, answer_too_late, .door = HTTP_DOOR_KEY,
     .summary = "Answered in time, by whomever."},
    {"POST", "/dawdle", NULL, dawdle, .door = HTTP_DOOR_KEY, .summary = "Not answered, and slow."},
    {"GET", "/stream", NULL, open_stream, .door = HTTP_DOOR_ANYONE, .summary = "Numbers."},
};

static struct http_server *start(const char *socket_path)
{
    static const struct route_table TABLE = {ROWS, G_N_ELEMENTS(ROWS)};
    const struct route_set SETS[] = {{&TABLE, NULL}, {NULL, NULL}};
    struct http_options options = {.listen = "127.0.0.1:0",
                                   .socket_path = socket_path,
                                   .threads = 2,
                                   .routes = SETS,
                                   .guard = test_guard()};
    struct fault fault = {0};
    struct http_server *server = http_start(&options, &fault);
    assert_string_equal(fault.text, "");
    assert_non_null(server);
    return server;
}

struct exchange {
    const char *name;
    const char *method, *path, *headers, *body;
    int status;
    const char *contains; /* of the whole answer, or NULL */
};

static const struct exchange EXCHANGES[] = {
    {"plain", "GET", "/hello", NULL, NULL, 200, "\"caller\":\"\",\"may\":false"},
    {"signed in", "GET", "/hello", "Cookie: tocsin_token=read\r\n", NULL, 200,
     "\"caller\":\"read\",\"may\":false"},
    {"signed in, wide", "GET", "/hello", "Cookie: tocsin_token=admin\r\n", NULL, 200,
     "\"caller\":\"admin\",\"may\":true"},
    {"query", "GET", "/hello?q=a%20b+c", NULL, NULL, 200, "\"q\":\"a b c\""},
    {"odd ones beside", "GET", "/hello?q=%4&a=caf%e9&x=a%00&q=a", NULL, NULL, 200, "\"q\":\"a\""},
    {"a question", "GET", "/things/x?q=%4", "Authorization: Bearer read\r\n", NULL, 400, "escape"},
    {"head", "HEAD", "/hello", NULL, NULL, 200, "Content-Type: application/json"},
    {"options", "OPTIONS", "/hello", NULL, NULL, 204, "Allow: GET, HEAD, OPTIONS"},
    {"wrong method", "PUT", "/hello", NULL, NULL, 405, "Allow: GET, HEAD, OPTIONS"},
    {"unknown method", "BREW", "/hello", NULL, NULL, 405, "Allow"},
    {"wrong method with a body", "PUT", "/hello", NULL, "{\"a\":1}", 405, "problem+json"},
    {"unknown path", "GET", "/nowhere", NULL, NULL, 404, "problem+json"},
    {"trailing slash", "GET", "/hello/", NULL, NULL, 404, NULL},
    {"trailing slash at a door", "POST", "/later/", NULL, "{}", 202, "\r\n\r\nlater"},
    {"two of them", "POST", "/later//", NULL, "{}", 404, NULL},
    {"a door by another method", "PUT", "/later/", NULL, "{}", 404, NULL},
    {"nothing but slashes", "GET", "//", NULL, NULL, 404, NULL},
    {"whole address", "GET", "http://elsewhere.example/hello?q=a", NULL, NULL, 200, "\"q\":\"a\""},
    {"no token", "GET", "/things/x", NULL, NULL, 401, "WWW-Authenticate: Bearer"},
    {"bad token", "GET", "/things/x", "Authorization: Bearer no\r\n", NULL, 401, NULL},
    {"basic is no token", "GET", "/things/x", "Authorization: Basic read\r\n", NULL, 401, NULL},
    {"good token", "GET", "/things/x", "Authorization: Bearer read\r\n", NULL, 200, "\r\n\r\nx"},
    {"another object", "GET", "/things/mine", "Authorization: Bearer respond\r\n", NULL, 403, NULL},
    {"its own object", "GET", "/things/mine", "Authorization: Bearer admin\r\n", NULL, 200, NULL},
    {"param with a slash", "GET", "/things/a%2Fb", "Authorization: bearer read\r\n", NULL, 200,
     "\r\n\r\na/b"},
    {"param not UTF-8", "GET", "/things/%ff", "Authorization: Bearer read\r\n", NULL, 400, NULL},
    {"empty param", "GET", "/things/", "Authorization: Bearer read\r\n", NULL, 404, NULL},
    {"scope too narrow", "POST", "/things", "Authorization: Bearer read\r\n", "{}", 403, NULL},
    {"scope wide enough", "POST", "/things", "Authorization: Bearer admin\r\n", "{\"a\":1}", 201,
     "{\"a\":1}"},
    {"cookie reads", "GET", "/things/x", "Cookie: tocsin_token=read\r\n", NULL, 200, NULL},
    {"cookie without origin writes not", "POST", "/things", "Cookie: tocsin_token=admin\r\n", "{}",
     403, "another site"},
    {"cookie from elsewhere writes not", "POST", "/things",
     "Cookie: tocsin_token=admin\r\nOrigin: http://evil.example\r\n", "{}", 403, "another site"},
    {"bad JSON", "POST", "/small", NULL, "{\"a\":", 400, "problem+json"},
    {"no body", "POST", "/small", NULL, NULL, 400, "no body"},
    {"JSON not UTF-8", "POST", "/small", NULL, "{\"a\":\"\xff\"}", 400, "problem+json"},
    {"duplicate key", "POST", "/small", NULL, "{\"a\":1,\"a\":2}", 400, "problem+json"},
    {"deep JSON", "POST", "/small", NULL,
     "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]", 400,
     "problem+json"},
    {"form", "POST", "/form", "Content-Type: application/x-www-form-urlencoded\r\n",
     "a=1&token=t%2Bx+y", 200, "\r\n\r\nt+x y"},
    {"malformed form", "POST", "/form", NULL, "token=%zz", 200, "\r\n\r\nnone"},
    {"answered by another thread", "POST", "/later", NULL, "{}", 202, "\r\n\r\nlater"},
    {"two Content-Lengths", "POST", "/small", "Content-Length: 3\r\n", "{}", 400, "not several"},
    {"both lengths", "POST", "/small", "Transfer-Encoding: chunked\r\n", "0\r\n\r\n", 400, NULL},
    {"encoding unknown", "GET", "/hello", "Transfer-Encoding: xchunked\r\n", NULL, 400, NULL},
    {"two hosts", "GET", "/hello", "Host: other\r\n", NULL, 400, "exactly one Host"},
    {"blank before colon", "GET", "/hello", "X-Bad : 1\r\n", NULL, 400, NULL},
};

static void test_exchanges(void **state)
{
    (void)state;
    struct http_server *server = start(NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(EXCHANGES); i++) {
        const struct exchange *row = &EXCHANGES[i];
        g_autofree char *answer =
            client_call(http_port(server), row->method, row->path, row->headers, row->body);
        bool is_found = row->contains == NULL || strstr(answer, row->contains) != NULL;
        if (client_status(answer) != row->status || !is_found) {
            fail_msg("%s: expected %d with \"%s\", got: %s", row->name, row->status,
                     row->contains == NULL ? "" : row->contains, answer);
        }
        g_autofree char *policy = client_header(answer, "Content-Security-Policy");
        g_autofree char *sniff = client_header(answer, "X-Content-Type-Options");
        /* What libmicrohttpd itself refuses before we see it carries no header of ours. */
        if (strstr(answer, "X-Request-Id") != NULL) {
            assert_non_null(policy);
            assert_non_null(strstr(policy, "default-src 'none'"));
            assert_non_null(strstr(policy, "frame-ancestors 'none'"));
            assert_string_equal(sniff, "nosniff");
        }
    }
    http_stop(&server, 1000);
    assert_null(server);
    assert_int_equal(test_guard_held(), 0);
}

static void test_own_origin_may_write(void **state)
{
    (void)state;
    struct http_server *server = start(NULL);
    g_autofree char *headers = g_strdup_printf(
        "Cookie: tocsin_token=admin\r\nOrigin: http://127.0.0.1:%u\r\n", http_port(server));
    g_autofree char *answer = client_call(http_port(server), "POST", "/things", headers, "{}");
    assert_int_equal(client_status(answer), 201);
    http_stop(&server, 1000);
}

static void test_what_the_library_refuses_has_an_id(void **state)
{
    (void)state;
    struct http_server *server = start(NULL);
    g_autofree char *answer =
        client_say(http_port(server), "GET /hello HTTP/2.0\r\nHost: x\r\n\r\n");
    g_autofree char *id = client_header(answer, "X-Request-Id");
    assert_int_equal(client_status(answer), 505);
    assert_non_null(strstr(answer, "HTTP version not supported"));
    g_autofree char *told = g_strdup_printf("\"request_id\":\"%s\"", id);
    assert_true(g_str_has_prefix(id, "r-") && strstr(answer, told) != NULL);
    http_stop(&server, 1000);
}

static unsigned count_answers(const char *text)
{
    unsigned count = 0;
    for (const char *at = strstr(text, "HTTP/1.1 "); at != NULL; at = strstr(at + 1, "HTTP/1.1 ")) {
        count++;
    }
    return count;
}

/* A second request hidden behind an ambiguous first one must never be answered. */
static void test_nothing_is_smuggled(void **state)
{
    (void)state;
    static const char HIDDEN[] = "GET /hello?q=smuggled HTTP/1.1\r\nHost: x\r\n\r\n";
    static const char BOTH_LENGTHS[] = "POST /small HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n"
                                       "Transfer-Encoding: chunked\r\n\r\n";
    static const char *const HEADS[] = {
        BOTH_LENGTHS,
        "POST /small HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\nContent-Length: 60\r\n\r\n",
        "POST /small HTTP/1.1\r\nHost: x\r\nContent-Length: +0\r\n\r\n",
        "POST /small HTTP/1.1\r\nHost: x\r\nContent-Length: 0x10\r\n\r\n",
        "POST /small HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: identity\r\n\r\n",
        "POST /small HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked, identity\r\n\r\n",
        "POST /small HTTP/1.1\r\nHost: x\r\nTransfer-Encoding : chunked\r\n\r\n0\r\n\r\n",
        "POST /small HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n-1\r\n\r\n",
        "POST /small HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n\r\n",
        "GET /hello HTTP/1.1\r\n\r\n",
        "GET /hello HTTP/1.1\nHost: x\r\n\r\n",
        "GET /hello HTTP/1.1\r\nHost: x\n\n",
        "GET /hello HTTP/1.1\r\nHost: x\nX-A: 1\r\n\r\n",
        "GET /hello HTTP/1.1\r\nHost: x\r\nX-A: 1\rTransfer-Encoding: chunked\r\n\r\n",
        "GET /hello HTTP/1.1\r\nHost: x\r\nX-A: 1\x01\r\n\r\n",
        "GET /hello HTTP/1.1\r\nHost: x  \nX-A: 1\r\n\r\n",
        "GET /hello HTTP/1.1\r\nHost: x   \n\n",
        "POST /small HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked, identity \r\n\r\n",
        "POST /small HTTP/1.1\r\nHost: x\r\nContent-Length: 0 0\r\n\r\n",
    };
    struct http_server *server = start(NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(HEADS); i++) {
        g_autofree char *bytes = g_strconcat(HEADS[i], HIDDEN, NULL);
        g_autofree char *answer = client_say(http_port(server), bytes);
        if (strstr(answer, "smuggled") != NULL || strstr(answer, "HTTP/1.1 2") != NULL) {
            fail_msg("shape %zu let a second request through: %s", i, answer);
        }
        int status = client_status(answer);
        if (status != 0 && status != 400) {
            fail_msg("shape %zu was answered %d", i, status);
        }
    }
    http_stop(&server, 1000);
}

static void test_pipelined_requests_each_get_an_answer(void **state)
{
    (void)state;
    struct http_server *server = start(NULL);
    g_autofree char *answer = client_say(
        http_port(server), "POST /later HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}"
                           "GET /hello HTTP/1.1\r\nHost: x\r\n\r\n"
                           "POST /later HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
                           "Content-Length: 2\r\n\r\n{}");
    assert_int_equal(count_answers(answer), 3);
    http_stop(&server, 1000);
}

static void test_body_limit(void **state)
{
    (void)state;
    struct http_server *server = start(NULL);
    char exact[SMALL_BODY + 1];
    memset(exact, ' ', sizeof exact);
    memcpy(exact, "{}", 2);
    exact[SMALL_BODY] = '\0';
    g_autofree char *at_limit = client_call(http_port(server), "POST", "/small", NULL, exact);
    assert_int_equal(client_status(at_limit), 201);
    g_autofree char *over = g_strconcat(exact, " ", NULL);
    g_autofree char *above = client_call(http_port(server), "POST", "/small", NULL, over);
    assert_int_equal(client_status(above), 413);
    assert_non_null(strstr(above, "The body has more than the 100 bytes that are taken."));
    g_autofree char *huge =
        client_say(http_port(server),
                   "POST /small HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999\r\n\r\n");
    assert_int_equal(client_status(huge), 413);
    g_autofree char *chunks =
        g_strdup_printf("POST /small HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: "
                        "chunked\r\n\r\n65\r\n%s \r\n0\r\n\r\n",
                        exact);
    g_autofree char *chunked = client_say(http_port(server), chunks);
    assert_int_equal(client_status(chunked), 413);
    http_stop(&server, 1000);
}

static void test_unix_socket_is_local_and_private(void **state)
{
    (void)state;
    g_autofree char *dir = g_dir_make_tmp("tocsin-http-XXXXXX", NULL);
    g_autofree char *path = g_build_filename(dir, "api.sock", NULL);
    struct http_server *server = start(path);
    struct stat stat_of;
    assert_int_equal(stat(path, &stat_of), 0);
    assert_int_equal(stat_of.st_mode & 0777, 0600);
    int fd = client_connect_unix(path);
    assert_true(fd >= 0);
    static const char ASK[] = "DELETE /things/x HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    client_send(fd, ASK, strlen(ASK));
    g_autofree char *answer = client_read(fd, 5000);
    close(fd);
    assert_int_equal(client_status(answer), 200);
    http_stop(&server, 1000);
    assert_int_not_equal(stat(path, &stat_of), 0);
    rmdir(dir);
}

static void test_stream_resumes_and_wakes(void **state)
{
    (void)state;
    atomic_store(&newest, 3);
    atomic_store(&closed_streams, 0);
    struct http_server *server = start(NULL);
    int fd = client_connect(http_port(server));
    static const char ASK[] = "GET /stream HTTP/1.1\r\nHost: x\r\nLast-Event-ID: 1\r\n\r\n";
    client_send(fd, ASK, strlen(ASK));
    g_autofree char *first = client_read_until(fd, "data: n3");
    assert_non_null(strstr(first, "text/event-stream"));
    assert_null(strstr(first, "data: n1\n"));
    assert_non_null(strstr(first, "data: n2\n"));
    atomic_store(&newest, 4);
    http_streams_wake(server);
    g_autofree char *second = client_read_until(fd, "data: n4");
    assert_non_null(strstr(second, "data: n4\n"));
    assert_null(strstr(second, "data: n3\n"));
    http_stop(&server, 1000);
    assert_int_equal(atomic_load(&closed_streams), 1);
    close(fd);
}

static void test_streams_are_ended(void **state)
{
    (void)state;
    atomic_store(&newest, 3);
    atomic_store(&closed_streams, 0);
    struct http_server *server = start(NULL);
    int fd = client_connect(http_port(server));
    static const char ASK[] = "GET /stream HTTP/1.1\r\nHost: x\r\nLast-Event-ID: 1\r\n\r\n";
    client_send(fd, ASK, strlen(ASK));
    g_free(client_read_until(fd, "data: n3"));
    http_streams_end(server);
    g_autofree char *rest = client_read_until(fd, "0\r\n\r\n");
    assert_true(g_str_has_suffix(rest, "0\r\n\r\n")); /* whole: the last chunk */
    client_send(fd, ASK, strlen(ASK));                /* a new one is welcome */
    g_autofree char *again = client_read_until(fd, "data: n3");
    assert_non_null(strstr(again, "data: n2\n"));
    assert_int_equal(atomic_load(&closed_streams), 1);
    http_stop(&server, 1000);
    assert_int_equal(atomic_load(&closed_streams), 2);
    close(fd);
}

static void test_head_of_a_stream_ends(void **state)
{
    (void)state;
    atomic_store(&closed_streams, 0);
    struct http_server *server = start(NULL);
    g_autofree char *answer = client_call(http_port(server), "HEAD", "/stream", NULL, NULL);
    assert_int_equal(client_status(answer), 200);
    assert_string_equal(client_body(answer), "");
    assert_int_equal(atomic_load(&closed_streams), 1);
    http_stop(&server, 1000);
}

static void test_stop_outlasts_a_slow_handler(void **state)
{
    (void)state;
    atomic_store(&kept, NULL);
    struct http_server *server = start(NULL);
    int fd = client_connect(http_port(server));
    static const char ASK[] = "POST /dawdle HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}";
    client_send(fd, ASK, strlen(ASK));
    while (atomic_load(&kept) == NULL) {
        sched_yield();
    }
    http_stop(&server, 0);
    close(fd);
    http_answer_text(atomic_load(&kept), 200, "text/plain", "too late"); /* frees the request */
}

/* What nobody answers is answered at the stop, and the late answer does no harm. */
static void test_stop_answers_what_waits(void **state)
{
    (void)state;
    atomic_store(&kept, NULL);
    struct http_server *server = start(NULL);
    int fd = client_connect(http_port(server));
    static const char ASK[] = "POST /never HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}";
    client_send(fd, ASK, strlen(ASK));
    while (atomic_load(&kept) == NULL) {
        sched_yield();
    }
    http_stop(&server, 50);
    g_autofree char *answer = client_read(fd, 1000);
    assert_int_equal(client_status(answer), 503);
    close(fd);
    http_answer_text(atomic_load(&kept), 200, "text/plain", "too late");
}

/* Whoever must be answered in time is, the late answer does no harm, and the connection goes on. */
static void test_an_answer_that_does_not_come_is_given(void **state)
{
    (void)state;
    static const char ASK[] = "POST /overdue HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}";
    static const char NEXT[] = "GET /hello?q=next HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    atomic_store(&kept, NULL);
    struct http_server *server = start(NULL);
    int fd = client_connect(http_port(server));
    client_send(fd, ASK, strlen(ASK));
    client_send(fd, NEXT, strlen(NEXT));
    g_autofree char *answer = client_read(fd, 5000);
    assert_int_equal(client_status(answer), 503);
    g_autofree char *again = client_header(answer, "Retry-After");
    assert_string_equal(again, "5");
    assert_non_null(strstr(answer, "not known yet"));
    assert_non_null(strstr(answer, "next"));
    close(fd);
    http_set_header(atomic_load(&kept), "X-Late", "1");
    http_answer_text(atomic_load(&kept), 200, "text/plain", "too late");
    http_stop(&server, 1000);
}

enum { CALLERS = 8, CALLS = 200 };

static void *call_often(void *server)
{
    int fd = client_connect(http_port(server));
    static const char ASK[] = "POST /later HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}";
    intptr_t answered = 0;
    for (int i = 0; i < CALLS; i++) {
        client_send(fd, ASK, strlen(ASK));
        g_autofree char *answer = client_read_until(fd, "later");
        answered += client_status(answer) == 202;
    }
    close(fd);
    return (void *)answered;
}

static void test_answers_from_threads_race_with_handlers(void **state)
{
    (void)state;
    struct http_server *server = start(NULL);
    pthread_t threads[CALLERS];
    for (int i = 0; i < CALLERS; i++) {
        pthread_create(&threads[i], NULL, call_often, server);
    }
    intptr_t answered = 0;
    for (int i = 0; i < CALLERS; i++) {
        void *count = NULL;
        pthread_join(threads[i], &count);
        answered += (intptr_t)count;
    }
    assert_int_equal(answered, CALLERS * CALLS);
    http_stop(&server, 1000);
}

static void test_address_in_use_is_a_fault(void **state)
{
    (void)state;
    struct http_server *server = start(NULL);
    g_autofree char *taken = g_strdup_printf("127.0.0.1:%u", http_port(server));
    static const struct route_set NONE[] = {{NULL, NULL}};
    struct http_options options = {.listen = taken, .routes = NONE};
    struct fault fault = {0};
    assert_null(http_start(&options, &fault));
    assert_string_equal(fault.field, "listen");
    assert_non_null(strstr(fault.text, "take another port"));
    static const char *const NO_ADDRESS[] = {"nonsense", "127.0.0.1:65536", "127.0.0.1:99999",
                                             "127.0.0.1:18446744073709551617"};
    for (size_t i = 0; i < G_N_ELEMENTS(NO_ADDRESS); i++) {
        options.listen = NO_ADDRESS[i];
        struct http_server *odd = http_start(&options, &fault);
        if (odd != NULL) {
            fail_msg("%s was taken", NO_ADDRESS[i]);
        }
        assert_string_equal(fault.field, "listen");
    }
    http_stop(&server, 1000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_exchanges),
        cmocka_unit_test(test_own_origin_may_write),
        cmocka_unit_test(test_what_the_library_refuses_has_an_id),
        cmocka_unit_test(test_nothing_is_smuggled),
        cmocka_unit_test(test_pipelined_requests_each_get_an_answer),
        cmocka_unit_test(test_body_limit),
        cmocka_unit_test(test_unix_socket_is_local_and_private),
        cmocka_unit_test(test_stream_resumes_and_wakes),
        cmocka_unit_test(test_streams_are_ended),
        cmocka_unit_test(test_head_of_a_stream_ends),
        cmocka_unit_test(test_stop_answers_what_waits),
        cmocka_unit_test(test_an_answer_that_does_not_come_is_given),
        cmocka_unit_test(test_stop_outlasts_a_slow_handler),
        cmocka_unit_test(test_answers_from_threads_race_with_handlers),
        cmocka_unit_test(test_address_in_use_is_a_fault),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
