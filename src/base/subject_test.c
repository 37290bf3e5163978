#include "base/subject.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static const struct {
    const char *text, *kind;
    int64_t id;
    const char *name;
} ROWS[] = {
    {"alert:42", "alert", 42, "42"},
    {"alert:9223372036854775807", "alert", G_MAXINT64, "9223372036854775807"},
    {"schedule:payments-primary", "schedule", 0, "payments-primary"},
    {"config", "config", 0, NULL},
    {"feed:user:ana", "feed", 0, "user:ana"},
    {"token:two words", "token", 0, "two words"},
    {"service:24x7", "service", 0, "24x7"},
    {"service:7", "service", 7, "7"},
    /* What no number of ours looks like is a name. */
    {"alert:0", "alert", 0, "0"},
    {"alert:042", "alert", 0, "042"},
    {"alert:+42", "alert", 0, "+42"},
    {"alert:-1", "alert", 0, "-1"},
    {"alert:42 ", "alert", 0, "42 "},
    {"alert:9223372036854775808", "alert", 0, "9223372036854775808"},
    {"alert:", "alert", 0, ""},
};

static void what_is_read_is_written_again(void **state)
{
    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(ROWS); i++) {
        char kind[SUBJECT_KIND_SIZE];
        struct subject read;
        assert_true(subject_read(ROWS[i].text, kind, &read));
        g_autofree char *written = subject_text(read);
        bool is_named = ROWS[i].name != NULL;
        if (strcmp(read.kind, ROWS[i].kind) != 0 || read.id != ROWS[i].id ||
            is_named != (read.name != NULL) || (is_named && strcmp(read.name, ROWS[i].name) != 0) ||
            strcmp(written, ROWS[i].text) != 0) {
            fail_msg("%s: kind %s, number %d, name %s, written %s", ROWS[i].text, read.kind,
                     (int)read.id, read.name, written);
        }
    }
}

static void what_has_no_kind_is_no_subject(void **state)
{
    (void)state;
    static const char *const TEXTS[] = {"", ":", ":42",
                                        "abcdefghijklmnopqrstuvwxyz-abcdef:1"}; /* 33 bytes */
    for (size_t i = 0; i < G_N_ELEMENTS(TEXTS); i++) {
        char kind[SUBJECT_KIND_SIZE];
        struct subject read = {.id = 7};
        if (subject_read(TEXTS[i], kind, &read) || read.kind != NULL || read.id != 0) {
            fail_msg("%s was read", TEXTS[i]);
        }
    }
    char kind[SUBJECT_KIND_SIZE];
    struct subject longest;
    assert_true(subject_read("abcdefghijklmnopqrstuvwxyz-abcd:1", kind, &longest));
    g_autofree char *nothing = subject_text((struct subject){0});
    assert_string_equal(nothing, "");
}

static void subjects_are_written(void **state)
{
    (void)state;
    g_autoptr(GString) out = g_string_new(NULL);
    subject_append(out, subject_of_id("alert", 42));
    g_string_append_c(out, ' ');
    subject_append(out, subject_named("schedule", "primary"));
    g_string_append_c(out, ' ');
    subject_append(out, subject_only("config"));
    assert_string_equal(out->str, "alert:42 schedule:primary config");
}

static void one_noun_is_asked_for(void **state)
{
    (void)state;
    assert_int_equal(subject_id("alert:42", "alert"), 42);
    assert_int_equal(subject_id("alert:x", "alert"), 0);
    assert_int_equal(subject_id("alerts:42", "alert"), 0);
    assert_int_equal(subject_id("alert", "alert"), 0);
    assert_int_equal(subject_id("schedule:42", "alert"), 0);
    assert_string_equal(subject_name("user:ana", "user"), "ana");
    assert_string_equal(subject_name("feed:user:ana", "feed"), "user:ana");
    assert_null(subject_name("users:ana", "user"));
    assert_null(subject_name("user", "user"));
    assert_null(subject_name("", "user"));
}

static void the_same_thing_is_known_again(void **state)
{
    (void)state;
    char kind[SUBJECT_KIND_SIZE];
    struct subject read;
    assert_true(subject_read("alert:42", kind, &read));
    assert_true(subject_equal(read, subject_of_id("alert", 42)));
    assert_false(subject_equal(read, subject_of_id("alert", 4)));
    assert_false(subject_equal(read, subject_of_id("delivery", 42)));
    assert_true(subject_equal(subject_only("config"), subject_only("config")));
    assert_false(subject_equal(subject_only("config"), subject_named("config", "")));
    assert_true(subject_is(read, "alert"));
    assert_false(subject_is(read, "alerts"));
    assert_false(subject_is((struct subject){0}, "alert"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_read_is_written_again),
        cmocka_unit_test(what_has_no_kind_is_no_subject),
        cmocka_unit_test(subjects_are_written),
        cmocka_unit_test(one_noun_is_asked_for),
        cmocka_unit_test(the_same_thing_is_known_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
