/* What the header of a request may be: which host it names. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "http/http.h"
#include "http/test_client.h"

static void say_hello(struct http_request *request, void *context)
{
    (void)context;
    http_answer_text(request, 200, "text/plain", "hello");
}

static const struct route_row ROWS[] = {
    {"GET", "/hello", PERMIT_ANYONE, say_hello, .summary = "Says hello."},
    {"POST", "/things", PERMIT_RESPOND, say_hello, .summary = "Makes a thing."},
};

static char *authorize(void *self, const char *token, enum permit permit, bool *out_is_known)
{
    (void)self;
    (void)permit;
    *out_is_known = strcmp(token, "respond") == 0;
    return *out_is_known ? g_strdup("token:respond") : NULL;
}

static struct http_server *start(void)
{
    static const struct route_row *const TABLES[] = {ROWS, NULL};
    static const size_t SIZES[] = {G_N_ELEMENTS(ROWS)};
    struct http_options options = {.listen = "127.0.0.1:0",
                                   .threads = 2,
                                   .tables = TABLES,
                                   .table_sizes = SIZES,
                                   .guard = {.authorize = authorize}};
    struct fault fault = {0};
    struct http_server *server = http_start(&options, &fault);
    assert_non_null(server);
    return server;
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_whose_page_sends_to_a_whole_address),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
