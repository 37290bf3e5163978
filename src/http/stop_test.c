/* A server that stops does not wait for ever: whoever works on a request still is told to give up. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <semaphore.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "http/http.h"
#include "http/test_client.h"

static sem_t begun, gave_up;

static bool wait_a_while(sem_t *semaphore)
{
    struct timespec until;
    CHECK(clock_gettime(CLOCK_REALTIME, &until) == 0);
    until.tv_sec += 20;
    return sem_timedwait(semaphore, &until) == 0;
}

/* A long read, on a thread of the pool. */
static void read_long(struct http_request *request, void *context)
{
    CHECK(sem_post(&begun) == 0);
    bool is_told = wait_a_while(&gave_up);
    *(bool *)context = is_told;
    http_answer_problem(request, 503, "Given up.");
}

static void give_up(void *context)
{
    (void)context;
    CHECK(sem_post(&gave_up) == 0);
}

static const struct route_row ROWS[] = {
    {"GET", "/long", NULL, read_long, .door = HTTP_DOOR_ANYONE, .summary = "Reads long."},
};

static void what_is_still_at_work_is_told_to_give_up(void **state)
{
    (void)state;
    static const struct route_table TABLE = {ROWS, G_N_ELEMENTS(ROWS)};
    bool is_told = false;
    const struct route_set SETS[] = {{&TABLE, &is_told}, {NULL, NULL}};
    struct fault fault = {0};
    CHECK(sem_init(&begun, 0, 0) == 0 && sem_init(&gave_up, 0, 0) == 0);
    const struct http_options options = {.listen = "127.0.0.1:0",
                                         .threads = 1,
                                         .routes = SETS,
                                         .context = &is_told,
                                         .late = give_up};
    struct http_server *server = http_start(&options, &fault);
    assert_non_null(server);
    int fd = client_connect(http_port(server));
    static const char ASK[] = "GET /long HTTP/1.1\r\nHost: x\r\n\r\n";
    client_send(fd, ASK, strlen(ASK));
    assert_true(wait_a_while(&begun));
    http_stop(&server, 2);
    assert_true(is_told);
    close(fd);
}

static void nobody_is_told_when_all_is_answered(void **state)
{
    (void)state;
    static const struct route_table TABLE = {ROWS, G_N_ELEMENTS(ROWS)};
    const struct route_set SETS[] = {{&TABLE, NULL}, {NULL, NULL}};
    struct fault fault = {0};
    CHECK(sem_init(&gave_up, 0, 0) == 0);
    const struct http_options options = {
        .listen = "127.0.0.1:0", .threads = 1, .routes = SETS, .late = give_up};
    struct http_server *server = http_start(&options, &fault);
    assert_non_null(server);
    http_stop(&server, 2);
    assert_int_equal(sem_trywait(&gave_up), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_still_at_work_is_told_to_give_up),
        cmocka_unit_test(nobody_is_told_when_all_is_answered),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
