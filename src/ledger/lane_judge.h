/* ledger/lane_judge.h - which node is dead, and which lanes change hands?
 *
 * Pure: a node tells what it sees of the others, and when it looked. All instants are its own elapsed
 * clock. The same judgement decides whether there is something to do and, in the turn that does it,
 * what. */
#ifndef LEDGER_LANE_JUDGE_H
#define LEDGER_LANE_JUDGE_H

#include "ledger/lane.h"

/* More nodes than this are not seen; there are no lanes for them either. */
enum { NODES_MAX = 128 };

/* Who looks less often than this has not watched: nobody's beat is judged by such a gap. Longer than a
 * node that died in its turn holds it (a second) and the two turns after that last. */
#define WATCH_GAP_MOST SPAN_S(2)
/* A node that has beaten within this is awake: it will take what it is left. */
#define NODE_AWAKE SPAN_S(1)
/* Lanes that are free so long are taken by anybody, whatever its share. */
#define LANE_FREE_MOST SPAN_MS(600)

struct node_beat {
    int64_t id;
    enum node_state state;
    int64_t beat;
};

/* What stands in the database at one moment. */
struct lane_view {
    struct node_beat nodes[NODES_MAX]; /* those that are not gone */
    size_t node_count;
    int64_t holders[LANE_COUNT]; /* 0: nobody */
};

struct watched_node {
    int64_t id;
    int64_t beat;
    struct span beat_at; /* when this beat was first seen, or watching began anew */
};

/* What one node remembers of what it saw. {0}: it has never looked. */
struct lane_watch {
    bool has_looked;
    struct span looked_at;
    struct watched_node nodes[NODES_MAX];
    size_t node_count;
    lane_set free;                      /* nobody held them when it looked last … */
    struct span free_since[LANE_COUNT]; /* … and since then */
};

struct lane_verdict {
    int64_t dead[NODES_MAX];
    size_t dead_count;
    lane_set take; /* those of the dead included */
    lane_set give; /* back to nobody, so that others take them */
};

/* Remembers what is seen now. */
void lane_watch_look(struct lane_watch *watch, const struct lane_view *view, struct span elapsed);

/* How long the node's beat has stood still; false when it is not known. */
NODISCARD bool lane_watch_still(const struct lane_watch *watch, int64_t node, struct span elapsed,
                                struct span *out_still);

/* What the node `self` should do. `watch` may have looked a little before `view` was read. Nothing for
 * a node that is not among those of the view, or gives all lanes back when it leaves. */
void lane_judge(const struct lane_watch *watch, const struct lane_view *view, int64_t self,
                struct span elapsed, struct lane_verdict *out);

/* True when there is nothing to do. */
static inline bool lane_verdict_is_empty(const struct lane_verdict *verdict)
{
    return verdict->dead_count == 0 && verdict->take == 0 && verdict->give == 0;
}

NODISCARD int lane_count(lane_set lanes);

#endif
