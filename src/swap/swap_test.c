/* What can be asked for, and when something is to be done about it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "swap/swap.h"

static struct utc instant(const char *text)
{
    struct utc at;
    assert_true(utc_parse(text, &at));
    return at;
}

static struct swap swap_of(const char *from, const char *until)
{
    return (struct swap){.asker = (char *)(uintptr_t) "ana",
                         .asked = (char *)(uintptr_t) "budi",
                         .from = instant(from),
                         .until = instant(until),
                         .state = SWAP_OPEN,
                         .asked_at = instant("2026-01-05T10:00:00Z")};
}

static void expect_fault(const struct swap *swap, const char *field)
{
    struct fault fault = {0};
    bool is_good = swap_check(swap, swap->asked_at, &fault);
    assert_string_equal(fault.field, field == NULL ? "" : field);
    assert_int_equal(is_good, field == NULL);
}

static void what_cannot_be_is_refused_by_its_field(void **state)
{
    (void)state;
    struct swap swap = swap_of("2026-01-10T00:00:00Z", "2026-01-11T00:00:00Z");
    expect_fault(&swap, NULL);
    swap.back_from = instant("2026-01-12T00:00:00Z");
    expect_fault(&swap, "back_until");
    swap.back_until = instant("2026-01-13T00:00:00Z");
    expect_fault(&swap, NULL);
    swap.back_from = instant("2026-01-10T23:00:00Z");
    expect_fault(&swap, "back_from"); /* overlaps */
    swap.back_from = (struct utc){0};
    expect_fault(&swap, "back_from");
    swap.back_from = instant("2026-01-12T00:00:00Z");
    swap.asked = NULL;
    expect_fault(&swap, "with");
    swap = swap_of("2026-01-10T00:00:00Z", "2026-01-11T00:00:00Z");
    swap.asked = swap.asker;
    expect_fault(&swap, "with");
    swap = swap_of("2026-01-11T00:00:00Z", "2026-01-11T00:00:00Z");
    expect_fault(&swap, "until");
    swap = swap_of("2026-01-01T00:00:00Z", "2026-01-05T10:00:00Z");
    expect_fault(&swap, "until"); /* over just now */
    swap = swap_of("2027-01-05T00:00:00Z", "2027-01-07T00:00:00Z");
    expect_fault(&swap, "until"); /* more than a year */
}

static void expect_next(const struct swap *swap, const char *expected)
{
    char text[UTC_TEXT_SIZE] = "";
    struct utc next = swap_next_at(swap);
    if (utc_is_set(next)) {
        utc_format(next, text);
    }
    assert_string_equal(text, expected);
}

static void a_reminder_comes_in_time_to_answer(void **state)
{
    (void)state;
    struct swap swap = swap_of("2026-01-10T00:00:00Z", "2026-01-11T00:00:00Z");
    expect_next(&swap, "2026-01-06T10:00:00Z"); /* a day after the question */
    swap.reminded_at = instant("2026-01-06T10:00:00Z");
    expect_next(&swap, "2026-01-10T00:00:00Z");
    swap = swap_of("2026-01-05T20:00:00Z", "2026-01-11T00:00:00Z");
    expect_next(&swap, "2026-01-05T15:00:00Z"); /* half-way */
    swap = swap_of("2026-01-05T11:59:00Z", "2026-01-11T00:00:00Z");
    expect_next(&swap, "2026-01-05T11:59:00Z"); /* no time for one */
    swap = swap_of("2026-01-10T00:00:00Z", "2026-01-11T00:00:00Z");
    swap.back_from = instant("2026-01-05T11:00:00Z");
    swap.back_until = instant("2026-01-05T12:00:00Z");
    expect_next(&swap, "2026-01-05T11:00:00Z"); /* the return is earlier */
    assert_false(swap_is_late(&swap, instant("2026-01-05T10:59:59Z")));
    assert_true(swap_is_late(&swap, instant("2026-01-05T11:00:00Z")));
    swap.state = SWAP_ACCEPTED;
    expect_next(&swap, "");
}

static void a_shift_that_goes_on_can_be_given_away_until_it_ends(void **state)
{
    (void)state;
    struct swap swap = swap_of("2026-01-05T09:00:00Z", "2026-01-05T18:00:00Z");
    expect_next(&swap, "2026-01-05T14:00:00Z");
    assert_false(swap_is_late(&swap, instant("2026-01-05T17:59:59Z")));
    assert_true(swap_is_late(&swap, instant("2026-01-05T18:00:00Z")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_cannot_be_is_refused_by_its_field),
        cmocka_unit_test(a_reminder_comes_in_time_to_answer),
        cmocka_unit_test(a_shift_that_goes_on_can_be_given_away_until_it_ends),
    };
    return cmocka_run_group_tests_name("swap", tests, NULL, NULL);
}
