/* sim/inspector.h - what several nodes promise beyond what one does, checked from outside.
 *
 *   late     something was due although a node was able: work goes on within 5 s of any fault, within
 *            1 s of a clean stop;
 *   lane     a delivery was claimed by a node that did not hold its lane, or in an epoch before one
 *            that was worked already;
 *   twice    a message left again though nothing had happened to the node that sent it first;
 *   history  the chain of events has a gap or was changed.
 * Complaints go to the auditor. */
#ifndef SIM_INSPECTOR_H
#define SIM_INSPECTOR_H

#include "sim/auditor.h"

struct db;
struct inspector;

/* `eye` reads what is committed; borrowed. */
NODISCARD struct inspector *inspector_create(struct auditor *auditor, struct db *eye);
void inspector_destroy(struct inspector **inspector);

/* Something happened to nodes or database; what is due may wait that long from now. */
#define GRACE_FAULT SPAN_S(5)
#define GRACE_STOP SPAN_S(1)

void inspector_disturbed(struct inspector *inspector, struct span grace, struct moment now);
/* Is everybody who is able expected to be at work? */
NODISCARD bool inspector_is_calm(const struct inspector *inspector, struct moment now);

/* A message left. */
struct departure {
    int64_t delivery_id;
    int node;
    int faults;            /* of that node when it was given the message */
    bool is_late;          /* the node was frozen with the message in its hands */
    bool may_arrive;       /* the provider did not say no */
    bool is_unknown;       /* nor yes */
    const int *now_faults; /* by node: as they stand now */
};

/* True when it is a repeat (of which a fault is the reason). */
bool inspector_sent(struct inspector *inspector, const struct departure *departure,
                    struct moment now);

/* Time passed. `is_able`: some node runs and can write. Answers how many lanes moved. */
int inspector_look(struct inspector *inspector, bool is_able, struct moment now);
/* The world ends: looks at the whole history. */
void inspector_end(struct inspector *inspector, struct moment now);

#endif
