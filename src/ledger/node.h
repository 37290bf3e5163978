/* ledger/node.h - the nodes that share a database, for people: who lives, and who works how much.
 *
 * Whether a node that stands here as alive really is, only another node can tell, by watching its
 * beat: ask ledger_beat_age. */
#ifndef LEDGER_NODE_H
#define LEDGER_NODE_H

#include "db/row.h"
#include "ledger/lane.h"

enum { NODES_GONE_KEPT = 50 }; /* and a few more until somebody joins */

/* A row of table node, and what it works. */
struct node_info {
    int64_t id;
    const char *name;
    const char *address; /* where it takes requests; may be NULL */
    const char *version;
    int64_t schema_known; /* newest schema that its program knows */
    enum node_state state;
    int64_t beat; /* goes up while it lives */
    struct utc started_at;
    struct utc ended_at;             /* unset unless NODE_GONE */
    int lanes;                       /* how many it holds */
    int64_t epoch_least, epoch_most; /* of its lanes; 0 when it has none */
};

extern const struct table NODE_TABLE;
extern const struct enum_name NODE_STATE_NAMES[]; /* alive leaving gone */

/* Every node that the database still knows, in the order in which they joined; of those that are gone
 * the last NODES_GONE_KEPT, for a day. Any connection. The callback's node is valid during the call. In a database
 * with one writer there are none. */
void node_list(struct db *db, void (*each)(void *self, const struct node_info *node), void *self);

/* Forgets those that are gone but for the `kept` that ended last: a node that is started again each
 * second would leave 86,400 in a day. */
void node_forget_gone(struct db *db, int kept);

/* How many lanes nobody holds: more than none for longer than some seconds is a fault. */
NODISCARD int node_orphan_lanes(struct db *db);

#endif
