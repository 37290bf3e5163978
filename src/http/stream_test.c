/* Readers of streams: who take nothing, whose token is gone, and who are too many. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdatomic.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/limits.h"
#include "base/metric.h"
#include "http/guard.h"
#include "http/http.h"
#include "http/test_client.h"
#include "http/test_guard.h"

enum { FLOOD = 100000, FLOOD_MEMORY = 1000000 };

static atomic_int closed_streams;

static void count_closed(void *self)
{
    (void)self;
    atomic_fetch_add(&closed_streams, 1);
}

static void say_hello(struct http_request *request, void *context)
{
    (void)context;
    http_answer_text(request, 200, "text/plain", "hello");
}

static int64_t pull_flood(void *self, int64_t last_id, GString *out)
{
    (void)self;
    g_autofree char *much = g_strnfill(FLOOD, 'x');
    g_string_append_printf(out, "id: %d\ndata: %s\n\n", (int)last_id + 1, much);
    return last_id + 1;
}

static void open_flood(struct http_request *request, void *context)
{
    (void)context;
    http_answer_stream(request, (struct http_stream){.pull = pull_flood, .closed = count_closed});
}

static int64_t pull_nothing(void *self, int64_t last_id, GString *out)
{
    (void)self;
    (void)out;
    return last_id;
}

static void open_quiet(struct http_request *request, void *context)
{
    (void)context;
    http_answer_stream(request, (struct http_stream){.pull = pull_nothing, .closed = count_closed});
}

enum { PAST = 40 };

/* Much of the past is not for this reader: it goes on all the same, a piece at a time. */
static int64_t pull_past(void *self, int64_t last_id, GString *out)
{
    (void)self;
    if (last_id == PAST - 1) {
        g_string_append(out, "id: 40\ndata: found\n\n");
    }
    return MIN(last_id + 1, PAST);
}

static bool is_past(void *self, int64_t last_id)
{
    (void)self;
    return last_id < PAST;
}

static void open_past(struct http_request *request, void *context)
{
    (void)context;
    http_answer_stream(request, (struct http_stream){
                                    .pull = pull_past, .is_far = is_past, .closed = count_closed});
}

static const struct route_row ROWS[] = {
    {"GET", "/hello", NULL, say_hello, .door = HTTP_DOOR_ANYONE, .summary = "Says hello."},
    {"GET", "/flood", NULL, open_flood, .door = HTTP_DOOR_ANYONE,
     .summary = "More than anybody reads."},
    {"GET", "/past", NULL, open_past, .door = HTTP_DOOR_ANYONE, .summary = "One thing, of old."},
    {"GET", "/idle", NULL, open_quiet, .door = HTTP_DOOR_ANYONE, .summary = "Nothing, for ever."},
};

static struct http_server *start(void)
{
    static const struct route_table TABLE = {ROWS, G_N_ELEMENTS(ROWS)};
    const struct route_set SETS[] = {{&TABLE, NULL}, {NULL, NULL}};
    struct guard proxies;
    struct fault fault = {0};
    assert_true(guard_read("127.0.0.1", &proxies, &fault));
    struct http_options options = {.listen = "127.0.0.1:0",
                                   .threads = 2,
                                   .routes = SETS,
                                   .trusted_proxies = &proxies,
                                   .stream_memory = FLOOD_MEMORY};
    struct http_server *server = http_start(&options, &fault);
    assert_non_null(server);
    return server;
}

/* Sixty readers who ask and take nothing: together they hold what is allowed, and each thread's last read. */
static void test_readers_who_take_nothing_hold_little(void **state)
{
    enum { READERS = 60, ASKED_MAX = 3000 };

    (void)state;
    atomic_store(&closed_streams, 0);
    struct http_server *server = start();
    int fds[READERS];
    for (int i = 0; i < READERS; i++) {
        int small = 4096;
        fds[i] = client_connect(http_port(server));
        (void)setsockopt(fds[i], SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
        static const char ASK[] = "GET /flood HTTP/1.1\r\nHost: x\r\n\r\n";
        client_send(fds[i], ASK, strlen(ASK));
    }
    int64_t most = 0;
    for (int i = 0; i < ASKED_MAX && atomic_load(&closed_streams) < READERS / 2; i++) {
        g_autofree char *answer = client_call(http_port(server), "GET", "/hello", NULL, NULL);
        assert_int_equal(client_status(answer), 200);
        most = MAX(most, metric_value(METRIC_STREAM_BYTES));
    }
    assert_true(most <= FLOOD_MEMORY + 5 * 2 * FLOOD); /* streams end only where it was full */
    assert_true(atomic_load(&closed_streams) >= READERS / 2);
    for (int i = 0; i < READERS; i++) {
        close(fds[i]);
    }
    http_stop(&server, 1000);
    assert_int_equal(metric_value(METRIC_STREAM_BYTES), 0);
}

static void test_who_is_far_behind_goes_on_with_nothing_to_say(void **state)
{
    (void)state;
    struct http_server *server = start();
    int fd = client_connect(http_port(server));
    static const char ASK[] = "GET /past HTTP/1.1\r\nHost: x\r\n\r\n";
    client_send(fd, ASK, strlen(ASK));
    g_autofree char *text = client_read_until(fd, "data: found");
    assert_non_null(strstr(text, "data: found"));
    (void)close(fd);
    http_stop(&server, 1000);
}

/* Read tokens, which are good until they are revoked. */
static atomic_bool is_revoked;

static struct caller *recognize(void *self, const char *token)
{
    (void)self;
    bool is_reader = strcmp(token, "reader") == 0 || strcmp(token, "other") == 0;
    return is_reader && !atomic_load(&is_revoked) ? test_guard_let_in("read") : NULL;
}

static const struct route_row GUARDED[] = {
    {"GET", "/quiet", &TEST_READ, open_quiet, .summary = "Nothing, for ever."},
};

static struct http_server *start_guarded(void)
{
    static const struct route_table TABLE = {GUARDED, G_N_ELEMENTS(GUARDED)};
    const struct route_set SETS[] = {{&TABLE, NULL}, {NULL, NULL}};
    struct http_options options = {
        .listen = "127.0.0.1:0", .threads = 2, .routes = SETS, .guard = test_guard()};
    options.guard.recognize = recognize;
    struct fault fault = {0};
    struct http_server *server = http_start(&options, &fault);
    assert_non_null(server);
    return server;
}

/* Answers the connection, when the beginning of the answer is in `out`. */
static int ask_quiet(struct http_server *server, const char *token, char *out, size_t max)
{
    int fd = client_connect(http_port(server));
    g_autofree char *ask = g_strdup_printf(
        "GET /quiet HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer %s\r\n\r\n", token);
    client_send(fd, ask, strlen(ask));
    ssize_t got = read(fd, out, max - 1);
    assert_true(got > 0);
    out[got] = '\0';
    return fd;
}

/* The answer ends: the client's read returns, within the time that the client waits at most. */
static void test_a_revoked_token_ends_its_streams(void **state)
{
    (void)state;
    struct http_server *server = start_guarded();
    int before = atomic_load(&closed_streams);
    char buffer[2048];
    int fd = ask_quiet(server, "reader", buffer, sizeof buffer);
    ssize_t got = 1;
    atomic_store(&is_revoked, true);
    while (got > 0) {
        got = read(fd, buffer, sizeof buffer);
        if (got >= 5 && memcmp(buffer + got - 5, "0\r\n\r\n", 5) == 0) {
            break; /* the last chunk */
        }
    }
    assert_true(got > 0);
    (void)close(fd);
    http_stop(&server, 1000);
    assert_int_equal(atomic_load(&closed_streams), before + 1);
}

static void test_streams_of_one_token_are_bounded(void **state)
{
    (void)state;
    atomic_store(&is_revoked, false);
    atomic_store(&closed_streams, 0);
    struct http_server *server = start_guarded();
    int fds[LIMIT_STREAMS_PER_READER];
    char buffer[2048];
    for (int i = 0; i < LIMIT_STREAMS_PER_READER; i++) {
        fds[i] = ask_quiet(server, "reader", buffer, sizeof buffer);
        assert_int_equal(client_status(buffer), 200);
    }
    (void)close(ask_quiet(server, "reader", buffer, sizeof buffer));
    assert_int_equal(client_status(buffer), 429);
    assert_non_null(strstr(buffer, "application/problem+json"));
    g_autofree char *again = client_header(buffer, "Retry-After");
    assert_string_equal(again, "10");
    assert_int_equal(atomic_load(&closed_streams), 1); /* what would have been read is let go */
    int other = ask_quiet(server, "other", buffer, sizeof buffer);
    assert_int_equal(client_status(buffer), 200); /* it has none yet */
    (void)close(other);
    for (int i = 0; i < LIMIT_STREAMS_PER_READER; i++) {
        (void)close(fds[i]);
    }
    http_stop(&server, 1000);
    assert_int_equal(atomic_load(&closed_streams), LIMIT_STREAMS_PER_READER + 2);
}

/* Where no token is needed: by who asks through a proxy that is trusted. As above. */
static int ask_from(struct http_server *server, const char *address, char *out, size_t max)
{
    int fd = client_connect(http_port(server));
    g_autofree char *ask =
        g_strdup_printf("GET /idle HTTP/1.1\r\nHost: x\r\nX-Forwarded-For: %s\r\n\r\n", address);
    client_send(fd, ask, strlen(ask));
    ssize_t got = read(fd, out, max - 1);
    assert_true(got > 0);
    out[got] = '\0';
    return fd;
}

static void test_streams_of_one_address_are_bounded(void **state)
{
    (void)state;

    static const struct {
        const char *address;
        int status;
    } NEXT[] = {{"192.0.2.1", 429},    {"192.0.2.2", 200},       {"2001:db8::1", 429},
                {"2001:db8::ff", 429}, {"2001:db8:0:1::1", 200}, {"::ffff:192.0.2.1", 429}};
    struct http_server *server = start();
    int fds[2 * LIMIT_STREAMS_PER_READER];
    char buffer[2048];
    for (size_t i = 0; i < LIMIT_STREAMS_PER_READER; i++) {
        g_autofree char *neighbour = g_strdup_printf("2001:db8::%x", (unsigned)i + 1);
        fds[2 * i] = ask_from(server, "192.0.2.1", buffer, sizeof buffer);
        assert_int_equal(client_status(buffer), 200);
        fds[2 * i + 1] = ask_from(server, neighbour, buffer, sizeof buffer);
        assert_int_equal(client_status(buffer), 200);
    }
    for (size_t i = 0; i < G_N_ELEMENTS(NEXT); i++) {
        (void)close(ask_from(server, NEXT[i].address, buffer, sizeof buffer));
        if (client_status(buffer) != NEXT[i].status) {
            fail_msg("from %s: %s", NEXT[i].address, buffer);
        }
    }
    for (size_t i = 0; i < G_N_ELEMENTS(fds); i++) {
        (void)close(fds[i]);
    }
    http_stop(&server, 1000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_readers_who_take_nothing_hold_little),
        cmocka_unit_test(test_who_is_far_behind_goes_on_with_nothing_to_say),
        cmocka_unit_test(test_a_revoked_token_ends_its_streams),
        cmocka_unit_test(test_streams_of_one_token_are_bounded),
        cmocka_unit_test(test_streams_of_one_address_are_bounded)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
