/* What is open of a service or integration that is gone from the configuration can still be ended. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "api/test_house.h"

static void send(const char *body, int status, const char *outcome)
{
    json_auto_t *answer =
        test_json(the_house, the_house->respond, "POST", "/api/v1/alerts", body, status);
    const char *got = json_string_value(json_object_get(answer, "outcome"));
    if (g_strcmp0(got, outcome) != 0) {
        fail_msg("%s: expected %s, got %s", body, outcome, got);
    }
}

/* All but one service. */
static void prune(void)
{
    json_decref(
        test_json(the_house, the_house->admin, "POST", "/api/v1/config/apply",
                  "{\"prune\": true, \"document\": {\"users\": [{\"name\": \"ana\", \"contacts\": "
                  "[{\"kind\": \"log\", \"watched\": true}]}], \"policies\": [{\"name\": "
                  "\"standard\", \"steps\": "
                  "[{\"notify\": [{\"user\": \"ana\"}], \"wait\": \"5m\"}], \"last_resort\": "
                  "{\"user\": \"ana\"}}], \"services\": [{\"name\": \"checkout\", \"policy\": "
                  "\"standard\"}]}}",
                  200));
}

static const struct {
    const char *name, *whose;
} ROWS[] = {
    {"service", "\"service\": \"billing\""},
    {"integration", "\"integration\": \"native\""},
};

static void its_open_alert_is_acknowledged_and_resolved(void **state)
{
    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(ROWS); i++) {
        g_autofree char *trigger = g_strdup_printf(
            "{\"summary\": \"disk full\", \"dedup_key\": \"k\", %s}", ROWS[i].whose);
        send(trigger, 202, "opened");
    }
    prune();
    for (size_t i = 0; i < G_N_ELEMENTS(ROWS); i++) {
        g_autofree char *trigger = g_strdup_printf(
            "{\"summary\": \"disk full\", \"dedup_key\": \"k\", %s}", ROWS[i].whose);
        g_autofree char *acknowledge = g_strdup_printf(
            "{\"action\": \"acknowledge\", \"dedup_key\": \"k\", %s}", ROWS[i].whose);
        g_autofree char *resolve =
            g_strdup_printf("{\"action\": \"resolve\", \"dedup_key\": \"k\", %s}", ROWS[i].whose);
        send(trigger, 400, NULL); /* nobody is there to be told */
        send(acknowledge, 202, "acknowledged");
        send(resolve, 202, "resolved");
        json_auto_t *problem =
            test_json(the_house, the_house->respond, "POST", "/api/v1/alerts", resolve, 400);
        assert_string_equal(json_string_value(json_object_get(problem, "field")), ROWS[i].name);
    }
}

/* How many alerts of that name have this severity; or that the name is refused. */
static void expect_listed(const char *whose, const char *severity, int status, size_t count)
{
    g_autofree char *path = g_strdup_printf("/api/v1/alerts?%s&severity=%s", whose, severity);
    json_auto_t *answer = test_json(the_house, the_house->read, "GET", path, NULL, status);
    if (json_array_size(json_object_get(answer, "items")) != count) {
        fail_msg("%s: expected %zu", path, count);
    }
}

/* A list of severities that it has none of is empty; that does not make its name a mistake. */
static void its_alerts_are_listed_by_severity(void **state)
{
    (void)state;
    send("{\"summary\": \"disk full\", \"dedup_key\": \"k\", \"service\": \"billing\", "
         "\"severity\": \"warning\"}",
         202, "opened");
    send("{\"summary\": \"disk full\", \"dedup_key\": \"k\", \"integration\": \"native\", "
         "\"severity\": \"warning\"}",
         202, "opened");
    prune();
    static const char *const WHOSE[] = {"service=billing", "integration=native"};
    for (size_t i = 0; i < G_N_ELEMENTS(WHOSE); i++) {
        expect_listed(WHOSE[i], "critical", 200, 0);
        expect_listed(WHOSE[i], "warning", 200, 1);
    }
    expect_listed("service=biling", "warning", 400, 0);
    expect_listed("integration=nativ", "warning", 400, 0);
}

/* A name that never was is refused as before, and leaves no event. */
static void a_misspelt_name_is_still_refused(void **state)
{
    (void)state;
    send("{\"summary\": \"disk full\", \"dedup_key\": \"k\", \"service\": \"checkout\"}", 202,
         "opened");
    send("{\"action\": \"resolve\", \"dedup_key\": \"k\", \"service\": \"chekout\"}", 400, NULL);
    send("{\"action\": \"resolve\", \"dedup_key\": \"k\", \"integration\": \"nativ\"}", 400, NULL);
    send("{\"action\": \"resolve\", \"dedup_key\": \"k\", \"integration\": \"heartbeat:k\"}", 400,
         NULL);
    send("{\"action\": \"resolve\", \"dedup_key\": \"k\"}", 400, NULL);
    json_auto_t *events = test_json(the_house, the_house->read, "GET", "/api/v1/events", NULL, 200);
    g_autofree char *text = json_dumps(events, JSON_COMPACT);
    assert_null(strstr(text, "alert.unknown"));
    send("{\"action\": \"resolve\", \"dedup_key\": \"k\", \"service\": \"checkout\"}", 202,
         "resolved");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, test_house_set_up, test_house_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(its_open_alert_is_acknowledged_and_resolved),
        TEST(its_alerts_are_listed_by_severity),
        TEST(a_misspelt_name_is_still_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
