/* What the resources answer, over a real socket and a real ledger. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <semaphore.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "alert/service.h"
#include "api/aside.h"
#include "api/test_house.h"
#include "config/config_work.h"

static const char *text_at(const json_t *json, const char *key)
{
    const char *text = json_string_value(json_object_get(json, key));
    return text == NULL ? "" : text;
}

static char *alert_path(int64_t id, const char *rest)
{
    return g_strdup_printf("/api/v1/alerts/%" G_GINT64_FORMAT "%s", id, rest);
}

static void test_lists_page_through_everything_once(void **state)
{
    (void)state;
    for (int i = 0; i < 5; i++) {
        (void)test_alert(the_house, "one of five");
    }
    g_autofree char *path = g_strdup("/api/v1/alerts?limit=2");
    int64_t before = INT64_MAX;
    size_t seen = 0;
    for (;;) {
        json_auto_t *page = test_json(the_house, the_house->read, "GET", path, NULL, 200);
        const json_t *items = json_object_get(page, "items");
        for (size_t i = 0; i < json_array_size(items); i++) {
            int64_t id = g_ascii_strtoll(text_at(json_array_get(items, i), "id"), NULL, 10);
            assert_true(id < before);
            before = id;
            seen++;
        }
        const json_t *next = json_object_get(page, "next_cursor");
        if (json_is_null(next)) {
            break;
        }
        assert_int_equal(json_array_size(items), 2);
        g_free(path);
        path = g_strdup_printf("/api/v1/alerts?limit=2&cursor=%s", json_string_value(next));
    }
    assert_int_equal(seen, 5);
}

static void test_acknowledge_for_a_person(void **state)
{
    (void)state;
    g_autofree char *path = alert_path(test_alert(the_house, "to be taken"), "/acknowledge");
    json_auto_t *taken =
        test_json(the_house, the_house->respond, "POST", path, "{\"user\": \"ana\"}", 200);
    assert_string_equal(text_at(taken, "status"), "acknowledged");
    assert_string_equal(text_at(taken, "acknowledged_by"), "user:ana");
    json_auto_t *events =
        test_json(the_house, the_house->read, "GET", "/api/v1/events?limit=200", NULL, 200);
    g_autofree char *all = json_dumps(events, 0);
    assert_non_null(strstr(all, "by token:respond"));
}

static void test_verbs_go_through(void **state)
{
    (void)state;
    int64_t id = test_alert(the_house, "through all verbs");

    static const struct {
        const char *verb, *body;
        int status;
    } STEPS[] = {
        {"/escalate", NULL, 200},
        {"/page", "{\"target\": {\"user\": \"budi\"}}", 200},
        {"/snooze", "{\"for\": \"30m\", \"note\": \"known\"}", 200},
        {"/acknowledge", NULL, 200},
        {"/resolve", "{}", 200},
        {"/acknowledge", "{}", 409},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(STEPS); i++) {
        g_autofree char *path = alert_path(id, STEPS[i].verb);
        json_decref(
            test_json(the_house, the_house->respond, "POST", path, STEPS[i].body, STEPS[i].status));
    }
}

struct refusal {
    const char *name, *method, *path, *body;
    int status;
    const char *field; /* NULL: any */
};

static const struct refusal REFUSALS[] = {
    {"limit of zero", "GET", "/api/v1/alerts?limit=0", NULL, 400, "limit"},
    {"limit too large", "GET", "/api/v1/alerts?limit=201", NULL, 400, "limit"},
    {"cursor of nobody", "GET", "/api/v1/alerts?cursor=abc", NULL, 400, "cursor"},
    {"cursor negative", "GET", "/api/v1/users?cursor=-1", NULL, 400, "cursor"},
    {"unknown status", "GET", "/api/v1/alerts?status=gone", NULL, 400, "status"},
    {"unknown severity", "GET", "/api/v1/alerts?severity=P1", NULL, 400, "severity"},
    {"two values where one counts", "GET", "/api/v1/alerts?status=open&limit=5&status=resolved",
     NULL, 400, "status"},
    {"two pages of a list", "GET", "/api/v1/users?limit=1&limit=2", NULL, 400, "limit"},
    {"no such alert", "GET", "/api/v1/alerts/999999", NULL, 404, NULL},
    {"alert id that is none", "GET", "/api/v1/alerts/1%27--", NULL, 404, NULL},
    {"alert id too large", "GET", "/api/v1/alerts/99999999999999999999", NULL, 404, NULL},
    {"act on no alert", "POST", "/api/v1/alerts/999999/acknowledge", "{}", 404, NULL},
    {"act with unknown key", "POST", "/api/v1/alerts/1/acknowledge", "{\"usr\":\"ana\"}", 422,
     "usr"},
    {"act for nobody", "POST", "/api/v1/alerts/1/acknowledge", "{\"user\":\"eve\"}", 422, "user"},
    {"act with a list", "POST", "/api/v1/alerts/1/acknowledge", "[]", 422, NULL},
    {"act with half a body", "POST", "/api/v1/alerts/1/acknowledge", "{\"user\":", 400, NULL},
    {"snooze without an end", "POST", "/api/v1/alerts/1/snooze", "{}", 422, "for"},
    {"snooze too long", "POST", "/api/v1/alerts/1/snooze", "{\"for\":\"31d\"}", 422, "for"},
    {"snooze bare number", "POST", "/api/v1/alerts/1/snooze", "{\"for\":30}", 422, "for"},
    {"page without a target", "POST", "/api/v1/alerts/1/page", "{}", 422, "target"},
    {"schedule unknown", "GET", "/api/v1/schedules/none/on-call", NULL, 404, NULL},
    {"at malformed", "GET", "/api/v1/schedules/primary/on-call?at=now", NULL, 400, "at"},
    {"range backwards", "GET",
     "/api/v1/schedules/primary/shifts?from=2026-02-01T00:00:00Z&to=2026-01-01T00:00:00Z", NULL,
     400, "to"},
    {"range too long", "GET",
     "/api/v1/schedules/primary/shifts?from=2026-01-01T00:00:00Z&to=2036-01-01T00:00:00Z", NULL,
     400, "to"},
    {"override of nobody", "POST", "/api/v1/schedules/primary/overrides",
     "{\"from\":\"2026-12-24T00:00\",\"to\":\"2026-12-26T00:00\",\"who\":\"eve\"}", 422, NULL},
    {"override that is a text", "POST", "/api/v1/schedules/primary/overrides", "\"x\"", 422, NULL},
    {"override that is not there", "DELETE", "/api/v1/schedules/primary/overrides/77", NULL, 404,
     NULL},
    {"silence without match", "POST", "/api/v1/silences", "{\"name\":\"x\"}", 422, NULL},
    {"silence that is not there", "DELETE", "/api/v1/silences/none", NULL, 404, NULL},
    {"token without a scope", "POST", "/api/v1/tokens", "{\"name\":\"x\"}", 422, "scope"},
    {"token with a wide scope", "POST", "/api/v1/tokens", "{\"name\":\"x\",\"scope\":\"root\"}",
     422, "scope"},
    {"token twice", "POST", "/api/v1/tokens", "{\"name\":\"read\",\"scope\":\"read\"}", 422, NULL},
    {"apply without document", "POST", "/api/v1/config/apply", "{}", 422, "document"},
    {"apply of a mistake", "POST", "/api/v1/config/apply",
     "{\"document\":{\"users\":[{\"name\":\"x\",\"time_zone\":\"Mars/Base\"}]}}", 422, NULL},
    {"what if without service", "GET", "/api/v1/whatif", NULL, 400, "service"},
    {"what if of no service", "GET", "/api/v1/whatif?service=none", NULL, 422, NULL},
    {"events after a word", "GET", "/api/v1/events?after=x", NULL, 400, "after"},
    {"misspelt filter", "GET", "/api/v1/alerts?stauts=open", NULL, 400, "stauts"},
    {"unknown filter of a list without any", "GET", "/api/v1/heartbeats?zone=UTC", NULL, 400,
     "zone"},
    {"a dry run that nobody would read", "POST", "/api/v1/config/apply?dry_run=true",
     "{\"document\":{}}", 400, "dry_run"},
    {"alerts of no service", "GET", "/api/v1/alerts?service=chekout", NULL, 400, "service"},
    {"alerts of no integration", "GET", "/api/v1/alerts?integration=nativ", NULL, 400,
     "integration"},
    {"events of no user", "GET", "/api/v1/events?subject=user:anna", NULL, 400, "subject"},
    {"events of no such thing", "GET", "/api/v1/events?subject=alert:999999", NULL, 400, "subject"},
    {"events that are not there yet", "GET", "/api/v1/events?after=999999", NULL, 409, "after"},
    {"misses of no team", "GET", "/api/v1/misses?team=crw", NULL, 400, "team"},
    {"stream after a word", "GET", "/api/v1/stream?after=x", NULL, 400, "after"},
    {"explain a word", "GET", "/api/v1/alerts/abc/explain", NULL, 404, "id"},
    {"acknowledge a word", "POST", "/api/v1/alerts/abc/acknowledge", "{}", 404, "id"},
    {"override that is a word", "DELETE", "/api/v1/schedules/primary/overrides/abc", NULL, 404,
     "id"},
    {"override of no schedule", "DELETE", "/api/v1/schedules/primry/overrides/7", NULL, 404, NULL},
    {"silence of no service", "POST", "/api/v1/silences",
     "{\"match\":[{\"field\":\"service\",\"value\":\"chekout\"}],"
     "\"from\":\"2026-12-24T00:00:00Z\",\"to\":\"2026-12-26T00:00:00Z\"}",
     422, "match[0].value"},
    {"silence that was", "POST", "/api/v1/silences",
     "{\"match\":[{\"field\":\"service\",\"value\":\"checkout\"}],"
     "\"from\":\"2025-01-01T00:00:00Z\",\"to\":\"2025-01-02T00:00:00Z\"}",
     422, "to"},
    {"silence for years", "POST", "/api/v1/silences",
     "{\"match\":[{\"field\":\"service\",\"value\":\"checkout\"}],"
     "\"from\":\"2026-12-24T00:00:00Z\",\"to\":\"2028-12-26T00:00:00Z\"}",
     422, "to"},
    {"override in the skipped hour", "POST", "/api/v1/schedules/primary/overrides",
     "{\"from\":\"2027-03-28T02:10\",\"to\":\"2027-03-28T02:50\",\"who\":\"budi\"}", 422, "to"},
    {"holds perhaps", "GET", "/api/v1/silences?holds=perhaps", NULL, 400, "holds"},
    {"test of nobody", "POST", "/api/v1/users/eve/test", "{}", 404, NULL},
    {"feed of both", "POST", "/api/v1/feeds", "{\"user\":\"ana\",\"schedule\":\"primary\"}", 422,
     "user"},
    {"feed of nobody", "POST", "/api/v1/feeds", "{\"user\":\"eve\"}", 422, "user"},
    {"feed revoked twice", "DELETE", "/api/v1/feeds/user%3Aana", NULL, 404, NULL},
    {"key of no integration", "POST", "/api/v1/integrations/none/key", NULL, 404, NULL},
    {"route test of no integration", "POST", "/api/v1/routes/test",
     "{\"integration\":\"none\",\"alert\":{\"summary\":\"x\"}}", 422, "integration"},
};

static void test_refusals_name_the_field(void **state)
{
    (void)state;
    (void)test_alert(the_house, "alert 1");
    for (size_t i = 0; i < G_N_ELEMENTS(REFUSALS); i++) {
        const struct refusal *row = &REFUSALS[i];
        g_autofree char *answer =
            test_ask(the_house, the_house->admin, row->method, row->path, row->body);
        if (client_status(answer) != row->status) {
            fail_msg("%s: expected %d, got: %s", row->name, row->status, answer);
        }
        json_auto_t *problem = json_loads(client_body(answer), 0, NULL);
        g_autofree char *type = client_header(answer, "Content-Type");
        assert_string_equal(type, "application/problem+json");
        if (strlen(text_at(problem, "detail")) < 5) {
            fail_msg("%s: the detail says nothing: %s", row->name, answer);
        }
        if (row->field != NULL && strcmp(text_at(problem, "field"), row->field) != 0) {
            fail_msg("%s: expected field %s, got: %s", row->name, row->field, answer);
        }
        /* Who shows a refusal puts the field in front: "holds: must be true or false". */
        g_autofree char *twice = g_strconcat(row->field != NULL ? row->field : "?", " ", NULL);
        if (g_str_has_prefix(text_at(problem, "detail"), twice)) {
            fail_msg("%s: the detail repeats the field: %s", row->name, answer);
        }
    }
    /* The same twice says nothing else. */
    json_decref(test_json(the_house, the_house->read, "GET",
                          "/api/v1/alerts?status=open&status=open", NULL, 200));
}

static void test_schedules_tell_who_is_on_call(void **state)
{
    (void)state;
    json_auto_t *answer =
        test_json(the_house, the_house->read, "GET",
                  "/api/v1/schedules/primary/on-call?at=2026-12-24T23:30:00%2B01:00", NULL, 200);
    assert_string_equal(text_at(answer, "at"), "2026-12-24T22:30:00Z");
    const json_t *first = json_array_get(json_object_get(answer, "on_call"), 0);
    assert_string_equal(text_at(first, "user"), "ana");
    json_auto_t *made = test_json(
        the_house, the_house->respond, "POST", "/api/v1/schedules/primary/overrides",
        "{\"from\":\"2026-12-24T00:00\",\"to\":\"2026-12-26T00:00\",\"who\":\"budi\"}", 201);
    json_auto_t *changed =
        test_json(the_house, the_house->read, "GET",
                  "/api/v1/schedules/primary/on-call?at=2026-12-24T22:30:00Z", NULL, 200);
    first = json_array_get(json_object_get(changed, "on_call"), 0);
    assert_string_equal(text_at(first, "user"), "budi");
    g_autofree char *path =
        g_strdup_printf("/api/v1/schedules/primary/overrides/%s", text_at(made, "id"));
    json_decref(test_json(the_house, the_house->respond, "DELETE", path, NULL, 204));
    json_auto_t *gaps =
        test_json(the_house, the_house->read, "GET", "/api/v1/schedules/primary/gaps", NULL, 200);
    assert_int_equal(json_array_size(json_object_get(gaps, "items")), 0);
}

static void test_calendar_by_its_address(void **state)
{
    (void)state;
    json_auto_t *feed = test_json(the_house, the_house->respond, "POST", "/api/v1/feeds",
                                  "{\"user\":\"ana\"}", 201);
    const char *url = text_at(feed, "url");
    assert_true(g_str_has_prefix(url, "http://tocsin.example.com/cal/tcn_feed_"));
    const char *path = url + strlen("http://tocsin.example.com");
    g_autofree char *answer = test_ask(the_house, NULL, "GET", path, NULL);
    assert_int_equal(client_status(answer), 200);
    assert_non_null(strstr(answer, "BEGIN:VEVENT"));
    g_autofree char *tag = client_header(answer, "ETag");
    g_autofree char *header = g_strdup_printf("If-None-Match: %s\r\n", tag);
    g_autofree char *again = client_call(the_house->port, "GET", path, header, NULL);
    assert_int_equal(client_status(again), 304);
    json_decref(
        test_json(the_house, the_house->respond, "DELETE", "/api/v1/feeds/user%3Aana", NULL, 204));
    json_decref(test_json(the_house, NULL, "GET", path, NULL, 404));
}

static void test_one_calendar_of_several_ends(void **state)
{
    (void)state;
    const char *body = "{\"user\":\"ana\"}";
    json_auto_t *first =
        test_json(the_house, the_house->respond, "POST", "/api/v1/feeds", body, 201);
    json_auto_t *list = test_json(the_house, the_house->read, "GET", "/api/v1/feeds", NULL, 200);
    json_t *made = json_array_get(json_object_get(list, "items"), 0);
    json_auto_t *second =
        test_json(the_house, the_house->respond, "POST", "/api/v1/feeds", body, 201);
    const char *first_path = text_at(first, "url") + strlen("http://tocsin.example.com");
    const char *second_path = text_at(second, "url") + strlen("http://tocsin.example.com");
    g_autofree char *path = g_strdup_printf("/api/v1/feeds/user%%3Aana?id=%s", text_at(made, "id"));
    json_decref(test_json(the_house, the_house->respond, "DELETE", path, NULL, 204));
    json_decref(test_json(the_house, NULL, "GET", first_path, NULL, 404));
    g_autofree char *other = test_ask(the_house, NULL, "GET", second_path, NULL);
    assert_int_equal(client_status(other), 200);
    json_decref(test_json(the_house, the_house->respond, "DELETE", path, NULL, 404));
    json_decref(test_json(the_house, the_house->respond, "DELETE", "/api/v1/feeds/user%3Aana?id=x",
                          NULL, 400));
    json_decref(
        test_json(the_house, the_house->respond, "DELETE", "/api/v1/feeds/user%3Aana", NULL, 204));
    json_decref(test_json(the_house, NULL, "GET", second_path, NULL, 404));
}

static void test_stream_resumes_where_it_broke(void **state)
{
    (void)state;
    (void)test_alert(the_house, "before the stream");
    json_auto_t *events =
        test_json(the_house, the_house->read, "GET", "/api/v1/events?limit=200", NULL, 200);
    size_t count = json_array_size(json_object_get(events, "items"));
    assert_true(count > 3);
    g_autofree char *ask =
        g_strdup_printf("GET /api/v1/stream HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\n"
                        "Last-Event-ID: %zu\r\n\r\n",
                        the_house->read, count - 2);
    int fd = client_connect(the_house->port);
    client_send(fd, ask, strlen(ask));
    g_autofree char *second_last = g_strdup_printf("id: %zu\n", count - 1);
    g_autofree char *last = g_strdup_printf("id: %zu\n", count);
    g_autofree char *too_old = g_strdup_printf("id: %zu\n", count - 2);
    g_autofree char *first = client_read_until(fd, last);
    assert_non_null(strstr(first, second_last));
    assert_null(strstr(first, too_old));
    (void)test_alert(the_house, "while it is open");
    g_autofree char *next = client_read_until(fd, "while it is open");
    assert_non_null(strstr(next, "event: message\ndata: {"));
    close(fd);
}

/* From now on. Its end is written to `out_until`. */
static void silence_for(struct test_house *house, const char *name, struct span length, int status,
                        char out_until[UTC_TEXT_SIZE])
{
    struct utc now = clock_now(house->api.clock);
    char from[UTC_TEXT_SIZE];
    utc_format(now, from);
    utc_format(utc_add(now, length), out_until);
    g_autofree char *body = g_strdup_printf(
        "{\"name\":\"%s\",\"match\":[{\"field\":\"service\",\"value\":\"checkout\"}],"
        "\"from\":\"%s\",\"to\":\"%s\"}",
        name, from, out_until);
    json_decref(test_json(house, house->respond, "POST", "/api/v1/silences", body, status));
}

/* A reader whose number comes from before the database was put back: told, not left waiting. */
static void test_stream_says_that_it_begins_anew(void **state)
{
    (void)state;
    int fd = client_connect(the_house->port);
    g_autofree char *head =
        g_strdup_printf("GET /api/v1/stream HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\n"
                        "Last-Event-ID: 123456789\r\n\r\n",
                        the_house->read);
    client_send(fd, head, strlen(head));
    g_autofree char *told = client_read_until(fd, "\"newest\"");
    assert_non_null(strstr(told, "200 OK"));
    assert_non_null(strstr(
        told,
        "\"kind\":\"stream.reset\",\"subject\":\"stream\",\"data\":{\"asked\":\"123456789\""));
    (void)test_alert(the_house, "after the reset");
    g_autofree char *next = client_read_until(fd, "alert.triggered");
    assert_null(strstr(next, "stream.reset"));
    close(fd);
    static const char HEADERS[] = "Last-Event-ID: x7\r\n";
    g_autofree char *lines =
        g_strdup_printf("Authorization: Bearer %s\r\n%s", the_house->read, HEADERS);
    g_autofree char *answer = client_call(the_house->port, "GET", "/api/v1/stream", lines, NULL);
    assert_int_equal(client_status(answer), 400);
}

/* Silences of people that ended long ago make room when the next is made. */
static void test_old_silences_are_forgotten(void **state)
{
    (void)state;
    json_auto_t *spec =
        json_pack("{s:s, s:s, s:s, s:s, s:[{s:s, s:s}]}", "name", "old", "created_by", "token:x",
                  "from", "2026-01-01T00:00:00Z", "to", "2026-01-02T00:00:00Z", "match", "field",
                  "service", "value", "checkout");
    struct put_object put = {
        .base = {.configs = the_house->api.configs, .actor = {PRINCIPAL_TOKEN, "x"}},
        .kind = &SILENCE_KIND,
        .spec = spec};
    const struct command command = {
        .run = put_object_run, .answer = config_command_answered, .arg = &put};
    assert_int_equal(queue_submit_and_wait(the_house->api.queue, command), OUTCOME_COMMITTED);
    put_object_clear(&put);
    json_auto_t *old =
        test_json(the_house, the_house->read, "GET", "/api/v1/silences/old", NULL, 200);
    assert_string_equal(text_at(old, "state"), "over");
    char until[UTC_TEXT_SIZE];
    silence_for(the_house, "new", SPAN_H(1), 201, until);
    json_decref(test_json(the_house, the_house->read, "GET", "/api/v1/silences/old", NULL, 404));
    json_decref(
        test_json(the_house, the_house->respond, "DELETE", "/api/v1/silences/new", NULL, 204));
}

static pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER;

static void wait_at_gate(void *arg)
{
    sem_post(arg); /* what is short would go before it, if it still waited */
    pthread_mutex_lock(&gate);
    pthread_mutex_unlock(&gate);
}

/* More of them than the server has threads, none of which ends: alerts are taken all the same. */
static void test_long_reads_hold_up_no_alert(void **state)
{
    (void)state;
    static const char *const LONG[] = {
        "/api/v1/silences?holds=true", "/api/v1/alerts?status=resolved&severity=info",
        "/api/v1/events?limit=200",    "/api/v1/misses",
        "/api/v1/users/ana/misses",    "/api/v1/alerts/%s/explain",
        "/api/v1/config/export",       "/api/v1/events/verify",
    };
    int readers[G_N_ELEMENTS(LONG)];
    g_autofree char *alert = g_strdup_printf("%" G_GINT64_FORMAT, test_alert(the_house, "before"));
    pthread_mutex_lock(&gate);
    sem_t is_there;
    assert_int_equal(sem_init(&is_there, 0, 0), 0);
    assert_true(aside_run(NULL, wait_at_gate, &is_there));
    assert_int_equal(sem_wait(&is_there), 0);
    for (size_t i = 0; i < G_N_ELEMENTS(LONG); i++) {
        g_auto(GStrv) parts = g_strsplit(LONG[i], "%s", 2);
        g_autofree char *path = g_strjoinv(alert, parts);
        g_autofree char *ask =
            g_strdup_printf("GET %s HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\n\r\n", path,
                            the_house->admin);
        readers[i] = client_connect(the_house->port);
        client_send(readers[i], ask, strlen(ask));
    }
    for (int i = 0; i < 8; i++) {
        assert_true(test_alert(the_house, "beside long reads") > 0);
    }
    for (size_t i = 0; i < G_N_ELEMENTS(readers); i++) {
        char byte = 0;
        assert_int_equal(recv(readers[i], &byte, sizeof byte, MSG_PEEK | MSG_DONTWAIT), -1);
    }
    pthread_mutex_unlock(&gate);
    for (size_t i = 0; i < G_N_ELEMENTS(readers); i++) {
        g_autofree char *answer = client_read_until(readers[i], "\r\n\r\n");
        assert_int_equal(client_status(answer), 200);
        close(readers[i]);
    }
}

static GString *ran;

static void run_once(void *arg)
{
    g_string_append(ran, arg);
}

static void run_in_turns(void *arg)
{
    g_string_append_c(ran, 't');
    if (ran->len < 4) {
        aside_run_on(run_in_turns, arg);
    }
}

static void test_a_reading_in_turns_lets_others_between(void **state)
{
    (void)state;
    static char once[] = "o";
    sem_t is_there;
    assert_int_equal(sem_init(&is_there, 0, 0), 0);
    ran = g_string_new(NULL);
    pthread_mutex_lock(&gate);
    assert_true(aside_run(NULL, wait_at_gate, &is_there));
    assert_int_equal(sem_wait(&is_there), 0);
    assert_true(aside_run(NULL, run_in_turns, NULL));
    assert_true(aside_run(NULL, run_once, once));
    pthread_mutex_unlock(&gate);
    aside_settle();
    assert_string_equal(ran->str, "tott");
    g_string_free(ran, TRUE);
}

static void test_silences_routes_and_questions(void **state)
{
    (void)state;
    char until[UTC_TEXT_SIZE];
    silence_for(the_house, "night work", SPAN_H(1), 201, until);
    g_autofree char *shown = alert_path(test_alert(the_house, "silenced"), "");
    json_auto_t *silences =
        test_json(the_house, the_house->read, "GET", "/api/v1/silences?holds=true", NULL, 200);
    const json_t *listed = json_array_get(json_object_get(silences, "items"), 0);
    assert_int_equal(json_array_size(json_object_get(silences, "items")), 1);
    assert_string_equal(text_at(listed, "state"), "active");
    assert_string_equal(text_at(listed, "changes_at"), until);
    assert_string_equal(text_at(listed, "created_by"), "token:respond");
    assert_int_equal(json_integer_value(json_object_get(listed, "holds")), 1);
    json_auto_t *alert = test_json(the_house, the_house->read, "GET", shown, NULL, 200);
    assert_string_equal(text_at(alert, "silenced_by"), "night work");
    assert_string_equal(text_at(alert, "silenced_until"), until);
    json_auto_t *alerts =
        test_json(the_house, the_house->read, "GET", "/api/v1/alerts?limit=1", NULL, 200);
    assert_string_equal(text_at(json_array_get(json_object_get(alerts, "items"), 0), "silenced_by"),
                        "night work");
    json_decref(test_json(the_house, the_house->respond, "DELETE", "/api/v1/silences/night%20work",
                          NULL, 204));
    json_auto_t *ended =
        test_json(the_house, the_house->read, "GET", "/api/v1/silences/night%20work", NULL, 200);
    assert_string_equal(text_at(ended, "state"), "over");
    assert_string_equal(text_at(ended, "created_by"), "token:respond");
    json_decref(/* again: it stays as it ended */
                test_json(the_house, the_house->respond, "DELETE", "/api/v1/silences/night%20work",
                          NULL, 204));
    json_auto_t *still =
        test_json(the_house, the_house->read, "GET", "/api/v1/silences/night%20work", NULL, 200);
    assert_true(json_equal(ended, still));
    json_auto_t *routed = test_json(
        the_house, the_house->read, "POST", "/api/v1/routes/test",
        "{\"integration\":\"native\",\"alert\":{\"summary\":\"x\",\"component\":\"bill\"}}", 200);
    assert_string_equal(text_at(routed, "service"), "billing");
    json_auto_t *asked = test_json(the_house, the_house->read, "GET",
                                   "/api/v1/whatif?service=checkout&severity=critical", NULL, 200);
    assert_true(json_array_size(json_object_get(asked, "steps")) > 0);
    g_autofree char *path = alert_path(test_alert(the_house, "why me?"), "/explain");
    json_auto_t *explained = test_json(the_house, the_house->read, "GET", path, NULL, 200);
    assert_true(json_is_array(json_object_get(explained, "pages")));
}

/* Whoever was answered need not wait any more. */
static void backups_may_follow_at_once(void **state)
{
    (void)state;
    for (int i = 0; i < 5; i++) {
        json_decref(test_json(the_house, the_house->admin, "POST", "/api/v1/backup", NULL, 201));
    }
}

static void test_operations(void **state)
{
    (void)state;
    json_decref(test_json(the_house, NULL, "GET", "/healthz", NULL, 200));
    json_decref(test_json(the_house, NULL, "GET", "/readyz", NULL, 200));
    g_autofree char *metrics = test_ask(the_house, NULL, "GET", "/metrics", NULL);
    assert_non_null(strstr(metrics, "\ntocsin_writable 1\n"));
    json_auto_t *backup =
        test_json(the_house, the_house->admin, "POST", "/api/v1/backup", NULL, 201);
    struct fault fault = {0};
    assert_true(db_verify(text_at(backup, "path"), &fault));
    api_hurry();
    json_decref(test_json(the_house, the_house->admin, "POST", "/api/v1/backup", NULL, 503));
    api_settle();
    json_auto_t *export =
        test_json(the_house, the_house->admin, "GET", "/api/v1/config/export", NULL, 200);
    assert_int_equal(json_array_size(json_object_get(json_object_get(export, "document"), "users")),
                     2);
    json_decref(
        test_json(the_house, the_house->respond, "POST", "/api/v1/users/ana/test", NULL, 202));
}

static void test_rotated_key_takes_over(void **state)
{
    (void)state;
    json_auto_t *made = test_json(the_house, the_house->admin, "POST",
                                  "/api/v1/integrations/native/key", "{\"overlap\": \"0s\"}", 201);
    json_decref(
        test_json(the_house, the_house->key, "POST", "/api/v1/alerts", "{\"summary\":\"x\"}", 401));
    json_decref(test_json(the_house, text_at(made, "key"), "POST", "/api/v1/alerts",
                          "{\"summary\":\"x\"}", 202));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, test_house_set_up, test_house_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_lists_page_through_everything_once),
        TEST(test_acknowledge_for_a_person),
        TEST(test_verbs_go_through),
        TEST(test_refusals_name_the_field),
        TEST(test_schedules_tell_who_is_on_call),
        TEST(test_calendar_by_its_address),
        TEST(test_one_calendar_of_several_ends),
        TEST(test_stream_resumes_where_it_broke),
        TEST(test_stream_says_that_it_begins_anew),
        TEST(test_old_silences_are_forgotten),
        TEST(test_long_reads_hold_up_no_alert),
        TEST(test_silences_routes_and_questions),
        TEST(test_operations),
        TEST(test_a_reading_in_turns_lets_others_between),
        TEST(backups_may_follow_at_once),
        TEST(test_rotated_key_takes_over),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
