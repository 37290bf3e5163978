/* Details that are longer than is kept lose their longest texts, and nothing by which an alert is known. */
#include <string.h>

#include "base/json.h"
#include "base/limits.h"
#include "source/alertmanager.h"
#include "source/native.h"
#include "source/pagerduty.h"
#include "source/prometheus.h"
#include "source/test_batch.h"

static const char CUT[] = "\xe2\x80\xa6 (cut)";
static const struct utc NOW = {1795000000000000};

static size_t size_of(const json_t *value)
{
    return json_dumpb(value, NULL, 0, JSON_COMPACT);
}

/* Takes over `details`. */
static json_t *fitted(json_t *details, struct fault *mend)
{
    json_t *fit = details_fit(details, "details", mend);
    assert_non_null(fit);
    if (size_of(fit) > LIMIT_DETAILS) {
        fail_msg("%zu bytes", size_of(fit));
    }
    g_autofree char *written = json_write(fit);
    assert_true(g_utf8_validate(written, -1, NULL));
    return fit;
}

static const char *text_at(const json_t *object, const char *part, const char *name)
{
    return json_text(part == NULL ? object : json_object_get(object, part), name, "");
}

static void set_text(json_t *object, const char *name, size_t size)
{
    g_autofree char *text = g_strnfill(size, 'x');
    (void)json_object_set_new(object, name, json_string(text));
}

static void add_many(json_t *object, const char *prefix, int count, const char *text)
{
    for (int i = 0; i < count; i++) {
        g_autofree char *name = g_strdup_printf("%s%05d", prefix, i);
        (void)json_object_set_new(object, name, json_string(text));
    }
}

static void the_longest_text_alone_is_cut(void **state)
{
    (void)state;
    json_auto_t *details = json_pack("{s:{s:s, s:s}, s:{s:s}}", "labels", "alertname", "Slow",
                                     "team", "search", "annotations", "summary", "s");
    json_t *annotations = json_object_get(details, "annotations");
    set_text(annotations, "dump", 70000);
    set_text(annotations, "log", 20000);
    struct fault mend = {0};
    json_auto_t *fit = fitted(json_incref(details), &mend);
    assert_true(json_equal(json_object_get(fit, "labels"), json_object_get(details, "labels")));
    assert_string_equal(text_at(fit, "annotations", "summary"), "s");
    assert_string_equal(text_at(fit, "annotations", "log"), text_at(details, "annotations", "log"));
    const char *dump = text_at(fit, "annotations", "dump");
    assert_true(g_str_has_suffix(dump, CUT));
    assert_true(size_of(fit) > LIMIT_DETAILS - 1024); /* nothing is wasted */
    assert_string_equal(mend.field, "details");
    assert_string_equal(mend.text, "are longer than 65536 bytes: 1 text is cut");
    assert_string_equal(text_at(fit, NULL, "note"),
                        "The details were longer than 65536 bytes: 1 text is cut.");
    assert_int_equal(
        json_string_length(json_object_get(json_object_get(details, "annotations"), "dump")),
        70000); /* what was sent stays as it was */
    set_text(annotations, "dump", 80000);
    json_auto_t *again = fitted(json_incref(details), &mend);
    assert_true(json_equal(fit, again)); /* a repeat whose end alone has changed says nothing new */
}

static void labels_are_cut_last_and_the_longest_first(void **state)
{
    (void)state;
    json_auto_t *details =
        json_pack("{s:{s:s}, s:{s:s}}", "annotations", "summary", "s", "labels", "team", "search");
    set_text(json_object_get(details, "annotations"), "dump", 70000);
    set_text(json_object_get(details, "labels"), "long", 60000);
    struct fault mend = {0};
    json_auto_t *fit = fitted(json_incref(details), &mend);
    assert_true(json_equal(json_object_get(fit, "labels"), json_object_get(details, "labels")));
    assert_true(g_str_has_suffix(text_at(fit, "annotations", "dump"), CUT));
    assert_true(strlen(text_at(fit, "annotations", "dump")) > 4000);
    set_text(json_object_get(details, "labels"), "long", 70000);
    json_auto_t *more = fitted(json_incref(details), &mend);
    assert_string_equal(text_at(more, "labels", "team"), "search");
    assert_true(g_str_has_suffix(text_at(more, "labels", "long"), CUT));
    assert_string_equal(text_at(more, "annotations", "summary"), "s");
}

static void of_many_small_ones_the_smallest_stay(void **state)
{
    (void)state;
    json_auto_t *details = json_pack("{s:{}, s:{s:s}, s:s}", "labels", "annotations", "summary",
                                     "s", "note", "my own");
    add_many(json_object_get(details, "labels"), "label_", 5000, "a value of some bytes");
    (void)json_object_set_new(json_object_get(details, "labels"), "team", json_string("search"));
    add_many(json_object_get(details, "annotations"), "a", 5000, "another value of some bytes");
    struct fault mend = {0};
    json_auto_t *fit = fitted(json_incref(details), &mend);
    assert_string_equal(text_at(fit, "labels", "team"), "search");
    assert_string_equal(text_at(fit, "annotations", "summary"), "s");
    assert_string_equal(text_at(fit, "labels", "label_00000"), "a value of some bytes");
    assert_string_equal(text_at(fit, "annotations", "a00000"), "another value of some bytes");
    assert_null(json_object_get(json_object_get(fit, "labels"), "label_04999"));
    assert_string_equal(text_at(fit, NULL, "note"), "my own");
    assert_non_null(strstr(text_at(fit, NULL, "tocsin_note"), "values are left out"));
    assert_true(json_object_size(json_object_get(fit, "labels")) > 1000);
    assert_true(size_of(fit) > LIMIT_DETAILS - 1024);
}

static void every_shape_is_fitted(void **state)
{
    (void)state;
    g_autofree char *wide = g_strnfill(100000, 'n');
    g_autoptr(GString) korean = g_string_new(NULL);
    g_autoptr(GString) quotes = g_string_new(NULL);
    g_autoptr(GString) numbers = g_string_new("0");
    g_autoptr(GString) objects = g_string_new("{\"team\":1}");
    for (int i = 0; i < 40000; i++) {
        g_string_append(korean, "\xed\x95\x9c");
        g_string_append(quotes, i % 2 == 0 ? "\\\"" : "\\u0001");
        g_string_append_printf(numbers, ",%d", i);
        g_string_append(objects, ",{},{\"a\":[[]]}");
    }
    g_autofree char *nested = g_strdup_printf("[[{\"deep\":[\"%s\"]}]]", wide);
    const char *const rows[][2] = {{"\"%s\"", wide},
                                   {"\"%s\"", korean->str},
                                   {"\"%s\"", quotes->str},
                                   {"[%s]", numbers->str},
                                   {"[%s]", objects->str},
                                   {"%s", nested},
                                   {"{\"%s\":{\"a\":1}}", wide}};
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_auto(GStrv) around = g_strsplit(rows[i][0], "%s", 2);
        g_autofree char *text = g_strconcat("{\"odd\":", around[0], rows[i][1], around[1],
                                            ",\"team\":\"search\",\"n\":5}", NULL);
        struct fault mend = {0};
        json_auto_t *fit = fitted(json_of(text), &mend);
        assert_string_equal(text_at(fit, NULL, "team"), "search");
        assert_int_equal(json_integer_value(json_object_get(fit, "n")), 5);
        assert_true(mend.text[0] != '\0');
        if (strchr(around[0], '"') == around[0] || i == 5) {
            assert_true(size_of(fit) > LIMIT_DETAILS - 1024);
        }
    }
}

static void what_fits_stays_as_it_is(void **state)
{
    (void)state;
    struct fault mend = {0};
    json_t *details = json_object();
    set_text(details, "big", LIMIT_DETAILS - strlen("{\"big\":\"\"}"));
    assert_true(details_are_short(details));
    assert_ptr_equal(details_fit(details, "details", &mend), details);
    assert_string_equal(mend.text, "");
    set_text(details, "big", LIMIT_DETAILS - strlen("{\"big\":\"\"}") + 1);
    assert_false(details_are_short(details));
    json_decref(details);
    assert_null(details_fit(NULL, "details", &mend));
    assert_null(details_fit(json_object(), "details", &mend));
}

/* --- at the doors --- */

static void assert_known_by_its_labels(const struct signal *whole, const struct signal *signal)
{
    assert_string_equal(text_at(signal->details, "labels", "team"), "search");
    assert_string_equal(signal->dedup_key, whole->dedup_key);
}

static void a_long_annotation_leaves_the_labels(void **state)
{
    (void)state;
    json_auto_t *alert = json_of("{\"status\":\"firing\",\"labels\":{\"alertname\":\"A\","
                                 "\"team\":\"search\"},\"annotations\":{}}");
    for (size_t size = 10; size <= 70000; size += 69990) {
        set_text(json_object_get(alert, "annotations"), "dump", size);
        json_auto_t *list = json_pack("[O]", alert);
        json_auto_t *webhook = json_pack("{s:[O]}", "alerts", alert);
        struct batch batch;
        struct fault fault = {0};
        batch_init(&batch);
        assert_true(prometheus_read(list, NOW, &batch, &fault));
        assert_int_equal(batch.mended, size > LIMIT_DETAILS ? 1 : 0);
        assert_true(alertmanager_read(webhook, NOW, &batch, &fault));
        assert_known_by_its_labels(signal_at(&batch, 0), signal_at(&batch, 0));
        assert_known_by_its_labels(signal_at(&batch, 0), signal_at(&batch, 1));
        assert_null(json_object_get(signal_at(&batch, 0)->details, "fingerprint"));
        batch_clear(&batch);
    }
}

static void cut_labels_are_told_apart(void **state)
{
    (void)state;
    struct batch batch;
    struct fault fault = {0};
    batch_init(&batch);
    for (size_t size = 70000; size <= 70001; size++) {
        json_auto_t *list = json_of("[{\"labels\":{\"alertname\":\"A\",\"team\":\"search\"}}]");
        json_t *labels = json_object_get(json_array_get(list, 0), "labels");
        set_text(labels, "long", size);
        assert_true(prometheus_read(list, NOW, &batch, &fault));
        const struct signal *signal = signal_at(&batch, batch.signals->len - 1);
        char fingerprint[LABELS_FINGERPRINT_SIZE];
        labels_public_fingerprint(labels, fingerprint);
        assert_string_equal(text_at(signal->details, NULL, "fingerprint"), fingerprint);
        assert_string_equal(text_at(signal->details, "labels", "team"), "search");
    }
    assert_string_not_equal(signal_at(&batch, 0)->dedup_key, signal_at(&batch, 1)->dedup_key);
    assert_true(json_equal(json_object_get(signal_at(&batch, 0)->details, "labels"),
                           json_object_get(signal_at(&batch, 1)->details, "labels")));
    batch_clear(&batch);
}

static void small_details_stay_beside_long_ones(void **state)
{
    (void)state;
    json_auto_t *body =
        json_pack("{s:s, s:s, s:{s:s}}", "summary", "s", "team", "search", "details", "room", "b");
    set_text(json_object_get(body, "details"), "log", 70000);
    set_text(body, "trace", 70000);
    struct signal signal = {0};
    struct fault fault = {0}, mend = {0};
    assert_true(native_take(body, &signal, &fault, &mend));
    assert_string_equal(text_at(signal.details, NULL, "team"), "search");
    assert_string_equal(text_at(signal.details, NULL, "room"), "b");
    assert_true(g_str_has_suffix(text_at(signal.details, NULL, "log"), CUT));
    assert_true(g_str_has_suffix(text_at(signal.details, NULL, "trace"), CUT));
    signal_clear(&signal);
    json_auto_t *event = json_of("{\"routing_key\":\"k\",\"event_action\":\"trigger\",\"payload\":"
                                 "{\"summary\":\"s\",\"source\":\"x\",\"severity\":\"info\","
                                 "\"custom_details\":{\"team\":\"search\"}}}");
    set_text(json_object_get(json_object_get(event, "payload"), "custom_details"), "log", 70000);
    struct batch batch;
    batch_init(&batch);
    json_auto_t *errors = json_array();
    assert_true(pagerduty_read(event, NOW, &batch, errors));
    assert_string_equal(text_at(signal_at(&batch, 0)->details, NULL, "team"), "search");
    assert_string_equal(batch.first_mend.field, "custom_details");
    batch_clear(&batch);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_longest_text_alone_is_cut),
        cmocka_unit_test(labels_are_cut_last_and_the_longest_first),
        cmocka_unit_test(of_many_small_ones_the_smallest_stay),
        cmocka_unit_test(every_shape_is_fitted),
        cmocka_unit_test(what_fits_stays_as_it_is),
        cmocka_unit_test(a_long_annotation_leaves_the_labels),
        cmocka_unit_test(cut_labels_are_told_apart),
        cmocka_unit_test(small_details_stay_beside_long_ones),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
