/* paging/nodes_harness.h - for tests: nodes that page together over one shared database, without threads,
 * on the clocks of ledger/cluster_harness.h. */
#ifndef PAGING_NODES_HARNESS_H
#define PAGING_NODES_HARNESS_H

#include "access/key_index.h"
#include "config/config_work.h"
#include "ledger/cluster_harness.h"
#include "paging/errand.h"
#include "paging/work.h"

enum { ROOMS = 2 };

/* What a node has above its ledger. */
struct room {
    struct cluster_node *node;
    struct config_holder *configs; /* NULL: closed */
    struct pager *pager;
    struct key_index *keys;
};

struct nodes_house {
    struct cluster *cluster;
    struct room rooms[ROOMS];
};

/* Of a test: *state is a struct nodes_house * in which ana is paged for the service shop. */
int house_set_up(void **state);
int house_tear_down(void **state);
#define IN_HOUSE(test) cmocka_unit_test_setup_teardown(test, house_set_up, house_tear_down)

/* As by kill -9. */
void room_close(struct room *room);
/* The room whose node holds the lane of that name, and the other one. */
NODISCARD struct room *house_holder(struct nodes_house *house, const char *name);
NODISCARD struct room *house_other(struct nodes_house *house, const struct room *room);
/* Its bit for cluster_pass. */
NODISCARD unsigned house_bit(const struct nodes_house *house, const struct room *room);

struct utc room_now(const struct room *room);
enum command_outcome room_run(struct room *room,
                              enum command_result (*what)(struct ledger_tx *, void *), void *arg);
/* Applies that configuration (JSON; single quotes stand for double ones), which must be good. */
void room_apply(struct room *room, const char *document);
/* The same without judging how it went. */
NODISCARD enum command_outcome room_try_apply(struct room *room, const char *document);
/* A critical alert; answers its id. */
int64_t room_signal(struct room *room, const char *key, const char *service);
/* NULL when nothing is claimed. `held`: of struct claim. */
NODISCARD struct errand *room_claim(struct room *room, GArray *held);
/* As delivered. */
NODISCARD enum command_outcome room_settle(struct room *room, const struct errand *errand,
                                           bool *out_stale);
NODISCARD int room_delivery_state(struct room *room, int64_t id);

#endif
