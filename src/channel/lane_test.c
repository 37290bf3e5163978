/* Lanes: one dead provider neither starves nor is starved. */
#include "channel/lane.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>
#include <glib.h>

static int dropped;

static void drop(void *traveller, void *self)
{
    (void)traveller;
    (void)self;
    dropped++;
}

static void enter_many(struct lane *lane, int *travellers, int count, struct span now)
{
    for (int i = 0; i < count; i++) {
        assert_true(lane_enter(lane, &travellers[i], now));
    }
}

static int launch_all(struct lanes *lanes, struct span now)
{
    int count = 0;
    while (lanes_next(lanes, now) != NULL) {
        count++;
    }
    return count;
}

static void test_width(void **state)
{
    (void)state;
    int travellers[100];
    struct lanes *lanes = lanes_create();
    struct lane *lane = lane_named(lanes, "https://a:443", LANE_WIDTH_MAX);
    enter_many(lane, travellers, 100, SPAN_S(1));
    assert_int_equal(launch_all(lanes, SPAN_S(1)), LANE_WIDTH_MAX);
    assert_true(lanes_are_waiting(lanes));
    lane_leave(lane, &travellers[0], LANE_SERVED, SPAN_S(1));
    assert_int_equal(launch_all(lanes, SPAN_S(1)), 1);
    for (int i = 1; i <= 5; i++) { /* 16 -> 8 -> 4 -> 2 -> 1 -> 1 */
        lane_leave(lane, &travellers[i], LANE_FAILED, SPAN_S(1));
    }
    assert_int_equal(launch_all(lanes, SPAN_S(1)), 0); /* 11 still travel, one may */
    for (int i = 6; i <= 16; i++) {
        lane_leave(lane, &travellers[i], LANE_FAILED, SPAN_S(1));
    }
    assert_int_equal(launch_all(lanes, SPAN_S(1)), 1);
    lane_leave(lane, &travellers[17], LANE_SERVED, SPAN_S(1));
    assert_int_equal(launch_all(lanes, SPAN_S(1)), 2); /* opens again, one by one */
    dropped = 0;
    lanes_destroy(&lanes, drop, NULL);
    assert_null(lanes);
    assert_int_equal(dropped, 100 - 18);
}

static void test_dead_provider_leaves_room(void **state)
{
    (void)state;
    int dead[200];
    int alive[10];
    struct lanes *lanes = lanes_create();
    struct lane *tarpit = lane_named(lanes, "https://dead:443", LANE_WIDTH_MAX);
    struct lane *healthy = lane_named(lanes, "https://alive:443", LANE_WIDTH_MAX);
    enter_many(tarpit, dead, 200, SPAN_S(0));
    enter_many(healthy, alive, 10, SPAN_S(0));
    assert_int_equal(launch_all(lanes, SPAN_S(0)), LANE_WIDTH_MAX + 10);
    assert_null(lanes_expired(lanes, SPAN_MS(1999)));
    int handed_back = 0;
    while (lanes_expired(lanes, SPAN_S(2)) != NULL) {
        handed_back++;
    }
    /* Only as many as the others need: at LANES_EASY_MAX under way there is room. */
    assert_int_equal(handed_back, 210 - LANES_EASY_MAX);
    int more[20];
    int taken = 0;
    for (int i = 0; i < 20; i++) {
        taken += lane_enter(tarpit, &more[i], SPAN_S(3));
    }
    assert_int_equal(taken, 1); /* that one takes the last easy place */
    lanes_destroy(&lanes, drop, NULL);
}

/* A lane that is served slowly but steadily keeps those who wait for ten seconds. */
static void test_patience(void **state)
{
    (void)state;
    int travellers[20];
    struct lanes *lanes = lanes_create();
    struct lane *lane = lane_named(lanes, "smtp://mail:25", LANE_WIDTH_MAX);
    enter_many(lane, travellers, 20, SPAN_S(0));
    assert_int_equal(launch_all(lanes, SPAN_S(0)), 16);
    for (int second = 1; second < 4; second++) {
        lane_leave(lane, &travellers[second], LANE_SERVED, SPAN_S(second));
        assert_null(lanes_expired(lanes, SPAN_S(second)));
    }
    lane_leave(lane, &travellers[4], LANE_SERVED, SPAN_MS(9900));
    assert_null(lanes_expired(lanes, SPAN_MS(9999)));
    assert_ptr_equal(lanes_expired(lanes, SPAN_S(10)), &travellers[16]);
    lanes_destroy(&lanes, drop, NULL);
}

static void test_idle_lane_is_not_stalled(void **state)
{
    (void)state;
    int travellers[3];
    struct lanes *lanes = lanes_create();
    struct lane *lane = lane_named(lanes, "x", LANE_WIDTH_MAX);
    assert_ptr_equal(lane, lane_named(lanes, "x", LANE_WIDTH_MAX));
    enter_many(lane, travellers, 1, SPAN_S(0));
    assert_int_equal(launch_all(lanes, SPAN_S(0)), 1);
    lane_leave(lane, &travellers[0], LANE_FAILED, SPAN_S(15));
    enter_many(lane, travellers, 3, SPAN_H(1));
    assert_null(lanes_expired(lanes, SPAN_H(1)));
    assert_int_equal(launch_all(lanes, SPAN_H(1)), 3);
    lanes_destroy(&lanes, drop, NULL);
}

static void test_narrow_lane(void **state)
{
    (void)state;
    int travellers[20];
    struct lanes *lanes = lanes_create();
    struct lane *lane = lane_named(lanes, "smtp://mail:25", LANE_WIDTH_MAX_MAIL);
    enter_many(lane, travellers, 20, SPAN_S(0));
    assert_int_equal(launch_all(lanes, SPAN_S(0)), 3);
    for (int i = 0; i < 3; i++) {
        lane_leave(lane, &travellers[i], LANE_SERVED, SPAN_S(1));
    }
    assert_int_equal(launch_all(lanes, SPAN_S(1)), 3);
    lanes_destroy(&lanes, drop, NULL);
}

static void test_many_lanes_are_forgotten(void **state)
{
    (void)state;
    int traveller;
    struct lanes *lanes = lanes_create();
    for (int i = 0; i < 5000; i++) {
        g_autofree char *name = g_strdup_printf("https://h%d:443", i);
        struct lane *lane = lane_named(lanes, name, LANE_WIDTH_MAX);
        enter_many(lane, &traveller, 1, SPAN_S(i));
        assert_ptr_equal(lanes_next(lanes, SPAN_S(i)), &traveller);
        lane_leave(lane, &traveller, LANE_SERVED, SPAN_S(i));
    }
    dropped = 0;
    lanes_destroy(&lanes, drop, NULL);
    assert_int_equal(dropped, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_width),       cmocka_unit_test(test_dead_provider_leaves_room),
        cmocka_unit_test(test_patience),    cmocka_unit_test(test_idle_lane_is_not_stalled),
        cmocka_unit_test(test_narrow_lane), cmocka_unit_test(test_many_lanes_are_forgotten),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
