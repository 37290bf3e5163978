/* Who acted is told alike by the answer, the events and explain, whoever it was. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>
#include <unistd.h>

#include "api/test_house.h"

/* The actor of the newest entry of that kind. */
static char *actor_in(const json_t *entries, const char *kind)
{
    const char *actor = NULL;
    size_t i;
    json_t *entry;
    json_array_foreach (entries, i, entry) {
        if (strcmp(json_string_value(json_object_get(entry, "kind")), kind) == 0) {
            actor = json_string_value(json_object_get(entry, "actor"));
        }
    }
    return g_strdup(actor);
}

static void check_told(struct test_house *house, int64_t alert, const char *kind, const char *actor)
{
    g_autofree char *events_at =
        g_strdup_printf("/api/v1/events?limit=200&subject=alert:%" G_GINT64_FORMAT, alert);
    g_autofree char *explain_at =
        g_strdup_printf("/api/v1/alerts/%" G_GINT64_FORMAT "/explain", alert);
    json_auto_t *events = test_json(house, house->read, "GET", events_at, NULL, 200);
    json_auto_t *explained = test_json(house, house->read, "GET", explain_at, NULL, 200);
    g_autofree char *by_events = actor_in(json_object_get(events, "items"), kind);
    g_autofree char *by_explain = actor_in(json_object_get(explained, "decisions"), kind);
    if (g_strcmp0(by_events, actor) != 0 || g_strcmp0(by_explain, actor) != 0) {
        fail_msg("%s by %s: the events say %s, explain says %s", kind, actor, by_events,
                 by_explain);
    }
}

static void test_whoever_acknowledges_is_told_alike(void **state)
{
    (void)state;
    struct test_house *house = test_house_open(false);

    const struct {
        const char *token, *body, *actor, *note;
    } rows[] = {
        {house->respond, "{}", "token:respond", NULL},
        {house->admin, "{\"note\": \"mine\"}", "token:admin", "mine"},
        {house->respond, "{\"user\": \"ana\"}", "user:ana", "by token:respond"},
        {house->respond, "{\"user\": \"ana\", \"note\": \"hers\"}", "user:ana",
         "hers (by token:respond)"},
        {NULL, "{}", "local", NULL},
        {NULL, "{\"user\": \"ana\"}", "user:ana", "by local"},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        int64_t alert = test_alert(house, rows[i].actor);
        g_autofree char *path =
            g_strdup_printf("/api/v1/alerts/%" G_GINT64_FORMAT "/acknowledge", alert);
        json_auto_t *answer = rows[i].token != NULL
                                  ? test_json(house, rows[i].token, "POST", path, rows[i].body, 200)
                                  : test_locally(house, path, rows[i].body, 200);
        assert_string_equal(json_string_value(json_object_get(answer, "acknowledged_by")),
                            rows[i].actor);
        check_told(house, alert, "alert.acknowledged", rows[i].actor);
        check_told(house, alert, "alert.triggered", "integration:native");
        g_autofree char *events_at =
            g_strdup_printf("/api/v1/events?limit=200&subject=alert:%" G_GINT64_FORMAT, alert);
        g_autofree char *events = test_ask(house, house->read, "GET", events_at, NULL);
        g_autofree char *note = g_strdup_printf("\"note\":\"%s\"", rows[i].note);
        if ((strstr(events, "\"note\":") != NULL) != (rows[i].note != NULL) ||
            (rows[i].note != NULL && strstr(events, note) == NULL)) {
            fail_msg("row %zu: %s", i, events);
        }
        json_auto_t *gone =
            test_json(house, house->respond, "POST", path, "{\"user\": \"nobody\"}", 422);
        assert_non_null(gone);
    }
    test_house_close(&house);
}

/* The integration that opened it, with its key; and who is asked about by name. */
static void test_a_source_that_resolves_is_told_alike(void **state)
{
    (void)state;
    struct test_house *house = test_house_open(false);
    static const char OPEN[] =
        "{\"summary\": \"s\", \"severity\": \"critical\", \"dedup_key\": \"k\"}";
    static const char OVER[] = "{\"action\": \"resolve\", \"dedup_key\": \"k\"}";
    json_auto_t *opened = test_json(house, house->key, "POST", "/api/v1/alerts", OPEN, 202);
    const char *id = json_string_value(json_object_get(opened, "alert_id"));
    json_decref(test_json(house, house->key, "POST", "/api/v1/alerts", OVER, 202));
    g_autofree char *path = g_strconcat("/api/v1/alerts/", id, NULL);
    json_auto_t *alert = test_json(house, house->read, "GET", path, NULL, 200);
    assert_string_equal(json_string_value(json_object_get(alert, "resolved_by")),
                        "integration:native");
    check_told(house, g_ascii_strtoll(id, NULL, 10), "alert.resolved", "integration:native");
    test_house_close(&house);
}

/* A page that is asked for says for whom, and by whose hand. */
static void test_a_page_tells_whose_hand_it_was(void **state)
{
    (void)state;
    struct test_house *house = test_house_open(false);
    int64_t alert = test_alert(house, "look");
    g_autofree char *path = g_strdup_printf("/api/v1/alerts/%" G_GINT64_FORMAT "/page", alert);
    json_decref(test_json(house, house->respond, "POST", path,
                          "{\"user\": \"ana\", \"target\": {\"user\": \"budi\"}}", 200));
    check_told(house, alert, "page.started", "user:ana");
    g_autofree char *events_at =
        g_strdup_printf("/api/v1/events?limit=200&subject=alert:%" G_GINT64_FORMAT, alert);
    g_autofree char *events = test_ask(house, house->read, "GET", events_at, NULL);
    assert_non_null(strstr(events, "\"asked_by\":\"user:ana\""));
    assert_non_null(strstr(events, "\"by\":\"token:respond\""));
    test_house_close(&house);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_whoever_acknowledges_is_told_alike),
        cmocka_unit_test(test_a_source_that_resolves_is_told_alike),
        cmocka_unit_test(test_a_page_tells_whose_hand_it_was),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
