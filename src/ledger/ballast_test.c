#include "ledger/ballast.h"

#include <glib/gstdio.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cmocka.h>
#include <glib.h>

enum { SIZE = 1048576 };

struct room {
    char *folder;
    char *path;
    struct ballast *ballast;
};

static int set_up(void **state)
{
    struct room *room = g_new0(struct room, 1);
    room->folder = g_dir_make_tmp("tocsin-ballast-XXXXXX", NULL);
    room->path = g_build_filename(room->folder, "ballast", NULL);
    room->ballast = ballast_file_create(room->path, SIZE);
    *state = room;
    return 0;
}

static int tear_down(void **state)
{
    struct room *room = *state;
    ballast_file_destroy(&room->ballast);
    (void)g_unlink(room->path);
    assert_int_equal(g_rmdir(room->folder), 0);
    g_free(room->folder);
    g_free(room->path);
    g_free(room);
    return 0;
}

static bool hold(struct room *room)
{
    return room->ballast->hold(room->ballast->self);
}

/* Bytes that the file really takes; -1 when there is none. */
static int64_t taken(struct room *room)
{
    GStatBuf info;
    return g_stat(room->path, &info) == 0 ? (int64_t)info.st_blocks * 512 : -1;
}

static void it_takes_its_room_and_gives_it_back(void **state)
{
    struct room *room = *state;
    assert_true(hold(room));
    assert_true(taken(room) >= SIZE);
    assert_true(hold(room)); /* again: nothing more */
    assert_true(taken(room) < INT64_C(2) * SIZE);
    room->ballast->release(room->ballast->self);
    assert_int_equal(taken(room), -1);
    room->ballast->release(room->ballast->self);
    assert_true(hold(room));
}

static void a_hole_is_no_ballast(void **state)
{
    struct room *room = *state;
    assert_true(g_file_set_contents(room->path, "", 0, NULL));
    assert_int_equal(truncate(room->path, SIZE), 0);
    assert_int_equal(taken(room), 0);
    assert_true(hold(room));
    assert_true(taken(room) >= SIZE);
}

static void without_room_nothing_is_left(void **state)
{
    struct room *room = *state;
    (void)signal(SIGXFSZ, SIG_IGN);
    struct rlimit before, less;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    less = before;
    less.rlim_cur = SIZE / 2;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &less), 0);
    bool is_held = hold(room);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    assert_false(is_held);
    assert_int_equal(taken(room), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(it_takes_its_room_and_gives_it_back, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_hole_is_no_ballast, set_up, tear_down),
        cmocka_unit_test_setup_teardown(without_room_nothing_is_left, set_up, tear_down),
    };
    return cmocka_run_group_tests_name("ballast", tests, NULL, NULL);
}
