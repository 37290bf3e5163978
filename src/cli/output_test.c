#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "cli/output.h"

static void cleans_what_could_drive_a_terminal(void **state)
{
    (void)state;

    const struct {
        const char *name, *text, *clean;
    } rows[] = {
        {"plain", "Disk full", "Disk full"},
        {"nothing", NULL, ""},
        {"escape", "\x1b[2Jx", " [2Jx"},
        {"newline", "a\nb", "a b"},
        {"C1",
         "a\xc2\x9b"
         "b",
         "a b"},
        {"right-to-left override",
         "a\xe2\x80\xae"
         "b",
         "a b"},
        {"separators that end a line",
         "a\xe2\x80\xa8"
         "b\xe2\x80\xa9"
         "c",
         "a b c"},
        {"other scripts", "디스크 가득 참", "디스크 가득 참"},
        {"bad UTF-8", "a\xff", "a\xef\xbf\xbd"},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *clean = output_clean(rows[i].text);
        if (strcmp(clean, rows[i].clean) != 0) {
            fail_msg("%s: \"%s\"", rows[i].name, clean);
        }
    }
}

static void lays_out_columns(void **state)
{
    (void)state;
    const char *headings[] = {"A", "LONG HEADING", "LAST", NULL};
    const char *first[] = {"wide cell", "x", "end"};
    const char *second[] = {"디스크", NULL, ""};
    struct text_table *table = table_new(headings);
    table_add(table, first);
    table_add(table, second);
    assert_int_equal(table_rows(table), 2);
    g_autoptr(GString) out = g_string_new(NULL);
    table_write(&table, out);
    assert_null(table);
    assert_string_equal(out->str, "A          LONG HEADING  LAST\n"
                                  "wide cell  x             end\n"
                                  "디스크\n");
}

static void tells_time_in_a_zone(void **state)
{
    (void)state;
    struct fault fault = {0};
    const struct zone *paris = zone_load("Europe/Paris", &fault);
    assert_non_null(paris);

    const struct {
        const char *name, *text, *shown;
        const char *moment; /* of what happened; NULL: the same */
    } rows[] = {
        {"winter", "2026-12-24T22:30:00Z", "2026-12-24 23:30", "2026-12-24 23:30:00"},
        {"summer, with seconds", "2026-07-01T10:00:05Z", "2026-07-01 12:00:05", NULL},
        {"less than a second after", "2026-12-24T22:30:00.5Z", "2026-12-24 23:30",
         "2026-12-24 23:30:00"},
        {"no instant", "soon", "soon", NULL},
        {"empty", "", "", NULL},
        {"absent", NULL, "", NULL},
        {"never", "9999-12-31T23:59:59Z", "no end", NULL},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *shown = output_time_text(paris, rows[i].text);
        if (strcmp(shown, rows[i].shown) != 0) {
            fail_msg("%s: %s", rows[i].name, shown);
        }
        g_autofree char *moment = output_moment_text(paris, rows[i].text);
        assert_string_equal(moment, rows[i].moment != NULL ? rows[i].moment : rows[i].shown);
    }
}

static void tells_the_times_of_a_sentence(void **state)
{
    (void)state;
    struct fault fault = {0};
    const struct zone *paris = zone_load("Europe/Paris", &fault);
    assert_non_null(paris);

    const struct {
        const char *name, *text, *shown;
        bool has_instant;
    } rows[] = {
        {"none", "The key of token x was never used.", "The key of token x was never used.", false},
        {"at the end", "It ran out at 2026-12-24T22:30:00Z.", "It ran out at 2026-12-24 23:30.",
         true},
        {"two", "from 2026-12-24T22:30:00Z to 2026-12-24T23:00:05Z: 2.",
         "from 2026-12-24 23:30 to "
         "2026-12-25 00:00:05: 2.",
         true},
        {"other numbers", "127.0.0.1:80 and 2026-12-24T22:30 and Z",
         "127.0.0.1:80 and 2026-12-24T22:30 and Z", false},
        {"nothing", "", "", false},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(GString) shown = g_string_new(NULL);
        bool has_instant = output_sentence(paris, rows[i].text, shown);
        if (has_instant != rows[i].has_instant || strcmp(shown->str, rows[i].shown) != 0) {
            fail_msg("%s: %d, %s", rows[i].name, has_instant, shown->str);
        }
    }
}

static void json_does_not_drive_a_terminal(void **state)
{
    (void)state;
    g_autoptr(GString) out = g_string_new(NULL);
    output_escape("{\n  \"a\": \"\xc2\x9b"
                  "31m \xe2\x80\xae gpj \xed\x95\x9c\"\n}",
                  out);
    assert_string_equal(out->str, "{\n  \"a\": \"\\u009b31m \\u202e gpj \xed\x95\x9c\"\n}");
    g_autoptr(GString) word = g_string_new(NULL);
    output_escape("cut in the middle: \xed\x95", word);
    assert_string_equal(word->str, "cut in the middle: \xef\xbf\xbd\xef\xbf\xbd");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(json_does_not_drive_a_terminal),
        cmocka_unit_test(cleans_what_could_drive_a_terminal),
        cmocka_unit_test(lays_out_columns),
        cmocka_unit_test(tells_time_in_a_zone),
        cmocka_unit_test(tells_the_times_of_a_sentence),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
