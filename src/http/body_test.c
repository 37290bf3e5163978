/* A chunked body as the network cuts it: the lines between its chunks are judged the same. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "http/request.h"

enum { BUFFER_SIZE = 64, FILLS_MAX = 3 };

/* What stands in the library's buffer after the header, time after time; the part in brackets is handed to us. What
 * was not read yet moves to the front before more is received. */
struct row {
    const char *name;
    const char *fills[FILLS_MAX];
    bool is_refused;
};

static const struct row ROWS[] = {
    {"at once", {"2\r\n[ab]\r\n1\r\n[c]"}, false},
    {"byte by byte", {"2\r\n", "[a]", "[b]"}, false},
    {"two, and the next with its line", {"[ab]", "1\r\n[c]"}, false},
    {"one, and the next with both lines", {"[a]", "\r\n1\r\n[c]"}, false},
    {"four, and the next with both lines", {"[abcd]", "\r\n1\r\n[c]"}, false},
    {"a line of one that is cut", {"1\r\n[a]", "\r\n12\r\n[c]", "[d]"}, false},
    {"a bare LF after the first line", {"2\n[ab]"}, true},
    {"after the data", {"2\r\n[ab]\n1\r\n[c]"}, true},
    {"after a later line", {"2\r\n[ab]\r\n1\n[c]"}, true},
    {"after a later line that came alone", {"[a]", "\r\n1\n[c]"}, true},
};

/* Copies the text into the buffer without its brackets, and then hands over what stood between them. */
static void fill(struct http_request *request, char *buffer, const char *text)
{
    g_auto(GStrv) parts = g_strsplit_set(text, "[]", -1);
    g_autofree char *plain = g_strjoinv("", parts);
    char *at = buffer;
    memcpy(buffer, plain, strlen(plain) + 1);
    for (size_t i = 0; parts[i] != NULL; i++) {
        if (i % 2 == 1) {
            assert_true(body_take(request, at, strlen(parts[i])));
        }
        at += strlen(parts[i]);
    }
}

static void lines_between_chunks_are_judged(void **state)
{
    (void)state;

    static const struct route_row ROUTE = {.method = "POST", .path = "/x"};
    const struct http_options options = {0};
    struct http_server server = {0};
    atomic_init(&server.refs, 1);
    bodies_init(&server.bodies, &options);
    for (size_t i = 0; i < G_N_ELEMENTS(ROWS); i++) {
        char memory[BUFFER_SIZE] = "\r\n"; /* the end of the header */
        struct http_request *request = request_create(&server, NULL, "POST", "/x");
        request->match.row = &ROUTE;
        request->body_max = BUFFER_SIZE;
        request->chunk_from = memory + 2;
        for (size_t k = 0; k < FILLS_MAX && ROWS[i].fills[k] != NULL; k++) {
            fill(request, memory + 2, ROWS[i].fills[k]);
        }
        if (request->is_discarding != ROWS[i].is_refused ||
            request->answer.status != (ROWS[i].is_refused ? 400 : 0)) {
            fail_msg("%s: answered %d", ROWS[i].name, request->answer.status);
        }
        request_unref(request);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_between_chunks_are_judged),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
