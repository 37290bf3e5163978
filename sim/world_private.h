/* sim/world_private.h - the parts of one world. */
#ifndef SIM_WORLD_PRIVATE_H
#define SIM_WORLD_PRIVATE_H

#include "db/link.h"
#include "db/memory_vfs.h"
#include "paging/courier.h"
#include "sim/agenda.h"
#include "sim/inspector.h"
#include "sim/world.h"

/* One machine and the process on it. */
struct node {
    struct world *world;
    int index;
    char name[8];
    struct clock clock; /* this machine's */
    struct span skew;   /* of its wall clock */
    int64_t drift_ppm;  /* of both its clocks */
    /* Its way to the database and to the providers. */
    struct db_link link;
    bool is_cut;
    bool is_silent; /* reaches no provider */

    enum { COMMIT_IS_WELL, COMMIT_IS_LOST, COMMIT_IS_CUT } next_commit;

    int faults; /* so far: whatever makes what it has in flight uncertain */
    /* The process that runs now. */
    unsigned epoch; /* names its happenings; of the last one while none runs */
    bool is_up;
    bool is_frozen;
    bool is_leaving;
    bool is_working;
    bool is_inside; /* frozen in the middle of a call: it cannot be taken apart now */
    bool is_blind;  /* its last look before sending found no database */
    bool has_recovered;
    int falls_in; /* after so many steps of its work it dies or freezes; 0: it does not */
    int falls_how;
    int freezes_in;        /* so many begins of transactions; 0: it does not */
    bool freezes_in_batch; /* of those with commands only */
    bool is_in_batch;
    struct db *db;
    struct config_holder *configs;
    struct ledger *ledger;
    struct pager *pager;
    struct courier *courier;
    GArray *commands; /* of struct command: submitted, not yet run */
    struct span tick_at, courier_at;
};

struct world {
    struct world_options options;
    struct world_report *report;
    struct chance chance;
    struct span elapsed; /* simulated time since the start */
    struct utc
        wall_base; /* the wall clock is this plus elapsed; jumps change it. With several nodes
                             the database's */
    struct random random;
    struct agenda *agenda;
    struct scene scene;
    struct scene next_scene; /* as it will be when the change under way is committed */

    /* CHANGE_LOST: whether it was kept nobody knows, so the same is tried again. */
    enum { CHANGE_NONE, CHANGE_SENT, CHANGE_LOST } change;

    bool has_changed; /* its event was just read */
    struct auditor *auditor;
    struct inspector *inspector; /* with several nodes */
    struct memory_disk *disk;
    char *where;    /* the database: on that disk, or a server's (TOCSIN_TEST_ENGINE) */
    struct db *eye; /* with several nodes: reads past all links */
    struct node nodes[WORLD_NODES_MAX];
    int node_count;
    unsigned epochs; /* handed out to processes so far */
    bool is_database_down;
    GArray *answered; /* int64_t: alerts that were answered 2xx since they were last looked for */
    guint answered_seen;
    GHashTable *under_way;  /* kind and address -> struct attempt that goes there */
    GHashTable *questions;  /* of int64_t: deliveries that asked "still on it?", as providers saw */
    struct moment down_at;  /* one node: of the last crash */
    bool is_reading_past;   /* events from before it are read only now */
    int64_t seen_seq;       /* of the event log, by the auditor */
    int64_t keys;           /* dedup keys handed out so far */
    bool providers_fail[3]; /* by channel: email, webhook, ntfy */
};

struct moment world_now(const struct world *world);
/* For whoever looks for the reason of a complaint. `node` may be NULL. */
PRINTF_LIKE(3, 4)
void world_tell(const struct world *world, const struct node *node, const char *format, ...);
void world_count(struct world *world, enum world_count what);
NODISCARD bool world_is_shared(const struct world *world);
void world_at(struct world *world, struct span after, void (*happen)(void *arg), void *arg);
/* The same for an arg that `drop` frees when the world ends before. */
void world_at_owned(struct world *world, struct span after, void (*happen)(void *arg),
                    void (*drop)(void *arg), void *arg);
/* One step: time moves on (not beyond that), then everybody works. */
void world_move_on(struct world *world, int64_t most_us);
void world_work(struct world *world);
NODISCARD bool world_goes_on(const struct world *world);
/* What the program is given for a scene: the planted mistake included. New reference. */
NODISCARD json_t *world_document(const struct world *world, const struct scene *scene);
/* Where requests go: any node behind a load balancer, which may not know that it is dead. */
struct node *world_any_node(struct world *world);

/* process.c: the program under test. */
void process_init(struct world *world, int index);
void process_clear(struct node *node);
/* False: the database did not let it start; try again later. */
NODISCARD bool process_start(struct node *node);
/* kill -9: what was written stays. With `has_power_gone` only what was synced is sure. */
void process_crash(struct node *node, bool has_power_gone);
/* As asked to: the lanes go first, the end comes later. */
void process_leave(struct node *node);
void process_end(struct node *node);
/* Runs, and is not frozen. */
NODISCARD bool process_is_awake(const struct node *node);
/* Takes requests. */
NODISCARD bool process_is_open(const struct node *node);
NODISCARD bool process_submit(void *node, struct command command);
/* Runs what was submitted, ticks, steps the courier, reads new events. */
void process_work(struct node *node);
/* What this node does next belongs to its process: it ends with it, and waits while it is frozen. */
void process_at(struct node *node, struct span after, void (*happen)(void *arg),
                void (*drop)(void *arg), void *arg);
/* PLANT_LOST_TIMERS, between two lives. */
void process_forget_timers(struct node *node);

/* history.c: what the auditor may read. */
void history_read(struct world *world, struct db *db);
/* Everything that was answered must be there, whatever happened. */
void history_check_answered(struct world *world, struct db *db);
/* Only what was answered since it was called last, before its number is given to another. */
void history_check_new(struct world *world, struct db *db);

/* trouble.c: what goes wrong where one node runs. */
void trouble_start(struct world *world);
void trouble_power(struct world *world);
/* cluster.c: what goes wrong among several. */
void cluster_start(struct world *world);
void cluster_look(struct world *world);
void cluster_end(struct world *world);
/* It freezes at the end of the step that it is in. */
void cluster_freeze_soon(struct node *node);
/* The node came to its moment, see falls_in. */
void cluster_fall(struct node *node);
/* It waits for its turn: what may happen meanwhile? */
void cluster_wait(struct node *node);
/* network.c: what goes wrong between them, their database and the providers. */
void network_start(struct world *world);
NODISCARD bool node_is_cut_off(const struct node *node);
/* What the node has in flight is not certain any more, and whoever must act on it needs its time. */
void node_disturb(struct node *node, struct span grace);
enum db_fate network_fate(void *self, enum db_moment moment);
void network_announced(void *self);

/* senders.c: signals come in. */
void senders_start(struct world *world);
/* provider.c: messages go out, people answer. */
struct sender provider_sender(struct node *node);
/* people.c */
void people_hear(struct world *world, int person, const int64_t *alert_ids, size_t count);

#endif
