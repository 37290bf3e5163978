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

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(cookies_are_found_by_name)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
