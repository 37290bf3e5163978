/* ledger/ledger_private.h - the inside of the ledger, for its own files and their tests. */
#ifndef LEDGER_LEDGER_PRIVATE_H
#define LEDGER_LEDGER_PRIVATE_H

#include <glib.h>
#include <stdatomic.h>

#include "ledger/ballast.h"
#include "ledger/event.h"

/* Bugs that a test plants to see itself fail. Never set outside tests and the simulator. */
enum ledger_bug {
    LEDGER_ANSWERS_EARLY = 1, /* answers before the commit */
};

/* The end of the event chain as it is in the transaction under way. */
struct event_head {
    bool is_known; /* false: read it from the database first */
    int64_t seq;
    unsigned char hash[EVENT_HASH_SIZE];
};

struct duty_state {
    struct ledger_duty duty;
    struct utc next_at;      /* as it answered when all were asked */
    struct span quiet_until; /* elapsed time; after a failure */
    bool is_failing;         /* its last transaction failed: take one subject at a time */
};

struct ledger {
    struct db *db;
    const struct clock *clock;
    const struct random *random;
    const struct ballast *ballast; /* may be NULL */
    bool is_ballast_held;
    GArray *duties;    /* of struct duty_state */
    GArray *listeners; /* of struct ledger_listener */
    struct event_head head;
    struct event_head head_before; /* at the begin of the transaction */
    struct utc wall_seen;          /* both clocks as they were last read together */
    struct span elapsed_seen;
    bool is_clock_marked;     /* both are kept for the next process, or cannot be */
    struct span closed_since; /* elapsed time */
    atomic_bool is_writable;
    unsigned stale; /* of enum ledger_stale; survives a rollback, which only reads once too often */
    unsigned planted; /* of enum ledger_bug */
};

/* One transaction of the ledger. ledger_finish commits and tells the listeners; when the commit
 * fails it undoes everything, closes the intake if the disk is the reason, and logs. */
NODISCARD struct ledger_tx ledger_begin(struct ledger *ledger, struct utc now);
NODISCARD enum db_status ledger_finish(struct ledger *ledger, const char *what);
void ledger_abort(struct ledger *ledger, const char *what);

/* Looks whether the wall clock jumped and, if so, records it and tells the duties. False when that
 * could not be written: then no deadline may be judged and no new one made. */
NODISCARD bool ledger_notice_clock(struct ledger *ledger);

#endif
