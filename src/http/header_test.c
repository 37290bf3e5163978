/* What the header of a request may be: how long, and which host it names. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "http/http.h"
#include "http/test_client.h"
#include "http/test_guard.h"

static void say_hello(struct http_request *request, void *context)
{
    (void)context;
    http_answer_text(request, 200, "text/plain", "hello");
}

static const struct route_row ROWS[] = {
    {"GET", "/hello", NULL, say_hello, .door = HTTP_DOOR_ANYONE, .summary = "Says hello."},
    {"POST", "/things", &TEST_RESPOND, say_hello, .summary = "Makes a thing."},
};

static struct http_server *start(void)
{
    static const struct route_table TABLE = {ROWS, G_N_ELEMENTS(ROWS)};
    const struct route_set SETS[] = {{&TABLE, NULL}, {NULL, NULL}};
    struct http_options options = {
        .listen = "127.0.0.1:0", .threads = 2, .routes = SETS, .guard = test_guard()};
    struct fault fault = {0};
    struct http_server *server = http_start(&options, &fault);
    assert_non_null(server);
    return server;
}

static char *padded(int size)
{
    g_autofree char *padding = g_strnfill((gsize)size, 'x');
    return g_strdup_printf("X-Long: %s\r\n", padding);
}

static char *many_lines(int count)
{
    GString *lines = g_string_new(NULL);
    for (int i = 0; i < count; i++) {
        g_string_append_printf(lines, "X%d: y\r\n", i);
    }
    return g_string_free(lines, FALSE);
}

static char *many_parameters(int count)
{
    GString *path = g_string_new("/hello?a=0");
    for (int i = 1; i < count; i++) {
        g_string_append_printf(path, "&a=%d", i);
    }
    return g_string_free(path, FALSE);
}

/* Whatever room it leaves in the library's memory, which is 40 KiB: never closed without an answer. */
static void test_long_header_is_refused(void **state)
{
    (void)state;

    enum { FIT = 16200, TOO_LONG = 16400, FULL = 40800, LINES = 250, TOO_MANY = 257, MOST = 500 };

    struct http_server *server = start();
    for (int size = FIT; size < FULL; size += size < TOO_LONG ? 200 : 100) {
        g_autofree char *headers = padded(size);
        g_autofree char *answer = client_call(http_port(server), "GET", "/hello", headers, NULL);
        if (client_status(answer) != (size <= FIT ? 200 : 431)) {
            fail_msg("a header of %d bytes: %s", size, answer);
        }
    }
    for (int count = LINES; count < MOST; count += count < TOO_MANY ? TOO_MANY - LINES : 2) {
        g_autofree char *headers = many_lines(count);
        g_autofree char *path = many_parameters(count);
        g_autofree char *lines = client_call(http_port(server), "GET", "/hello", headers, NULL);
        g_autofree char *query = client_call(http_port(server), "GET", path, NULL, NULL);
        int expected = count <= LINES ? 200 : 431;
        if (client_status(lines) != expected || client_status(query) != expected) {
            fail_msg("%d lines: %s; or parameters: %s", count, lines, query);
        }
    }
    http_stop(&server, 1000);
}

/* Of a whole address its host counts, whatever stands in Host. */
static void test_whose_page_sends_to_a_whole_address(void **state)
{
    (void)state;

    static const struct {
        const char *target, *origin;
        int status;
    } SENT[] = {
        {"/things", "http://127.0.0.1:PORT", 200},
        {"/things", "http://elsewhere.example", 403},
        {"http://elsewhere.example/things", "http://127.0.0.1:PORT", 403},
        {"http://elsewhere.example/things", "http://elsewhere.example", 200},
        {"http:///things", "http://127.0.0.1:PORT", 400},
        {"http://somebody@elsewhere.example/things", "http://elsewhere.example", 400},
    };

    struct http_server *server = start();
    for (size_t i = 0; i < G_N_ELEMENTS(SENT); i++) {
        g_autoptr(GString) origin = g_string_new(SENT[i].origin);
        g_autofree char *port = g_strdup_printf("%u", http_port(server));
        (void)g_string_replace(origin, "PORT", port, 0);
        g_autofree char *headers =
            g_strdup_printf("Cookie: tocsin_token=respond\r\nOrigin: %s\r\n", origin->str);
        g_autofree char *answer =
            client_call(http_port(server), "POST", SENT[i].target, headers, "{}");
        if (client_status(answer) != SENT[i].status) {
            fail_msg("%s from %s: %s", SENT[i].target, origin->str, answer);
        }
    }
    http_stop(&server, 1000);
}

/* It is no part of them (RFC 9112, 5.1): neither for us, nor for the library, which finds out how the body comes. */
static void test_white_space_behind_values_is_dropped(void **state)
{
    (void)state;

    static const struct {
        const char *headers, *rest;
        int status;
    } SENT[] = {
        {"Authorization: Bearer respond \r\nContent-Length: 2\r\n", "{}", 200},
        {"Authorization: Bearer respond\t \t\r\nContent-Length: 2\r\n", "{}", 200},
        {"Authorization:Bearer respond\r\nContent-Length: 2 \r\n", "{}", 200},
        {"Authorization: Bearer respond\r\nContent-Length: 2\t\r\nX-Last: 1\r\n", "{}", 200},
        {"Authorization: Bearer respond\r\nTransfer-Encoding: Chunked \t\r\n",
         "2\r\n{}\r\n0\r\n\r\n", 200},
        {"Authorization: Bearer respond\r\nContent-Length: 2 \r\nExpect: 100-continue \r\n", "{}",
         100},
        {"Authorization: Bearer respond x \r\nContent-Length: 2\r\n", "{}", 401},
        {"Cookie: tocsin_token=read \r\nContent-Length: 2\r\n", "{}", 403},
    };
    struct http_server *server = start();
    for (size_t i = 0; i < G_N_ELEMENTS(SENT); i++) {
        g_autofree char *bytes =
            g_strconcat("POST /things HTTP/1.1\r\nHost: x \r\nConnection: close \r\n",
                        SENT[i].headers, "\r\n", SENT[i].rest, NULL);
        g_autofree char *answer = client_say(http_port(server), bytes);
        if (client_status(answer) != SENT[i].status) {
            fail_msg("%s was answered %s", SENT[i].headers, answer);
        }
    }
    http_stop(&server, 1000);
}

/* Which of them counts is not ours to guess. */
static void test_contradictory_headers_are_refused(void **state)
{
    (void)state;

    static const struct {
        const char *headers;
        int status;
    } SENT[] = {
        {"Authorization: Bearer respond\r\nAuthorization: Bearer other\r\n", 400},
        {"Authorization: Bearer other\r\nauthorization: Bearer respond\r\n", 400},
        {"Authorization: Bearer respond\r\nAuthorization: Bearer respond \r\n", 200},
        {"Authorization: Bearer respond\r\nIdempotency-Key: a\r\nIdempotency-Key: b\r\n", 400},
        {"Authorization: Bearer respond\r\nOrigin: http://a\r\nOrigin: http://b\r\n", 400},
        {"Authorization: Bearer respond\r\nAccept: a/b\r\nAccept: text/html\r\n", 200},
        {"Authorization: Bearer respond\r\nCookie: a=b\r\nCookie: c=d\r\n", 200},
        {"Authorization: Bearer respond\r\nX-Forwarded-For: a\r\nX-Forwarded-For: b\r\n", 200},
    };
    struct http_server *server = start();
    for (size_t i = 0; i < G_N_ELEMENTS(SENT); i++) {
        g_autofree char *answer =
            client_call(http_port(server), "POST", "/things", SENT[i].headers, "{}");
        if (client_status(answer) != SENT[i].status) {
            fail_msg("%s was answered %s", SENT[i].headers, answer);
        }
    }
    http_stop(&server, 1000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_long_header_is_refused),
        cmocka_unit_test(test_white_space_behind_values_is_dropped),
        cmocka_unit_test(test_contradictory_headers_are_refused),
        cmocka_unit_test(test_whose_page_sends_to_a_whole_address),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
