#include "base/window.h"

/* clang-format off */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

#include <string.h>

static struct utc utc_of(const char *text)
{
    struct utc at = {0};
    assert_true(utc_parse(text, &at));
    return at;
}

static struct zone *zone_of(const char *name)
{
    struct fault fault = {0};
    struct zone *zone = zone_load(name, &fault);
    assert_non_null(zone);
    return zone;
}

/* "mon-fri 09:00 18:00; sat 10:00 12:00" */
static GPtrArray *windows_of(const char *text)
{
    GPtrArray *windows = g_ptr_array_new_with_free_func(g_free);
    g_auto(GStrv) parts = g_strsplit(text, "; ", -1);
    for (size_t i = 0; parts[i] != NULL; i++) {
        g_auto(GStrv) words = g_strsplit(parts[i], " ", 3);
        struct window *window = g_new0(struct window, 1);
        window->days = window_days_parse(words[0]);
        window->from_minute = window_minute_parse(words[1]);
        window->to_minute = window_minute_parse(words[2]);
        assert_true(window->days != 0 && window->from_minute >= 0 && window->to_minute >= 0);
        g_ptr_array_add(windows, window);
    }
    return windows;
}

static void days_are_read(void **state)
{
    (void)state;

    static const struct {
        const char *text;
        unsigned days;
    } ROWS[] = {
        {"mon", 0x01},
        {"sun", 0x40},
        {"mon-fri", 0x1f},
        {"sat,sun", 0x60},
        {"mon-thu,sat", 0x2f},
        {"fri-mon", 0x71},
        {"mon, wed ,fri", 0x15},
        {"Mon-Fri", 0x1f},
        {"mon-sun", 0x7f},
        {"tue-tue", 0x02},
        {"", 0},
        {"monday", 0},
        {"mon-", 0},
        {"-mon", 0},
        {"mon-tue-wed", 0},
        {"mon,,tue", 0},
        {"xxx", 0},
        {"mon;tue", 0},
        {"mon,", 0},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(ROWS); i++) {
        if (window_days_parse(ROWS[i].text) != ROWS[i].days) {
            fail_msg("%s: %x", ROWS[i].text, window_days_parse(ROWS[i].text));
        }
    }
}

static void minutes_are_read(void **state)
{
    (void)state;
    assert_int_equal(window_minute_parse("00:00"), 0);
    assert_int_equal(window_minute_parse("09:05"), 545);
    assert_int_equal(window_minute_parse("23:59"), 1439);
    assert_int_equal(window_minute_parse("24:00"), 1440);
    static const char *const REFUSED[] = {"",      "9:00",  "24:01",  "25:00", "09:60",
                                          "09:0x", "09-00", "009:00", "-1:00", "09:00 "};
    for (size_t i = 0; i < G_N_ELEMENTS(REFUSED); i++) {
        assert_int_equal(window_minute_parse(REFUSED[i]), -1);
    }
}

struct row {
    const char *name;
    const char *zone;
    const char *windows;
    const char *at;
    bool holds;
    const char *change;
};

static const struct row ROWS[] = {
    {"office, before", "Europe/Paris", "mon-fri 09:00 18:00", "2026-01-05T07:59:59Z", false,
     "2026-01-05T08:00:00Z"},
    {"office, first instant", "Europe/Paris", "mon-fri 09:00 18:00", "2026-01-05T08:00:00Z", true,
     "2026-01-05T17:00:00Z"},
    {"office, end", "Europe/Paris", "mon-fri 09:00 18:00", "2026-01-05T17:00:00Z", false,
     "2026-01-06T08:00:00Z"},
    {"office, weekend", "Europe/Paris", "mon-fri 09:00 18:00", "2026-01-09T17:00:00Z", false,
     "2026-01-12T08:00:00Z"},
    {"night of Friday", "UTC", "fri 22:00 06:00", "2026-01-10T05:00:00Z", true,
     "2026-01-10T06:00:00Z"},
    {"not the night to Friday", "UTC", "fri 22:00 06:00", "2026-01-09T05:00:00Z", false,
     "2026-01-09T22:00:00Z"},
    {"whole days touch", "UTC", "sat,sun 00:00 00:00", "2026-01-10T12:00:00Z", true,
     "2026-01-12T00:00:00Z"},
    {"to 24:00 as well", "UTC", "sat,sun 00:00 24:00", "2026-01-10T12:00:00Z", true,
     "2026-01-12T00:00:00Z"},
    {"a day from nine to nine", "UTC", "sat 09:00 09:00", "2026-01-11T08:59:59Z", true,
     "2026-01-11T09:00:00Z"},
    {"overlapping windows are one", "UTC", "mon 09:00 12:00; mon 11:00 14:00",
     "2026-01-05T10:00:00Z", true, "2026-01-05T14:00:00Z"},
    {"always", "UTC", "mon-sun 00:00 00:00", "2026-01-05T10:00:00Z", true, NULL},
    {"twice: from the first", "Europe/Paris", "sun 02:15 02:45", "2026-10-25T00:15:00Z", true,
     "2026-10-25T01:45:00Z"},
    {"skipped: not this week", "Europe/Paris", "sun 02:15 02:45", "2026-03-28T00:00:00Z", false,
     "2026-04-05T00:15:00Z"},
    {"skipped day", "Pacific/Apia", "fri 09:00 17:00", "2011-12-30T10:00:00Z", false,
     "2012-01-05T19:00:00Z"},
    {"set back over midnight: today has begun", "America/St_Johns", "sun 00:00 00:30",
     "2010-11-07T03:00:00Z", true, "2010-11-07T04:00:00Z"},
};

static void windows_hold_and_change(void **state)
{
    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(ROWS); i++) {
        const struct row *row = &ROWS[i];
        GPtrArray *windows = windows_of(row->windows);
        char change[UTC_TEXT_SIZE];
        struct utc at = utc_of(row->at);
        if (windows_hold(windows, zone_of(row->zone), at) != row->holds) {
            fail_msg("%s: holds %d", row->name, !row->holds);
        }
        struct utc next = windows_change_after(windows, zone_of(row->zone), at);
        utc_format(next, change);
        bool is_right =
            row->change == NULL ? next.us == UTC_NEVER.us : strcmp(change, row->change) == 0;
        if (!is_right) {
            fail_msg("%s: changes at %s", row->name, change);
        }
        g_ptr_array_unref(windows);
    }
}

static void no_window_is_always(void **state)
{
    (void)state;
    GPtrArray *none = g_ptr_array_new();
    struct utc at = utc_of("2026-01-05T10:00:00Z");
    assert_true(windows_hold(NULL, zone_of("UTC"), at));
    assert_true(windows_hold(none, zone_of("UTC"), at));
    assert_int_equal(windows_change_after(NULL, zone_of("UTC"), at).us, UTC_NEVER.us);
    g_ptr_array_unref(none);
}

static void a_window_is_read_and_written(void **state)
{
    (void)state;
    static const char *const SAME[] = {
        "{\"days\":\"mon-fri\",\"from\":\"09:00\",\"to\":\"18:00\"}",
        "{\"days\":\"mon-thu,sat\",\"from\":\"22:00\",\"to\":\"06:00\"}",
        "{\"days\":\"sat,sun\",\"from\":\"00:00\",\"to\":\"24:00\"}",
        "{\"from\":\"00:00\",\"to\":\"00:00\"}",
    };
    for (size_t i = 0; i < G_N_ELEMENTS(SAME); i++) {
        struct fault fault = {0};
        json_auto_t *value = json_loads(SAME[i], 0, NULL);
        struct window *window = record_new(&WINDOW_RECORD, value, &fault);
        assert_non_null(window);
        json_auto_t *written = record_write(&WINDOW_RECORD, window);
        assert_true(json_equal(value, written));
        record_free(&WINDOW_RECORD, window);
    }
    static const char *const REFUSED[][2] = {
        {"{\"days\":\"weekdays\"}", "days"}, {"{\"days\":5}", "days"},
        {"{\"from\":\"24:00\"}", "from"},    {"{\"from\":540}", "from"},
        {"{\"to\":\"6pm\"}", "to"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(REFUSED); i++) {
        struct fault fault = {0};
        json_auto_t *value = json_loads(REFUSED[i][0], 0, NULL);
        assert_null(record_new(&WINDOW_RECORD, value, &fault));
        assert_string_equal(fault.field, REFUSED[i][1]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(days_are_read),
        cmocka_unit_test(minutes_are_read),
        cmocka_unit_test(windows_hold_and_change),
        cmocka_unit_test(no_window_is_always),
        cmocka_unit_test(a_window_is_read_and_written),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
