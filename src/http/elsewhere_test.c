/* Handlers that read and answer on a thread which is not the pool's: what they answered is not theirs any more. That a
 * request is touched too late only AddressSanitizer sees. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <pthread.h>
#include <string.h>
#include <unistd.h>

#include "http/http.h"
#include "http/test_client.h"

enum { ROUNDS = 300 };

static void *read_json(void *arg)
{
    struct http_request *request = arg;
    const json_t *body = http_json(request);
    if (body != NULL) {
        http_answer_json(request, 200, json_deep_copy(body));
    }
    return NULL;
}

static void read_elsewhere(struct http_request *request, void *context)
{
    (void)context;
    pthread_t thread;
    http_step_aside(request);
    assert_int_equal(pthread_create(&thread, NULL, read_json, request), 0);
    pthread_detach(thread);
}

static const struct route_row ROWS[] = {
    {"POST", "/things", NULL, read_elsewhere, .door = HTTP_DOOR_ANYONE,
     .summary = "Gives back what it gets."},
};

static void test_a_body_is_refused_elsewhere(void **state)
{
    (void)state;
    static const struct route_table TABLE = {ROWS, G_N_ELEMENTS(ROWS)};
    const struct route_set SETS[] = {{&TABLE, NULL}, {NULL, NULL}};
    static const char BAD[] = "POST /things HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\n{\"a";
    static const char GOOD[] = "POST /things HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}";
    struct http_options options = {.listen = "127.0.0.1:0", .threads = 2, .routes = SETS};
    struct fault fault = {0};
    struct http_server *server = http_start(&options, &fault);
    assert_non_null(server);
    int fd = client_connect(http_port(server));
    for (int i = 0; i < ROUNDS; i++) {
        client_send(fd, BAD, strlen(BAD));
        g_autofree char *bad = client_read_until(fd, "request_id\":\"r-");
        assert_int_equal(client_status(bad), 400);
        client_send(fd, GOOD, strlen(GOOD));
        g_autofree char *good = client_read_until(fd, "\r\n\r\n{}");
        assert_non_null(strstr(good, "HTTP/1.1 200"));
    }
    close(fd);
    http_stop(&server, 1000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_a_body_is_refused_elsewhere)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
