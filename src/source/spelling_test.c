/* What a program says in other words than ours, or addresses that lead nowhere: taken, and told. */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "base/json.h"
#include "source/alertmanager.h"
#include "source/pagerduty.h"
#include "source/prometheus.h"

static const struct utc NOW = {INT64_C(1795000000000000)};

static json_t *json_of(const char *text)
{
    json_error_t error;
    json_t *value = json_loads(text, JSON_DECODE_ANY, &error);
    if (value == NULL) {
        fail_msg("%s: %s", text, error.text);
    }
    return value;
}

static const struct signal *signal_at(const struct batch *batch, guint i)
{
    assert_true(i < batch->signals->len);
    return g_ptr_array_index(batch->signals, i);
}

static const struct {
    const char *status;
    int action;       /* 0: refused */
    const char *told; /* NULL: nothing */
} STATUSES[] = {
    {"firing", SIGNAL_TRIGGER, NULL},
    {"resolved", SIGNAL_RESOLVE, NULL},
    {"FIRING", SIGNAL_TRIGGER, "is \"FIRING\": taken as firing"},
    {"Firing", SIGNAL_TRIGGER, "is \"Firing\": taken as firing"},
    {" resolved ", SIGNAL_RESOLVE, "is \" resolved \": taken as resolved"},
    {"Resolved\n", SIGNAL_RESOLVE, "taken as resolved"},
    {"ok", SIGNAL_RESOLVE, "is \"ok\": taken as resolved"},
    {"acknowledged", 0, NULL},
    {"pending", 0, NULL},
    {"", 0, NULL},
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
            assert_int_equal(alertmanager_read(bodies[k], &batch, &fault), STATUSES[i].action != 0);
            if (STATUSES[i].action == 0) {
                assert_string_equal(fault.field, "alerts[0].status");
            } else {
                assert_int_equal(signal_at(&batch, 0)->action, STATUSES[i].action);
                assert_int_equal(batch.mended, STATUSES[i].told != NULL);
            }
            if (STATUSES[i].told != NULL) {
                assert_string_equal(batch.first_mend.field, "alerts[0].status");
                assert_non_null(strstr(batch.first_mend.text, STATUSES[i].told));
            }
            batch_clear(&batch);
        }
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
            assert_true(pagerduty_read(body, &batch, errors));
        } else if (ADDRESSES[i].door == TO_PROMETHEUS) {
            assert_true(prometheus_read(body, NOW, &batch, &fault));
        } else {
            assert_true(alertmanager_read(body, &batch, &fault));
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
        cmocka_unit_test(an_address_that_leads_nowhere_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
