/* sim/eye_store.h - what the inspector reads from the tables, past every rule. */
#ifndef SIM_EYE_STORE_H
#define SIM_EYE_STORE_H

#include "db/db.h"

/* The earliest deadline of escalations, pages and mailboxes. */
struct eye_due {
    const char *what;
    int64_t id, lane;
    struct utc at; /* UTC_NEVER: none */
};

void eye_next_due(struct db *eye, struct eye_due *out);

/* Who holds a lane; holder 0: nobody. */
struct eye_lane {
    int64_t lane, holder, epoch;
};

NODISCARD size_t eye_lanes(struct db *eye, struct eye_lane *out, size_t max);

/* Who claimed a delivery, and by which right. */
struct eye_claim {
    int64_t delivery, lane, epoch, node;
};

/* Those after the given one, in order. */
NODISCARD size_t eye_claims(struct db *eye, int64_t after, struct eye_claim *out, size_t max);

/* The notifications that a delivery carries. */
NODISCARD size_t eye_carried(struct db *eye, int64_t delivery, int64_t *out_ids, size_t max);

#endif
