/* What a program says in other words than ours, or addresses that lead nowhere: taken, and told. */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "base/json.h"
#include "source/alertmanager.h"
#include "source/pagerduty.h"
#include "source/prometheus.h"
#include "source/test_batch.h"

static const struct utc NOW = {INT64_C(1795000000000000)};

static const struct {
    const char *status;
    int action;
    const char *told; /* NULL: nothing */
} STATUSES[] = {
    {"firing", SIGNAL_TRIGGER, NULL},
    {"resolved", SIGNAL_RESOLVE, NULL},
    {"FIRING", SIGNAL_TRIGGER, "is \"FIRING\": taken as firing"},
    {"Firing", SIGNAL_TRIGGER, "is \"Firing\": taken as firing"},
    {" resolved ", SIGNAL_RESOLVE, "is \" resolved \": taken as resolved"},
    {"Resolved\n", SIGNAL_RESOLVE, "taken as resolved"},
    {"ok", SIGNAL_RESOLVE, "is \"ok\": taken as resolved"},
    {"Expired", SIGNAL_RESOLVE, "is \"Expired\": taken as resolved"},
    {"ended", SIGNAL_RESOLVE, "taken as resolved"},
    {"done", SIGNAL_RESOLVE, "taken as resolved"},
    {"completed", SIGNAL_RESOLVE, "taken as resolved"},
    {"healthy", SIGNAL_RESOLVE, "taken as resolved"},
    {"restored", SIGNAL_RESOLVE, "taken as resolved"},
    {"solved", SIGNAL_RESOLVE, "taken as resolved"},
    {"acknowledged", SIGNAL_TRIGGER, "is \"acknowledged\": taken as firing"},
    {"pending", SIGNAL_TRIGGER, "is \"pending\": taken as firing"},
    {"broken", SIGNAL_TRIGGER, "is \"broken\": taken as firing"},
    {"", SIGNAL_TRIGGER, "is \"\": taken as firing"},
};

static void a_status_is_understood_in_other_spelling(void **state)
{
    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(STATUSES); i++) {
        const char *status = STATUSES[i].status;
        json_auto_t *of_alert =
            json_pack("{s:[{s:s, s:{s:s}}]}", "alerts", "status", status, "labels", "a", "b");
        json_auto_t *of_group =
            json_pack("{s:s, s:[{s:{s:s}}]}", "status", status, "alerts", "labels", "a", "b");
        const json_t *const bodies[] = {of_alert, of_group};
        for (size_t k = 0; k < G_N_ELEMENTS(bodies); k++) {
            struct batch batch;
            struct fault fault = {0};
            batch_init(&batch);
            assert_true(alertmanager_read(bodies[k], NOW, &batch, &fault));
            assert_int_equal(signal_at(&batch, 0)->action, STATUSES[i].action);
            assert_int_equal(batch.mended, STATUSES[i].told != NULL);
            if (STATUSES[i].told != NULL) {
                assert_string_equal(batch.first_mend.field, "alerts[0].status");
                assert_non_null(strstr(batch.first_mend.text, STATUSES[i].told));
            }
            batch_clear(&batch);
        }
    }
}

/* One alert of a notification at NOW, which is 2026-11-18T11:06:40Z. */
static const struct {
    const char *name, *body;
    bool is_cut;
    int action; /* 0: refused */
} WHOLE[] = {
    {"its own word counts first", "'status':'resolved','alerts':[{'status':'firing',L}]", false,
     SIGNAL_TRIGGER},
    {"one that is not known asks the notification",
     "'status':'resolved','alerts':[{'status':'odd',L}]", false, SIGNAL_RESOLVE},
    {"one that is no text, too", "'status':'OK','alerts':[{'status':7,L}]", false, SIGNAL_RESOLVE},
    {"one that is known and not over", "'status':'resolved','alerts':[{'status':'ack',L}]", false,
     SIGNAL_TRIGGER},
    {"neither is known: its end",
     "'status':'odd','alerts':[{L,'startsAt':'2026-11-18T11:00:00Z','endsAt':'2026-11-18T11:06:40Z'"
     "}]",
     false, SIGNAL_RESOLVE},
    {"an end ahead", "'alerts':[{L,'endsAt':'2026-11-18T11:06:41Z'}]", false, SIGNAL_TRIGGER},
    {"an end before the beginning",
     "'alerts':[{L,'startsAt':'2026-11-18T11:00:00Z','endsAt':'2026-11-18T10:59:59Z'}]", false,
     SIGNAL_TRIGGER},
    {"no end", "'alerts':[{L,'startsAt':'2026-11-18T11:00:00Z'}]", false, SIGNAL_TRIGGER},
    {"an end beside a word", "'status':'firing','alerts':[{L,'endsAt':'2026-11-18T11:00:00Z'}]",
     false, SIGNAL_TRIGGER},
    {"cut off, its own word", "'alerts':[{'status':'firing',L}]", true, SIGNAL_TRIGGER},
    {"cut off, the notification's before", "'status':'firing','alerts':[{L}]", true,
     SIGNAL_TRIGGER},
    {"cut off, perhaps before the status", "'alerts':[{L}]", true, 0},
    {"cut off, and its own word says nothing", "'alerts':[{'status':'odd',L}]", true, 0},
};

static void what_says_nothing_asks_what_stands_around_it(void **state)
{
    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(WHOLE); i++) {
        g_auto(GStrv) parts = g_strsplit(WHOLE[i].body, "L", -1);
        g_autofree char *inner = g_strjoinv("'labels':{'a':'b'}", parts);
        g_autofree char *text = g_strdup_printf("{%s}", g_strdelimit(inner, "'", '"'));
        json_auto_t *body = json_of(text);
        struct batch batch;
        struct fault fault = {0};
        batch_init(&batch);
        batch.is_cut = WHOLE[i].is_cut;
        bool is_read = alertmanager_read(body, NOW, &batch, &fault);
        int action = batch.signals->len == 0 ? 0 : signal_at(&batch, 0)->action;
        if (!is_read || action != WHOLE[i].action || batch.refused != (action == 0)) {
            fail_msg("%s: %d, %zu refused", WHOLE[i].name, action, batch.refused);
        }
        batch_clear(&batch);
    }
}

static const struct {
    const char *name, *event; /* behind the keys */
    int action;               /* 0: refused */
    const char *told;         /* NULL: nothing */
} EVENTS[] = {
    {"as documented", "'event_action':'trigger','payload':{'summary':'s','severity':'error'}",
     SIGNAL_TRIGGER, NULL},
    {"Trigger", "'event_action':'Trigger','payload':{'summary':'s','severity':'error'}",
     SIGNAL_TRIGGER, "event_action: is \"Trigger\": taken as trigger"},
    {"FIRING", "'event_action':' FIRING','payload':{'summary':'s','severity':'error'}",
     SIGNAL_TRIGGER, "taken as trigger"},
    {"Resolved", "'event_action':'Resolved'", SIGNAL_RESOLVE, "taken as resolve"},
    {"ACK", "'event_action':'ACK'", SIGNAL_ACKNOWLEDGE, "taken as acknowledge"},
    {"unknown, and something is wrong",
     "'event_action':'explode','payload':{'summary':'s','severity':'error'}", SIGNAL_TRIGGER,
     "is \"explode\": taken as trigger"},
    {"none, and something is wrong", "'payload':{'summary':'s','severity':'error'}", SIGNAL_TRIGGER,
     "taken as trigger"},
    {"null, and something is wrong",
     "'event_action':null,'payload':{'summary':'s','severity':'error'}", SIGNAL_TRIGGER,
     "taken as trigger"},
    {"unknown, and nobody knows of what", "'event_action':'explode'", 0, NULL},
    {"none, and nobody knows of what", "'payload':{'summary':' '}", 0, NULL},
    {"v1", "'event_type':'Trigger','description':'s'", SIGNAL_TRIGGER,
     "event_type: is \"Trigger\": taken as trigger"},
    {"v1, none", "'description':'s'", SIGNAL_TRIGGER, "taken as trigger"},
    {"v1, Resolve", "'event_type':'RESOLVE'", SIGNAL_RESOLVE, "taken as resolve"},
    {"v1, unknown", "'event_type':'explode'", 0, NULL},
};

static void an_action_is_understood_in_other_spelling(void **state)
{
    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(EVENTS); i++) {
        bool is_v1 = g_str_has_prefix(EVENTS[i].name, "v1");
        g_autofree char *text = g_strdup_printf(is_v1 ? "{'service_key':'k','incident_key':'d',%s}"
                                                      : "{'routing_key':'k','dedup_key':'d',%s}",
                                                EVENTS[i].event);
        json_auto_t *body = json_of(g_strdelimit(text, "'", '"'));
        json_auto_t *errors = json_array();
        struct batch batch;
        batch_init(&batch);
        bool is_good = is_v1 ? pagerduty_read_v1(body, &batch, errors)
                             : pagerduty_read(body, NOW, &batch, errors);
        int action = is_good ? signal_at(&batch, 0)->action : 0;
        g_autofree char *told =
            g_strdup_printf("%s: %s", batch.first_mend.field, batch.first_mend.text);
        if (action != EVENTS[i].action || (batch.mended > 0) != (EVENTS[i].told != NULL) ||
            (EVENTS[i].told != NULL && strstr(told, EVENTS[i].told) == NULL)) {
            fail_msg("%s: %d, %s", EVENTS[i].name, action, told);
        }
        batch_clear(&batch);
    }
}

/* As at our own door. */
static void what_is_no_text_is_taken_as_its_json(void **state)
{
    (void)state;
    static const char *const TEXTS[][2] = {{"[\"a\"]", "[\"a\"]"},
                                           {"{\"a\":1}", "{\"a\":1}"},
                                           {"7", "7"},
                                           {"true", "true"},
                                           {"\"s\"", "s"}};
    for (size_t i = 0; i < G_N_ELEMENTS(TEXTS); i++) {
        g_autofree char *text =
            g_strdup_printf("{\"routing_key\":\"k\",\"event_action\":\"trigger\",\"dedup_key\":%s,"
                            "\"payload\":{\"summary\":%s,\"source\":%s}}",
                            TEXTS[i][0], TEXTS[i][0], TEXTS[i][0]);
        json_auto_t *body = json_of(text);
        json_auto_t *errors = json_array();
        struct batch batch;
        batch_init(&batch);
        assert_true(pagerduty_read(body, NOW, &batch, errors));
        assert_string_equal(signal_at(&batch, 0)->summary, TEXTS[i][1]);
        assert_string_equal(signal_at(&batch, 0)->source, TEXTS[i][1]);
        assert_string_equal(signal_at(&batch, 0)->dedup_key, TEXTS[i][1]);
        batch_clear(&batch);
    }
}

enum door { TO_ALERTMANAGER, TO_PROMETHEUS, TO_PAGERDUTY };

static const struct {
    int door;
    const char *body;
    size_t links;
    const char *field; /* of what is told; NULL: nothing */
} ADDRESSES[] = {
    {TO_ALERTMANAGER,
     "{\"alerts\":[{\"status\":\"firing\",\"labels\":{\"a\":\"b\"},\"generatorURL\":\"/"
     "graph?g0\"}]}",
     0, "alerts[0].generatorURL"},
    {TO_ALERTMANAGER,
     "{\"alerts\":[{\"status\":\"firing\",\"labels\":{\"a\":\"b\"},\"generatorURL\":\"\"}]}", 0,
     NULL},
    {TO_ALERTMANAGER,
     "{\"externalURL\":\"am:9093\",\"alerts\":[{\"status\":\"firing\",\"labels\":{\"a\":\"b\"},"
     "\"generatorURL\":\"http://prom/graph\"}]}",
     1, "externalURL"},
    {TO_ALERTMANAGER,
     "{\"alerts\":[{\"status\":\"firing\",\"labels\":{\"a\":\"b\"},"
     "\"annotations\":{\"runbook_url\":\"wiki/disk\"}}]}",
     0, "alerts[0].annotations.runbook"},
    {TO_PROMETHEUS, "[{\"labels\":{\"a\":\"b\"},\"generatorURL\":\"?orgId=1\"}]", 0,
     "[0].generatorURL"},
    {TO_PROMETHEUS, "[{\"labels\":{\"a\":\"b\"},\"generatorURL\":\"http://prom/graph\"}]", 1, NULL},
    {TO_PAGERDUTY,
     "{\"routing_key\":\"k\",\"event_action\":\"trigger\",\"client_url\":\"/here\",\"payload\":"
     "{\"summary\":\"s\",\"source\":\"x\",\"severity\":\"info\"}}",
     0, "client_url"},
};

static void an_address_that_leads_nowhere_is_told(void **state)
{
    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(ADDRESSES); i++) {
        json_auto_t *body = json_of(ADDRESSES[i].body);
        json_auto_t *errors = json_array();
        struct batch batch;
        struct fault fault = {0};
        batch_init(&batch);
        if (ADDRESSES[i].door == TO_PAGERDUTY) {
            assert_true(pagerduty_read(body, NOW, &batch, errors));
        } else if (ADDRESSES[i].door == TO_PROMETHEUS) {
            assert_true(prometheus_read(body, NOW, &batch, &fault));
        } else {
            assert_true(alertmanager_read(body, NOW, &batch, &fault));
        }
        assert_int_equal(json_array_size(signal_at(&batch, 0)->links), ADDRESSES[i].links);
        assert_int_equal(batch.mended, ADDRESSES[i].field != NULL);
        assert_string_equal(batch.first_mend.field,
                            ADDRESSES[i].field == NULL ? "" : ADDRESSES[i].field);
        batch_clear(&batch);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_status_is_understood_in_other_spelling),
        cmocka_unit_test(what_says_nothing_asks_what_stands_around_it),
        cmocka_unit_test(an_action_is_understood_in_other_spelling),
        cmocka_unit_test(what_is_no_text_is_taken_as_its_json),
        cmocka_unit_test(an_address_that_leads_nowhere_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
