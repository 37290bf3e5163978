#include "base/utc.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>
#include <glib.h>

struct instant_row {
    const char *text;
    int64_t us;          /* -1: refused */
    const char *written; /* NULL: as it was read */
};

static const struct instant_row INSTANTS[] = {
    {"1970-01-01T00:00:00Z", 0, NULL},
    {"2026-12-24T22:30:00Z", 1798151400000000, NULL},
    {"2026-12-24T23:30:00+01:00", 1798151400000000, "2026-12-24T22:30:00Z"},
    {"2026-12-24T23:30:00+0100", 1798151400000000, "2026-12-24T22:30:00Z"},
    {"2026-12-24 17:00:00-05:30", 1798151400000000, "2026-12-24T22:30:00Z"},
    {"2026-12-24t22:30:00z", 1798151400000000, "2026-12-24T22:30:00Z"},
    {"2026-12-24T22:30Z", 1798151400000000, "2026-12-24T22:30:00Z"},
    {"2026-12-24T22:30:00.5Z", 1798151400500000, "2026-12-24T22:30:00.500000Z"},
    {"2026-12-24T22:30:00.123456789Z", 1798151400123456, "2026-12-24T22:30:00.123456Z"},
    {"2016-12-31T23:59:60Z", 1483228799000000, "2016-12-31T23:59:59Z"}, /* leap second */
    {"2000-02-29T00:00:00Z", 951782400000000, NULL},
    {"2024-02-29T00:00:00Z", 1709164800000000, NULL},
    {"9999-12-31T23:59:59Z", 253402300799000000, NULL},
    {"1969-12-31T23:59:59Z", -1, NULL},
    {"1970-01-01T00:00:00+01:00", -1, NULL},
    {"9999-12-31T23:59:59-01:00", -1, NULL},
    {"2023-02-29T00:00:00Z", -1, NULL},
    {"2100-02-29T00:00:00Z", -1, NULL},
    {"2026-13-01T00:00:00Z", -1, NULL},
    {"2026-00-01T00:00:00Z", -1, NULL},
    {"2026-01-32T00:00:00Z", -1, NULL},
    {"2026-01-01T24:00:00Z", -1, NULL},
    {"2026-01-01T00:60:00Z", -1, NULL},
    {"2026-01-01T00:00:61Z", -1, NULL},
    {"2026-01-01T00:00:00", -1, NULL},
    {"2026-01-01", -1, NULL},
    {"2026-01-01T00:00:00Zx", -1, NULL},
    {"2026-01-01T00:00:00.Z", -1, NULL},
    {"2026-1-1T00:00:00Z", -1, NULL},
    {"+2026-01-01T00:00:00Z", -1, NULL},
    {" 2026-01-01T00:00:00Z", -1, NULL},
    {"", -1, NULL},
};

static void test_instants(void **state)
{
    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(INSTANTS); i++) {
        const struct instant_row *row = &INSTANTS[i];
        struct utc at = {-7};
        char text[UTC_TEXT_SIZE];
        if (utc_parse(row->text, &at) != (row->us >= 0)) {
            fail_msg("%s: %s", row->text, row->us >= 0 ? "refused" : "taken");
        }
        if (row->us < 0) {
            assert_int_equal(at.us, -7); /* untouched */
            continue;
        }
        if (at.us != row->us) {
            fail_msg("%s: %" G_GINT64_FORMAT, row->text, at.us);
        }
        utc_format(at, text);
        assert_string_equal(text, row->written != NULL ? row->written : row->text);
    }
}

static void test_milliseconds(void **state)
{
    (void)state;

    static const struct {
        int64_t us;
        const char *text;
    } rows[] = {
        {0, "1970-01-01T00:00:00.000Z"},
        {1795334400000000, "2026-11-22T08:00:00.000Z"},
        {1795334400001999, "2026-11-22T08:00:00.001Z"}, /* cut off, never rounded into the next */
        {1795334400999999, "2026-11-22T08:00:00.999Z"},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        char text[UTC_TEXT_SIZE];
        utc_format_ms((struct utc){rows[i].us}, text);
        assert_string_equal(text, rows[i].text);
    }
}

/* Every day for 600 years against GLib's calendar. */
static void test_every_day(void **state)
{
    (void)state;
    GDate date;
    g_date_clear(&date, 1);
    g_date_set_dmy(&date, 1, G_DATE_JANUARY, 1970);
    for (int64_t day = 0; day < INT64_C(365) * 600; day++, g_date_add_days(&date, 1)) {
        char text[UTC_TEXT_SIZE];
        char expected[UTC_TEXT_SIZE];
        struct utc back;
        utc_format((struct utc){day * 86400 * 1000000}, text);
        (void)g_snprintf(expected, sizeof expected, "%04d-%02d-%02dT00:00:00Z",
                         g_date_get_year(&date), g_date_get_month(&date), g_date_get_day(&date));
        assert_string_equal(text, expected);
        assert_true(utc_parse(text, &back));
        assert_int_equal(back.us, day * 86400 * 1000000);
    }
}

struct span_row {
    const char *text;
    int64_t us;          /* -1: refused */
    const char *written; /* NULL: as it was read */
};

static const struct span_row SPANS[] = {
    {"0s", 0, NULL},
    {"250ms", 250000, NULL},
    {"1s", 1000000, NULL},
    {"90s", 90000000, "1m30s"},
    {"5m", 300000000, NULL},
    {"1h30m", 5400000000, NULL},
    {"36h", 129600000000, NULL},
    {"24h", 86400000000, "1d"},
    {"3d", 259200000000, NULL},
    {"1w", 604800000000, NULL},
    {"10d", 864000000000, NULL},
    {"1m500ms", 60500000, NULL},
    {"3653d", 315619200000000, NULL},
    {"3654d", -1, NULL},
    {"999999999999w", -1, NULL},
    {"9999999999999s", -1, NULL},
    {"5", -1, NULL},
    {"", -1, NULL},
    {"m", -1, NULL},
    {"-5m", -1, NULL},
    {"5 m", -1, NULL},
    {"5M", -1, NULL},
    {"1.5h", -1, NULL},
    {"5m ", -1, NULL},
    {"5y", -1, NULL},
};

static void test_spans(void **state)
{
    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(SPANS); i++) {
        const struct span_row *row = &SPANS[i];
        struct span span = {-7};
        char text[UTC_TEXT_SIZE];
        if (span_parse(row->text, &span) != (row->us >= 0)) {
            fail_msg("%s: %s", row->text, row->us >= 0 ? "refused" : "taken");
        }
        if (row->us < 0) {
            continue;
        }
        assert_int_equal(span.us, row->us);
        span_format(span, text);
        assert_string_equal(text, row->written != NULL ? row->written : row->text);
    }
}

static void test_spans_round_trip(void **state)
{
    (void)state;
    g_autoptr(GRand) random = g_rand_new_with_seed(7);
    for (int i = 0; i < 20000; i++) {
        int64_t limit = INT64_C(1) << g_rand_int_range(random, 1, 38);
        struct span span = {(int64_t)(g_rand_double(random) * (double)limit) * 1000};
        struct span back = {-1};
        char text[UTC_TEXT_SIZE];
        span_format(span, text);
        if (!span_parse(text, &back) || back.us != span.us) {
            fail_msg("%" G_GINT64_FORMAT " us: %s", span.us, text);
        }
    }
}

static void test_add_saturates(void **state)
{
    (void)state;
    assert_int_equal(utc_add((struct utc){5}, (struct span){-7}).us, 0);
    assert_int_equal(utc_add(UTC_NEVER, SPAN_S(1)).us, UTC_NEVER.us);
    assert_int_equal(utc_add((struct utc){INT64_MAX}, (struct span){INT64_MAX}).us, UTC_NEVER.us);
    assert_int_equal(utc_add((struct utc){INT64_MIN}, (struct span){INT64_MIN}).us, 0);
    assert_int_equal(utc_add((struct utc){1000}, SPAN_MS(1)).us, 2000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_milliseconds),     cmocka_unit_test(test_instants),
        cmocka_unit_test(test_every_day),        cmocka_unit_test(test_spans),
        cmocka_unit_test(test_spans_round_trip), cmocka_unit_test(test_add_saturates),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
