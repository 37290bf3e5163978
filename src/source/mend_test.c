/* What programs send and cannot be told: it is mended, alert by alert, and the rest is told. */
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

static const struct utc NOW = {INT64_C(1795000000000000)};

static void blank_texts_are_none(void **state)
{
    (void)state;
    static const char *const BLANK[] = {"",
                                        " \t\r\n",
                                        "\xc2\xa0",                 /* no-break space */
                                        "\xe2\x80\x8b",             /* zero width space */
                                        "\xef\xbb\xbf",             /* zero width no-break space */
                                        "\xe2\x80\x8d\xe2\x81\xa0", /* joiners */
                                        "\xe3\x80\x80",             /* ideographic space */
                                        "\xe3\x85\xa4",             /* Hangul filler */
                                        "\xe2\xa0\x80",             /* empty Braille cell */
                                        "\xef\xbf\xbd\x1b\x7f",     /* what could not be read */
                                        " \xe2\x80\xae\xc2\xad ",
                                        "\xcc\x81" /* an accent on nothing */};
    static const char *const SEEN[] = {
        "x", " . ", "\xed\x95\x9c", "\xf0\x9f\x94\xa5", "0", "\xe2\x80\x8b\xc3\xa9"};
    for (size_t i = 0; i < G_N_ELEMENTS(BLANK); i++) {
        if (!text_is_blank(BLANK[i])) {
            fail_msg("blank %zu", i);
        }
    }
    for (size_t i = 0; i < G_N_ELEMENTS(SEEN); i++) {
        if (text_is_blank(SEEN[i])) {
            fail_msg("seen %zu", i);
        }
    }
    assert_true(text_is_blank(NULL));
}

static void assert_summary(const char *annotations, const char *expected)
{
    g_autofree char *text = g_strdup_printf(
        "[{\"labels\":{\"alertname\":\"DiskFull\"},\"annotations\":%s}]", annotations);
    json_auto_t *body = json_of(text);
    struct batch batch;
    struct fault fault = {0};
    batch_init(&batch);
    assert_true(prometheus_read(body, NOW, &batch, &fault));
    assert_string_equal(signal_at(&batch, 0)->summary, expected);
    batch_clear(&batch);
}

static void the_next_text_counts_when_one_is_blank(void **state)
{
    (void)state;
    assert_summary("{\"summary\":\" \",\"description\":\"97 %\"}", "97 %");
    assert_summary("{\"summary\":\"\\u200b\",\"description\":\"\\u00a0\"}", "DiskFull");
    assert_summary("{\"summary\":\"\\ufeff\"}", "DiskFull");
    assert_summary("{\"summary\":\" full \"}", " full ");
}

static const struct {
    const char *name;
    const char *alert; /* its labels and more */
    const char *field; /* of what was mended; NULL: nothing */
} ALERTS[] = {
    {"nothing", "\"labels\":{\"a\":\"b\"}", NULL},
    {"a null label", "\"labels\":{\"a\":\"b\",\"team\":null}", "labels.team"},
    {"a number", "\"labels\":{\"a\":\"b\",\"c\":5}", "labels.c"},
    {"null annotations are none", "\"labels\":{\"a\":\"b\"},\"annotations\":null", NULL},
    {"annotations that are a list", "\"labels\":{\"a\":\"b\"},\"annotations\":[]", "annotations"},
    {"a nested annotation", "\"labels\":{\"a\":\"b\"},\"annotations\":{\"x\":{\"y\":1}}",
     "annotations.x"},
    {"the first of two", "\"labels\":{\"a\":\"b\",\"c\":5},\"annotations\":{\"x\":1}", "labels.c"},
    {"no zone", "\"labels\":{\"a\":\"b\"},\"startsAt\":\"2026-12-01T10:00:00\"", "startsAt"},
    {"the end of time", "\"labels\":{\"a\":\"b\"},\"startsAt\":\"9999-12-31T23:59:59.999Z\"",
     "startsAt"},
    {"the last second", "\"labels\":{\"a\":\"b\"},\"startsAt\":\"9999-12-31T23:59:59Z\"",
     "startsAt"},
    {"before 1970", "\"labels\":{\"a\":\"b\"},\"startsAt\":\"1969-12-31T23:59:59Z\"", "startsAt"},
    {"Go's zero in local time",
     "\"labels\":{\"a\":\"b\"},\"startsAt\":\"0000-12-31T19:03:58-04:56\"", "startsAt"},
    {"a number as time", "\"labels\":{\"a\":\"b\"},\"startsAt\":1795000000", "startsAt"},
    {"a firing alert's end", "\"labels\":{\"a\":\"b\"},\"endsAt\":\"soon\"", "endsAt"},
    {"a number as end", "\"labels\":{\"a\":\"b\"},\"endsAt\":5", "endsAt"},
    {"Go's zero as end", "\"labels\":{\"a\":\"b\"},\"endsAt\":\"0001-01-01T00:00:00Z\"", NULL},
    {"a label that is cut", "\"labels\":{\"a\":\"b\",\"host\":\"LONG\"}", "source"},
    {"a summary that is cut", "\"labels\":{\"a\":\"b\"},\"annotations\":{\"title\":\"LONG\"}",
     "summary"},
    {"no time", "\"labels\":{\"a\":\"b\"},\"startsAt\":null", NULL},
    {"Go's zero", "\"labels\":{\"a\":\"b\"},\"startsAt\":\"0001-01-01T00:00:00Z\"", NULL},
};

/* Beside one that is good, at both doors. */
static void each_alert_is_taken_without_what_cannot_be_read(void **state)
{
    (void)state;
    g_autofree char *xs = g_strnfill(LIMIT_TEXT + 1, 'x');
    for (size_t i = 0; i < G_N_ELEMENTS(ALERTS); i++) {
        g_auto(GStrv) parts = g_strsplit(ALERTS[i].alert, "LONG", -1);
        g_autofree char *alert = g_strjoinv(xs, parts);
        g_autofree char *list = g_strdup_printf(
            "[{\"status\":\"firing\",\"labels\":{\"good\":\"1\"}},{\"status\":\"firing\",%s}]",
            alert);
        g_autofree char *hook = g_strdup_printf("{\"alerts\":%s}", list);
        for (int door = 0; door < 2; door++) {
            json_auto_t *body = json_of(door == 0 ? list : hook);
            struct batch batch;
            struct fault fault = {0};
            batch_init(&batch);
            assert_true(door == 0 ? prometheus_read(body, NOW, &batch, &fault)
                                  : alertmanager_read(body, NOW, &batch, &fault));
            const char *mended = batch.mended == 0 ? NULL : batch.first_mend.field;
            g_autofree char *expected =
                ALERTS[i].field == NULL
                    ? NULL
                    : g_strdup_printf("%s[1].%s", door == 0 ? "" : "alerts", ALERTS[i].field);
            if (batch.signals->len != 2 || g_strcmp0(mended, expected) != 0) {
                fail_msg("%s: %s", ALERTS[i].name, mended);
            }
            batch_clear(&batch);
        }
    }
}

/* A start, and an end that is told as one that was, may be ahead of our clock by what clocks are wrong. */
static void what_is_far_ahead_has_not_begun(void **state)
{
    (void)state;

    static const struct {
        const char *at;
        bool is_taken, is_told;
    } ROWS[] = {
        {"9999-12-31T23:59:59Z", false, true},      {"9999-12-31T23:59:59.000Z", false, true},
        {"9999-12-31T00:00:00Z", false, true},      {"9999-12-31T22:59:59-01:00", false, true},
        {"9999-12-31T23:59:59.999Z", false, true},  {"9999-01-01T00:00:00Z", false, true},
        {"2262-04-11T23:47:16Z", false, true},      {"2026-12-19T11:06:41Z", false, true},
        {"2026-12-19T11:06:40Z", true, true},       {"2026-11-19T11:06:41Z", true, true},
        {"2026-11-19T11:06:40Z", true, false},      {"2026-11-18T12:06:40+00:00", true, false},
        {"2026-11-18T23:59:59+14:00", true, false}, {"2026-11-18T11:06:40Z", true, false},
        {"2001-09-09T01:46:40Z", true, false}};

    for (size_t i = 0; i < G_N_ELEMENTS(ROWS); i++) {
        g_autofree char *alert =
            g_strdup_printf("{\"labels\":{\"a\":\"b\"},\"startsAt\":\"%s\",\"endsAt\":\"%s\"}",
                            ROWS[i].at, ROWS[i].at);
        g_autofree char *list = g_strdup_printf("[%s]", alert);
        g_autofree char *hook = g_strdup_printf("{\"status\":\"resolved\",\"alerts\":[%s]}", alert);
        g_autofree char *event = g_strdup_printf(
            "{\"routing_key\":\"k\",\"event_action\":\"trigger\",\"payload\":{\"summary\":\"s\","
            "\"source\":\"x\",\"severity\":\"info\",\"timestamp\":\"%s\"}}",
            ROWS[i].at);
        json_t *bodies[] = {json_of(list), json_of(hook), json_of(event)};
        json_auto_t *errors = json_array();
        struct batch batch;
        struct fault fault = {0};
        batch_init(&batch);
        assert_true(prometheus_read(bodies[0], NOW, &batch, &fault));
        assert_true(alertmanager_read(bodies[1], NOW, &batch, &fault));
        assert_true(pagerduty_read(bodies[2], NOW, &batch, errors));
        for (guint k = 0; k < 3; k++) {
            const struct signal *signal = signal_at(&batch, k);
            if (utc_is_set(signal->occurred_at) != ROWS[i].is_taken) {
                fail_msg("%s at door %u", ROWS[i].at, k);
            }
        }
        assert_int_equal(utc_is_set(signal_at(&batch, 1)->ended_at), ROWS[i].is_taken);
        assert_int_equal(batch.mended, ROWS[i].is_told ? 3 : 0);
        for (guint k = 0; k < 3; k++) {
            json_decref(bodies[k]);
        }
        batch_clear(&batch);
    }
}

static void a_fingerprint_that_is_no_text_is_none(void **state)
{
    (void)state;
    json_auto_t *body = json_of(
        "{\"alerts\":[{\"status\":\"firing\",\"labels\":{\"a\":\"b\"},\"fingerprint\":7}]}");
    json_auto_t *labels = json_of("{\"a\":\"b\"}");
    g_autofree char *fingerprint = labels_fingerprint(labels);
    struct batch batch;
    struct fault fault = {0};
    batch_init(&batch);
    assert_true(alertmanager_read(body, NOW, &batch, &fault));
    assert_string_equal(signal_at(&batch, 0)->dedup_key, fingerprint);
    assert_string_equal(batch.first_mend.field, "alerts[0].fingerprint");
    batch_clear(&batch);
}

static void labels_become_texts(void **state)
{
    (void)state;
    json_auto_t *body = json_of("[{\"labels\":{\"alertname\":\"A\",\"gone\":null,\"n\":5,"
                                "\"b\":true,\"o\":{\"x\":[1]}}}]");
    struct batch batch;
    struct fault fault = {0};
    batch_init(&batch);
    assert_true(prometheus_read(body, NOW, &batch, &fault));
    g_autofree char *details = json_write(signal_at(&batch, 0)->details);
    assert_string_equal(details, "{\"labels\":{\"alertname\":\"A\",\"n\":\"5\",\"b\":\"true\","
                                 "\"o\":\"{\\\"x\\\":[1]}\"}}");
    /* Known by what it is without them. */
    json_auto_t *without = json_of("{\"alertname\":\"A\",\"n\":\"5\",\"b\":\"true\","
                                   "\"o\":\"{\\\"x\\\":[1]}\"}");
    g_autofree char *fingerprint = labels_fingerprint(without);
    assert_string_equal(signal_at(&batch, 0)->dedup_key, fingerprint);
    batch_clear(&batch);
}

/* --- what Alertmanager has cut off itself --- */

static void read_group(const char *status, const char *truncated, struct batch *batch)
{
    g_autofree char *text = g_strdup_printf(
        "{\"groupKey\":\"g\",\"groupLabels\":{\"team\":\"db\"},\"truncatedAlerts\":%s,"
        "\"receiver\":\"r\",\"alerts\":["
        "{\"status\":\"%s\",\"labels\":{\"a\":\"1\",\"severity\":\"warning\"}},"
        "{\"status\":\"%s\",\"labels\":{\"a\":\"2\",\"severity\":\"critical\"}}]}",
        truncated, status, status);
    json_auto_t *body = json_of(text);
    struct fault fault = {0};
    batch_init(batch);
    assert_true(alertmanager_read(body, NOW, batch, &fault));
}

static void what_alertmanager_cut_off_is_an_alert(void **state)
{
    (void)state;
    struct batch batch;
    read_group("firing", "12", &batch);
    assert_int_equal(batch.signals->len, 3);
    assert_int_equal(batch.added, 1);
    const struct signal *told = signal_at(&batch, 2);
    assert_int_equal(told->action, SIGNAL_TRIGGER);
    assert_int_equal(told->severity, SEVERITY_CRITICAL);
    assert_string_equal(told->dedup_key, "truncated:g");
    assert_string_equal(told->summary,
                        "12 more alerts of this group were cut off by Alertmanager (max_alerts)");
    assert_string_equal(batch.first_mend.field, "truncatedAlerts");
    const json_t *labels = json_object_get(told->details, "labels");
    assert_string_equal(json_text(labels, "team", ""), "db"); /* routes see it */
    batch_clear(&batch);

    static const struct {
        const char *status, *truncated;
    } OVER[] = {{"firing", "0"}, {"resolved", "12"}, {"firing", "-1"}};

    for (size_t i = 0; i < G_N_ELEMENTS(OVER); i++) {
        read_group(OVER[i].status, OVER[i].truncated, &batch);
        told = signal_at(&batch, 2);
        assert_int_equal(told->action, SIGNAL_RESOLVE);
        assert_string_equal(told->dedup_key, "truncated:g");
        assert_true(told->is_quiet);
        batch_clear(&batch);
    }
    read_group("firing", "\"many\"", &batch);
    assert_int_equal(batch.signals->len, 2);
    assert_string_equal(batch.first_mend.field, "truncatedAlerts");
    batch_clear(&batch);
}

/* --- PagerDuty's first version --- */

static void pagerduty_v1_is_read(void **state)
{
    (void)state;
    json_auto_t *body = json_of(
        "{\"service_key\":\"k\",\"event_type\":\"trigger\",\"incident_key\":\"srv01/HTTP\","
        "\"description\":\"FAILURE for production/HTTP\",\"client\":\"Sample Monitoring\","
        "\"client_url\":\"https://m.example.org\",\"details\":{\"load\":0.75},\"contexts\":["
        "{\"type\":\"link\",\"href\":\"http://acme.example.org\",\"text\":\"View\"},"
        "{\"type\":\"image\",\"src\":\"https://c.example.org/i.png\"}]}");
    json_auto_t *errors = json_array();
    struct batch batch;
    batch_init(&batch);
    assert_string_equal(pagerduty_service_key(body), "k");
    assert_true(pagerduty_read_v1(body, &batch, errors));
    const struct signal signal = *(struct signal *)g_ptr_array_index(batch.signals, 0);
    assert_int_equal(signal.action, SIGNAL_TRIGGER);
    assert_string_equal(signal.dedup_key, "srv01/HTTP");
    assert_string_equal(signal.summary, "FAILURE for production/HTTP");
    assert_int_equal(signal.severity, 0);
    assert_int_equal(json_array_size(signal.links), 3);
    assert_non_null(json_object_get(signal.details, "load"));
    json_auto_t *bad = json_of("{\"service_key\":\"k\",\"event_type\":\"resolve\"}");
    assert_false(pagerduty_read_v1(bad, &batch, errors));
    assert_non_null(strstr(json_string_value(json_array_get(errors, 0)), "incident_key"));
    (void)json_array_clear(errors);
    json_auto_t *none = json_of("{}");
    assert_false(pagerduty_read_v1(none, &batch, errors));
    assert_int_equal(json_array_size(errors), 2);
    batch_clear(&batch);
}

static void pagerduty_takes_a_blank_summary(void **state)
{
    (void)state;
    json_auto_t *body =
        json_of("{\"routing_key\":\"k\",\"event_action\":\"trigger\",\"payload\":{"
                "\"summary\":\" \\u200b\",\"source\":\"db7\",\"severity\":\"info\"}}");
    json_auto_t *errors = json_array();
    struct batch batch;
    batch_init(&batch);
    assert_true(pagerduty_read(body, NOW, &batch, errors));
    const struct signal *signal = g_ptr_array_index(batch.signals, 0);
    assert_string_equal(signal->summary, "db7: an alert without a summary");
    batch_clear(&batch);
}

/* --- our own format --- */

static void a_person_is_told_of_a_blank_summary(void **state)
{
    (void)state;
    json_auto_t *body = json_of("{\"summary\":\"\\u00a0\",\"source\":\"db7\"}");
    struct signal signal = {0};
    struct fault fault = {0};
    char *integration = NULL;
    char *service = NULL;
    assert_false(native_read(body, &signal, &integration, &service, &fault));
    assert_string_equal(fault.field, "summary");
    assert_null(signal.source);
}

static const struct {
    const char *name, *body;
    const char *summary; /* NULL: refused */
    const char *told;    /* "field: text" of what was mended begins so; NULL: nothing was */
} NATIVES[] = {
    {"good", "{\"summary\":\"s\",\"severity\":\"info\",\"details\":{\"x\":1}}", "s", NULL},
    {"nulls are absent", "{\"summary\":\"s\",\"severity\":null,\"links\":null,\"x\":null}", "s",
     NULL},
    {"a severity of others", "{\"summary\":\"s\",\"severity\":\"P1\"}", "s",
     "severity: is none of ours: taken as critical"},
    {"no severity", "{\"summary\":\"s\",\"severity\":\"purple\"}", "s",
     "severity: is none of critical"},
    {"a number as severity", "{\"summary\":\"s\",\"severity\":3}", "s",
     "severity: is none of critical"},
    {"a number as summary", "{\"summary\":5}", "5", "summary: is no text: taken as its JSON"},
    {"a number as source", "{\"summary\":\"s\",\"source\":7}", "s", "source: is no text"},
    {"an object as class", "{\"summary\":\"s\",\"class\":{\"a\":[1]}}", "s", "class: is no text"},
    {"a number as key", "{\"summary\":\"s\",\"dedup_key\":12}", "s", "dedup_key: is no text"},
    {"details that are a list", "{\"summary\":\"s\",\"details\":[1]}", "s", "details: are no obj"},
    {"a script as link", "{\"summary\":\"s\",\"links\":[{\"href\":\"javascript:alert(1)\"}]}", "s",
     "links[0]: is no address"},
    {"a link without address", "{\"summary\":\"s\",\"links\":[{\"text\":\"t\"}]}", "s",
     "links[0]: is no address"},
    {"links that are one", "{\"summary\":\"s\",\"links\":\"https://a.example.org\"}", "s", NULL},
    {"links that are a number", "{\"summary\":\"s\",\"links\":5}", "s", "links: is no address"},
    {"misspelt", "{\"summary\":\"s\",\"sevrity\":\"info\"}", "s", "sevrity: is not known"},
    {"a service", "{\"summary\":\"s\",\"service\":\"a\"}", "s", "service: is left out"},
    {"service and integration", "{\"summary\":\"s\",\"service\":5,\"integration\":\"b\"}", "s",
     "integration: is left out: the key says where the alert goes; service: is left out"},
    {"an action that is not known", "{\"summary\":\"s\",\"action\":\"explode\"}", "s",
     "action: is none of ours: taken as trigger"},
    {"an action that is a number", "{\"summary\":\"s\",\"action\":0}", "s", "action: is none of"},
    {"an action of others", "{\"action\":\"Resolved\",\"dedup_key\":\"k\"}", "",
     "action: is none of ours: taken as resolve"},
    {"an action with a blank", "{\"action\":\"Resolved \",\"summary\":\"s\",\"dedup_key\":\"k\"}",
     "s", "action: is none of ours: taken as resolve"},
    {"an action of some", "{\"action\":\"RECOVERY\",\"dedup_key\":\"k\"}", "",
     "action: is none of ours: taken as resolve"},
    {"a severity with a blank", "{\"summary\":\"s\",\"severity\":\" Critical\\n\"}", "s",
     "severity: is none of ours: taken as critical"},
    {"a number as key of the end", "{\"action\":\"resolve\",\"dedup_key\":12}", "", "dedup_key: "},
    {"a title", "{\"title\":\"t\"}", "t", "title: is not known: kept in the details"},
    {"blank, and a source", "{\"summary\":\"\\u00a0\",\"source\":\"db7\"}",
     "db7: an alert without a summary", NULL},
    {"two odd ones", "{\"summary\":\"s\",\"severity\":3,\"source\":7}", "s",
     "severity: is none of critical, error, warning, info: left out; source: is no text"},
    {"a summary misspelt", "{\"sumary\":\"x\"}", "An alert without a summary",
     "sumary: is not known"},
    {"nothing said", "{\"severity\":\"info\"}", NULL, NULL},
    {"blank alone", "{\"summary\":\"\\u00a0\"}", NULL, NULL},
    {"an action that nobody knows", "{\"action\":\"explode\",\"dedup_key\":\"k\"}", NULL, NULL},
    {"the end of nothing", "{\"action\":\"resolve\",\"summary\":\"s\"}", NULL, NULL},
    {"a list", "[]", NULL, NULL},
};

static void assert_told(const char *name, const struct fault *mend, const char *expected)
{
    g_autofree char *told = g_strdup_printf("%s: %s", mend->field, mend->text);
    bool is_right = expected == NULL ? mend->text[0] == '\0' : g_str_has_prefix(told, expected);
    if (!is_right) {
        fail_msg("%s: %s", name, told);
    }
}

static void a_programs_alert_is_taken_without_its_odd_field(void **state)
{
    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(NATIVES); i++) {
        json_auto_t *body = json_of(NATIVES[i].body);
        struct signal signal = {0};
        struct fault fault = {0};
        struct fault mend = {0};
        bool is_good = native_take(body, &signal, &fault, &mend);
        if (is_good != (NATIVES[i].summary != NULL)) {
            fail_msg("%s: %s: %s", NATIVES[i].name, fault.field, fault.text);
        }
        if (is_good) {
            const char *summary = signal.summary != NULL ? signal.summary : "";
            assert_string_equal(summary, NATIVES[i].summary);
            assert_told(NATIVES[i].name, &mend, NATIVES[i].told);
        }
        signal_clear(&signal);
    }
}

static void what_is_odd_is_kept_where_it_can_be(void **state)
{
    (void)state;
    g_autofree char *big = g_strnfill(LIMIT_DETAILS, 'x');
    g_autofree char *text = g_strdup_printf(
        "{\"summary\":\"s\",\"source\":7,\"action\":\"firing\",\"severity\":\"major\","
        "\"dedup_key\":{\"a\":1},\"details\":{\"x\":1},\"host\":\"db7\",\"x\":2,\"big\":\"%s\","
        "\"links\":[5,{\"href\":\"https://a.example.org\",\"text\":\"t\",\"y\":1}]}",
        big);
    json_auto_t *body = json_of(text);
    struct signal signal = {0};
    struct fault fault = {0};
    struct fault mend = {0};
    assert_true(native_take(body, &signal, &fault, &mend));
    assert_int_equal(signal.action, SIGNAL_TRIGGER);
    assert_int_equal(signal.severity, SEVERITY_ERROR);
    assert_string_equal(signal.source, "7");
    assert_string_equal(signal.dedup_key, "{\"a\":1}");
    assert_int_equal(json_integer_value(json_object_get(signal.details, "x")), 1);
    assert_string_equal(json_text(signal.details, "host", ""), "db7");
    assert_true(strlen(json_text(signal.details, "big", "")) > LIMIT_DETAILS / 2);
    g_autofree char *links = json_write(signal.links);
    assert_string_equal(links, "[{\"href\":\"https://a.example.org\",\"text\":\"t\"}]");
    signal_clear(&signal);
}

static void none_is_said_by_an_empty_list(void **state)
{
    (void)state;

    static const struct {
        const char *body;
        bool says_links, says_details;
    } ROWS[] = {
        {"{\"summary\":\"s\",\"links\":[],\"details\":{}}", true, true},
        {"{\"summary\":\"s\",\"links\":null}", false, false},
        {"{\"summary\":\"s\",\"links\":[5],\"details\":{},\"host\":\"db7\"}", false, true},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(ROWS); i++) {
        json_auto_t *body = json_of(ROWS[i].body);
        struct signal signal = {0};
        struct fault fault = {0}, mend = {0};
        assert_true(native_take(body, &signal, &fault, &mend));
        assert_int_equal(signal.links != NULL, ROWS[i].says_links);
        assert_int_equal(signal.details != NULL, ROWS[i].says_details);
        signal_clear(&signal);
    }
    struct fault fault = {0}, mend = {0};
    struct signal signal = {0};
    json_auto_t *body = json_of("{\"details\":{},\"dedup_key\":null}");
    assert_false(native_take(body, &signal, &fault, &mend)); /* and says nothing else */
    g_autofree char *integration = NULL;
    g_autofree char *service = NULL;
    json_auto_t *strict = json_of("{\"summary\":\"s\",\"links\":[]}");
    assert_true(native_read(strict, &signal, &integration, &service, &fault));
    assert_true(json_is_array(signal.links));
    signal_clear(&signal);
}

static void none_is_said_by_empty_lists_of_pagerduty(void **state)
{
    (void)state;
    struct batch batch;
    batch_init(&batch);
    json_auto_t *errors = json_array();
    json_auto_t *body = json_of("{\"routing_key\":\"k\",\"event_action\":\"trigger\",\"links\":[],"
                                "\"images\":null,\"payload\":{\"summary\":\"s\",\"source\":\"x\","
                                "\"severity\":\"info\",\"custom_details\":{}}}");
    assert_true(pagerduty_read(body, NOW, &batch, errors));
    const struct signal *signal = g_ptr_array_index(batch.signals, 0);
    assert_true(json_is_array(signal->links));
    assert_true(json_is_object(signal->details));
    json_object_set_new(body, "images", json_pack("[{s:s}]", "src", "https://a.example.org/i.png"));
    assert_true(pagerduty_read(body, NOW, &batch, errors));
    signal = g_ptr_array_index(batch.signals, 1);
    assert_int_equal(json_array_size(signal->links), 1);
    json_object_del(body, "links");
    json_object_del(body, "images");
    assert_true(pagerduty_read(body, NOW, &batch, errors));
    signal = g_ptr_array_index(batch.signals, 2);
    assert_null(signal->links);
    batch_clear(&batch);
}

static void more_links_than_are_kept_are_left_out(void **state)
{
    (void)state;
    json_auto_t *body = json_of("{\"summary\":\"s\",\"links\":[]}");
    json_t *list = json_object_get(body, "links");
    for (int i = 0; i < NATIVE_LINKS_MAX + 300; i++) {
        (void)json_array_append_new(list, json_string("https://a.example.org"));
    }
    struct signal signal = {0};
    struct fault fault = {0};
    struct fault mend = {0};
    assert_true(native_take(body, &signal, &fault, &mend));
    assert_int_equal(json_array_size(signal.links), NATIVE_LINKS_MAX);
    assert_string_equal(mend.field, "links[20]");
    assert_true(g_str_has_suffix(mend.text, "; and more"));
    signal_clear(&signal);
}

static void pagerduty_says_what_it_left_out(void **state)
{
    (void)state;

    static const struct {
        const char *more, *field;
    } ODD[] = {
        {"\"links\":[{\"href\":\"x\"}]", "links[0]"},
        {"\"images\":[{\"href\":\"x\"}]", "images[0]"},
        {"\"links\":\"x\"", "links"},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(ODD); i++) {
        g_autofree char *text = g_strdup_printf(
            "{\"routing_key\":\"k\",\"event_action\":\"trigger\",%s,\"payload\":{"
            "\"summary\":\"s\",\"source\":\"db7\",\"severity\":\"info\",\"timestamp\":\"noon\"}}",
            ODD[i].more);
        json_auto_t *body = json_of(text);
        json_auto_t *errors = json_array();
        struct batch batch;
        batch_init(&batch);
        assert_true(pagerduty_read(body, NOW, &batch, errors));
        assert_string_equal(batch.first_mend.field, "payload.timestamp");
        if (strstr(batch.first_mend.text, ODD[i].field) == NULL) {
            fail_msg("%s: %s", ODD[i].field, batch.first_mend.text);
        }
        batch_clear(&batch);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(blank_texts_are_none),
        cmocka_unit_test(the_next_text_counts_when_one_is_blank),
        cmocka_unit_test(each_alert_is_taken_without_what_cannot_be_read),
        cmocka_unit_test(what_is_far_ahead_has_not_begun),
        cmocka_unit_test(a_fingerprint_that_is_no_text_is_none),
        cmocka_unit_test(labels_become_texts),
        cmocka_unit_test(what_alertmanager_cut_off_is_an_alert),
        cmocka_unit_test(pagerduty_v1_is_read),
        cmocka_unit_test(pagerduty_takes_a_blank_summary),
        cmocka_unit_test(pagerduty_says_what_it_left_out),
        cmocka_unit_test(a_person_is_told_of_a_blank_summary),
        cmocka_unit_test(a_programs_alert_is_taken_without_its_odd_field),
        cmocka_unit_test(what_is_odd_is_kept_where_it_can_be),
        cmocka_unit_test(none_is_said_by_an_empty_list),
        cmocka_unit_test(none_is_said_by_empty_lists_of_pagerduty),
        cmocka_unit_test(more_links_than_are_kept_are_left_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
