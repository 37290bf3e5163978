/* The nodes, and what is said while their database is away. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <sched.h>
#include <string.h>

#include "api/test_house.h"
#include "db/test_database.h"
#include "ledger/lane.h"

static struct test_house *house;

static int open_house(void **state)
{
    (void)state;
    house = test_house_open(false);
    return 0;
}

static int close_house(void **state)
{
    (void)state;
    atomic_store(&house->fate, TEST_LINK_GOOD);
    test_house_close(&house);
    return 0;
}

/* Asks until the status is as expected, for the ledger looks at its database by itself. */
static char *ask_as_until(const char *token, const char *method, const char *path, int status)
{
    struct span end = {clock_elapsed(&CLOCK_SYSTEM).us + SPAN_S(20).us};
    char *answer = test_ask(house, token, method, path, NULL);
    while (client_status(answer) != status) {
        if (clock_elapsed(&CLOCK_SYSTEM).us > end.us) {
            fail_msg("%s: expected %d, got: %s", path, status, answer);
        }
        g_free(answer);
        answer = test_ask(house, token, method, path, NULL);
    }
    return answer;
}

static char *ask_until(const char *path, int status)
{
    return ask_as_until(NULL, "GET", path, status);
}

static char *send_alert(const char *key)
{
    g_autofree char *body = g_strdup_printf("{\"summary\": \"down\", \"dedup_key\": \"%s\"}", key);
    return test_ask(house, house->key, "POST", "/api/v1/alerts", body);
}

/* Holds the ledger's thread until the test lets it go. */
static atomic_bool is_held, is_let_go;

static enum command_result hold_on(struct ledger_tx *tx, void *arg)
{
    (void)tx;
    (void)arg;
    atomic_store(&is_held, true);
    while (!atomic_load(&is_let_go)) {
        (void)sched_yield();
    }
    return COMMAND_DONE;
}

/* It was not asked to be sent again and taken as well. */
static void what_could_not_be_answered_in_time_is_not_taken(void **state)
{
    (void)state;
    atomic_store(&house->api.answer_within_us, 1);
    assert_true(queue_submit(house->api.queue, (struct command){.run = hold_on}));
    while (!atomic_load(&is_held)) {
        (void)sched_yield();
    }
    g_autofree char *late = send_alert("late");
    assert_int_equal(client_status(late), 503);
    g_autofree char *again = client_header(late, "Retry-After");
    assert_non_null(again);
    assert_non_null(strstr(late, "may or may not be taken"));
    atomic_store(&is_let_go, true);
    atomic_store(&house->api.answer_within_us, 0);
    g_free(ask_until("/readyz", 200)); /* the server may have ended who held the turn for so long */
    g_autofree char *good = send_alert("good");
    assert_int_equal(client_status(good), 202);
    json_auto_t *list = test_json(house, house->read, "GET", "/api/v1/alerts", NULL, 200);
    json_t *items = json_object_get(list, "items");
    assert_int_equal(json_array_size(items), 1);
    const char *key = json_string_value(json_object_get(json_array_get(items, 0), "dedup_key"));
    assert_string_equal(key, "good");
}

static void the_node_is_listed(void **state)
{
    (void)state;
    g_free(ask_until("/readyz", 200)); /* its ledger has ticked: it holds its lanes */
    json_auto_t *list = test_json(house, house->read, "GET", "/api/v1/nodes", NULL, 200);
    json_t *items = json_object_get(list, "items");
    assert_int_equal(json_array_size(items), 1);
    const json_t *node = json_array_get(items, 0);
    assert_string_equal(json_string_value(json_object_get(node, "name")), "here");
    assert_string_equal(json_string_value(json_object_get(node, "state")), "alive");
    assert_string_equal(json_string_value(json_object_get(node, "version")), TOCSIN_VERSION);
    assert_int_equal(json_integer_value(json_object_get(node, "lanes")), LANE_COUNT);
    assert_int_equal(json_integer_value(json_object_get(node, "schema")), db_schema_known());
    assert_true(json_is_true(json_object_get(node, "is_this")));
    assert_true(json_is_string(json_object_get(node, "started_at")));
    assert_true(json_is_string(json_object_get(node, "last_beat_at")));
    assert_null(json_object_get(node, "ended_at"));
}

static void ready_tells_of_database_and_node(void **state)
{
    (void)state;
    json_auto_t *ready = test_json(house, NULL, "GET", "/readyz", NULL, 200);
    const json_t *node = json_object_get(ready, "node");
    assert_string_equal(json_string_value(json_object_get(ready, "status")), "ready");
    assert_string_equal(json_string_value(json_object_get(ready, "database")), "writable");
    assert_int_equal(json_integer_value(json_object_get(ready, "nodes_alive")), 1);
    assert_string_equal(json_string_value(json_object_get(node, "name")), "here");
}

/* 503, and when to come again. */
static void assert_told_to_come_again(const char *answer)
{
    g_autofree char *wait = client_header(answer, "Retry-After");
    int64_t seconds = 0;
    if (client_status(answer) != 503 || wait == NULL ||
        !g_ascii_string_to_signed(wait, 10, 1, 60, &seconds, NULL)) {
        fail_msg("%s", answer);
    }
}

/* No empty list, no 404, no 500: they would be believed. */
static void assert_nothing_is_read(void)
{
    static const char *const READ[] = {"/api/v1/alerts",
                                       "/api/v1/events",
                                       "/api/v1/nodes",
                                       "/api/v1/tokens",
                                       "/api/v1/heartbeats",
                                       "/api/v1/config/export",
                                       "/api/v1/alerts/1",
                                       "/api/v1/alerts/1/explain",
                                       "/api/v1/feeds",
                                       "/api/v1/users/ana/misses",
                                       "/api/v1/stream",
                                       "/api/v1/schedules/primary/overrides",
                                       "/api/v1/integrations/native/payloads"};
    for (size_t i = 0; i < G_N_ELEMENTS(READ); i++) {
        g_autofree char *answer = test_ask(house, house->admin, "GET", READ[i], NULL);
        if (client_status(answer) != 503) {
            fail_msg("%s: %s", READ[i], answer);
        }
    }
}

/* What the node knows without its database: since when, and what it was told. */
static void assert_the_reason_is_told(void)
{
    g_autofree char *why = ledger_closed_why(house->ledger);
    assert_non_null(why);
    assert_string_not_equal(why, "");
    g_autofree char *answer = test_ask(house, house->read, "GET", "/api/v1/nodes", NULL);
    assert_told_to_come_again(answer);
    assert_non_null(strstr(answer, "cannot be reached"));
    assert_non_null(strstr(answer, "Node here, since 2"));
    assert_non_null(strstr(answer, why));
    assert_null(strstr(answer, "nothing was changed"));
}

/* A person is told by a page in their language, a program as always. */
static void assert_the_board_is_a_page(void)
{
    g_autofree char *cookie = g_strdup_printf("Cookie: %s=%s\r\n", HTTP_COOKIE, house->read);
    g_autofree char *headers =
        g_strconcat(cookie, "Accept: text/html,*/*;q=0.8\r\nAccept-Language: fr\r\n", NULL);
    g_autofree char *page = client_call(house->port, "GET", "/board", headers, NULL);
    assert_told_to_come_again(page);
    assert_non_null(strstr(page, "<html lang=\"fr\">"));
    assert_non_null(strstr(page, "est inutilisable"));
    assert_non_null(strstr(page, "<time datetime=\"2"));
    g_autofree char *again = client_header(page, "Refresh");
    assert_string_equal(again, "5");
    g_autofree char *problem = client_call(house->port, "GET", "/board", cookie, NULL);
    assert_told_to_come_again(problem);
    assert_non_null(strstr(problem, "application/problem+json"));
}

/* What cannot be read just now pages all the same: nobody is told that nobody is paged. */
static void a_page_that_cannot_be_read_says_no_more_than_that(void **state)
{
    test_house_readers_at = "/nonexistent/x.db";
    (void)open_house(state);
    test_house_readers_at = NULL;
    g_autofree char *headers = g_strdup_printf(
        "Cookie: tocsin_token=%s\r\nAccept: text/html\r\nAccept-Language: en\r\n", house->read);
    g_autofree char *answer = client_call(house->port, "GET", "/board", headers, NULL);
    (void)close_house(state);
    assert_int_equal(client_status(answer), 503);
    assert_non_null(strstr(answer, "The database cannot be used"));
    assert_null(strstr(answer, "pages nobody"));
}

static void a_database_that_is_away_is_told(void **state)
{
    (void)state;
    g_free(ask_until("/readyz", 200));
    atomic_store(&house->fate, TEST_LINK_CUT);
    g_autofree char *first = send_alert("away");
    assert_told_to_come_again(first);
    g_autofree char *ready = ask_until("/readyz", 503);
    assert_told_to_come_again(ready);
    assert_non_null(strstr(ready, "Content-Type: application/problem+json"));
    json_auto_t *problem = json_loads(client_body(ready), 0, NULL);
    assert_string_equal(json_string_value(json_object_get(problem, "database")), "down");
    assert_int_equal(json_integer_value(json_object_get(problem, "status")), 503);
    assert_true(json_is_string(json_object_get(problem, "since")));
    assert_non_null(json_object_get(problem, "request_id"));
    g_autofree char *second = send_alert("away");
    assert_told_to_come_again(second);
    g_autofree char *metrics = test_ask(house, NULL, "GET", "/metrics", NULL);
    assert_int_equal(client_status(metrics), 200);
    assert_non_null(strstr(metrics, "\ntocsin_writable 0\n"));
    json_decref(test_json(house, NULL, "GET", "/healthz", NULL, 200));
    if (ledger_is_shared(house->ledger)) {
        assert_nothing_is_read();
        assert_the_reason_is_told();
        assert_the_board_is_a_page();
    }
    atomic_store(&house->fate, TEST_LINK_GOOD);
    g_free(ask_until("/readyz", 200));
    assert_null(ledger_closed_why(house->ledger));
    g_autofree char *taken = send_alert("away");
    assert_int_equal(client_status(taken), 202);
    assert_non_null(strstr(taken, "\"opened\""));
}

static int open_stream(void)
{
    int fd = client_connect(house->port);
    g_autofree char *ask = g_strdup_printf("GET /api/v1/stream?after=1 HTTP/1.1\r\nHost: x\r\n"
                                           "Authorization: Bearer %s\r\n\r\n",
                                           house->read);
    client_send(fd, ask, strlen(ask));
    g_autofree char *begin = client_read_until(fd, "id: 2\n");
    assert_int_equal(client_status(begin), 200);
    return fd;
}

/* Nothing happens, as far as this node knows; but what does it know? */
static void a_node_that_is_cut_off_ends_its_streams(void **state)
{
    (void)state;
    if (!ledger_is_shared(house->ledger)) {
        skip();
    }
    g_free(ask_until("/readyz", 200));
    int fd = open_stream();
    assert_false(live_is_out(&house->api));
    atomic_store(&house->fate, TEST_LINK_CUT);
    g_free(ask_until("/readyz", 503));
    g_autofree char *refused =
        ask_as_until(house->read, "HEAD", "/api/v1/stream?after=1", 503); /* after 3 s */
    assert_told_to_come_again(refused);
    assert_true(live_is_out(&house->api));
    assert_true(ledger_closed_for(house->ledger).us >= SPAN_S(3).us);
    http_streams_end(house->http); /* as the main thread does then */
    g_autofree char *end = client_read_until(fd, "0\r\n\r\n");
    assert_true(g_str_has_suffix(end, "0\r\n\r\n"));
    close(fd);
    atomic_store(&house->fate, TEST_LINK_GOOD);
    g_free(ask_until("/readyz", 200));
    assert_false(live_is_out(&house->api));
    close(open_stream());
}

/* One writer sees for itself what was kept; only over a wire can an answer be lost. */
static void a_lost_answer_is_told_and_safe_to_send_again(void **state)
{
    (void)state;
    if (!ledger_is_shared(house->ledger)) {
        skip();
    }
    g_free(ask_until("/readyz", 200));
    g_autofree char *known = send_alert("warm");
    assert_int_equal(client_status(known), 202);
    char *answer = NULL;
    /* A beat's commit may be the one whose answer is lost: then the alert was only refused. */
    for (int i = 0; i < 50 && (answer == NULL || strstr(answer, "may or may not") == NULL); i++) {
        g_free(answer);
        atomic_store(&house->fate, TEST_LINK_GOOD);
        g_free(ask_until("/readyz", 200));
        atomic_store(&house->fate, TEST_LINK_LOSES_ANSWER);
        answer = send_alert("lost");
        assert_told_to_come_again(answer);
    }
    assert_non_null(strstr(answer, "may or may not have been taken"));
    assert_non_null(strstr(answer, "the same dedup_key \\\"lost\\\""));
    g_free(answer);
    atomic_store(&house->fate, TEST_LINK_GOOD);
    g_free(ask_until("/readyz", 200));
    g_autofree char *again = send_alert("lost");
    assert_int_equal(client_status(again), 202);
    assert_non_null(strstr(again, "\"joined\""));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_house, close_house)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_node_is_listed),
        TEST(what_could_not_be_answered_in_time_is_not_taken),
        TEST(ready_tells_of_database_and_node),
        cmocka_unit_test(a_page_that_cannot_be_read_says_no_more_than_that),
        TEST(a_database_that_is_away_is_told),
        TEST(a_node_that_is_cut_off_ends_its_streams),
        TEST(a_lost_answer_is_told_and_safe_to_send_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
