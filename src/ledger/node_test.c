/* Two and three ledgers over one shared database. */
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
static void assert_shared(struct cluster *cluster, unsigned among)
{
    lane_set all = 0;
    int least = LANE_COUNT, most = 0;
    for (unsigned i = 0; i < CLUSTER_NODES; i++) {
        if ((among >> i & 1) == 0) {
            continue;
        }
        lane_set lanes = cluster_lanes(&cluster->nodes[i]);
        assert_true((all & lanes) == 0);
        all |= lanes;
        least = MIN(least, lane_count(lanes));
        most = MAX(most, lane_count(lanes));
    }
    assert_true(all == LANES_ALL);
    assert_true(most - least <= 4);
}

static void nodes_share_the_lanes(void **state)
{
    struct cluster *cluster = *state;
    cluster_start(cluster, 1);
    assert_shared(cluster, 1);
    cluster_join(&cluster->nodes[1]);
    cluster_pass(cluster, SPAN_MS(300), 0);
    assert_shared(cluster, 3);
    cluster_join(&cluster->nodes[2]);
    cluster_pass(cluster, SPAN_MS(300), 0);
    assert_shared(cluster, 7);
    assert_int_equal(cluster_count_kind(cluster, "node.joined"), 3);
}

static void interleaved_batches_keep_one_chain(void **state)
{
    struct cluster *cluster = *state;
    cluster_start(cluster, 3);
    int64_t before = 0, after = 0;
    cluster_verify(cluster, &before);
    for (int i = 0; i < 300; i++) {
        assert_int_equal(cluster_write(&cluster->nodes[i * 7 % 3]), OUTCOME_COMMITTED);
    }
    cluster_verify(cluster, &after);
    assert_int_equal(after, before + 300);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(nodes_share_the_lanes, set_up, tear_down),
        cmocka_unit_test_setup_teardown(interleaved_batches_keep_one_chain, set_up, tear_down),
    };
    return cmocka_run_group_tests_name("node", tests, NULL, NULL);
}
