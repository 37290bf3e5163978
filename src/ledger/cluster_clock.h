/* ledger/cluster_clock.h - the clock that all nodes of a shared database have in common.
 *
 * It is the database server's, carried on by this machine's elapsed clock between two looks; the
 * machine's wall clock plays no part. Reading it is safe from any thread, learning is the ledger's.
 *
 * A jump of the server's clock moves deadlines, once for all nodes: its size is added to a total in
 * the database by the first node that notices. Each node expects the clock to have moved by what
 * elapsed plus by what the total has changed. */
#ifndef LEDGER_CLUSTER_CLOCK_H
#define LEDGER_CLUSTER_CLOCK_H

#include <stdatomic.h>

#include "base/clock.h"

/* A step that is too big for a clock that is being disciplined. */
#define CLOCK_JUMP_LEAST SPAN_S(2)
/* As far as the clock may be off before it is set right: smaller steps come from the network. */
#define CLOCK_OFF_MOST SPAN_MS(100)

struct cluster_clock {
    struct clock clock; /* what is handed out */
    const struct clock *machine;
    _Atomic int64_t offset_us; /* server's clock less elapsed clock, as it is handed out */
    bool is_known;             /* the two below; the ledger's own */
    int64_t seen_us;           /* server's clock less elapsed clock, as it was learnt last */
    int64_t total_us;          /* of all jumps, as it stood in the database then */
    int64_t recorded_us;       /* the last jump that this node noticed as the first one */
};

/* One look at the server's clock: it stood at `now` at some moment between the two. */
struct clock_look {
    struct span before, after;
    struct utc now;
    int64_t total_us; /* of jumps, in the database */
};

/* Until it learns better it goes by the machine's own clock. `machine` must outlive it. */
void cluster_clock_init(struct cluster_clock *cluster, const struct clock *machine);

/* Sets the clock right. True when the server's clock jumped and no node has recorded it: then the
 * deadlines must be moved by `out_by` before any is judged. Answers the same until it is recorded. */
NODISCARD bool cluster_clock_learn(struct cluster_clock *cluster, const struct clock_look *look,
                                   struct span *out_by);

/* This node has added `by` to the total, and that is committed. */
void cluster_clock_recorded(struct cluster_clock *cluster, struct span by);

#endif
