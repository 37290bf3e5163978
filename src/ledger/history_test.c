/* Random histories of four nodes over one database: they are killed, frozen, cut off, stopped and started
 * again, and answers to commits are lost. Whatever happens, each lane is worked by the one node that
 * holds it, what was answered is there once, and in the end all is shared. */
#include "ledger/cluster_harness.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

enum { HISTORIES = 25, STEPS = 120 };

struct history {
    struct cluster *cluster;
    GRand *dice;
    unsigned frozen;   /* a bit each */
    unsigned planted;  /* enum ledger_bug, of all nodes */
    int64_t committed; /* answered so */
    int64_t uncertain;
};

static void start(struct history *history, struct cluster_node *node)
{
    node->is_cut = false;
    node->moment = 0;
    cluster_join(node);
    node->ledger->planted = history->planted;
}

static int64_t draw(struct history *history, int64_t bound)
{
    return g_rand_int_range(history->dice, 0, (gint32)bound);
}

static bool is_last(const struct history *history, const struct cluster_node *node)
{
    for (int i = 0; i < CLUSTER_NODES; i++) {
        const struct cluster_node *other = &history->cluster->nodes[i];
        if (other != node && other->ledger != NULL && (history->frozen >> i & 1) == 0) {
            return false;
        }
    }
    return true;
}

static void change_something(struct history *history)
{
    static const enum db_fate fates[] = {DB_LINK_CUT, DB_LINK_LOST_BEFORE, DB_LINK_LOST_AFTER};

    int64_t which = draw(history, CLUSTER_NODES);
    struct cluster_node *node = &history->cluster->nodes[which];
    int64_t what = draw(history, 8);
    if (node->ledger == NULL) {
        start(history, node);
    } else if (what == 0 && !is_last(history, node)) {
        cluster_kill(node);
        history->frozen &= ~(1U << which);
    } else if (what == 1 && !is_last(history, node)) {
        history->frozen ^= 1U << which;
    } else if (what == 2) {
        node->is_cut = !node->is_cut;
    } else if (what == 3 && !is_last(history, node) && !node->is_cut &&
               (history->frozen >> which & 1) == 0) {
        ledger_leave(node->ledger);
        ledger_end(node->ledger);
        cluster_kill(node);
    } else if (what > 4) {
        node->fate = fates[draw(history, 3)];
        node->moment = DB_AT_COMMIT;
    }
}

/* A frozen one thaws for a moment, in the middle of what it was about to do. */
static void write_somewhere(struct history *history)
{
    struct cluster_node *node = &history->cluster->nodes[draw(history, CLUSTER_NODES)];
    if (node->ledger != NULL) {
        enum command_outcome outcome = cluster_write(node);
        history->committed += outcome == OUTCOME_COMMITTED;
        history->uncertain += outcome == OUTCOME_UNCERTAIN;
    }
}

/* While a node looks, time goes by without it: what it saw then is old when its turn comes. */
static void pass_without(struct cluster_node *node)
{
    unsigned itself = 1U << (node - node->cluster->nodes);
    cluster_pass(node->cluster, SPAN_S(5), itself);
}

static void step(struct history *history)
{
    struct cluster *cluster = history->cluster;
    change_something(history);
    write_somewhere(history);
    struct cluster_node *late = &cluster->nodes[draw(history, CLUSTER_NODES)];
    bool is_late = late->ledger != NULL && draw(history, 10) == 0;
    late->at_ask = is_late ? pass_without : NULL;
    for (int i = 0; i < CLUSTER_NODES; i++) {
        cluster->nodes[i].due_at = cluster->server; /* always something to do */
    }
    if (is_late) {
        (void)!ledger_tick(late->ledger).us;
    }
    late->at_ask = NULL;
    cluster_pass(cluster, SPAN_MS(50 * (1 + draw(history, 40))), history->frozen);
}

static void calm_down(struct history *history)
{
    for (int i = 0; i < CLUSTER_NODES; i++) {
        struct cluster_node *node = &history->cluster->nodes[i];
        node->is_cut = false;
        node->moment = 0;
        node->due_at = (struct utc){0};
    }
    cluster_pass(history->cluster, SPAN_S(10), 0);
}

static int count_leaks(const struct cluster *cluster)
{
    int leaks = 0;
    for (int i = 0; i < CLUSTER_NODES; i++) {
        leaks += cluster->nodes[i].leaks;
    }
    return leaks;
}

static void check_shared(const struct cluster *cluster)
{
    lane_set all = 0;
    for (int i = 0; i < CLUSTER_NODES; i++) {
        const struct cluster_node *node = &cluster->nodes[i];
        if (node->ledger != NULL) {
            assert_true((all & cluster_lanes(node)) == 0);
            all |= cluster_lanes(node);
        }
    }
    assert_true(all == LANES_ALL);
}

/* Answers how often a node worked lanes that were not its own. */
static int run_history(uint32_t seed, unsigned planted)
{
    struct history history = {.cluster = cluster_create(), .planted = planted};
    history.dice = g_rand_new_with_seed(seed);
    start(&history, &history.cluster->nodes[0]);
    for (int i = 0; i < STEPS; i++) {
        step(&history);
    }
    calm_down(&history);
    int leaks = count_leaks(history.cluster);
    if (planted == 0) {
        int64_t there = cluster_count_kind(history.cluster, "thing.done");
        if (there < history.committed || there > history.committed + history.uncertain) {
            fail_msg("seed %u: %d committed, %d uncertain, %d there", seed, (int)history.committed,
                     (int)history.uncertain, (int)there);
        }
        (void)cluster_verify(history.cluster);
        check_shared(history.cluster);
    }
    g_rand_free(history.dice);
    cluster_destroy(&history.cluster);
    return leaks;
}

static void each_lane_is_worked_by_its_holder(void **state)
{
    (void)state;
    for (uint32_t seed = 1; seed <= HISTORIES; seed++) {
        int leaks = run_history(seed, 0);
        if (leaks != 0) {
            fail_msg("seed %u: %d leaks", seed, leaks);
        }
    }
}

static void planted_bugs_are_found(void **state)
{
    static const enum ledger_bug bugs[] = {LEDGER_BUG_NO_FENCE, LEDGER_BUG_EARLY_FENCE};

    for (size_t i = 0; i < G_N_ELEMENTS(bugs); i++) {
        int leaks = 0;
        for (uint32_t seed = 1; seed <= HISTORIES && leaks == 0; seed++) {
            leaks = run_history(seed, bugs[i]);
        }
        assert_true(leaks > 0);
    }
    (void)state;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_lane_is_worked_by_its_holder),
        cmocka_unit_test(planted_bugs_are_found),
    };
    return cmocka_run_group_tests_name("history", tests, NULL, NULL);
}
