/* Gates: one dead provider neither starves nor is starved. */
#include "channel/gate.h"

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

static void enter_many(struct gate *gate, int *travellers, int count, struct span now)
{
    for (int i = 0; i < count; i++) {
        assert_true(gate_enter(gate, &travellers[i], now));
    }
}

static int launch_all(struct gates *gates, struct span now)
{
    int count = 0;
    while (gates_next(gates, now) != NULL) {
        count++;
    }
    return count;
}

static void test_width(void **state)
{
    (void)state;
    int travellers[100];
    struct gates *gates = gates_create();
    struct gate *gate = gate_named(gates, "https://a:443", GATE_WIDTH_MAX);
    enter_many(gate, travellers, 100, SPAN_S(1));
    assert_int_equal(launch_all(gates, SPAN_S(1)), GATE_WIDTH_MAX);
    assert_true(gates_are_waiting(gates));
    gate_leave(gate, &travellers[0], GATE_SERVED, SPAN_S(1));
    assert_int_equal(launch_all(gates, SPAN_S(1)), 1);
    for (int i = 1; i <= 5; i++) { /* 16 -> 8 -> 4 -> 2 -> 1 -> 1 */
        gate_leave(gate, &travellers[i], GATE_FAILED, SPAN_S(1));
    }
    assert_int_equal(launch_all(gates, SPAN_S(1)), 0); /* 11 still travel, one may */
    for (int i = 6; i <= 16; i++) {
        gate_leave(gate, &travellers[i], GATE_FAILED, SPAN_S(1));
    }
    assert_int_equal(launch_all(gates, SPAN_S(1)), 1);
    gate_leave(gate, &travellers[17], GATE_SERVED, SPAN_S(1));
    assert_int_equal(launch_all(gates, SPAN_S(1)), 2); /* opens again, one by one */
    dropped = 0;
    gates_destroy(&gates, drop, NULL);
    assert_null(gates);
    assert_int_equal(dropped, 100 - 18);
}

static void test_dead_provider_leaves_room(void **state)
{
    (void)state;
    int dead[200];
    int alive[10];
    struct gates *gates = gates_create();
    struct gate *tarpit = gate_named(gates, "https://dead:443", GATE_WIDTH_MAX);
    struct gate *healthy = gate_named(gates, "https://alive:443", GATE_WIDTH_MAX);
    enter_many(tarpit, dead, 200, SPAN_S(0));
    enter_many(healthy, alive, 10, SPAN_S(0));
    assert_int_equal(launch_all(gates, SPAN_S(0)), GATE_WIDTH_MAX + 10);
    assert_null(gates_expired(gates, SPAN_MS(1999)));
    int handed_back = 0;
    while (gates_expired(gates, SPAN_S(2)) != NULL) {
        handed_back++;
    }
    /* Only as many as the others need: at GATES_EASY_MAX under way there is room. */
    assert_int_equal(handed_back, 210 - GATES_EASY_MAX);
    int more[20];
    int taken = 0;
    for (int i = 0; i < 20; i++) {
        taken += gate_enter(tarpit, &more[i], SPAN_S(3));
    }
    assert_int_equal(taken, 1); /* that one takes the last easy place */
    gates_destroy(&gates, drop, NULL);
}

/* A gate that is served slowly but steadily keeps those who wait for ten seconds. */
static void test_patience(void **state)
{
    (void)state;
    int travellers[20];
    struct gates *gates = gates_create();
    struct gate *gate = gate_named(gates, "smtp://mail:25", GATE_WIDTH_MAX);
    enter_many(gate, travellers, 20, SPAN_S(0));
    assert_int_equal(launch_all(gates, SPAN_S(0)), 16);
    for (int second = 1; second < 4; second++) {
        gate_leave(gate, &travellers[second], GATE_SERVED, SPAN_S(second));
        assert_null(gates_expired(gates, SPAN_S(second)));
    }
    gate_leave(gate, &travellers[4], GATE_SERVED, SPAN_MS(9900));
    assert_null(gates_expired(gates, SPAN_MS(9999)));
    assert_ptr_equal(gates_expired(gates, SPAN_S(10)), &travellers[16]);
    gates_destroy(&gates, drop, NULL);
}

static void test_idle_lane_is_not_stalled(void **state)
{
    (void)state;
    int travellers[3];
    struct gates *gates = gates_create();
    struct gate *gate = gate_named(gates, "x", GATE_WIDTH_MAX);
    assert_ptr_equal(gate, gate_named(gates, "x", GATE_WIDTH_MAX));
    enter_many(gate, travellers, 1, SPAN_S(0));
    assert_int_equal(launch_all(gates, SPAN_S(0)), 1);
    gate_leave(gate, &travellers[0], GATE_FAILED, SPAN_S(15));
    enter_many(gate, travellers, 3, SPAN_H(1));
    assert_null(gates_expired(gates, SPAN_H(1)));
    assert_int_equal(launch_all(gates, SPAN_H(1)), 3);
    gates_destroy(&gates, drop, NULL);
}

static void test_narrow_gate(void **state)
{
    (void)state;
    int travellers[20];
    struct gates *gates = gates_create();
    struct gate *gate = gate_named(gates, "smtp://mail:25", GATE_WIDTH_MAX_MAIL);
    enter_many(gate, travellers, 20, SPAN_S(0));
    assert_int_equal(launch_all(gates, SPAN_S(0)), 3);
    for (int i = 0; i < 3; i++) {
        gate_leave(gate, &travellers[i], GATE_SERVED, SPAN_S(1));
    }
    assert_int_equal(launch_all(gates, SPAN_S(1)), 3);
    gates_destroy(&gates, drop, NULL);
}

static void test_many_lanes_are_forgotten(void **state)
{
    (void)state;
    int traveller;
    struct gates *gates = gates_create();
    for (int i = 0; i < 5000; i++) {
        g_autofree char *name = g_strdup_printf("https://h%d:443", i);
        struct gate *gate = gate_named(gates, name, GATE_WIDTH_MAX);
        enter_many(gate, &traveller, 1, SPAN_S(i));
        assert_ptr_equal(gates_next(gates, SPAN_S(i)), &traveller);
        gate_leave(gate, &traveller, GATE_SERVED, SPAN_S(i));
    }
    dropped = 0;
    gates_destroy(&gates, drop, NULL);
    assert_int_equal(dropped, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_width),       cmocka_unit_test(test_dead_provider_leaves_room),
        cmocka_unit_test(test_patience),    cmocka_unit_test(test_idle_lane_is_not_stalled),
        cmocka_unit_test(test_narrow_gate), cmocka_unit_test(test_many_lanes_are_forgotten),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
