/* Whose request was refused, where nobody was asked: by address, method or header. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "api/test_house.h"
#include "source/payload.h"
#include "source/refusal.h"

enum { NOTHING = 0, KINDS = REFUSAL_HEADER + 1 };

struct told {
    size_t counts[KINDS];
    char *why; /* of the kind that is looked for */
    int kind;
};

static void add_told(void *self, const struct refusal_state *state)
{
    struct told *told = self;
    assert_string_equal(state->integration, "native");
    told->counts[state->kind] += state->count;
    if (state->kind == told->kind) {
        g_free(told->why);
        told->why = g_strdup(state->why);
    }
}

/* How often its owner was told of each kind, and why of this one. */
static struct told told_of(int kind)
{
    struct told told = {.kind = kind};
    refusal_each(payload_book_refusals(the_house->api.payloads), clock_now(the_house->api.clock),
                 add_told, &told);
    return told;
}

static size_t told_in_all(const struct told *told)
{
    size_t count = 0;
    for (int kind = 1; kind < KINDS; kind++) {
        count += told->counts[kind];
    }
    return count;
}

enum bearer { NO_TOKEN, OWN_KEY, A_TOKEN, WRONG_KEY };

/* "KEY" in path, header and body is the key of "native". */
static const struct {
    const char *name, *method, *path;
    enum bearer bearer;
    const char *header, *body;
    int status, kind;
    const char *why;
} ROWS[] = {
    {"another kind's door", "POST", "/in/alertmanager/KEY", NO_TOKEN, NULL, "{}", 404, REFUSAL_DOOR,
     "This is the key of \"native\", an integration of kind native; its address is "
     "/api/v1/alerts."},
    {"in the body", "POST", "/v2/enqueue", NO_TOKEN, NULL, "{\"routing_key\":\"KEY\"}", 400,
     REFUSAL_DOOR, "its address is /api/v1/alerts"},
    {"in a body that ends early", "POST", "/v2/enqueue", NO_TOKEN, NULL, "{\"routing_key\":\"KEY\"",
     400, REFUSAL_DOOR, "its address is /api/v1/alerts"},
    {"a heartbeat's", "POST", "/heartbeat/KEY", NO_TOKEN, NULL, NULL, 404, REFUSAL_DOOR,
     "POST /heartbeat/KEY was answered 404"},
    {"another version", "POST", "/in/prometheus/KEY/api/v1/alerts", NO_TOKEN, NULL, "[]", 404,
     REFUSAL_DOOR,
     "POST /in/prometheus/KEY/api/v1/alerts was answered 404, for the address of an integration "
     "of kind native is POST /api/v1/alerts"},
    {"behind what a proxy puts before it", "POST", "/tocsin/in/native/KEY", NO_TOKEN, NULL, "{}",
     404, REFUSAL_DOOR, "POST /tocsin/in/native/KEY was answered 404"},
    {"a silence's id behind it", "PUT", "/in/prometheus/KEY/api/v2/silence/UUID", NO_TOKEN, NULL,
     "{}", 405, REFUSAL_DOOR, "PUT /in/prometheus/KEY/api/v2/silence/KEY was answered 405"},
    {"a long word where a key stands", "POST", "/in/native/UUID", OWN_KEY, NULL, "{}", 404,
     REFUSAL_DOOR, "was answered 404"},
    {"no such address", "POST", "/api/v1/alert", OWN_KEY, NULL, "{}", 404, REFUSAL_DOOR,
     "POST /api/v1/alert was answered 404"},
    {"another method", "PUT", "/in/alertmanager/KEY", NO_TOKEN, NULL, "{}", 405, REFUSAL_DOOR,
     "PUT /in/alertmanager/KEY was answered 405"},
    {"another method, key in the header", "PUT", "/api/v1/alerts", OWN_KEY, NULL, "{}", 405,
     REFUSAL_DOOR, "PUT /api/v1/alerts was answered 405"},
    {"odd characters", "POST", "/in/native/KEY/\xc3\xa9\"", NO_TOKEN, NULL, "{}", 404, REFUSAL_DOOR,
     "POST /in/native/KEY/??? was answered 404"},
    {"long header", "POST", "/in/alertmanager/KEY", NO_TOKEN, "LONG", "{}", 431, REFUSAL_HEADER,
     "The header has more than 16 KiB, cookies included"},
    {"long header, key in it", "POST", "/api/v1/alerts", OWN_KEY, "LONG", "{}", 431, REFUSAL_HEADER,
     NULL},
    {"malformed header", "POST", "/in/alertmanager/KEY", NO_TOKEN, "X-Bad : 1\r\n", "{}", 400,
     REFUSAL_HEADER, "A header line is malformed."},
    {"who reads sends nothing", "GET", "/in/prometheus/KEY/metrics", NO_TOKEN, NULL, NULL, 404,
     NOTHING, NULL},
    {"nor at a door", "GET", "/in/alertmanager/KEY", NO_TOKEN, NULL, NULL, 405, NOTHING, NULL},
    {"nor who asks what may be done", "OPTIONS", "/in/native/KEY", NO_TOKEN, NULL, NULL, 404,
     NOTHING, NULL},
    {"a token's", "POST", "/api/v1/alert", A_TOKEN, NULL, "{}", 404, NOTHING, NULL},
    {"nobody's", "POST", "/api/v1/alert", WRONG_KEY, NULL, "{}", 404, NOTHING, NULL},
    {"without one", "POST", "/api/v1/alert", NO_TOKEN, NULL, "{}", 404, NOTHING, NULL},
};

static char *with_key(const char *text)
{
    g_autoptr(GString) out = g_string_new(text);
    (void)g_string_replace(out, "KEY", the_house->key, 0);
    (void)g_string_replace(out, "UUID", "7d9f6c2e-0b1f-4a53-9c64-5f1a2b3c4d5e", 0);
    return g_strdup(out->str);
}

static char *headers_of(enum bearer bearer, const char *header)
{
    static const char WRONG[] = "tcn_int_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
    const char *key = bearer == OWN_KEY   ? the_house->key
                      : bearer == A_TOKEN ? the_house->respond
                                          : WRONG;
    g_autofree char *token =
        bearer == NO_TOKEN ? g_strdup("") : g_strdup_printf("Authorization: Bearer %s\r\n", key);
    g_autofree char *padding = g_strnfill(17000, 'x');
    bool is_long = header != NULL && strcmp(header, "LONG") == 0;
    g_autofree char *more = is_long ? g_strdup_printf("X-Long: %s\r\n", padding)
                                    : g_strdup(header == NULL ? "" : header);
    return g_strconcat(token, more, NULL);
}

static void test_the_owner_is_told(void **state)
{
    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(ROWS); i++) {
        struct told before = told_of(NOTHING);
        g_autofree char *path = with_key(ROWS[i].path);
        g_autofree char *body = ROWS[i].body == NULL ? NULL : with_key(ROWS[i].body);
        g_autofree char *headers = headers_of(ROWS[i].bearer, ROWS[i].header);
        g_autofree char *answer = client_call(the_house->port, ROWS[i].method, path, headers, body);
        struct told after = told_of(ROWS[i].kind);
        g_autofree char *why = after.why;
        size_t more = told_in_all(&after) - told_in_all(&before);
        bool is_right = ROWS[i].kind == NOTHING ? more == 0
                                                : more == 1 && after.counts[ROWS[i].kind] ==
                                                                   before.counts[ROWS[i].kind] + 1;
        if (client_status(answer) != ROWS[i].status || !is_right) {
            fail_msg("%s: told %zu more, answered %s", ROWS[i].name, more, answer);
        }
        if (why != NULL && (strstr(why, the_house->key) != NULL ||
                            (ROWS[i].why != NULL && strstr(why, ROWS[i].why) == NULL))) {
            fail_msg("%s: %s", ROWS[i].name, why);
        }
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, test_house_set_up, test_house_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_the_owner_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
