#include "ledger/cluster_harness.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "base/log.h"
#include "ledger/chain.h"

#define STEP SPAN_MS(50)

static struct utc read_wall(void *self)
{
    const struct cluster_node *node = self;
    return utc_add((struct utc){1795000000000000 + node->cluster->elapsed.us}, node->wall_off);
}

static struct span read_elapsed(void *self)
{
    const struct cluster_node *node = self;
    return (struct span){node->cluster->elapsed.us - node->stood_still.us + 1000000};
}

static struct utc read_server(void *self)
{
    return ((struct cluster_node *)self)->cluster->server;
}

static enum db_fate draw_fate(void *self, enum db_moment moment)
{
    struct cluster_node *node = self;
    if (moment == DB_AT_BEGIN) {
        node->cluster->elapsed.us += node->cluster->begin_takes.us;
        node->cluster->server = utc_add(node->cluster->server, node->cluster->begin_takes);
    }
    if (moment == DB_AT_BEGIN && node->at_begin != NULL) {
        void (*at_begin)(struct cluster_node *) = node->at_begin;
        node->at_begin = NULL;
        at_begin(node);
    }
    if (node->is_cut) {
        return DB_LINK_CUT;
    }
    if (moment != node->moment) {
        return DB_LINK_GOOD;
    }
    node->moment = 0;
    return node->fate;
}

static void drop_line(void *self, const char *line)
{
    (void)self;
    (void)line;
}

struct cluster *cluster_create(void)
{
    log_setup(&(struct log_options){.sink = drop_line}); /* failures are told, and meant */
    struct cluster *cluster = g_new0(struct cluster, 1);
    cluster->disk = memory_disk_create("cluster-disk");
    cluster->where = test_database_create("file:cluster.db?vfs=cluster-disk");
    cluster->server = (struct utc){1795000000000000};
    for (int i = 0; i < CLUSTER_NODES; i++) {
        struct cluster_node *node = &cluster->nodes[i];
        node->cluster = cluster;
        node->link = (struct db_link){.fate = draw_fate, .now = read_server, .self = node};
        node->clock = (struct clock){.wall = read_wall, .elapsed = read_elapsed, .self = node};
        node->wall_off = (struct span){(i - 1) * SPAN_H(1).us}; /* must not matter */
    }
    return cluster;
}

void cluster_destroy(struct cluster **cluster)
{
    for (int i = 0; i < CLUSTER_NODES; i++) {
        cluster_kill(&(*cluster)->nodes[i]);
    }
    test_database_drop(&(*cluster)->where);
    memory_disk_destroy(&(*cluster)->disk);
    g_clear_pointer(cluster, g_free);
}

static void hear(void *self, int64_t last_seq)
{
    struct cluster_node *node = self;
    node->heard_seq = last_seq;
    node->heard_count++;
}

static void witness(struct ledger_tx *tx, void *self)
{
    (void)tx;
    ((struct cluster_node *)self)->witnessed++;
}

static struct utc chore_next(struct ledger_tx *tx, void *self)
{
    struct cluster_node *node = self;
    if (node->at_ask != NULL) {
        void (*at_ask)(struct cluster_node *) = node->at_ask;
        node->at_ask = NULL;
        at_ask(node);
    }
    if (node->is_due_now) {
        return tx->now;
    }
    return utc_is_set(node->due_at) ? node->due_at : UTC_NEVER;
}

/* Whatever the ledger believes: whose are they, in this very transaction? */
static lane_set lanes_in_database(struct ledger_tx *tx)
{
    struct lane_view view;
    lane_view_load(tx->db, &view);
    lane_set lanes = 0;
    for (int lane = 0; lane < LANE_COUNT; lane++) {
        lanes |= view.holders[lane] == ledger_node(tx) ? UINT64_C(1) << lane : 0;
    }
    return lanes;
}

static const struct event_kind CHORE_DONE = {.name = "chore.done"};
static const struct event_kind THING_DONE = {.name = "thing.done"};

static int chore_run(struct ledger_tx *tx, void *self, int limit)
{
    (void)limit;
    struct cluster_node *node = self;
    node->leaks +=
        tx->lanes != 0 && tx->lanes != lanes_in_database(tx) && db_error(tx->db) == DB_OK;
    node->due_at = (struct utc){0};
    node->is_due_now = false;
    node->worked++;
    node->worked_lanes = tx->lanes;
    event_append(tx, PRINCIPAL_TOCSIN, &CHORE_DONE, subject_only("chore"), NULL);
    return 1;
}

static void chore_jumped(struct ledger_tx *tx, void *self, struct span by)
{
    struct cluster_node *node = self;
    if (node->at_jump != NULL) {
        node->at_jump(tx);
    }
    node->jumped.us += by.us;
    node->jump_count++;
    node->due_at = utc_is_set(node->due_at) ? utc_add(node->due_at, by) : node->due_at;
}

static void chore_gone(struct ledger_tx *tx, void *self, int64_t gone)
{
    (void)tx;
    struct cluster_node *node = self;
    node->gone = gone;
    node->gone_count++;
}

void cluster_open(struct cluster_node *node)
{
    struct fault fault = {0};
    enum db_mode mode = test_database_is_shared() ? DB_READ_WRITE : DB_SHARED;
    node->db = db_open(node->cluster->where, mode, &fault);
    assert_string_equal(fault.text, "");
    db_set_link(node->db, &node->link);
    assert_true(db_migrate(node->db, node->cluster->server, &fault));
    node->ledger = ledger_create(node->db, &node->clock, &RANDOM_SYSTEM);
    ledger_add_listener(node->ledger, (struct ledger_listener){hear, node});
    ledger_add_witness(node->ledger, (struct ledger_witness){witness, node});
    ledger_add_duty(node->ledger, (struct ledger_duty){.name = "chore",
                                                       .next_at = chore_next,
                                                       .run_due = chore_run,
                                                       .clock_jumped = chore_jumped,
                                                       .node_gone = chore_gone,
                                                       .self = node});
}

void cluster_join(struct cluster_node *node)
{
    static const char *const names[] = {"ada", "bob", "cyd", "dan"};
    struct fault fault = {0};
    cluster_open(node);
    assert_true(ledger_join(node->ledger, names[node - node->cluster->nodes], NULL, &fault));
}

void cluster_start(struct cluster *cluster, int count)
{
    for (int i = 0; i < count; i++) {
        cluster_join(&cluster->nodes[i]);
    }
    cluster_pass(cluster, SPAN_S(1), 0);
}

void cluster_kill(struct cluster_node *node)
{
    ledger_destroy(&node->ledger);
    db_close(&node->db);
}

void cluster_pass(struct cluster *cluster, struct span by, unsigned frozen)
{
    for (int64_t us = 0; us < by.us; us += STEP.us) {
        cluster->elapsed.us += STEP.us;
        cluster->server = utc_add(cluster->server, STEP);
        for (unsigned i = 0; i < CLUSTER_NODES; i++) {
            if (cluster->nodes[i].ledger != NULL && (frozen >> i & 1) == 0) {
                (void)!ledger_tick(cluster->nodes[i].ledger).us;
            }
        }
    }
}

lane_set cluster_lanes(const struct cluster_node *node)
{
    return node->ledger->member.hold.lanes;
}

struct cluster_job {
    enum command_outcome outcome;
    lane_set lanes;
};

static enum command_result write_event(struct ledger_tx *tx, void *arg)
{
    ((struct cluster_job *)arg)->lanes = tx->lanes;
    event_append(tx, PRINCIPAL_TOCSIN, &THING_DONE, subject_only("thing"), NULL);
    return COMMAND_DONE;
}

static void take_answer(void *arg, enum command_outcome outcome)
{
    ((struct cluster_job *)arg)->outcome = outcome;
}

static struct cluster_job run_job(struct cluster_node *node)
{
    struct cluster_job job = {0};
    struct command command = {write_event, take_answer, &job, true};
    ledger_run_batch(node->ledger, &command, 1);
    return job;
}

enum command_outcome cluster_write(struct cluster_node *node)
{
    return run_job(node).outcome;
}

lane_set cluster_write_lanes(struct cluster_node *node)
{
    struct cluster_job job = run_job(node);
    assert_int_equal(job.outcome, OUTCOME_COMMITTED);
    return job.lanes;
}

static struct db *reader(const struct cluster *cluster)
{
    struct fault fault = {0};
    struct db *db = db_open(cluster->where, DB_READ_ONLY, &fault);
    assert_non_null(db);
    return db;
}

int64_t cluster_verify(struct cluster *cluster)
{
    struct db *db = reader(cluster);
    struct fault fault = {0};
    bool is_whole = chain_check(db, "database", &fault);
    int64_t length = event_last_seq(db);
    db_close(&db);
    if (!is_whole) {
        fail_msg("%s", fault.text);
    }
    return length;
}

int cluster_set_up(void **state)
{
    struct cluster *cluster = cluster_create();
    cluster_start(cluster, 3);
    *state = cluster;
    return 0;
}

int cluster_tear_down(void **state)
{
    struct cluster *cluster = *state;
    cluster_destroy(&cluster);
    return 0;
}

struct cluster_count {
    const char *kind;
    int64_t count;
};

static void count_one(void *self, const struct event *event)
{
    struct cluster_count *count = self;
    count->count += strcmp(event->kind, count->kind) == 0;
}

int64_t cluster_count_kind(struct cluster *cluster, const char *kind)
{
    struct db *db = reader(cluster);
    struct cluster_count count = {kind, 0};
    event_list(db, 0, NULL, 1000000, count_one, &count);
    db_close(&db);
    return count.count;
}
