/* ledger/lane_store.h - nodes, lanes and the total of clock jumps, as rows. */
#ifndef LEDGER_LANE_STORE_H
#define LEDGER_LANE_STORE_H

#include "ledger/lane_judge.h"
#include "ledger/node.h"

extern const struct table LANE_TABLE;

/* What a node holds. */
struct lane_hold {
    lane_set lanes;
    int64_t epochs[LANE_COUNT]; /* 0: does not hold it */
};

/* All that a node must know anew after others have written. */
struct own_rows {
    enum node_state state; /* NODE_GONE for a row that is not there */
    struct lane_hold hold;
    int64_t clock_total_us;
    int64_t schema_needed; /* that a program must know to work with the database */
};

/* The newest schema that a program must know to work with the database; 0 when it cannot be read. */
NODISCARD int64_t schema_needed(struct db *db);

void own_rows_ask(struct db *db, int64_t node); /* ahead, see db_ask_ahead */
void own_rows_load(struct db *db, int64_t node, struct own_rows *out);
void lane_view_load(struct db *db, struct lane_view *out);

/* A new one: its id, state and beat are set. Answers the id. */
int64_t node_insert(struct db *db, struct node_info *node);
void node_beat(struct db *db, int64_t node);
void node_set_leaving(struct db *db, int64_t node);
void node_set_gone(struct db *db, int64_t node, struct utc now);
/* The node's name, to be freed with g_free; NULL when it is not there. */
NODISCARD char *node_name(struct db *db, int64_t node);

/* A new holder begins a new epoch. */
void lane_take(struct db *db, int64_t node, lane_set lanes);
void lane_give(struct db *db, int64_t node, lane_set lanes);

void clock_shift_add(struct db *db, struct span by);

/* Forgets nodes that ended before `gone_before` and marks of commits before that turn. */
void node_prune(struct db *db, struct utc gone_before, int64_t turn_before);

#endif
