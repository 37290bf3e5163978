/* ledger/cluster_harness.h - several ledgers over one shared database, in one thread, for tests: the
 * server's clock, each node's own clocks and each node's link stand where the test puts them. On
 * either engine. */
#ifndef LEDGER_CLUSTER_HARNESS_H
#define LEDGER_CLUSTER_HARNESS_H

#include "db/link.h"
#include "db/memory_vfs.h"
#include "db/test_database.h"
#include "ledger/ledger_private.h"
#include "ledger/node.h"

enum { CLUSTER_NODES = 4 };

struct cluster;

struct cluster_node {
    struct cluster *cluster;
    struct db *db; /* NULL: not started, or killed */
    struct db_link link;
    enum db_fate fate;                           /* of what comes at `moment`, once … */
    enum db_moment moment;                       /* … 0: all is well */
    bool is_cut;                                 /* nothing reaches the database */
    void (*at_begin)(struct cluster_node *node); /* runs once, before that node's next begin */
    struct clock clock;
    struct span wall_off;    /* its wall clock less the true one */
    struct span stood_still; /* for how long its elapsed clock stood */
    struct ledger *ledger;
    int64_t heard_seq;
    int heard_count;    /* by its listener */
    int witnessed;      /* by its witness */
    int gone_count;     /* calls of its duty's node_gone */
    int64_t gone;       /* the last of them */
    struct span jumped; /* in all, as its duty was told */
    int jump_count;
    void (*at_jump)(struct ledger_tx *tx); /* runs when its deadlines are moved */
    struct utc due_at;                     /* of its duty; unset: not due */
    bool is_due_now;       /* its duty answers the very instant at which it is asked */
    int worked;            /* runs of its duty … */
    lane_set worked_lanes; /* … the lanes it had in the last */
    int leaks;             /* … and runs in which those were not what the database says */
    void (*at_ask)(struct cluster_node *node); /* runs once, when its duty is asked */
};

struct cluster {
    struct memory_disk *disk;
    char *where;
    struct utc server; /* the server's clock */
    struct span elapsed;
    struct span begin_takes; /* time that passes at each begin */
    struct cluster_node nodes[CLUSTER_NODES];
};

struct cluster *cluster_create(void);
void cluster_destroy(struct cluster **cluster);

/* Opens the database and makes a ledger; cluster_start also joins and ticks until lanes are shared. */
void cluster_open(struct cluster_node *node);
void cluster_join(struct cluster_node *node);
void cluster_start(struct cluster *cluster, int count);
/* As by kill -9. */
void cluster_kill(struct cluster_node *node);

/* Time passes, in steps of 50 ms; all nodes that live and are not in `frozen` (a bit each) tick. */
void cluster_pass(struct cluster *cluster, struct span by, unsigned frozen);

lane_set cluster_lanes(const struct cluster_node *node); /* as it remembers them */

/* A command that writes one event. */
enum command_outcome cluster_write(struct cluster_node *node);
/* What tx->lanes is in a write transaction of that node. */
lane_set cluster_write_lanes(struct cluster_node *node);
/* The chain is whole; answers how long it is. */
int64_t cluster_verify(struct cluster *cluster);
int64_t cluster_count_kind(struct cluster *cluster, const char *kind);

/* Of a test: *state is a struct cluster * in which three nodes have joined. */
int cluster_set_up(void **state);
int cluster_tear_down(void **state);
#define IN_CLUSTER(test) cmocka_unit_test_setup_teardown(test, cluster_set_up, cluster_tear_down)

#endif
