#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>
#include <glib.h>

#include "base/clock.h"
#include "base/fault.h"
#include "base/nearest.h"
#include "base/random.h"

/* ---- fault ---- */

static void test_fault_path(void **state)
{
    (void)state;
    struct fault fault = {0};
    assert_false(fault_set(&fault, "after", "needs a %s", "unit"));
    assert_string_equal(fault.text, "needs a unit");
    fault_within_index(&fault, 0);
    assert_string_equal(fault.field, "[0].after");
    fault_within(&fault, "high");
    assert_string_equal(fault.field, "high[0].after");
    fault_within(&fault, "rules");
    assert_string_equal(fault.field, "rules.high[0].after");
    (void)fault_set(&fault, "", "whole");
    fault_within(&fault, "users");
    assert_string_equal(fault.field, "users");
}

static void test_fault_is_presentable(void **state)
{
    (void)state;
    struct fault fault = {0};
    g_autoptr(GString) umlauts = g_string_new(NULL);
    for (int i = 0; i < 500; i++) {
        g_string_append(umlauts, "ü");
    }
    /* An odd prefix lets the cut fall into the middle of a character. */
    (void)fault_set(&fault, umlauts->str, "a%s", umlauts->str);
    assert_true(g_utf8_validate(fault.text, -1, NULL));
    assert_true(g_utf8_validate(fault.field, -1, NULL));
    fault_within(&fault, "abc");
    assert_true(g_utf8_validate(fault.field, -1, NULL));
    (void)fault_set(&fault, "quoted", "%.4s is too long", umlauts->str + 1);
    assert_string_equal(fault.text, "?ü? is too long");
    (void)fault_set(&fault, "a\nb", "\x1b[31mred\r\n");
    assert_string_equal(fault.field, "a?b");
    assert_string_equal(fault.text, "?[31mred??");
}

/* ---- nearest ---- */

static void test_distance(void **state)
{
    (void)state;

    static const struct {
        const char *a, *b;
        size_t distance;
    } ROWS[] = {
        {"", "", 0},         {"a", "", 1},
        {"same", "same", 0}, {"Same", "same", 0},
        {"szie", "size", 1}, {"time_zone", "timezone", 1},
        {"abc", "cab", 2},   {"kitten", "sitting", 3},
        {"abcd", "wxyz", 4},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(ROWS); i++) {
        assert_int_equal(nearest_distance(ROWS[i].a, ROWS[i].b, 99), ROWS[i].distance);
        assert_int_equal(nearest_distance(ROWS[i].b, ROWS[i].a, 99), ROWS[i].distance);
    }
    assert_int_equal(nearest_distance("abcd", "wxyz", 2), 2); /* gave up */
    g_autofree char *endless = g_strnfill(100000, 'x');
    assert_int_equal(nearest_distance(endless, endless, 5), 5);
}

static void test_nearest(void **state)
{
    (void)state;
    static const char *const KNOWN[] = {"users", "teams", "schedules", "silences", "services"};

    static const struct {
        const char *given, *found;
    } ROWS[] = {
        {"user", "users"},
        {"servcies", "services"},
        {"sliences", "silences"},
        {"shedule", "schedules"},
        {"x", NULL},
        {"incidents", NULL},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(ROWS); i++) {
        struct nearest nearest = {.given = ROWS[i].given};
        for (size_t j = 0; j < G_N_ELEMENTS(KNOWN); j++) {
            nearest_offer(&nearest, KNOWN[j]);
        }
        if (g_strcmp0(nearest.found, ROWS[i].found) != 0) {
            fail_msg("%s: %s", ROWS[i].given, nearest.found != NULL ? nearest.found : "nothing");
        }
    }
}

/* ---- clock and random ---- */

static void test_system_clock(void **state)
{
    (void)state;
    struct utc before = clock_now(&CLOCK_SYSTEM);
    struct span elapsed = clock_elapsed(&CLOCK_SYSTEM);
    struct utc year_2020 = {1577836800000000};
    assert_true(utc_before(year_2020, before));
    assert_true(clock_elapsed(&CLOCK_SYSTEM).us >= elapsed.us);
}

/* Answers the numbers it is given, one after the other. */
static void scripted_fill(void *self, void *out, size_t size)
{
    const uint64_t **next = self;
    assert_int_equal(size, sizeof(uint64_t));
    memcpy(out, (*next)++, size);
}

static void test_random_below(void **state)
{
    (void)state;
    /* 2^64 leaves 1 when divided by 3 or 5: the number 0 would favour an answer and is drawn again. */
    static const uint64_t NUMBERS[] = {0, 7, UINT64_MAX, 1};
    const uint64_t *next = NUMBERS;
    const struct random random = {scripted_fill, &next};
    assert_int_equal(random_below(&random, 5), 2);
    assert_int_equal(random_below(&random, 5), UINT64_MAX % 5);
    assert_int_equal(random_below(&random, 1), 0);
    for (uint64_t i = 0; i < 1000; i++) {
        assert_true(random_below(&RANDOM_SYSTEM, 7) < 7);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fault_path),   cmocka_unit_test(test_fault_is_presentable),
        cmocka_unit_test(test_distance),     cmocka_unit_test(test_nearest),
        cmocka_unit_test(test_system_clock), cmocka_unit_test(test_random_below),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
