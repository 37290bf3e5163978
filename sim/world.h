/* sim/world.h - the real ledger, rules and courier on SQLite, in a world of which everything else is
 * made up: time, disk, network, random numbers, people who sleep, providers that fail, and crashes.
 *
 * One thread, one seed: the same seed gives the same history. */
#ifndef SIM_WORLD_H
#define SIM_WORLD_H

#include "sim/auditor.h"

/* A mistake put in on purpose, to see that the auditor notices. */
enum plant {
    PLANT_NOTHING = 1,
    PLANT_LOST_TIMERS,  /* a restart forgets the deadlines of escalations */
    PLANT_WRONG_SHIFT,  /* the program is given schedules whose rotations stand one hour later */
    PLANT_LATE_SENDING, /* the courier sits on a message and does not look again before it goes */
    PLANT_EARLY_ANSWER, /* signals are answered before they are on stable storage */
    PLANT_NO_THROTTLE,  /* every message counts as the first of its hour */
};

struct world_options {
    uint64_t seed;
    int hours;           /* of simulated time */
    int plant;           /* enum plant */
    const char *keep_at; /* a copy of the database when the world ends; NULL: none */
};

struct world_report {
    int64_t signals, alerts, pages, messages, acknowledgements, crashes, power_losses, full_disks,
        jumps, steps;
    char complaint[400]; /* "" when all was well */
};

/* Runs one world from start to end. */
void world_run(const struct world_options *options, struct world_report *out);

#endif
