/* The note of the newest event: what it says of a database that ends somewhere. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include <glib.h>
#include <glib/gstdio.h>

#include "app/newest.h"

static enum newest_state judge(int64_t noted, int64_t seq)
{
    char text[NEWEST_SIZE];
    newest_format(noted, text);
    int64_t found = 0;
    enum newest_state state = newest_judge(text, sizeof text, seq, &found);
    assert_int_equal(found, noted);
    assert_int_equal(newest_judge(text, NEWEST_NUMBERS, seq, &found), state);
    return state;
}

static void only_a_database_that_ends_before_it_lacks_something(void **state)
{
    (void)state;
    static const int64_t NUMBERS[] = {1, 9, 10, 140, 999999999999, INT64_C(900000000000000000)};
    for (size_t i = 0; i < G_N_ELEMENTS(NUMBERS); i++) {
        assert_int_equal(judge(NUMBERS[i], 0), NEWEST_AHEAD);
        assert_int_equal(judge(NUMBERS[i], NUMBERS[i] - 1), NEWEST_AHEAD);
        assert_int_equal(judge(NUMBERS[i], NUMBERS[i]), NEWEST_FITS);
        assert_int_equal(judge(NUMBERS[i], NUMBERS[i] + 1),
                         NEWEST_FITS); /* killed between the two */
    }
}

static void none_is_no_damage(void **state)
{
    (void)state;
    int64_t noted = 7;
    assert_int_equal(newest_judge("", 0, 140, &noted), NEWEST_NONE);
    assert_int_equal(noted, 0);
}

/* Whatever one byte becomes, and wherever it ends: it says what it said, or nothing. */
static void a_damaged_one_says_nothing(void **state)
{
    (void)state;
    char whole[NEWEST_SIZE];
    newest_format(140, whole);
    for (size_t size = 1; size < NEWEST_NUMBERS; size++) {
        int64_t noted = 0;
        assert_int_equal(newest_judge(whole, size, 0, &noted), NEWEST_UNREAD);
    }
    for (size_t at = 0; at < NEWEST_NUMBERS; at++) {
        for (int byte = 0; byte < 256; byte++) {
            char text[NEWEST_SIZE];
            memcpy(text, whole, sizeof text);
            text[at] = (char)byte;
            int64_t noted = 0;
            bool is_same = text[at] == whole[at];
            assert_int_equal(newest_judge(text, sizeof text, 0, &noted),
                             is_same ? NEWEST_AHEAD : NEWEST_UNREAD);
            assert_int_equal(noted, is_same ? 140 : 0);
        }
    }
}

static void what_is_no_number_says_nothing(void **state)
{
    (void)state;
    static const char *const TEXTS[] = {
        "0000000000000000000 0000000000000000000\n", "-000000000000000140 -000000000000000140\n",
        "9999999999999999999 9999999999999999999\n", "                140                 140\n",
        "140 140\n                                ",
    };
    for (size_t i = 0; i < G_N_ELEMENTS(TEXTS); i++) {
        int64_t noted = 0;
        assert_int_equal(newest_judge(TEXTS[i], strlen(TEXTS[i]), 0, &noted), NEWEST_UNREAD);
        assert_int_equal(noted, 0);
    }
}

static int make_directory(void **state)
{
    *state = g_dir_make_tmp("tocsin-newest-XXXXXX", NULL);
    return *state == NULL ? -1 : 0;
}

static int remove_directory(void **state)
{
    g_autofree char *data = *state;
    newest_forget(data);
    return g_rmdir(data);
}

static void it_is_kept_and_never_falls(void **state)
{
    const char *data = *state;
    assert_int_equal(newest_noted(data), 0);
    struct newest *newest = newest_open(data);
    assert_int_equal(newest_noted(data), 0);
    newest_keep(newest, 99);
    assert_int_equal(newest_noted(data), 99); /* at once, for what if it is killed now? */
    newest_keep(newest, 100);
    newest_keep(newest, 98);
    assert_int_equal(newest_noted(data), 100);
    newest_close(&newest);
    assert_null(newest);
    assert_int_equal(newest_noted(data), 100);
    newest_forget(data);
    assert_int_equal(newest_noted(data), 0);
    newest_forget(data);
}

/* What was given up leaves a note that is ahead: the next commit counts. */
static void one_that_was_there_is_written_over(void **state)
{
    const char *data = *state;
    g_autofree char *path = g_build_filename(data, "newest", NULL);
    assert_true(g_file_set_contents(path, "\377 damaged", -1, NULL));
    assert_int_equal(newest_noted(data), 0);
    struct newest *newest = newest_open(data);
    newest_keep(newest, 5);
    newest_close(&newest);
    assert_int_equal(newest_noted(data), 5);
}

static void one_that_cannot_be_written_stops_nobody(void **state)
{
    const char *data = *state;
    g_autofree char *path = g_build_filename(data, "newest", NULL);
    assert_int_equal(g_mkdir(path, 0700), 0);
    struct newest *newest = newest_open(data);
    newest_keep(newest, 5);
    newest_close(&newest);
    assert_int_equal(newest_noted(data), 0);
    assert_int_equal(g_rmdir(path), 0);
    assert_int_equal(symlink("/dev/full", path), 0); /* nor is a link followed */
    newest = newest_open(data);
    newest_keep(newest, 5);
    newest_close(&newest);
    assert_int_equal(newest_noted(data), 0);
}

static void a_full_disk_stops_nobody(void **state)
{
    const char *data = *state;
    struct rlimit whole;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &whole), 0);
    struct rlimit none = {0, whole.rlim_max};
    assert_true(signal(SIGXFSZ, SIG_IGN) != SIG_ERR);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &none), 0);
    struct newest *newest = newest_open(data);
    newest_keep(newest, 5);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &whole), 0);
    assert_int_equal(newest_noted(data), 0);
    newest_keep(newest, 6); /* there is room again */
    assert_int_equal(newest_noted(data), 6);
    newest_close(&newest);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_a_database_that_ends_before_it_lacks_something),
        cmocka_unit_test(none_is_no_damage),
        cmocka_unit_test(a_damaged_one_says_nothing),
        cmocka_unit_test(what_is_no_number_says_nothing),
        cmocka_unit_test_setup_teardown(it_is_kept_and_never_falls, make_directory,
                                        remove_directory),
        cmocka_unit_test_setup_teardown(one_that_was_there_is_written_over, make_directory,
                                        remove_directory),
        cmocka_unit_test_setup_teardown(a_full_disk_stops_nobody, make_directory, remove_directory),
        cmocka_unit_test_setup_teardown(one_that_cannot_be_written_stops_nobody, make_directory,
                                        remove_directory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
