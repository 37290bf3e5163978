/* The common clock: what moves it, what does not, and who records a jump. */
#include "ledger/cluster_clock.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>
#include <glib.h>

static const struct utc START = {1795000000000000};

/* One node's machine, and the database that all have in common. */
struct machine {
    struct clock clock;
    struct cluster_clock cluster;
    struct span elapsed;
    struct utc wall;
};

struct room {
    struct utc server;
    int64_t total_us;
    struct machine machines[2];
};

static struct utc read_wall(void *self)
{
    return ((struct machine *)self)->wall;
}

static struct span read_elapsed(void *self)
{
    return ((struct machine *)self)->elapsed;
}

static int set_up(void **state)
{
    struct room *room = g_new0(struct room, 1);
    room->server = START;
    for (int i = 0; i < 2; i++) {
        struct machine *machine = &room->machines[i];
        machine->clock = (struct clock){read_wall, read_elapsed, machine, NULL};
        machine->elapsed = SPAN_S(1000 * (i + 1));
        machine->wall = utc_add(START, SPAN_H(i == 0 ? -1 : 1)); /* wrong, each in its own way */
        cluster_clock_init(&machine->cluster, &machine->clock);
    }
    *state = room;
    return 0;
}

static int tear_down(void **state)
{
    g_free(*state);
    return 0;
}

static void pass(struct room *room, struct span by)
{
    room->server = utc_add(room->server, by);
    for (int i = 0; i < 2; i++) {
        room->machines[i].elapsed.us += by.us;
    }
}

/* A look that took `took`; the server's clock was read when it ended, or when it began. */
static bool look_slowly(struct room *room, int which, struct span took, bool is_read_last,
                        struct span *out_by)
{
    struct machine *machine = &room->machines[which];
    struct clock_look look = {.before = machine->elapsed, .now = room->server};
    pass(room, took);
    look.after = machine->elapsed;
    look.now = is_read_last ? room->server : look.now;
    look.total_us = room->total_us;
    return cluster_clock_learn(&machine->cluster, &look, out_by);
}

static bool look(struct room *room, int which, struct span *out_by)
{
    return look_slowly(room, which, SPAN_MS(1), true, out_by);
}

static void record(struct room *room, int which, struct span by)
{
    room->total_us += by.us;
    cluster_clock_recorded(&room->machines[which].cluster, by);
}

static int64_t off_us(const struct room *room, int which)
{
    return clock_now(&room->machines[which].cluster.clock).us - room->server.us;
}

static void own_wall_clocks_do_not_matter(void **state)
{
    struct room *room = *state;
    struct span by;
    for (int i = 0; i < 200; i++) {
        for (int which = 0; which < 2; which++) {
            assert_false(look(room, which, &by));
            assert_true(ABS(off_us(room, which)) <= SPAN_MS(100).us);
        }
        room->machines[0].wall = utc_add(room->machines[0].wall, SPAN_H(1));
        pass(room, SPAN_MS(250));
    }
}

static void drift_is_followed_without_small_steps(void **state)
{
    struct room *room = *state;
    struct span by;
    assert_false(look(room, 0, &by));
    int64_t steps = 0;
    for (int i = 0; i < 4000; i++) {
        pass(room, SPAN_MS(250));
        room->server.us += 250; /* a thousandth too fast: terrible */
        int64_t before = off_us(room, 0);
        assert_false(look(room, 0, &by));
        steps += ABS(off_us(room, 0) - before) > 10;
        assert_true(ABS(off_us(room, 0)) <= SPAN_MS(102).us);
    }
    assert_in_range(steps, 1, 11);
}

static void a_jump_is_recorded_once_for_all(void **state)
{
    static const struct {
        const char *name;
        struct span by;
        bool is_jump;
    } rows[] = {
        {"disciplined forward", {1900000}, false},  {"disciplined back", {-1900000}, false},
        {"two seconds and a bit", {2100000}, true}, {"an hour forward", {3600000000}, true},
        {"an hour back", {-3600000000}, true},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        void *fresh = NULL;
        (void)set_up(&fresh);
        struct room *room = fresh;
        struct span by = {0};
        assert_false(look(room, 0, &by) || look(room, 1, &by));
        room->server = utc_add(room->server, rows[i].by);
        bool has_jumped = look(room, 0, &by);
        if (has_jumped != rows[i].is_jump ||
            (has_jumped && ABS(by.us - rows[i].by.us) > SPAN_MS(10).us)) {
            fail_msg("%s: %d by %" G_GINT64_FORMAT, rows[i].name, has_jumped, by.us);
        }
        assert_true(ABS(off_us(room, 0)) <= SPAN_MS(100).us); /* it is right all the same */
        if (has_jumped) {
            assert_true(look(room, 0, &by)); /* until it is written */
            record(room, 0, by);
        }
        for (int n = 0; n < 10; n++) {
            pass(room, SPAN_MS(250));
            assert_false(look(room, 0, &by) || look(room, 1, &by));
        }
        (void)tear_down(&fresh);
    }
    (void)state;
}

static void two_jumps_before_the_second_node_looks(void **state)
{
    struct room *room = *state;
    struct span by = {0};
    assert_false(look(room, 0, &by) || look(room, 1, &by));
    for (int i = 0; i < 2; i++) {
        room->server = utc_add(room->server, SPAN_H(1));
        assert_true(look(room, 0, &by));
        record(room, 0, by);
    }
    assert_false(look(room, 1, &by));
}

static void a_process_that_was_stopped_sees_no_jump(void **state)
{
    struct room *room = *state;
    struct span by;
    assert_false(look(room, 0, &by));
    pass(room, SPAN_MIN(1)); /* between two looks: both clocks went on */
    assert_false(look(room, 0, &by));
    /* In the middle of one: when the server's clock was read is not known. */
    assert_false(look_slowly(room, 0, SPAN_MIN(1), false, &by));
    assert_false(look(room, 0, &by));
    assert_false(look_slowly(room, 0, SPAN_MIN(1), true, &by));
    assert_false(look(room, 0, &by));
    assert_true(ABS(off_us(room, 0)) <= SPAN_MS(100).us);
}

static void a_slow_first_look_is_no_measure_of_jumps(void **state)
{
    struct room *room = *state;
    struct span by;
    assert_false(look_slowly(room, 0, SPAN_MIN(1), true, &by)); /* waited for its turn */
    assert_true(ABS(off_us(room, 0)) <= SPAN_MS(100).us);
    assert_false(look_slowly(room, 0, SPAN_MIN(1), false, &by)); /* or was stopped */
    assert_false(look(room, 0, &by));
    assert_true(ABS(off_us(room, 0)) <= SPAN_MS(100).us);
    assert_false(look(room, 0, &by));
}

/* A virtual machine that was paused: its elapsed clock stood still, so the server's seems to jump. */
static void an_elapsed_clock_that_stood_still_is_overruled(void **state)
{
    struct room *room = *state;
    struct span by = {0};
    int recorded = 0;
    assert_false(look(room, 0, &by) || look(room, 1, &by));
    pass(room, SPAN_MIN(1));
    room->machines[0].elapsed.us -= SPAN_MIN(1).us;
    for (int i = 0; i < 20; i++) {
        for (int which = 0; which < 2; which++) {
            if (look(room, which, &by)) {
                record(room, which, by);
                recorded++;
            }
        }
        pass(room, SPAN_MS(250));
    }
    assert_int_equal(recorded, 2); /* there, and back again */
    assert_true(ABS(room->total_us) < SPAN_MS(100).us);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(own_wall_clocks_do_not_matter, set_up, tear_down),
        cmocka_unit_test_setup_teardown(drift_is_followed_without_small_steps, set_up, tear_down),
        cmocka_unit_test(a_jump_is_recorded_once_for_all),
        cmocka_unit_test_setup_teardown(two_jumps_before_the_second_node_looks, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_process_that_was_stopped_sees_no_jump, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_slow_first_look_is_no_measure_of_jumps, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(an_elapsed_clock_that_stood_still_is_overruled, set_up,
                                        tear_down),
    };
    return cmocka_run_group_tests_name("cluster_clock", tests, NULL, NULL);
}
