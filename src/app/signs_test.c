/* Signs that people are being told. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "app/signs.h"

static void are_judged(void **state)
{
    (void)state;

    static const struct {
        int64_t turned_s, now_s, overdue_s[4]; /* by look */
        int64_t main_s;
        enum sending right;
    } ROWS[] = {
        {0, 1000, {0}, 0, SENDING_WORKS}, /* before its first turn */
        {1000, 1000, {0}, 0, SENDING_WORKS},
        {1000, 1019, {0}, 0, SENDING_WORKS},
        {1000, 1020, {0}, 0, SENDING_SILENT},
        {1000, 1001, {0, 3600, 3605, 0}, 0, SENDING_WORKS}, /* the server was down */
        {1000, 1001, {0, 119, 119, 119}, 0, SENDING_WORKS},
        {1000, 1001, {0, 120, 125, 130}, 0, SENDING_OVERDUE},
        {1000, 1001, {120, 125, 130, 3}, 0, SENDING_WORKS},
        {1000, 1020, {0, 120, 125, 130}, 0, SENDING_SILENT},
        {1000, 1000, {0}, 981, SENDING_WORKS},
        {1000, 1000, {0}, 980, SENDING_UNWATCHED},
        {1000, 1000, {120, 125, 130, 135}, 980, SENDING_UNWATCHED},
        {1000, 1020, {0}, 980, SENDING_SILENT}, /* the worse of the two */
    };

    for (size_t i = 0; i < sizeof ROWS / sizeof ROWS[0]; i++) {
        struct signs signs = {0};
        signs_courier_turned(&signs, SPAN_S(ROWS[i].turned_s));
        signs_main_turned(&signs, SPAN_S(ROWS[i].main_s));
        for (size_t look = 0; look < 4; look++) {
            signs_oldest_overdue(&signs, SPAN_S(ROWS[i].overdue_s[look]));
        }
        enum sending sending = signs_judge(&signs, SPAN_S(ROWS[i].now_s));
        if (sending != ROWS[i].right) {
            fail_msg("row %zu: %s", i, sending_name(sending));
        }
    }
}

static void recover(void **state)
{
    (void)state;
    struct signs signs = {0};
    signs_courier_turned(&signs, SPAN_S(10));
    assert_string_equal(sending_name(signs_judge(&signs, SPAN_S(60))), "silent");
    signs_courier_turned(&signs, SPAN_S(60));
    assert_string_equal(sending_name(signs_judge(&signs, SPAN_S(60))), "working");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(are_judged),
        cmocka_unit_test(recover),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
