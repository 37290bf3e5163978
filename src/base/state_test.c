#include "base/state.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <unistd.h>

#include <sys/wait.h>

#include <cmocka.h>

enum { DOOR_OPEN = 1, DOOR_SHUT, DOOR_GONE };

static const struct enum_name DOOR_NAMES[] = {
    {"open", DOOR_OPEN}, {"shut", DOOR_SHUT}, {"gone", DOOR_GONE}, {NULL, 0}};

static const struct state_change DOOR_CHANGES[] = {
    {0, STATE_BIT(DOOR_OPEN)},
    {DOOR_OPEN, STATE_BIT(DOOR_SHUT) | STATE_BIT(DOOR_GONE)},
    {DOOR_SHUT, STATE_BIT(DOOR_OPEN)},
};
static const struct states DOOR = {"door", DOOR_NAMES, DOOR_CHANGES, G_N_ELEMENTS(DOOR_CHANGES)};

static void each_change_is_judged(void **state)
{
    (void)state;
    static const bool MAY[4][4] = {
        {[DOOR_OPEN] = true},
        [DOOR_OPEN] = {[DOOR_SHUT] = true, [DOOR_GONE] = true},
        [DOOR_SHUT] = {[DOOR_OPEN] = true},
        [DOOR_GONE] = {false},
    };
    for (int from = 0; from <= DOOR_GONE; from++) {
        for (int to = DOOR_OPEN; to <= DOOR_GONE; to++) {
            assert_int_equal(state_may(&DOOR, from, to), MAY[from][to]);
        }
    }
}

static void a_state_is_set(void **state)
{
    (void)state;
    int door = 0;
    state_set(&DOOR, &door, DOOR_OPEN);
    assert_int_equal(door, DOOR_OPEN);
    state_set(&DOOR, &door, DOOR_GONE);
    state_set(&DOOR, &door, DOOR_GONE); /* staying is no change */
    assert_int_equal(door, DOOR_GONE);
}

static void what_a_newer_program_wrote_ends_nothing(void **state)
{
    (void)state;
    int door = DOOR_GONE + 1;
    state_set(&DOOR, &door, DOOR_SHUT);
    assert_int_equal(door, DOOR_SHUT);
}

static void what_must_not_be_ends_the_program(void **state)
{
    (void)state;
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        (void)signal(SIGABRT, SIG_DFL);
        (void)close(STDERR_FILENO);
        int door = DOOR_GONE;
        state_set(&DOOR, &door, DOOR_OPEN);
        _exit(0);
    }
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_change_is_judged),
        cmocka_unit_test(a_state_is_set),
        cmocka_unit_test(what_a_newer_program_wrote_ends_nothing),
        cmocka_unit_test(what_must_not_be_ends_the_program),
    };
    return cmocka_run_group_tests_name("state", tests, NULL, NULL);
}
