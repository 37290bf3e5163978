#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <glib.h>

#include "base/log.h"
#include "base/metric.h"

struct fixture {
    GPtrArray *lines;
    struct span elapsed;
};

static struct utc fixed_wall(void *self)
{
    (void)self;
    return (struct utc){1798151400250000}; /* 2026-12-24T22:30:00.25Z */
}

static struct span fixed_elapsed(void *self)
{
    return ((struct fixture *)self)->elapsed;
}

static void keep(void *self, const char *line)
{
    g_ptr_array_add(((struct fixture *)self)->lines, g_strdup(line));
}

static struct fixture fixture;
static const struct clock test_clock = {fixed_wall, fixed_elapsed, &fixture};

static void start(int level, int format)
{
    log_setup(NULL);
    fixture = (struct fixture){.lines = g_ptr_array_new_with_free_func(g_free)};
    log_setup(&(struct log_options){
        .level = level, .format = format, .sink = keep, .self = &fixture, .clock = &test_clock});
}

static void finish(void)
{
    log_setup(NULL);
    g_ptr_array_unref(fixture.lines);
}

static const char *only_line(void)
{
    assert_int_equal(fixture.lines->len, 1);
    return fixture.lines->pdata[0];
}

static void writes_each_format(void **state)
{
    (void)state;

    const struct {
        const char *name;
        int format;
        const char *expected;
    } rows[] = {
        {"logfmt", LOG_LOGFMT,
         "at=2026-12-24T22:30:00.250Z level=warn part=courier message=\"delivery failed\" id=a-42 "
         "contact=ana/email why=\"450 try \\\"later\\\"\""},
        {"json", LOG_JSON,
         "{\"at\":\"2026-12-24T22:30:00.250Z\",\"level\":\"warn\",\"part\":\"courier\","
         "\"message\":\"delivery failed\",\"id\":\"a-42\",\"contact\":\"ana/email\","
         "\"why\":\"450 try \\\"later\\\"\"}"},
        {"human", LOG_HUMAN,
         "22:30:00 warn  courier  delivery failed id=a-42 contact=ana/email why=\"450 try "
         "\\\"later\\\"\""},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        start(0, rows[i].format);
        LOG_WARN("courier", "a-42", "delivery failed", "contact", "ana/email", "why",
                 "450 try \"later\"", "none", NULL);
        if (strcmp(only_line(), rows[i].expected) != 0) {
            fail_msg("%s: %s", rows[i].name, only_line());
        }
        finish();
    }
}

static void escapes_what_could_forge_a_line(void **state)
{
    (void)state;

    const struct {
        const char *name, *value, *expected;
    } rows[] = {
        {"newline", "a\nlevel=error", "v=\"a\\nlevel=error\""},
        {"carriage return", "a\rb", "v=\"a\\rb\""},
        {"terminal escape", "\x1b[2J", "v=\"\\u001b[2J\""},
        {"C1 control",
         "\xc2\x9b"
         "2J",
         "v=\"\\u009b2J\""},
        {"line separator",
         "a\xe2\x80\xa8"
         "b",
         "v=\"a\\u2028b\""},
        {"equals sign", "a=b", "v=\"a=b\""},
        {"empty", "", "v=\"\""},
        {"other scripts stay", "Čeština", "v=\"Čeština\""},
        {"bad UTF-8", "a\xff", "v=\"a\xef\xbf\xbd\""},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        start(0, LOG_LOGFMT);
        LOG_INFO("test", NULL, "m", "v", rows[i].value);
        if (!g_str_has_suffix(only_line(), rows[i].expected)) {
            fail_msg("%s: %s", rows[i].name, only_line());
        }
        finish();
    }
}

static void json_lines_are_json(void **state)
{
    (void)state;
    start(0, LOG_JSON);
    LOG_INFO("test", "r-\n1", "m", "v", "\x01\"\\\n\xff tab\t");
    json_error_t error;
    json_t *line = json_loads(only_line(), 0, &error);
    assert_non_null(line);
    assert_string_equal(json_string_value(json_object_get(line, "id")), "r-\n1");
    json_decref(line);
    finish();
}

static void hides_secrets(void **state)
{
    (void)state;
    const char *key = "tcn_int_0123456789abcdefghijABCDEFGHIJ0123456789abc";
    start(0, LOG_LOGFMT);
    g_autofree char *url = g_strdup_printf("/in/alertmanager/%s?x=1", key);
    LOG_INFO("test", NULL, "m", "path", url, "Password", "hunter2", "token", "abc");
    assert_null(strstr(only_line(), "0123456789"));
    assert_null(strstr(only_line(), "hunter2"));
    assert_null(strstr(only_line(), "abc"));
    assert_non_null(strstr(only_line(), "/in/alertmanager/tcn_[hidden]?x=1"));
    finish();
}

static void leaves_out_lower_levels(void **state)
{
    (void)state;
    start(LEVEL_WARN, LOG_LOGFMT);
    LOG_INFO("test", NULL, "m");
    assert_int_equal(fixture.lines->len, 0);
    assert_false(log_is_on(LEVEL_INFO));
    assert_true(log_is_on(LEVEL_ERROR));
    finish();
}

static void counts_repeats(void **state)
{
    (void)state;
    start(0, LOG_LOGFMT);
    for (int i = 0; i < 100; i++) {
        LOG_WARN("smtp", NULL, "refused");
    }
    assert_int_equal(fixture.lines->len, LOG_REPEATS);
    LOG_WARN("smtp", NULL, "another message is not held back");
    assert_int_equal(fixture.lines->len, LOG_REPEATS + 1);
    log_flush(); /* not over yet */
    assert_int_equal(fixture.lines->len, LOG_REPEATS + 1);
    fixture.elapsed = SPAN_S(LOG_REPEAT_WINDOW_S);
    log_flush();
    assert_int_equal(fixture.lines->len, LOG_REPEATS + 2);
    assert_non_null(strstr(fixture.lines->pdata[LOG_REPEATS + 1], "of=refused times=80"));
    LOG_WARN("smtp", NULL, "refused");
    assert_int_equal(fixture.lines->len, LOG_REPEATS + 3);
    finish();
}

/* A pipe that nobody reads: nothing waits, what does not fit is dropped and counted. */
static void a_full_pipe_holds_nobody(void **state)
{
    (void)state;
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    g_autofree char *line = g_strnfill(1000, 'x');
    int64_t before = metric_value(METRIC_LOG_DROPPED);
    int written = 0;
    while (written < 1000 && log_write(ends[1], line, 1000)) {
        written++;
    }
    assert_true(written > 10 && written < 1000);
    assert_int_equal(metric_value(METRIC_LOG_DROPPED), before + 1);
    char room[65536];
    assert_true(read(ends[0], room, sizeof room) > 0);
    assert_true(log_write(ends[1], line, 1000)); /* read again, written again */
    (void)close(ends[0]);
    (void)close(ends[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(writes_each_format),
        cmocka_unit_test(escapes_what_could_forge_a_line),
        cmocka_unit_test(json_lines_are_json),
        cmocka_unit_test(hides_secrets),
        cmocka_unit_test(leaves_out_lower_levels),
        cmocka_unit_test(counts_repeats),
        cmocka_unit_test(a_full_pipe_holds_nobody),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
