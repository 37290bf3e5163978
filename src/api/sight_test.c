/* Who sees which events, wherever events are shown: pages, live streams, explain. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>
#include <unistd.h>

#include "access/token.h"
#include "alert/alert_events.h"
#include "api/live.h"
#include "api/test_house.h"

static enum command_result tell_secret(struct ledger_tx *tx, void *alert_id)
{
    event_append(tx, PRINCIPAL_TOCSIN, &EVENT_TEST_SECRET, alert_subject(*(int64_t *)alert_id),
                 NULL);
    return COMMAND_DONE;
}

/* An alert with an event that is not for everybody, and one that a token did over HTTP. Answers its id. */
static int64_t alert_with_secret(void)
{
    int64_t id = test_alert(the_house, "with a secret");
    const struct command command = {.run = tell_secret, .arg = &id};
    assert_int_equal(queue_submit_and_wait(the_house->api.queue, command), OUTCOME_COMMITTED);
    g_autofree char *path = g_strdup_printf("/api/v1/alerts/%" G_GINT64_FORMAT "/acknowledge", id);
    json_decref(test_json(the_house, the_house->respond, "POST", path, "{}", 200));
    return id;
}

struct reader {
    const char *name, *token;
    bool sees_all;
};

static void readers(struct reader out[3])
{
    out[0] = (struct reader){"read", the_house->read, false};
    out[1] = (struct reader){"respond", the_house->respond, false};
    out[2] = (struct reader){"admin", the_house->admin, true};
}

static void judge(const struct reader *reader, const char *where, const char *text)
{
    bool has_secret = strstr(text, "test.secret") != NULL;
    bool has_place = strstr(text, EVENT_CLIENT) != NULL;
    bool has_rest = strstr(text, "alert.triggered") != NULL;
    if (has_secret != reader->sees_all || has_place != reader->sees_all || !has_rest) {
        fail_msg("%s, %s: %s", where, reader->name, text);
    }
}

static void pages_and_explain_show_what_one_may_see(void **state)
{
    (void)state;
    int64_t id = alert_with_secret();
    g_autofree char *events = g_strdup_printf("/api/v1/events?subject=alert:%" G_GINT64_FORMAT, id);
    g_autofree char *explain = g_strdup_printf("/api/v1/alerts/%" G_GINT64_FORMAT "/explain", id);
    struct reader all[3];
    readers(all);
    for (size_t i = 0; i < G_N_ELEMENTS(all); i++) {
        g_autofree char *page = test_ask(the_house, all[i].token, "GET", events, NULL);
        g_autofree char *explained = test_ask(the_house, all[i].token, "GET", explain, NULL);
        judge(&all[i], "events", page);
        judge(&all[i], "explain", explained);
    }
}

/* A page of nothing that one may see leads on to the next. */
static void a_page_goes_on_behind_what_one_may_not_see(void **state)
{
    (void)state;
    int64_t id = alert_with_secret();
    g_autofree char *first =
        g_strdup_printf("/api/v1/events?limit=1&subject=alert:%" G_GINT64_FORMAT, id);
    g_autofree char *path = g_strdup(first);
    size_t seen = 0, pages = 0;
    for (bool has_more = true; has_more; pages++) {
        json_auto_t *page = test_json(the_house, the_house->read, "GET", path, NULL, 200);
        const char *next = json_string_value(json_object_get(page, "next_cursor"));
        seen += json_array_size(json_object_get(page, "items"));
        has_more = next != NULL;
        g_free(path);
        path = g_strdup_printf("%s&cursor=%s", first, has_more ? next : "");
        assert_true(pages < 100);
    }
    assert_int_equal(seen, pages - 1); /* all but the secret */
}

static int follow(const char *token, int64_t after)
{
    g_autofree char *ask =
        g_strdup_printf("GET /api/v1/stream HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\n"
                        "Last-Event-ID: %" G_GINT64_FORMAT "\r\n\r\n",
                        token, after);
    int fd = client_connect(the_house->port);
    client_send(fd, ask, strlen(ask));
    return fd;
}

static int64_t newest(void)
{
    struct db *db = api_borrow(&the_house->api);
    db_begin(db);
    int64_t seq = event_last_seq(db);
    db_rollback(db);
    db_pool_give(the_house->api.readers, db);
    return seq;
}

/* What they share is shared only by those who see the same. */
static void live_streams_show_what_one_may_see(void **state)
{
    (void)state;
    struct reader all[3];
    readers(all);
    int64_t before = newest();
    int live[3];
    for (size_t i = 0; i < G_N_ELEMENTS(all); i++) {
        live[i] = follow(all[i].token, before);
    }
    (void)alert_with_secret();
    for (size_t i = 0; i < G_N_ELEMENTS(all); i++) {
        int late = follow(all[i].token, before);
        g_autofree char *said = client_read_until(live[i], "alert.acknowledged");
        g_autofree char *read = client_read_until(late, "alert.acknowledged");
        g_autofree char *rest = client_read_until(late, "\n\n");
        g_autofree char *whole = g_strconcat(read, rest, NULL);
        g_autofree char *live_rest = client_read_until(live[i], "\n\n");
        g_autofree char *live_whole = g_strconcat(said, live_rest, NULL);
        judge(&all[i], "live", live_whole);
        judge(&all[i], "from a number on", whole);
        close(late);
        close(live[i]);
    }
}

enum { SECRETS = 9000 };

static enum command_result tell_secrets(struct ledger_tx *tx, void *alert_id)
{
    for (int i = 0; i < SECRETS; i++) {
        (void)tell_secret(tx, alert_id);
    }
    return COMMAND_DONE;
}

/* Whoever sees nothing of a long past is led through it in turns, and holds up nobody. */
static void what_one_may_not_see_is_passed_in_pieces(void **state)
{
    (void)state;
    int64_t id = test_alert(the_house, "before the secrets"), before = newest();
    const struct command command = {.run = tell_secrets, .arg = &id};
    assert_int_equal(queue_submit_and_wait(the_house->api.queue, command), OUTCOME_COMMITTED);
    struct live_reader reader = {&the_house->api, SCOPE_READ};
    g_autoptr(GString) text = g_string_new(NULL);
    int64_t upto = live_pull(&reader, before, text);
    assert_in_range(upto, before + 1, newest() - 1);
    assert_string_equal(text->str, "");
    int fd = follow(the_house->read, before);
    (void)test_alert(the_house, "after the secrets");
    g_autofree char *said = client_read_until(fd, "after the secrets");
    assert_null(strstr(said, "test.secret"));
    assert_non_null(strstr(said, "after the secrets"));
    close(fd);
}

/* One handler of a browser hears of every kind. */
static void frames_are_of_one_type(void **state)
{
    (void)state;
    int fd = follow(the_house->read, 0);
    (void)test_alert(the_house, "seen in a frame");
    g_autofree char *text = client_read_until(fd, "seen in a frame");
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    size_t frames = 0;
    for (char **line = lines; *line != NULL; line++) {
        if (g_str_has_prefix(*line, "event: ")) {
            assert_string_equal(*line, "event: message");
            frames++;
        }
    }
    assert_true(frames > 2);
    assert_non_null(strstr(text, "\"kind\":\"alert.triggered\""));
    close(fd);
}

static void all_kinds_are_known_and_described(void **state)
{
    (void)state;
    static const char *const NAMES[] = {
        "alert.triggered", "page.started",       "config.changed", "key.minted",
        "override.added",  "user.absence_ended", "node.lost",      "change.recorded",
        "clock.jumped",    "user.taken_off_duty"};
    for (size_t i = 0; i < G_N_ELEMENTS(NAMES); i++) {
        const struct event_kind *kind = event_kind_of(the_house->ledger, NAMES[i]);
        if (kind == NULL || strcmp(kind->name, NAMES[i]) != 0) {
            fail_msg("%s", NAMES[i]);
        }
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, test_house_set_up, test_house_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(pages_and_explain_show_what_one_may_see),
        TEST(a_page_goes_on_behind_what_one_may_not_see),
        TEST(live_streams_show_what_one_may_see),
        TEST(what_one_may_not_see_is_passed_in_pieces),
        TEST(frames_are_of_one_type),
        TEST(all_kinds_are_known_and_described),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
