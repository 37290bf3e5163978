#include "base/zone.h"

/* clang-format off */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

#include <pthread.h>
#include <string.h>

static struct zone *zone_of(const char *name)
{
    struct fault fault = {0};
    struct zone *zone = zone_load(name, &fault);
    if (zone == NULL) {
        fail_msg("%s: %s", name, fault.text);
    }
    return zone;
}

static struct utc utc_of(const char *text)
{
    struct utc at = {0};
    assert_true(utc_parse(text, &at));
    return at;
}

static void unknown_zones_are_refused(void **state)
{
    (void)state;
    static const char *const REFUSED[] = {
        "",
        "Europe/Pariss",
        "europe/paris",
        "right/Europe/Paris",
        "CET-1CEST",
        "posix/Europe/Paris",
        "localtime",
        "posixrules",
        "Factory",
        "leapseconds",
        "+05:00",
        "Z",
        "Etc",
        "../../etc/localtime",
        "/etc/localtime",
        "Europe/",
        "Europe//X",
        "Europe/../UTC",
        "tzdata.zi",
        "Europe/Paris ",
        "UTC+3",
        "EST5EDT,M3.2.0",
        "Europe\\Paris",
        ":Europe/Paris",
        "E",
        "XYZ",
        "Europe/Paris/now",
        "GMT+7",
    };
    for (size_t i = 0; i < G_N_ELEMENTS(REFUSED); i++) {
        struct fault fault = {0};
        if (zone_load(REFUSED[i], &fault) != NULL) {
            fail_msg("\"%s\" is taken for a zone", REFUSED[i]);
        }
        assert_non_null(strstr(fault.text, "Europe/Paris"));
        assert_string_equal(fault.field, "");
    }
}

static void known_zones_are_loaded_once(void **state)
{
    (void)state;
    static const char *const KNOWN[] = {"Europe/Paris",
                                        "UTC",
                                        "EST5EDT",
                                        "GMT+0",
                                        "Etc/GMT+5",
                                        "US/Eastern",
                                        "America/Argentina/ComodRivadavia",
                                        "NZ"};
    for (size_t i = 0; i < G_N_ELEMENTS(KNOWN); i++) {
        struct zone *zone = zone_of(KNOWN[i]);
        assert_string_equal(zone_name(zone), KNOWN[i]);
        assert_ptr_equal(zone, zone_of(KNOWN[i]));
    }
}

struct instant_row {
    const char *name;
    const char *zone;
    const char *local;
    const char *as_start;
    const char *as_end;
};

static const struct instant_row INSTANTS[] = {
    {"winter", "Europe/Paris", "2026-01-05T09:00", "2026-01-05T08:00:00Z", "2026-01-05T08:00:00Z"},
    {"summer", "Europe/Paris", "2026-07-05T09:00", "2026-07-05T07:00:00Z", "2026-07-05T07:00:00Z"},
    {"skipped", "Europe/Paris", "2026-03-29T02:30", "2026-03-29T01:00:00Z", "2026-03-29T01:00:00Z"},
    {"first skipped", "Europe/Paris", "2026-03-29T02:00", "2026-03-29T01:00:00Z",
     "2026-03-29T01:00:00Z"},
    {"last before", "Europe/Paris", "2026-03-29T01:59:59", "2026-03-29T00:59:59Z",
     "2026-03-29T00:59:59Z"},
    {"first after", "Europe/Paris", "2026-03-29T03:00", "2026-03-29T01:00:00Z",
     "2026-03-29T01:00:00Z"},
    {"twice", "Europe/Paris", "2026-10-25T02:30", "2026-10-25T00:30:00Z", "2026-10-25T01:30:00Z"},
    {"twice, first", "Europe/Paris", "2026-10-25T02:00", "2026-10-25T00:00:00Z",
     "2026-10-25T01:00:00Z"},
    {"once again", "Europe/Paris", "2026-10-25T03:00", "2026-10-25T02:00:00Z",
     "2026-10-25T02:00:00Z"},
    {"skipped day", "Pacific/Apia", "2011-12-30T09:00", "2011-12-30T10:00:00Z",
     "2011-12-30T10:00:00Z"},
    {"half an hour twice", "Australia/Lord_Howe", "2026-04-05T01:45", "2026-04-04T14:45:00Z",
     "2026-04-04T15:15:00Z"},
    {"half an hour skipped", "Australia/Lord_Howe", "2026-10-04T02:15", "2026-10-03T15:30:00Z",
     "2026-10-03T15:30:00Z"},
    {"45 minutes", "Asia/Kathmandu", "2026-01-05T09:00", "2026-01-05T03:15:00Z",
     "2026-01-05T03:15:00Z"},
    {"over midnight twice", "America/Havana", "2026-11-01T00:30", "2026-11-01T04:30:00Z",
     "2026-11-01T05:30:00Z"},
    {"midnight skipped", "Africa/Cairo", "2026-04-24T00:00", "2026-04-23T22:00:00Z",
     "2026-04-23T22:00:00Z"},
    {"half a minute", "Africa/Monrovia", "1971-01-01T00:00", "1971-01-01T00:44:30Z",
     "1971-01-01T00:44:30Z"},
    {"far away, summer", "America/New_York", "2150-07-01T12:00", "2150-07-01T16:00:00Z",
     "2150-07-01T16:00:00Z"},
    {"far away, winter", "America/New_York", "2199-12-31T12:00", "2199-12-31T17:00:00Z",
     "2199-12-31T17:00:00Z"},
};

static void local_times_are_found(void **state)
{
    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(INSTANTS); i++) {
        const struct instant_row *row = &INSTANTS[i];
        struct civil civil = {0};
        char start[UTC_TEXT_SIZE];
        char end[UTC_TEXT_SIZE];
        assert_true(civil_parse(row->local, &civil));
        utc_format(zone_instant(zone_of(row->zone), civil, CIVIL_START), start);
        utc_format(zone_instant(zone_of(row->zone), civil, CIVIL_END), end);
        if (strcmp(start, row->as_start) != 0 || strcmp(end, row->as_end) != 0) {
            fail_msg("%s: %s %s", row->name, start, end);
        }
    }
}

static void the_clock_shows(void **state)
{
    (void)state;
    static const char *const ROWS[][3] = {
        {"Europe/Paris", "2026-03-29T00:59:59Z", "2026-03-29T01:59:59"},
        {"Europe/Paris", "2026-03-29T01:00:00Z", "2026-03-29T03:00"},
        {"Europe/Paris", "2026-10-25T00:59:59.999999Z", "2026-10-25T02:59:59"},
        {"Europe/Paris", "2026-10-25T01:00:00Z", "2026-10-25T02:00"},
        {"Pacific/Apia", "2011-12-30T09:59:59Z", "2011-12-29T23:59:59"},
        {"Pacific/Apia", "2011-12-30T10:00:00Z", "2011-12-31T00:00"},
        {"Pacific/Kiritimati", "2026-01-01T10:00:00Z", "2026-01-02T00:00"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(ROWS); i++) {
        char shown[UTC_TEXT_SIZE];
        civil_format(zone_civil(zone_of(ROWS[i][0]), utc_of(ROWS[i][1])), shown);
        assert_string_equal(shown, ROWS[i][2]);
    }
    char shown[UTC_TEXT_SIZE];
    civil_format(zone_civil(zone_of("America/New_York"), (struct utc){-1}), shown);
    assert_string_equal(shown, "1969-12-31T18:59:59");
}

static void steady_means_no_change_near(void **state)
{
    (void)state;
    struct zone *paris = zone_of("Europe/Paris");
    assert_true(zone_is_steady(paris, utc_of("2026-07-01T00:00:00Z"), SPAN_D(30)));
    assert_true(zone_is_steady(paris, utc_of("2026-03-27T00:00:00Z"), SPAN_D(2)));
    assert_false(zone_is_steady(paris, utc_of("2026-03-27T02:00:00Z"), SPAN_D(2)));
    assert_false(zone_is_steady(paris, utc_of("2026-03-30T00:00:00Z"), SPAN_D(1)));
    assert_true(zone_is_steady(zone_of("UTC"), utc_of("2026-03-30T00:00:00Z"), SPAN_D(4000)));
}

static void dates_are_counted(void **state)
{
    (void)state;
    /* Day after day over four centuries, against the calendar said aloud. */
    struct civil date = {.year = 1970, .month = 1, .day = 1, .hour = 7, .minute = 8, .second = 9};
    for (int64_t day = 0; day < 146097; day++) {
        struct civil counted = civil_of_reading(day * 86400 + 25689);
        assert_int_equal(civil_compare(counted, date), 0);
        assert_int_equal(civil_day_number(date), day);
        assert_int_equal(civil_weekday(date), (day + 3) % 7);
        date = civil_add_days(date, 1);
    }
    assert_int_equal(date.year, 2370);
    struct civil leap = {.year = 2028, .month = 2, .day = 28};
    assert_int_equal(civil_add_days(leap, 1).day, 29);
    assert_int_equal(civil_add_days(leap, -59).year, 2027);
    struct civil ninety_nine = {.year = 2100, .month = 2, .day = 28};
    assert_int_equal(civil_add_days(ninety_nine, 1).month, 3);
}

static void local_times_are_read_strictly(void **state)
{
    (void)state;
    static const char *const REFUSED[] = {
        "",
        "2026-01-05",
        "2026-01-05 09:00",
        "2026-01-05T9:00",
        "2026-01-05T09:00Z",
        "2026-01-05T09:00+01:00",
        "2026-02-29T09:00",
        "2026-13-01T09:00",
        "2026-00-01T09:00",
        "2026-01-00T09:00",
        "2026-04-31T09:00",
        "2026-01-05T24:00",
        "2026-01-05T09:60",
        "2026-01-05T09:00:60",
        "2026-01-05T09:00:",
        "2026-01-05T09:00:00.5",
        "1969-12-31T23:59",
        "20260105T0900",
        " 2026-01-05T09:00",
        "2026-1-05T09:000",
    };
    struct civil civil = {0};
    for (size_t i = 0; i < G_N_ELEMENTS(REFUSED); i++) {
        if (civil_parse(REFUSED[i], &civil)) {
            fail_msg("\"%s\" is taken for a local time", REFUSED[i]);
        }
    }
    static const char *const TAKEN[] = {"2026-01-05T09:00", "2028-02-29T23:59:59",
                                        "9999-12-31T00:00", "1970-01-01T00:00"};
    for (size_t i = 0; i < G_N_ELEMENTS(TAKEN); i++) {
        char text[UTC_TEXT_SIZE];
        assert_true(civil_parse(TAKEN[i], &civil));
        civil_format(civil, text);
        assert_string_equal(text, TAKEN[i]);
    }
}

static void *load_many(void *first)
{
    static const char *const NAMES[] = {"Asia/Tokyo", "Asia/Seoul", "Asia/Jakarta", "Asia/Taipei",
                                        "Asia/Dili",  "Asia/Tomsk", "Asia/Hovd",    "Asia/Dhaka"};
    size_t offset = *(const size_t *)first;
    for (size_t i = 0; i < 400; i++) {
        struct fault fault = {0};
        struct zone *zone = zone_load(NAMES[(i + offset) % G_N_ELEMENTS(NAMES)], &fault);
        if (zone == NULL || zone_reading(zone, (struct utc){0}) < 21600) {
            return first;
        }
    }
    return NULL;
}

static void threads_may_load_at_once(void **state)
{
    (void)state;
    pthread_t threads[4];
    size_t offsets[4] = {0, 1, 2, 3};
    for (size_t i = 0; i < G_N_ELEMENTS(threads); i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, load_many, &offsets[i]), 0);
    }
    for (size_t i = 0; i < G_N_ELEMENTS(threads); i++) {
        void *failed = NULL;
        assert_int_equal(pthread_join(threads[i], &failed), 0);
        assert_null(failed);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(unknown_zones_are_refused),
        cmocka_unit_test(known_zones_are_loaded_once),
        cmocka_unit_test(local_times_are_found),
        cmocka_unit_test(the_clock_shows),
        cmocka_unit_test(dates_are_counted),
        cmocka_unit_test(local_times_are_read_strictly),
        cmocka_unit_test(threads_may_load_at_once),
        cmocka_unit_test(steady_means_no_change_near),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
