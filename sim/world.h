/* sim/world.h - the real ledger, rules and courier on SQLite, in a world of which everything else is
 * made up: time, disk, network, random numbers, people who sleep, providers that fail, and crashes.
 *
 * Either one node with a disk that fills up, breaks and loses power, or several nodes that share one
 * database: then they crash, freeze, stop and are cut off while the database goes away and comes back.
 * One thread, one seed: the same seed gives the same history. */
#ifndef SIM_WORLD_H
#define SIM_WORLD_H

#include "sim/auditor.h"

enum { WORLD_NODES_MAX = 3 };

/* A mistake put in on purpose, to see that the auditor notices. */
enum plant {
    PLANT_NOTHING = 1,
    PLANT_LOST_TIMERS,  /* a restart forgets the deadlines of escalations */
    PLANT_WRONG_SHIFT,  /* the program is given schedules whose rotations stand one hour later */
    PLANT_LATE_SENDING, /* the courier sits on a message and does not look again before it goes */
    PLANT_EARLY_ANSWER, /* signals are answered before they are on stable storage */
    PLANT_NO_THROTTLE,  /* every message counts as the first of its hour */
    PLANT_DOUBLE_END,   /* what is over is told again */
    /* With several nodes only: */
    PLANT_NO_FENCE,       /* a node writes by the lanes that it held when it was started */
    PLANT_EARLY_FENCE,    /* a node looks at its lanes before the transaction, not in it */
    PLANT_LOST_WAKE_UP,   /* a node looks only when it is woken */
    PLANT_EARLY_DATABASE, /* the database answers commits that it would not keep */
};

struct world_options {
    uint64_t seed;
    int hours;           /* of simulated time */
    int nodes;           /* 1 … WORLD_NODES_MAX */
    int plant;           /* enum plant */
    bool is_told;        /* what happens is printed as it does */
    const char *keep_at; /* a copy of the database when the world ends; NULL: none */
};

/* What happened, counted. */
enum world_count {
    COUNT_SIGNALS = 1,
    COUNT_ALERTS,
    COUNT_PAGES,
    COUNT_MESSAGES,
    COUNT_ACKNOWLEDGEMENTS,
    COUNT_CRASHES,
    COUNT_POWER_LOSSES,
    COUNT_FULL_DISKS,
    COUNT_JUMPS,
    COUNT_STEPS,
    /* With several nodes only: */
    COUNT_FREEZES,
    COUNT_STOPS,
    COUNT_CUTS,          /* of a node from the database */
    COUNT_SILENT_NODES,  /* nodes cut from the providers */
    COUNT_LOST_ANSWERS,  /* to commits */
    COUNT_OUTAGES,       /* of the database */
    COUNT_FAILOVERS,     /* of the database */
    COUNT_LOST_WAKE_UPS, /* between nodes */
    COUNT_CONFIG_CHANGES,
    COUNT_REPEATS,       /* messages about what had left already, after a fault */
    COUNT_LATE_MESSAGES, /* left after the acknowledgement: their node was frozen holding them */
    COUNT_MOVES,         /* lanes that went to another node */
    COUNT_END
};

struct world_report {
    int64_t counts[COUNT_END];
    char complaint[400]; /* "" when all was well */
};

/* Runs one world from start to end. */
void world_run(const struct world_options *options, struct world_report *out);

#endif
