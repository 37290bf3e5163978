#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "http/cookie.h"

static void cookies_are_found_by_name(void **state)
{
    static const struct {
        const char *name, *header, *expected;
    } ROWS[] = {
        {"alone", "t=x", "x"},
        {"first of several", "t=x; u=y", "x"},
        {"last of several", "s=1; u=y; t=x", "x"},
        {"without blanks", "s=1;t=x;u=2", "x"},
        {"more blanks", "  s=1 ;\t t=x \t; u=2", "x"},
        {"the first of two", "t=x; t=y", "x"},
        {"quoted", "t=\"x\"", "x"},
        {"half a quote", "t=\"", "\""},
        {"with = inside", "t=x==; u=1", "x=="},
        {"empty", "t=; u=1", ""},
        {"the end of another's name", "at=y", NULL},
        {"the start of another's name", "tt=y", NULL},
        {"in another's value", "s=t=x", NULL},
        {"no value", "t; u=1", NULL},
        {"other case", "T=x", NULL},
        {"nothing", "", NULL},
        {"semicolons", ";;; ;;", NULL},
    };

    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(ROWS); i++) {
        g_autofree char *value = cookie_value(ROWS[i].header, "t");
        if (g_strcmp0(value, ROWS[i].expected) != 0) {
            fail_msg("%s: gives \"%s\"", ROWS[i].name, value != NULL ? value : "(none)");
        }
    }
}

static void what_proves_somebody_is_read_strictly(void **state)
{
    static const struct {
        const char *name, *header, *expected;
        bool is_sound;
    } ROWS[] = {
        {"alone", "t=x", "x", true},
        {"among others", "s=1; t=aZ-_9; u=2", "aZ-_9", true},
        {"none", "s=1", NULL, true},
        {"twice", "t=x; t=y", NULL, false},
        {"twice the same", "t=x; u=1; t=x", NULL, false},
        {"quoted", "t=\"x\"", NULL, false},
        {"a blank behind it", "t=x ; u=1", NULL, false},
        {"empty", "t=; u=1", NULL, false},
        {"with = inside", "t=x=", NULL, false},
        {"escaped", "t=%78", NULL, false},
        {"in another's value", "s=t=x", NULL, true},
        {"the start of another's name", "tt=y", NULL, true},
    };

    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(ROWS); i++) {
        g_autofree char *value = NULL;
        bool is_sound = cookie_sole(ROWS[i].header, "t", &value);
        if (is_sound != ROWS[i].is_sound || g_strcmp0(value, ROWS[i].expected) != 0) {
            fail_msg("%s: gives \"%s\"", ROWS[i].name, value != NULL ? value : "(none)");
        }
    }
    g_autofree char *longest = g_strnfill(COOKIE_WORD_MAX, 'x');
    g_autofree char *good = g_strconcat("t=", longest, NULL);
    g_autofree char *bad = g_strconcat("t=", longest, "x", NULL);
    g_autofree char *value = NULL;
    assert_true(cookie_sole(good, "t", &value));
    assert_string_equal(value, longest);
    g_clear_pointer(&value, g_free);
    assert_false(cookie_sole(bad, "t", &value));
    assert_null(value);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(cookies_are_found_by_name),
                                       cmocka_unit_test(what_proves_somebody_is_read_strictly)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
