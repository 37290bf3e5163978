/* What senders really send, what they get wrong, and what becomes of both. */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "base/json.h"
#include "base/limits.h"
#include "source/alertmanager.h"
#include "source/native.h"
#include "source/pagerduty.h"
#include "source/prometheus.h"
#include "source/test_batch.h"

static struct utc at(const char *text)
{
    struct utc utc = {0};
    assert_true(utc_parse(text, &utc));
    return utc;
}

static struct utc now(void)
{
    return at("2026-11-22T10:00:00Z");
}

static const char *link_at(const struct signal *signal, size_t i)
{
    return json_text(json_array_get(signal->links, i), "href", "");
}

/* --- Alertmanager --- */

/* As Alertmanager 0.25 sends it. */
static const char ALERTMANAGER[] =
    "{\"receiver\":\"tocsin\",\"status\":\"firing\",\"alerts\":["
    "{\"status\":\"firing\",\"labels\":{\"alertname\":\"DiskFull\",\"instance\":\"db7:9100\","
    "\"job\":\"node\",\"severity\":\"critical\"},\"annotations\":{\"summary\":\"db7 disk is full\","
    "\"runbook_url\":\"https://wiki.example.org/disk\"},\"startsAt\":\"2026-11-22T09:59:00.5Z\","
    "\"endsAt\":\"0001-01-01T00:00:00Z\",\"generatorURL\":\"http://prom.example.org/graph\","
    "\"fingerprint\":\"1a2b3c4d5e6f7081\"},"
    "{\"status\":\"resolved\",\"labels\":{\"alertname\":\"DiskFull\",\"instance\":\"db8:9100\"},"
    "\"annotations\":{},\"startsAt\":\"2026-11-22T09:00:00Z\",\"endsAt\":\"2026-11-22T09:58:00Z\","
    "\"generatorURL\":\"\",\"fingerprint\":\"ffff3c4d5e6f7081\"}],"
    "\"groupLabels\":{\"alertname\":\"DiskFull\"},\"commonLabels\":{\"alertname\":\"DiskFull\"},"
    "\"commonAnnotations\":{},\"externalURL\":\"http://am.example.org:9093\",\"version\":\"4\","
    "\"groupKey\":\"{}:{alertname=\\\"DiskFull\\\"}\",\"truncatedAlerts\":0,"
    "\"notification_reason\":\"a newer version's key\"}";

static void alertmanager_sends_a_group(void **state)
{
    (void)state;
    json_auto_t *body = json_of(ALERTMANAGER);
    struct batch batch;
    struct fault fault = {0};
    batch_init(&batch);
    assert_true(alertmanager_read(body, now(), &batch, &fault));
    assert_int_equal(batch.signals->len, 2 + batch.added);
    assert_int_equal(batch.refused, 0);
    const struct signal *firing = signal_at(&batch, 0);
    assert_int_equal(firing->action, SIGNAL_TRIGGER);
    assert_string_equal(firing->dedup_key, "1a2b3c4d5e6f7081");
    assert_string_equal(firing->summary, "db7 disk is full");
    assert_int_equal(firing->severity, SEVERITY_CRITICAL);
    assert_string_equal(firing->source, "db7:9100");
    assert_string_equal(firing->component, "node");
    assert_string_equal(firing->class_name, "DiskFull");
    assert_string_equal(link_at(firing, 0), "https://wiki.example.org/disk");
    assert_string_equal(link_at(firing, 1), "http://prom.example.org/graph");
    assert_string_equal(link_at(firing, 2), "http://am.example.org:9093");
    assert_int_equal(json_array_size(firing->links), 3);
    assert_int_equal(firing->expires_at.us, 0);
    assert_int_equal(firing->occurred_at.us, at("2026-11-22T09:59:00.5Z").us);
    const json_t *labels = json_object_get(firing->details, "labels");
    assert_string_equal(json_text(labels, "job", ""), "node");
    const struct signal *resolved = signal_at(&batch, 1);
    assert_int_equal(resolved->action, SIGNAL_RESOLVE);
    assert_string_equal(resolved->summary, "DiskFull");
    assert_int_equal(resolved->severity, 0); /* it does not say */
    batch_clear(&batch);
}

static const struct {
    const char *name;
    const char *body;
    const char *field; /* of the fault; NULL: accepted */
    size_t signals, refused;
} ALERTMANAGERS[] = {
    {"a list", "[]", "", 0, 0},
    {"no alerts", "{\"version\":\"4\"}", "alerts", 0, 0},
    {"alerts of a wrong type", "{\"alerts\":{}}", "alerts", 0, 0},
    {"an empty list is fine", "{\"alerts\":[]}", NULL, 0, 0},
    {"no status", "{\"alerts\":[{\"labels\":{\"a\":\"b\"}}]}", NULL, 1, 0},
    {"the notification's status counts",
     "{\"status\":\"firing\",\"alerts\":[{\"labels\":{\"a\":\"b\"}}]}", NULL, 1, 0},
    {"label of a wrong type",
     "{\"alerts\":[{\"status\":\"firing\",\"labels\":{\"a\":\"b\",\"c\":5}}]}", NULL, 1, 0},
    {"annotations of a wrong type",
     "{\"alerts\":[{\"status\":\"firing\",\"labels\":{\"a\":\"b\"},\"annotations\":[]}]}", NULL, 1,
     0},
    {"nothing to know it by", "{\"alerts\":[{\"status\":\"firing\"}]}", "alerts[0].labels", 0, 1},
    {"a fingerprint is enough",
     "{\"alerts\":[{\"status\":\"firing\",\"fingerprint\":\"f\",\"annotations\":null}]}", NULL, 1,
     0},
    {"not an instant",
     "{\"alerts\":[{\"status\":\"firing\",\"labels\":{\"a\":\"b\"},\"startsAt\":\"noon\"}]}", NULL,
     1, 0},
    {"one bad does not spoil the good",
     "{\"alerts\":[7,{\"status\":\"firing\",\"labels\":{\"a\":\"b\"}}]}", NULL, 1, 1},
};

static void alertmanager_gets_it_wrong(void **state)
{
    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(ALERTMANAGERS); i++) {
        json_auto_t *body = json_of(ALERTMANAGERS[i].body);
        struct batch batch;
        struct fault fault = {0};
        batch_init(&batch);
        bool is_good = alertmanager_read(body, now(), &batch, &fault);
        const char *field = is_good ? NULL : fault.field;
        if (g_strcmp0(field, ALERTMANAGERS[i].field) != 0 ||
            batch.signals->len != ALERTMANAGERS[i].signals ||
            batch.refused != ALERTMANAGERS[i].refused) {
            fail_msg("%s: %s: %s", ALERTMANAGERS[i].name, field, fault.text);
        }
        assert_true(is_good || fault.text[0] != '\0');
        batch_clear(&batch);
    }
}

/* --- Prometheus --- */

static const struct {
    const char *name;
    const char *body;
    const char *field; /* of the fault; NULL: accepted */
    int action;
    const char *expires_at;
} PROMETHEUS[] = {
    {"firing until it is not repeated",
     "[{\"labels\":{\"alertname\":\"A\"},\"startsAt\":\"2026-11-22T09:59:00.123456789Z\","
     "\"endsAt\":\"2026-11-22T10:04:00Z\",\"generatorURL\":\"http://prom/graph\"}]",
     NULL, SIGNAL_TRIGGER, "2026-11-22T10:04:00Z"},
    {"no end", "[{\"labels\":{\"alertname\":\"A\"}}]", NULL, SIGNAL_TRIGGER,
     "2026-11-22T10:05:00Z"},
    {"Go's zero time", "[{\"labels\":{\"alertname\":\"A\"},\"endsAt\":\"0001-01-01T00:00:00Z\"}]",
     NULL, SIGNAL_TRIGGER, "2026-11-22T10:05:00Z"},
    {"over", "[{\"labels\":{\"alertname\":\"A\"},\"endsAt\":\"2026-11-22T09:59:59Z\"}]", NULL,
     SIGNAL_RESOLVE, NULL},
    {"over at this instant",
     "[{\"labels\":{\"alertname\":\"A\"},\"endsAt\":\"2026-11-22T10:00:00Z\"}]", NULL,
     SIGNAL_RESOLVE, NULL},
    {"with an offset",
     "[{\"labels\":{\"alertname\":\"A\"},\"endsAt\":\"2026-11-22T11:02:00+01:00\"}]", NULL,
     SIGNAL_TRIGGER, "2026-11-22T10:02:00Z"},
    {"an object", "{\"labels\":{}}", "", 0, NULL},
    {"no labels", "[{\"annotations\":{}}]", "[0].labels", 0, NULL},
    {"empty labels", "[{\"labels\":{}}]", "[0].labels", 0, NULL},
    {"labels of a wrong type", "[{\"labels\":[\"a\"]}]", "[0].labels", 0, NULL},
    {"no label but a null one", "[{\"labels\":{\"a\":null}}]", "[0].labels", 0, NULL},
    {"not an instant", "[{\"labels\":{\"a\":\"b\"},\"endsAt\":\"soon\"}]", NULL, SIGNAL_TRIGGER,
     "2026-11-22T10:05:00Z"},
};

static void prometheus_sends(void **state)
{
    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(PROMETHEUS); i++) {
        json_auto_t *body = json_of(PROMETHEUS[i].body);
        struct batch batch;
        struct fault fault = {0};
        batch_init(&batch);
        bool is_good = prometheus_read(body, now(), &batch, &fault);
        if (g_strcmp0(is_good ? NULL : fault.field, PROMETHEUS[i].field) != 0) {
            fail_msg("%s: %s: %s", PROMETHEUS[i].name, fault.field, fault.text);
        }
        if (is_good) {
            const struct signal *signal = signal_at(&batch, 0);
            int64_t expires_at =
                PROMETHEUS[i].expires_at == NULL ? 0 : at(PROMETHEUS[i].expires_at).us;
            if (signal->action != PROMETHEUS[i].action || signal->expires_at.us != expires_at) {
                fail_msg("%s: action %d", PROMETHEUS[i].name, signal->action);
            }
        }
        batch_clear(&batch);
    }
}

static void any_order_of_labels_is_the_same_alert(void **state)
{
    (void)state;

    enum { LABELS = 12, ORDERS = 200 };

    g_autofree char *first = NULL;
    g_autoptr(GRand) random = g_rand_new_with_seed(20261122);
    for (int order = 0; order < ORDERS; order++) {
        int names[LABELS];
        for (int i = 0; i < LABELS; i++) {
            names[i] = i;
        }
        json_auto_t *labels = json_object();
        for (int left = LABELS; left > 0; left--) {
            int picked = g_rand_int_range(random, 0, left);
            g_autofree char *name = g_strdup_printf("label_%d", names[picked]);
            g_autofree char *value = g_strdup_printf("value %d", names[picked] * 7);
            (void)json_object_set_new(labels, name, json_string(value));
            names[picked] = names[left - 1];
        }
        (void)json_object_set_new(labels, "empty", json_string(""));
        g_autofree char *fingerprint = labels_fingerprint(labels);
        if (first == NULL) {
            first = g_strdup(fingerprint);
        }
        assert_string_equal(fingerprint, first);
    }
    static const char *const OTHERS[] = {"{\"a\":\"bc\"}",  "{\"ab\":\"c\"}",
                                         "{\"a\":\"b\"}",   "{\"a\":\"b\",\"c\":\"d\"}",
                                         "{\"a\":\"bcd\"}", "{}"};
    g_autoptr(GHashTable) seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(OTHERS); i++) {
        json_auto_t *labels = json_of(OTHERS[i]);
        assert_true(g_hash_table_add(seen, labels_fingerprint(labels)));
    }
}

/* --- PagerDuty --- */

static void pagerduty_triggers(void **state)
{
    (void)state;
    json_auto_t *body = json_of(
        "{\"routing_key\":\"0123456789abcdef0123456789abcdef\",\"event_action\":\"trigger\","
        "\"dedup_key\":\"db7/disk\",\"client\":\"Alertmanager\","
        "\"client_url\":\"http://am.example.org\",\"links\":[{\"href\":\"https://a.example.org\","
        "\"text\":\"Graph\"},{\"href\":\"javascript:alert(1)\"}],\"images\":[],"
        "\"payload\":{\"summary\":\"db7 disk 97%\",\"source\":\"db7.example.org\","
        "\"severity\":\"critical\",\"timestamp\":\"2026-11-22T09:00:00.000+0000\","
        "\"component\":\"pgdata\",\"group\":\"db\",\"class\":\"disk\","
        "\"custom_details\":{\"used\":97,\"deep\":{\"er\":[1]}}}}");
    struct batch batch;
    batch_init(&batch);
    json_auto_t *errors = json_array();
    assert_true(pagerduty_read(body, now(), &batch, errors));
    assert_string_equal(batch.first_mend.field, "links[1]");
    struct signal signal = *(struct signal *)g_ptr_array_index(batch.signals, 0);
    assert_int_equal(signal.action, SIGNAL_TRIGGER);
    assert_string_equal(signal.dedup_key, "db7/disk");
    assert_string_equal(signal.summary, "db7 disk 97%");
    assert_int_equal(signal.severity, SEVERITY_CRITICAL);
    assert_string_equal(signal.class_name, "disk");
    assert_int_equal(signal.occurred_at.us, at("2026-11-22T09:00:00Z").us);
    assert_int_equal(json_integer_value(json_object_get(signal.details, "used")), 97);
    assert_int_equal(json_array_size(signal.links), 2);
    assert_string_equal(link_at(&signal, 1), "http://am.example.org");
    batch_clear(&batch);
}

#define KEY "\"routing_key\":\"k\","
#define WHOLE "\"payload\":{\"summary\":\"s\",\"source\":\"x\",\"severity\":\"info\"}"

static const struct {
    const char *name;
    const char *body;
    size_t errors;
    const char *about; /* stands in the first error */
} PAGERDUTY[] = {
    {"trigger without key", "{" KEY "\"event_action\":\"trigger\"," WHOLE "}", 0, NULL},
    {"resolve needs no payload", "{" KEY "\"event_action\":\"resolve\",\"dedup_key\":\"d\"}", 0,
     NULL},
    {"what is wrong in a resolve's payload does not matter",
     "{" KEY "\"event_action\":\"resolve\",\"dedup_key\":\"d\",\"payload\":{\"severity\":\"x\"}}",
     0, NULL},
    {"details that are a text",
     "{" KEY "\"event_action\":\"trigger\",\"payload\":{\"summary\":\"s\",\"source\":\"x\","
     "\"severity\":\"info\",\"custom_details\":\"text\"}}",
     0, NULL},
    {"an odd time stamp",
     "{" KEY "\"event_action\":\"trigger\",\"payload\":{\"summary\":\"s\",\"source\":\"x\","
     "\"severity\":\"info\",\"timestamp\":\"yesterday\"}}",
     0, NULL},
    {"keys we do not know", "{" KEY "\"event_action\":\"trigger\",\"new\":1," WHOLE "}", 0, NULL},
    {"not an object", "[]", 1, "object"},
    {"nothing at all", "{}", 2, "routing_key"},
    {"key of a wrong type", "{\"routing_key\":7,\"event_action\":\"trigger\"," WHOLE "}", 1,
     "routing_key"},
    {"no such action", "{" KEY "\"event_action\":\"explode\"}", 1, "event_action"},
    {"resolve without dedup_key", "{" KEY "\"event_action\":\"resolve\"}", 1, "dedup_key"},
    {"acknowledge with an empty one",
     "{" KEY "\"event_action\":\"acknowledge\",\"dedup_key\":\"\"}", 1, "dedup_key"},
    {"trigger without payload", "{" KEY "\"event_action\":\"trigger\"}", 1, "payload"},
};

static void pagerduty_events_are_judged(void **state)
{
    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(PAGERDUTY); i++) {
        json_auto_t *body = json_of(PAGERDUTY[i].body);
        json_auto_t *errors = json_array();
        struct batch batch;
        batch_init(&batch);
        bool is_good = pagerduty_read(body, now(), &batch, errors);
        const char *first = json_string_value(json_array_get(errors, 0));
        if (is_good != (PAGERDUTY[i].errors == 0) ||
            json_array_size(errors) != PAGERDUTY[i].errors ||
            (!is_good && strstr(first, PAGERDUTY[i].about) == NULL)) {
            fail_msg("%s: %zu errors, first: %s", PAGERDUTY[i].name, json_array_size(errors),
                     first);
        }
        batch_clear(&batch);
    }
}

/* What the service itself refuses, and a page hangs on. */
static const struct {
    const char *payload;
    const char *summary;
    const char *source;
    int severity;
    const char *field; /* of the mend; NULL: nothing was mended */
} MENDED[] = {
    {"{'summary':'s','source':'x','severity':'Critical'}", "s", "x", SEVERITY_CRITICAL, NULL},
    {"{'summary':'s','source':'x','severity':'sev1'}", "s", "x", SEVERITY_CRITICAL, NULL},
    {"{'summary':'s','source':'x','severity':'blue'}", "s", "x", 0, "payload.severity"},
    {"{'summary':'s','source':'x','severity':1}", "s", "x", 0, "payload.severity"},
    {"{'summary':'s','source':'x'}", "s", "x", 0, "payload.severity"},
    {"{'summary':'s','source':null,'severity':'info'}", "s", NULL, SEVERITY_INFO, NULL},
    {"{'summary':'s','severity':'info'}", "s", NULL, SEVERITY_INFO, NULL},
    {"{'summary':'s','source':5,'severity':'info'}", "s", "5", SEVERITY_INFO, "payload.source"},
    {"{'summary':4.5,'source':'x','severity':'info'}", "4.5", "x", SEVERITY_INFO,
     "payload.summary"},
    {"{'source':'x','severity':'info'}", "x: an alert without a summary", "x", SEVERITY_INFO, NULL},
    {"{'summary':['s'],'source':'x','severity':'info'}", "[\"s\"]", "x", SEVERITY_INFO,
     "payload.summary"},
    {"{'summary':'s','source':'x','severity':'info','component':[]}", "s", "x", SEVERITY_INFO,
     "payload.component"},
    {"{}", "An alert without a summary", NULL, 0, "payload.severity"},
};

static void pagerduty_events_are_mended(void **state)
{
    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(MENDED); i++) {
        g_autofree char *text = g_strdup_printf(
            "{'routing_key':'k','event_action':'trigger','payload':%s}", MENDED[i].payload);
        json_auto_t *body = json_of(g_strdelimit(text, "'", '"'));
        json_auto_t *errors = json_array();
        struct batch batch;
        batch_init(&batch);
        print_message("%s\n", MENDED[i].payload);
        assert_true(pagerduty_read(body, now(), &batch, errors));
        const struct signal *signal = g_ptr_array_index(batch.signals, 0);
        assert_string_equal(signal->summary, MENDED[i].summary);
        assert_int_equal(g_strcmp0(signal->source, MENDED[i].source), 0);
        assert_int_equal(signal->severity, MENDED[i].severity);
        assert_int_equal(batch.mended, MENDED[i].field != NULL);
        if (MENDED[i].field != NULL) {
            assert_string_equal(batch.first_mend.field, MENDED[i].field);
        }
        batch_clear(&batch);
    }
}

/* Of any length, for intake keeps a long one as a hash; and of any kind that can be written down. */
static void pagerduty_keys(void **state)
{
    (void)state;
    g_autofree char *long_key = g_strnfill(LIMIT_DEDUP_KEY + 1, 'k');
    json_t *const keys[] = {json_string(long_key), json_integer(5)};
    const char *const taken[] = {long_key, "5"};
    for (size_t i = 0; i < G_N_ELEMENTS(keys); i++) {
        json_auto_t *body = json_pack("{s:s, s:s, s:o}", "routing_key", "k", "event_action",
                                      "resolve", "dedup_key", keys[i]);
        json_auto_t *errors = json_array();
        struct batch batch;
        batch_init(&batch);
        assert_true(pagerduty_read(body, now(), &batch, errors));
        const struct signal *signal = g_ptr_array_index(batch.signals, 0);
        assert_string_equal(signal->dedup_key, taken[i]);
        batch_clear(&batch);
    }
}

static void pagerduty_answers_have_their_shape(void **state)
{
    (void)state;
    json_auto_t *accepted = pagerduty_accepted("k");
    g_autofree char *text = json_write(accepted);
    assert_string_equal(text, "{\"status\":\"success\",\"message\":\"Event processed\","
                              "\"dedup_key\":\"k\"}");
    json_auto_t *errors = json_pack("[s]", "why");
    json_auto_t *refused = pagerduty_refused("invalid event", "Event object is invalid", errors);
    g_autofree char *no = json_write(refused);
    assert_string_equal(no, "{\"status\":\"invalid event\",\"message\":\"Event object is invalid\","
                            "\"errors\":[\"why\"]}");
    json_auto_t *change = pagerduty_accepted(NULL);
    assert_null(json_object_get(change, "dedup_key"));
}

static void change_events_are_recorded(void **state)
{
    (void)state;
    json_auto_t *body = json_of("{" KEY "\"payload\":{\"summary\":\"deployed 1.2\","
                                "\"custom_details\":{\"by\":\"ci\"}}}");
    json_auto_t *errors = json_array();
    struct fault mend = {0};
    json_auto_t *change = pagerduty_read_change(body, errors, &mend);
    assert_string_equal(json_text(change, "summary", ""), "deployed 1.2");
    json_auto_t *bad = json_of("{" KEY "\"payload\":{}}");
    assert_null(pagerduty_read_change(bad, errors, &mend));
    assert_int_equal(json_array_size(errors), 1);
    assert_string_equal(mend.text, "");
    json_auto_t *odd = json_of("{" KEY "\"payload\":{\"summary\":\"s\",\"source\":7}}");
    (void)json_array_clear(errors);
    json_auto_t *mended = pagerduty_read_change(odd, errors, &mend);
    assert_string_equal(json_text(mended, "source", ""), "7");
    assert_string_equal(mend.field, "payload.source");
}

/* --- our own --- */

static const struct {
    const char *name;
    const char *body;
    const char *field; /* of the fault; NULL: accepted */
} NATIVES[] = {
    {"the least", "{\"summary\":\"it is down\"}", NULL},
    {"everything",
     "{\"summary\":\"s\",\"action\":\"trigger\",\"dedup_key\":\"k\",\"severity\":\"warning\","
     "\"source\":\"a\",\"component\":\"b\",\"group\":\"c\",\"class\":\"d\","
     "\"details\":{\"x\":[1]},\"links\":[{\"href\":\"https://a.example.org\",\"text\":\"t\"}]}",
     NULL},
    {"resolve by key", "{\"action\":\"resolve\",\"dedup_key\":\"k\"}", NULL},
    {"no summary", "{\"severity\":\"info\"}", "summary"},
    {"empty summary", "{\"summary\":\"\"}", "summary"},
    {"summary of a wrong type", "{\"summary\":5}", "summary"},
    {"resolve without key", "{\"action\":\"resolve\",\"summary\":\"s\"}", "dedup_key"},
    {"no such action", "{\"action\":\"close\",\"dedup_key\":\"k\"}", "action"},
    {"no such severity", "{\"summary\":\"s\",\"severity\":\"P1\"}", "severity"},
    {"misspelt", "{\"summary\":\"s\",\"sevrity\":\"info\"}", "sevrity"},
    {"details that are a list", "{\"summary\":\"s\",\"details\":[]}", "details"},
    {"link without address", "{\"summary\":\"s\",\"links\":[{\"text\":\"t\"}]}", "links[0].href"},
    {"link that is a script", "{\"summary\":\"s\",\"links\":[{\"href\":\"javascript:alert(1)\"}]}",
     "links[0].href"},
    {"service and integration", "{\"summary\":\"s\",\"service\":\"a\",\"integration\":\"b\"}",
     "service"},
    {"a list", "[]", ""},
};

static void native_alerts_are_judged(void **state)
{
    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(NATIVES); i++) {
        json_auto_t *body = json_of(NATIVES[i].body);
        struct signal signal = {0};
        struct fault fault = {0};
        g_autofree char *integration = NULL;
        g_autofree char *service = NULL;
        bool is_good = native_read(body, &signal, &integration, &service, &fault);
        if (g_strcmp0(is_good ? NULL : fault.field, NATIVES[i].field) != 0) {
            fail_msg("%s: %s: %s", NATIVES[i].name, fault.field, fault.text);
        }
        signal_clear(&signal);
    }
}

static void long_texts_are_cut_between_characters(void **state)
{
    (void)state;
    g_autoptr(GString) summary = g_string_new(NULL);
    for (int i = 0; i < LIMIT_SUMMARY + 5; i++) {
        g_string_append(summary, "\xed\x95\x9c"); /* one Korean character of three bytes */
    }
    json_auto_t *body = json_pack("{s:s}", "summary", summary->str);
    struct signal signal = {0};
    struct fault fault = {0};
    char *integration = NULL;
    char *service = NULL;
    assert_true(native_read(body, &signal, &integration, &service, &fault));
    assert_int_equal(g_utf8_strlen(signal.summary, -1), LIMIT_SUMMARY);
    assert_true(g_utf8_validate(signal.summary, -1, NULL));
    signal_clear(&signal);
}

static void large_details(void **state)
{
    (void)state;
    g_autofree char *big = g_strnfill(LIMIT_DETAILS, 'x');
    json_auto_t *body = json_pack("{s:s, s:{s:s}}", "summary", "s", "details", "big", big);
    struct signal signal = {0};
    struct fault fault = {0};
    char *integration = NULL;
    char *service = NULL;
    assert_false(native_read(body, &signal, &integration, &service, &fault));
    assert_string_equal(fault.field, "details");
    struct fault mend = {0};
    assert_true(native_take(body, &signal, &fault, &mend));
    assert_string_equal(mend.field, "details");
    assert_string_equal(signal.summary, "s");
    assert_non_null(json_object_get(signal.details, "note"));
    assert_true(g_str_has_prefix(json_text(signal.details, "big", ""), "xxx"));
    signal_clear(&signal);
    /* Another product's program cannot be told: its alert is taken, and says what is missing. */
    json_auto_t *other = json_pack("[{s:{s:s, s:s}}]", "labels", "alertname", "A", "big", big);
    struct batch batch;
    batch_init(&batch);
    assert_true(prometheus_read(other, now(), &batch, &fault));
    assert_non_null(json_object_get(signal_at(&batch, 0)->details, "note"));
    assert_string_equal(batch.first_mend.field, "[0].labels and annotations");
    batch_clear(&batch);
}

static void a_request_sent_again_is_known(void **state)
{
    (void)state;
    struct signal signal = {0};
    native_identify(&signal, NULL);
    native_identify(&signal, "");
    assert_null(signal.dedup_key);
    native_identify(&signal, "req-1\xff");
    assert_string_equal(signal.dedup_key, "request:req-1\xef\xbf\xbd");
    native_identify(&signal, "req-2"); /* what the sender said itself stands */
    assert_string_equal(signal.dedup_key, "request:req-1\xef\xbf\xbd");
    signal_clear(&signal);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_request_sent_again_is_known),
        cmocka_unit_test(alertmanager_sends_a_group),
        cmocka_unit_test(alertmanager_gets_it_wrong),
        cmocka_unit_test(prometheus_sends),
        cmocka_unit_test(any_order_of_labels_is_the_same_alert),
        cmocka_unit_test(pagerduty_triggers),
        cmocka_unit_test(pagerduty_events_are_judged),
        cmocka_unit_test(pagerduty_events_are_mended),
        cmocka_unit_test(pagerduty_keys),
        cmocka_unit_test(pagerduty_answers_have_their_shape),
        cmocka_unit_test(change_events_are_recorded),
        cmocka_unit_test(native_alerts_are_judged),
        cmocka_unit_test(long_texts_are_cut_between_characters),
        cmocka_unit_test(large_details),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
