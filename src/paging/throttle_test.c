#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "alert/signal.h"
#include "paging/throttle.h"

static const struct utc NOON = {1767607200000000};

/* `ages_s`: how long ago each message went, newest first, ended by -1; all of `severity_sent`. */
static const struct {
    const char *name;
    int ages_s[16];
    int severity_sent;
    int severity;
    int wait_s;
} ROWS[] = {
    {"nothing sent yet", {-1}, SEVERITY_ERROR, SEVERITY_ERROR, 0},
    {"second at once", {0, -1}, SEVERITY_ERROR, SEVERITY_ERROR, 0},
    {"third at once", {0, 1, -1}, SEVERITY_ERROR, SEVERITY_ERROR, 0},
    {"fourth waits a minute", {0, 1, 2, -1}, SEVERITY_ERROR, SEVERITY_ERROR, 60},
    {"fourth after a quiet minute", {60, 61, 62, -1}, SEVERITY_ERROR, SEVERITY_ERROR, 0},
    {"seventh keeps five minutes",
     {60, 120, 180, 240, 241, 242, -1},
     SEVERITY_ERROR,
     SEVERITY_ERROR,
     240},
    {"tenth keeps ten minutes",
     {60, 360, 660, 960, 1020, 1080, 1140, 1141, 1142, -1},
     SEVERITY_ERROR,
     SEVERITY_ERROR,
     540},
    {"thirteenth waits for the hour",
     {600, 1200, 1800, 2100, 2400, 2700, 2760, 2820, 2880, 2940, 2941, 2942, -1},
     SEVERITY_ERROR,
     SEVERITY_ERROR,
     3600 - 2942},
    {"more severe passes a full hour",
     {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, -1},
     SEVERITY_ERROR,
     SEVERITY_CRITICAL,
     0},
    {"equally severe does not pass", {0, 1, 2, -1}, SEVERITY_CRITICAL, SEVERITY_CRITICAL, 60},
    {"less severe does not pass", {0, 1, 2, -1}, SEVERITY_ERROR, SEVERITY_INFO, 60},
};

static void judges_by_table(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof ROWS / sizeof ROWS[0]; i++) {
        struct sent recent[16];
        size_t count = 0;
        for (; ROWS[i].ages_s[count] >= 0; count++) {
            recent[count] = (struct sent){.at = utc_add(NOON, SPAN_S(-ROWS[i].ages_s[count])),
                                          .severity = ROWS[i].severity_sent};
        }
        struct utc at = throttle_judge(recent, count, ROWS[i].severity, NOON);
        if (utc_since(at, NOON).us != SPAN_S(ROWS[i].wait_s).us) {
            fail_msg("%s: waits %lld us", ROWS[i].name, (long long)utc_since(at, NOON).us);
        }
    }
}

/* Whatever comes, the published bound holds: 3 in any minute and 12 in any hour of one severity. */
static void bound_holds_in_a_storm(void **state)
{
    (void)state;
    struct utc went[400];
    size_t total = 0;
    for (struct utc now = NOON; utc_since(now, NOON).us < SPAN_H(6).us;
         now = utc_add(now, SPAN_S(1))) {
        struct sent recent[400];
        size_t count = 0;
        for (size_t i = total; i > 0 && utc_since(now, went[i - 1]).us < SPAN_H(1).us; i--) {
            recent[count++] = (struct sent){.at = went[i - 1], .severity = SEVERITY_ERROR};
        }
        if (!utc_before(now, throttle_judge(recent, count, SEVERITY_ERROR, now))) {
            went[total++] = now;
        }
    }
    assert_true(total >= 36); /* bounded, yet at least one each ten minutes */
    for (size_t i = 0; i < total; i++) {
        if (i >= THROTTLE_PER_MINUTE) {
            assert_true(utc_since(went[i], went[i - THROTTLE_PER_MINUTE]).us >= SPAN_MIN(1).us);
        }
        if (i >= THROTTLE_PER_HOUR) {
            assert_true(utc_since(went[i], went[i - THROTTLE_PER_HOUR]).us >= SPAN_H(1).us);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(judges_by_table),
        cmocka_unit_test(bound_holds_in_a_storm),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
