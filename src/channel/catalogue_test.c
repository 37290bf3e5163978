/* The five catalogues say the same things, and say them right. */
#include "channel/catalogue.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>
#include <gio/gio.h>
#include <jansson.h>

#include "alert/signal.h"
#include "lang.h"

static const int LANGUAGES[] = {LANGUAGE_EN, LANGUAGE_KO, LANGUAGE_ID, LANGUAGE_ZH_TW, LANGUAGE_FR};

static json_t *load(int language)
{
    g_autofree char *path = g_strdup_printf("/tocsin/lang/%s.json", catalogue_tag(language));
    g_autoptr(GBytes) bytes =
        g_resource_lookup_data(lang_get_resource(), path, G_RESOURCE_LOOKUP_FLAGS_NONE, NULL);
    assert_non_null(bytes);
    gsize size = 0;
    const char *text = g_bytes_get_data(bytes, &size);
    json_t *catalogue = json_loadb(text, size, JSON_REJECT_DUPLICATES, NULL);
    assert_non_null(catalogue);
    return catalogue;
}

static int by_text(gconstpointer a, gconstpointer b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* The names between braces, sorted and joined: "{count}{name}". */
static char *placeholders(const char *text)
{
    g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
    for (const char *at = strchr(text, '{'); at != NULL; at = strchr(at + 1, '{')) {
        const char *end = strchr(at, '}');
        assert_non_null(end);
        g_ptr_array_add(names, g_strndup(at, (size_t)(end - at) + 1));
    }
    g_ptr_array_sort(names, by_text);
    GString *all = g_string_new(NULL);
    for (guint i = 0; i < names->len; i++) {
        g_string_append(all, g_ptr_array_index(names, i));
    }
    return g_string_free(all, FALSE);
}

static bool tells_one_from_many(int language)
{
    return language == LANGUAGE_EN || language == LANGUAGE_FR;
}

static void compare_text(const char *key, int language, const char *english, const char *other)
{
    if (other == NULL || *other == '\0') {
        fail_msg("%s in %s: missing or empty", key, catalogue_tag(language));
    }
    assert_true(g_utf8_validate(other, -1, NULL));
    assert_null(strpbrk(other, "\r\n"));
    g_autofree char *wanted = placeholders(english);
    g_autofree char *found = placeholders(other);
    if (strcmp(wanted, found) != 0) {
        fail_msg("%s in %s: has %s, needs %s", key, catalogue_tag(language), found, wanted);
    }
}

static void compare_entry(const char *key, int language, const json_t *english, const json_t *other)
{
    if (json_is_string(english)) {
        compare_text(key, language, json_string_value(english), json_string_value(other));
        return;
    }
    const char *many = json_string_value(json_object_get(english, "other"));
    compare_text(key, language, many, json_string_value(json_object_get(other, "other")));
    const json_t *one = json_object_get(other, "one");
    if (tells_one_from_many(language) != (one != NULL)) {
        fail_msg("%s in %s: has the wrong plural forms", key, catalogue_tag(language));
    }
    if (one != NULL && json_object_get(english, "one") != NULL) {
        const char *singular = json_string_value(json_object_get(english, "one"));
        compare_text(key, language, singular, json_string_value(one));
    }
    assert_int_equal(json_object_size(other), one != NULL ? 2 : 1);
}

static void test_same_keys_and_placeholders(void **state)
{
    (void)state;
    json_t *english = load(LANGUAGE_EN);
    for (size_t i = 0; i < G_N_ELEMENTS(LANGUAGES); i++) {
        json_t *other = load(LANGUAGES[i]);
        const char *key = NULL;
        json_t *entry = NULL;
        json_object_foreach (other, key, entry) {
            if (json_object_get(english, key) == NULL) {
                fail_msg("%s: only in %s", key, catalogue_tag(LANGUAGES[i]));
            }
        }
        json_object_foreach (english, key, entry) {
            compare_entry(key, LANGUAGES[i], entry, json_object_get(other, key));
        }
        json_decref(other);
    }
    json_decref(english);
}

static void test_plurals(void **state)
{
    (void)state;

    const struct {
        const char *name;
        int language;
        int64_t count;
        const char *expected;
    } rows[] = {
        {"en none", LANGUAGE_EN, 0, "0 errors"},
        {"en one", LANGUAGE_EN, 1, "1 error"},
        {"en many", LANGUAGE_EN, 12, "12 errors"},
        {"fr none", LANGUAGE_FR, 0, "0 erreur"},
        {"fr one", LANGUAGE_FR, 1, "1 erreur"},
        {"fr many", LANGUAGE_FR, 2, "2 erreurs"},
        {"ko one", LANGUAGE_KO, 1, "오류 1건"},
        {"id many", LANGUAGE_ID, 5, "5 kesalahan"},
        {"zh one", LANGUAGE_ZH_TW, 1, "錯誤 1 則"},
        {"unknown", 99, 1, "1 error"},
        {"huge", LANGUAGE_EN, INT64_MAX, "9223372036854775807 errors"},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        const struct catalogue_arg args[] = {{.name = "count", .count = rows[i].count}, {NULL}};
        g_autofree char *text = catalogue_format(rows[i].language, "severity_count.error", args);
        assert_string_equal(text, rows[i].expected);
    }
}

/* What is put in is never read as a pattern. */
static void test_arguments_are_not_patterns(void **state)
{
    (void)state;
    const struct catalogue_arg args[] = {
        {.name = "severity", .text = "{service}"},
        {.name = "service", .text = "{summary} {"},
        {.name = "summary", .text = "100% {severity} %s"},
        {NULL},
    };
    g_autofree char *text = catalogue_format(LANGUAGE_EN, "page.subject", args);
    assert_string_equal(text, "[{service}] {summary} {: 100% {severity} %s");
    g_autofree char *bare = catalogue_format(LANGUAGE_EN, "page.subject", NULL);
    assert_string_equal(bare, "[{severity}] {service}: {summary}");
    assert_string_equal(catalogue_text(LANGUAGE_FR, "no.such.key"), "no.such.key");
}

static void test_times(void **state)
{
    (void)state;
    struct utc at;
    assert_true(utc_parse("2026-12-24T22:05:00Z", &at));

    const struct {
        const char *name;
        int language;
        const char *zone;
        const char *expected;
    } rows[] = {
        {"English in London", LANGUAGE_EN, "Europe/London",
         "Thu 24 December 2026, 22:05 (Europe/London)"},
        {"Korean, already tomorrow", LANGUAGE_KO, "Asia/Seoul",
         "2026년 12월 25일 (금) 07:05 (Asia/Seoul)"},
        {"Indonesian", LANGUAGE_ID, "Asia/Jakarta",
         "Jumat, 25 Desember 2026 pukul 05.05 (Asia/Jakarta)"},
        {"Chinese", LANGUAGE_ZH_TW, "Asia/Taipei", "2026年12月25日（週五）06:05（Asia/Taipei）"},
        {"French", LANGUAGE_FR, "Europe/Paris", "jeudi 24 décembre 2026 à 23:05 (Europe/Paris)"},
        {"half an hour off", LANGUAGE_EN, "Asia/Kolkata",
         "Fri 25 December 2026, 03:35 (Asia/Kolkata)"},
        {"no zone", LANGUAGE_EN, NULL, "Thu 24 December 2026, 22:05 (UTC)"},
        {"no such zone", LANGUAGE_EN, "Mars/Olympus", "Thu 24 December 2026, 22:05 (UTC)"},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *text = catalogue_time(rows[i].language, rows[i].zone, at);
        assert_string_equal(text, rows[i].expected);
    }
}

static void test_severities(void **state)
{
    (void)state;
    assert_string_equal(catalogue_severity(LANGUAGE_FR, SEVERITY_CRITICAL), "critique");
    assert_string_equal(catalogue_severity(LANGUAGE_KO, SEVERITY_WARNING), "경고");
    assert_string_equal(catalogue_severity(LANGUAGE_EN, 0), "error");
    assert_string_equal(catalogue_tag(0), "en");
    assert_string_equal(catalogue_tag(LANGUAGE_ZH_TW), "zh-TW");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_same_keys_and_placeholders),
        cmocka_unit_test(test_plurals),
        cmocka_unit_test(test_arguments_are_not_patterns),
        cmocka_unit_test(test_times),
        cmocka_unit_test(test_severities),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
