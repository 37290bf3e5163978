/* Two and three ledgers over one shared database: lanes, takeover, the fence, the clock. */
#include "ledger/cluster_harness.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static int set_up(void **state)
{
    *state = cluster_create();
    return 0;
}

static int tear_down(void **state)
{
    struct cluster *cluster = *state;
    cluster_destroy(&cluster);
    return 0;
}

/* Every lane is with exactly one of the nodes that are asked about (a bit each). */
static bool is_shared_among(const struct cluster *cluster, unsigned among)
{
    lane_set all = 0;
    bool is_fair = true;
    int nodes = __builtin_popcount(among);
    for (unsigned i = 0; i < CLUSTER_NODES; i++) {
        if ((among >> i & 1) != 0) {
            lane_set lanes = cluster_lanes(&cluster->nodes[i]);
            is_fair = is_fair && (all & lanes) == 0 &&
                      lane_count(lanes) <= (LANE_COUNT + nodes - 1) / nodes;
            all |= lanes;
        }
    }
    return is_fair && all == LANES_ALL;
}

/* How long until they are; fails after ten seconds. */
static struct span until_shared(struct cluster *cluster, unsigned among, unsigned frozen)
{
    struct span start = cluster->elapsed;
    while (!is_shared_among(cluster, among)) {
        assert_true(cluster->elapsed.us - start.us < SPAN_S(10).us);
        cluster_pass(cluster, SPAN_MS(50), frozen);
    }
    return (struct span){cluster->elapsed.us - start.us};
}

static int64_t id_of(const struct cluster_node *node)
{
    return node->ledger->member.id;
}

/* --- lanes --- */

static void nodes_share_the_lanes(void **state)
{
    struct cluster *cluster = *state;
    for (unsigned i = 0; i < 4; i++) {
        cluster_join(&cluster->nodes[i]);
        assert_true(until_shared(cluster, (2U << i) - 1, 0).us <= SPAN_MS(600).us);
    }
    assert_int_equal(cluster_count_kind(cluster, "node.joined"), 4);
    cluster_pass(cluster, SPAN_S(60), 0);
    assert_true(is_shared_among(cluster, 15));
    assert_int_equal(cluster_count_kind(cluster, "node.joined"), 4); /* nobody was lost */
}

static void a_dead_nodes_lanes_go_on_within_5_s(void **state)
{
    struct cluster *cluster = *state;
    cluster_start(cluster, 3);
    int64_t dead = id_of(&cluster->nodes[1]);
    cluster_kill(&cluster->nodes[1]);
    struct span took = until_shared(cluster, 5, 0);
    assert_in_range(took.us, SPAN_MS(2500).us, SPAN_S(5).us);
    int told = cluster->nodes[0].gone_count + cluster->nodes[2].gone_count;
    assert_int_equal(told, 1); /* by one node, in the turn in which it was counted as lost */
    assert_int_equal(cluster->nodes[0].gone + cluster->nodes[2].gone, dead);
    assert_int_equal(cluster_count_kind(cluster, "node.lost"), 1);
}

static void two_die_at_once(void **state)
{
    struct cluster *cluster = *state;
    cluster_start(cluster, 4);
    cluster_kill(&cluster->nodes[0]);
    cluster_kill(&cluster->nodes[3]);
    assert_true(until_shared(cluster, 6, 0).us <= SPAN_S(5).us);
    assert_int_equal(cluster_count_kind(cluster, "node.lost"), 2);
}

/* It lives and writes, but nobody sends what it claims. */
static void who_is_idle_is_replaced_and_comes_back(void **state)
{
    struct cluster *cluster = *state;
    cluster_start(cluster, 3);
    struct cluster_node *idle = &cluster->nodes[1];
    int64_t id = id_of(idle);
    ledger_set_idle(idle->ledger, true);
    assert_true(until_shared(cluster, 5, 0).us <= SPAN_S(1).us);
    assert_int_equal(idle->gone_count, 1); /* what it had claimed is free */
    assert_int_equal(idle->gone, id);
    cluster_pass(cluster, SPAN_S(30), 0);
    assert_true(is_shared_among(cluster, 5));
    assert_true(cluster_write_lanes(idle) == 0);
    assert_int_equal(cluster_write(idle), OUTCOME_COMMITTED);
    ledger_set_idle(idle->ledger, false);
    assert_true(until_shared(cluster, 7, 0).us <= SPAN_S(1).us);
    assert_true(id_of(idle) != id);
    assert_int_equal(cluster_count_kind(cluster, "node.lost"), 0);
    assert_int_equal(cluster_count_kind(cluster, "node.left"), 1);
}

static void the_last_one_keeps_its_lanes(void **state)
{
    struct cluster *cluster = *state;
    cluster_start(cluster, 2);
    for (int i = 0; i < 2; i++) {
        ledger_set_idle(cluster->nodes[i].ledger, true);
    }
    cluster_pass(cluster, SPAN_S(30), 0);
    assert_int_equal(cluster_count_kind(cluster, "node.left"), 1);
    assert_true(is_shared_among(cluster, 1) || is_shared_among(cluster, 2));
}

static void who_leaves_is_replaced_within_1_s(void **state)
{
    struct cluster *cluster = *state;
    cluster_start(cluster, 3);
    struct cluster_node *leaver = &cluster->nodes[2];
    int64_t id = id_of(leaver);
    ledger_leave(leaver->ledger);
    assert_true(cluster_lanes(leaver) == 0);
    assert_true(until_shared(cluster, 3, 0).us <= SPAN_S(1).us);
    cluster_pass(cluster, SPAN_S(10), 0); /* brings home what is in flight */
    assert_true(cluster_write_lanes(leaver) == 0);
    assert_int_equal(cluster_count_kind(cluster, "node.lost"), 0);
    ledger_end(leaver->ledger);
    assert_int_equal(leaver->gone_count, 1);
    assert_int_equal(leaver->gone, id);
    cluster_kill(leaver);
    cluster_pass(cluster, SPAN_S(10), 0);
    assert_int_equal(cluster_count_kind(cluster, "node.left"), 1);
    assert_int_equal(cluster_count_kind(cluster, "node.lost"), 0);
}

static void who_leaves_beside_one_who_sleeps_is_replaced_too(void **state)
{
    struct cluster *cluster = *state;
    cluster_start(cluster, 3);
    ledger_leave(cluster->nodes[2].ledger);
    struct span start = cluster->elapsed;
    lane_set sleeping = cluster_lanes(&cluster->nodes[1]);
    while ((cluster_lanes(&cluster->nodes[0]) | sleeping) != LANES_ALL) {
        assert_true(cluster->elapsed.us - start.us < SPAN_S(1).us);
        cluster_pass(cluster, SPAN_MS(50), 2);
    }
}

static void who_could_not_leave_then_leaves_later(void **state)
{
    struct cluster *cluster = *state;
    cluster_start(cluster, 3);
    cluster->nodes[2].is_cut = true;
    ledger_leave(cluster->nodes[2].ledger);
    cluster_pass(cluster, SPAN_MS(500), 0);
    cluster->nodes[2].is_cut = false;
    assert_true(until_shared(cluster, 3, 0).us <= SPAN_MS(2500).us);
    assert_true(cluster_lanes(&cluster->nodes[2]) == 0);
    assert_int_equal(cluster_count_kind(cluster, "node.lost"), 0);
}

static void who_dies_while_leaving_is_counted_as_lost(void **state)
{
    struct cluster *cluster = *state;
    cluster_start(cluster, 2);
    ledger_leave(cluster->nodes[1].ledger);
    cluster_kill(&cluster->nodes[1]);
    cluster_pass(cluster, SPAN_S(5), 0);
    assert_int_equal(cluster_count_kind(cluster, "node.lost"), 1);
    assert_int_equal(cluster->nodes[0].gone_count, 1);
}

static void an_outage_for_all_kills_nobody(void **state)
{
    struct cluster *cluster = *state;
    cluster_start(cluster, 3);
    for (int i = 0; i < 3; i++) {
        cluster->nodes[i].is_cut = true;
    }
    cluster_pass(cluster, SPAN_MIN(2), 0);
    assert_int_equal(ledger_door(cluster->nodes[0].ledger), LEDGER_DOWN);
    assert_int_equal(cluster_write(&cluster->nodes[0]), OUTCOME_UNAVAILABLE);
    for (int i = 0; i < 3; i++) {
        cluster->nodes[i].is_cut = false;
        cluster_pass(cluster, SPAN_S(1), 0); /* one after the other finds its way back */
    }
    cluster_pass(cluster, SPAN_S(5), 0);
    assert_int_equal(cluster_count_kind(cluster, "node.lost"), 0);
    assert_true(is_shared_among(cluster, 7));
    assert_int_equal(ledger_door(cluster->nodes[0].ledger), LEDGER_OPEN);
}

static void a_node_that_is_cut_off_is_replaced_and_comes_back_as_another(void **state)
{
    struct cluster *cluster = *state;
    cluster_start(cluster, 3);
    int64_t id = id_of(&cluster->nodes[0]);
    cluster->nodes[0].is_cut = true;
    assert_true(until_shared(cluster, 6, 0).us <= SPAN_S(5).us);
    cluster->nodes[0].is_cut = false;
    assert_true(until_shared(cluster, 7, 0).us <= SPAN_S(3).us);
    assert_true(id_of(&cluster->nodes[0]) > id);
    assert_int_equal(cluster_count_kind(cluster, "node.joined"), 4);
}

/* A restart after kill -9 has a new row; the old one is counted as lost. */
static void a_node_that_starts_again_is_another(void **state)
{
    struct cluster *cluster = *state;
    cluster_start(cluster, 1);
    cluster_kill(&cluster->nodes[0]);
    cluster_join(&cluster->nodes[0]);
    assert_true(until_shared(cluster, 1, 0).us <= SPAN_S(4).us);
    assert_int_equal(cluster_count_kind(cluster, "node.lost"), 1);
}

/* --- the fence --- */

static void who_was_frozen_finds_no_lanes_when_it_writes(void **state)
{
    struct cluster *cluster = *state;
    cluster_start(cluster, 2);
    struct cluster_node *frozen = &cluster->nodes[0];
    lane_set before = cluster_write_lanes(frozen);
    assert_int_equal(lane_count(before), 32);
    cluster_pass(cluster, SPAN_MIN(1), 1);
    assert_true(cluster_lanes(frozen) == before); /* it does not know yet */
    assert_true(cluster_write_lanes(frozen) == 0);
    assert_int_equal(frozen->jump_count + cluster->nodes[1].jump_count, 0);
    assert_true(until_shared(cluster, 3, 0).us <= SPAN_S(1).us); /* joins anew */
}

/* While the first node looks, it is counted as lost: between its look and its turn. */
static void lose_it_meanwhile(struct cluster_node *node)
{
    cluster_pass(node->cluster, SPAN_S(6), 1);
}

static lane_set lanes_of_late_work(struct cluster *cluster, unsigned planted)
{
    cluster_start(cluster, 2);
    struct cluster_node *late = &cluster->nodes[0];
    late->ledger->planted = planted;
    late->due_at = cluster->server;
    late->at_ask = lose_it_meanwhile;
    (void)!ledger_tick(late->ledger).us;
    assert_int_equal(cluster_count_kind(cluster, "node.lost"), 1);
    assert_int_equal(late->worked, 1);
    return late->worked_lanes;
}

static void lanes_are_read_again_in_the_turn_that_works(void **state)
{
    assert_true(lanes_of_late_work(*state, 0) == 0);
}

static void a_fence_before_the_turn_is_seen_to_leak(void **state)
{
    assert_int_equal(lane_count(lanes_of_late_work(*state, LEDGER_BUG_EARLY_FENCE)), 32);
}

static void no_fence_is_seen_to_leak(void **state)
{
    struct cluster *cluster = *state;
    cluster_start(cluster, 2);
    cluster->nodes[0].ledger->planted = LEDGER_BUG_NO_FENCE;
    cluster_pass(cluster, SPAN_S(10), 1);
    assert_int_equal(lane_count(cluster_write_lanes(&cluster->nodes[0])), 32);
    cluster_pass(cluster, SPAN_S(10), 0);
    assert_int_equal(lane_count(cluster_write_lanes(&cluster->nodes[0])), 32); /* both work them */
}

static enum command_result note_epoch(struct ledger_tx *tx, void *arg)
{
    int64_t *epochs = arg;
    for (int lane = 0; lane < LANE_COUNT; lane++) {
        epochs[lane] = ledger_lane_epoch(tx, lane);
        assert_int_equal(epochs[lane] != 0, lane_is_in(tx->lanes, lane));
    }
    return COMMAND_REFUSED;
}

/* A standby that is promoted may count a turn by the same number of which it knows nothing. */
static void behind_a_new_connection_the_same_number_says_nothing(void **state)
{
    struct cluster *cluster = *state;
    if (test_database_is_shared()) {
        skip(); /* where db_hang_up can do nothing */
    }
    cluster_start(cluster, 2);
    struct cluster_node *a = &cluster->nodes[0];
    lane_set before = cluster_write_lanes(a);
    assert_int_equal(lane_count(before), LANE_COUNT / 2);
    /* Outside of a transaction no turn is counted. */
    struct db *other = cluster->nodes[1].db;
    (void)db_run(db_query(other, "UPDATE lane SET holder = NULL, epoch = epoch + 1"));
    assert_int_equal(db_error(other), DB_OK);
    assert_true(cluster_write_lanes(a) == before);
    db_hang_up(a->db);
    assert_true(cluster_write_lanes(a) == 0);
    assert_int_equal(cluster_write(a), OUTCOME_COMMITTED);
    (void)cluster_verify(cluster);
}

static void a_new_holder_has_a_new_epoch(void **state)
{
    struct cluster *cluster = *state;
    int64_t first[LANE_COUNT], second[LANE_COUNT];
    cluster_start(cluster, 2);
    struct command note = {.run = note_epoch, .arg = first};
    ledger_run_batch(cluster->nodes[0].ledger, &note, 1);
    cluster_pass(cluster, SPAN_S(6), 1);
    note.arg = second;
    ledger_run_batch(cluster->nodes[1].ledger, &note, 1);
    for (int lane = 0; lane < LANE_COUNT; lane++) {
        assert_true(second[lane] > first[lane]);
    }
}

/* --- the clock --- */

static void a_jump_moves_waits_once_for_all_nodes(void **state)
{
    static const struct {
        const char *name;
        struct span by;
        int jumps;
    } rows[] = {{"an hour forward", {3600000000}, 1},
                {"an hour back", {-3600000000}, 1},
                {"a second", {1000000}, 0}};

    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        struct cluster *cluster = cluster_create();
        cluster_start(cluster, 3);
        cluster->nodes[0].due_at = utc_add(cluster->server, SPAN_MIN(5));
        cluster->server = utc_add(cluster->server, rows[i].by);
        (void)!ledger_tick(cluster->nodes[0].ledger).us; /* nothing fires */
        cluster_pass(cluster, SPAN_S(5), 0);
        assert_int_equal(cluster->nodes[0].worked, 0);
        int jumps = 0;
        int64_t moved_us = 0;
        for (int n = 0; n < 3; n++) {
            jumps += cluster->nodes[n].jump_count;
            moved_us += cluster->nodes[n].jumped.us;
            struct utc now = clock_now(ledger_clock(cluster->nodes[n].ledger));
            assert_true(ABS(utc_since(now, cluster->server).us) <= SPAN_MS(100).us);
        }
        if (jumps != rows[i].jumps || ABS(moved_us - jumps * rows[i].by.us) > SPAN_MS(10).us ||
            cluster_count_kind(cluster, "clock.jumped") != jumps ||
            cluster_count_kind(cluster, "node.lost") != 0) {
            fail_msg("%s: %d jumps", rows[i].name, jumps);
        }
        cluster_destroy(&cluster);
    }
    (void)state;
}

static void a_jump_is_recorded_before_a_command_uses_the_clock(void **state)
{
    struct cluster *cluster = *state;
    cluster_start(cluster, 2);
    cluster->server = utc_add(cluster->server, SPAN_H(1));
    assert_int_equal(cluster_write(&cluster->nodes[1]), OUTCOME_COMMITTED);
    assert_int_equal(cluster->nodes[1].jump_count, 1);
    cluster_pass(cluster, SPAN_S(5), 0);
    assert_int_equal(cluster->nodes[0].jump_count + cluster->nodes[1].jump_count, 1);
}

static void move_slowly(struct ledger_tx *tx)
{
    (void)!db_run(db_query(tx->db, "SELECT pg_sleep(0.2)"));
}

/* With a million deadlines to move it takes longer than a statement may: given up, it would be tried for
 * ever, and nothing goes on without it. */
static void a_jump_takes_the_time_that_it_takes(void **state)
{
    SKIP_BUT_ON_POSTGRESQL("in a file no statement is given up");
    struct cluster *cluster = *state;
    cluster_start(cluster, 1);
    struct cluster_node *a = &cluster->nodes[0];
    a->at_jump = move_slowly;
    (void)!db_run(db_query(a->db, "SET statement_timeout = '50ms'"));
    cluster->server = utc_add(cluster->server, SPAN_H(1));
    assert_int_equal(cluster_write(a), OUTCOME_COMMITTED);
    assert_int_equal(a->jump_count, 1);
}

static void a_jump_whose_commit_fails_is_recorded_later(void **state)
{
    static const enum db_fate fates[] = {DB_LINK_CUT, DB_LINK_LOST_BEFORE, DB_LINK_LOST_AFTER};

    for (size_t i = 0; i < G_N_ELEMENTS(fates); i++) {
        struct cluster *cluster = cluster_create();
        cluster_start(cluster, 2);
        struct cluster_node *node = &cluster->nodes[0];
        cluster->server = utc_add(cluster->server, SPAN_H(1));
        node->fate = fates[i];
        node->moment = DB_AT_COMMIT;
        (void)cluster_write(node);
        cluster_pass(cluster, SPAN_S(5), 0);
        assert_int_equal(node->moment, 0);
        assert_int_equal(cluster_count_kind(cluster, "clock.jumped"), 1);
        cluster_destroy(&cluster);
    }
    (void)state;
}

/* --- for people --- */

struct seen {
    int nodes, alive, lanes;
};

static void see_node(void *self, const struct node_info *node)
{
    struct seen *seen = self;
    seen->nodes++;
    seen->alive += node->state == NODE_ALIVE;
    seen->lanes += node->lanes;
    assert_true(node->lanes == 0 ||
                (node->epoch_least > 0 && node->epoch_most >= node->epoch_least));
    assert_true(utc_is_set(node->started_at));
    assert_int_equal(utc_is_set(node->ended_at), node->state == NODE_GONE);
}

static struct seen list_nodes(struct cluster *cluster)
{
    struct seen seen = {0};
    db_begin_read(cluster->nodes[0].db);
    node_list(cluster->nodes[0].db, see_node, &seen);
    assert_int_equal(node_orphan_lanes(cluster->nodes[0].db), LANE_COUNT - seen.lanes);
    assert_int_equal(db_commit(cluster->nodes[0].db), DB_OK);
    return seen;
}

static void nodes_are_listed_and_forgotten_after_a_day(void **state)
{
    struct cluster *cluster = *state;
    cluster_start(cluster, 3);
    struct seen seen = list_nodes(cluster);
    assert_int_equal(seen.nodes, 3);
    assert_int_equal(seen.alive, 3);
    assert_int_equal(seen.lanes, LANE_COUNT);
    struct span age = {0};
    int64_t killed = id_of(&cluster->nodes[2]);
    cluster_kill(&cluster->nodes[2]);
    cluster_pass(cluster, SPAN_S(2), 0);
    assert_true(ledger_beat_age(cluster->nodes[0].ledger, killed, &age));
    assert_in_range(age.us, SPAN_MS(1500).us, SPAN_MS(2600).us);
    assert_true(ledger_beat_age(cluster->nodes[0].ledger, id_of(&cluster->nodes[1]), &age));
    assert_in_range(age.us, 0, SPAN_MS(700).us);
    assert_false(ledger_beat_age(cluster->nodes[0].ledger, 4711, &age));
    cluster_pass(cluster, SPAN_S(3), 0);
    seen = list_nodes(cluster);
    assert_int_equal(seen.nodes, 3);
    assert_int_equal(seen.alive, 2);
    /* A day later; nobody needs to tick through it. */
    cluster->elapsed.us += SPAN_H(25).us;
    cluster->server = utc_add(cluster->server, SPAN_H(25));
    cluster_pass(cluster, SPAN_S(5), 0);
    seen = list_nodes(cluster);
    assert_int_equal(seen.nodes, seen.alive);
}

/* A supervisor starts a node again and again, and it fails each time. */
static void many_restarts_leave_few_behind(void **state)
{
    struct cluster *cluster = *state;
    cluster_start(cluster, 2);
    cluster_join(&cluster->nodes[3]);
    int64_t last = 0;
    for (int i = 0; i < NODES_GONE_KEPT + 10; i++) {
        cluster_join(&cluster->nodes[2]);
        last = id_of(&cluster->nodes[2]);
        ledger_end(cluster->nodes[2].ledger);
        cluster_kill(&cluster->nodes[2]);
    }
    struct seen seen = list_nodes(cluster);
    assert_int_equal(seen.alive, 3);
    assert_int_equal(seen.nodes, 3 + NODES_GONE_KEPT + 1);
    db_begin_read(cluster->nodes[0].db);
    g_autofree char *name = node_name(cluster->nodes[0].db, last);
    assert_string_equal(name, "cyd");
    assert_int_equal(db_commit(cluster->nodes[0].db), DB_OK);
    cluster_pass(cluster, SPAN_S(2), 0);
    assert_int_equal(list_nodes(cluster).lanes, LANE_COUNT);
}

static void who_lives_is_known_without_asking(void **state)
{
    struct cluster *cluster = *state;
    cluster_start(cluster, 3);
    cluster_kill(&cluster->nodes[2]);
    for (int expected = 3; expected >= 2; expected--) {
        struct ledger *ledger = cluster->nodes[0].ledger;
        struct ledger_tx tx = ledger_begin(ledger, cluster->server);
        assert_int_equal(ledger_nodes_alive(&tx), expected);
        assert_int_equal(ledger_finish(ledger, "test"), DB_OK);
        cluster_pass(cluster, SPAN_S(5), 0);
    }
}

/* With one writer there are no nodes, and nothing of all this is written. */
static void one_writer_holds_all_lanes(void **state)
{
    (void)state;
    struct fault fault = {0};
    struct db *db = db_open(":memory:", DB_READ_WRITE, &fault);
    assert_true(db_migrate(db, clock_now(&CLOCK_SYSTEM), &fault));
    struct ledger *ledger = ledger_create(db, &CLOCK_SYSTEM, &RANDOM_SYSTEM);
    assert_true(ledger_join(ledger, "only", NULL, &fault));
    assert_ptr_equal(ledger_clock(ledger), &CLOCK_SYSTEM);
    struct ledger_tx tx = ledger_begin(ledger, clock_now(&CLOCK_SYSTEM));
    assert_true(tx.lanes == LANES_ALL);
    assert_int_equal(ledger_node(&tx), 0);
    assert_int_equal(ledger_lane_epoch(&tx, 63), 1);
    assert_int_equal(ledger_nodes_alive(&tx), 1);
    assert_int_equal(ledger_finish(ledger, "test"), DB_OK);
    assert_true(ledger_tick(ledger).us == UTC_NEVER.us);
    ledger_leave(ledger);
    ledger_end(ledger);
    struct seen seen = {0};
    node_list(db, see_node, &seen);
    assert_int_equal(seen.nodes, 0);
    assert_int_equal(event_last_seq(db), 0);
    ledger_destroy(&ledger);
    db_close(&db);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(nodes_share_the_lanes),
        TEST(a_dead_nodes_lanes_go_on_within_5_s),
        TEST(two_die_at_once),
        TEST(who_leaves_is_replaced_within_1_s),
        TEST(who_is_idle_is_replaced_and_comes_back),
        TEST(the_last_one_keeps_its_lanes),
        TEST(who_leaves_beside_one_who_sleeps_is_replaced_too),
        TEST(who_could_not_leave_then_leaves_later),
        TEST(who_dies_while_leaving_is_counted_as_lost),
        TEST(an_outage_for_all_kills_nobody),
        TEST(a_node_that_is_cut_off_is_replaced_and_comes_back_as_another),
        TEST(a_node_that_starts_again_is_another),
        TEST(who_was_frozen_finds_no_lanes_when_it_writes),
        TEST(lanes_are_read_again_in_the_turn_that_works),
        TEST(a_fence_before_the_turn_is_seen_to_leak),
        TEST(no_fence_is_seen_to_leak),
        TEST(behind_a_new_connection_the_same_number_says_nothing),
        TEST(a_new_holder_has_a_new_epoch),
        cmocka_unit_test(a_jump_moves_waits_once_for_all_nodes),
        TEST(a_jump_is_recorded_before_a_command_uses_the_clock),
        TEST(a_jump_takes_the_time_that_it_takes),
        cmocka_unit_test(a_jump_whose_commit_fails_is_recorded_later),
        TEST(nodes_are_listed_and_forgotten_after_a_day),
        TEST(many_restarts_leave_few_behind),
        TEST(who_lives_is_known_without_asking),
        cmocka_unit_test(one_writer_holds_all_lanes),
    };
    return cmocka_run_group_tests_name("node", tests, NULL, NULL);
}
