/* sim/world_private.h - the parts of one world. */
#ifndef SIM_WORLD_PRIVATE_H
#define SIM_WORLD_PRIVATE_H

#include "db/memory_vfs.h"
#include "ledger/ballast.h"
#include "page/courier.h"
#include "sim/agenda.h"
#include "sim/world.h"

struct world {
    struct world_options options;
    struct world_report *report;
    struct chance chance;
    struct span elapsed;  /* simulated time since the start */
    struct utc wall_base; /* the wall clock is this plus elapsed; jumps change it */
    struct clock clock;
    struct random random;
    struct agenda *agenda;
    struct scene scene;
    struct auditor *auditor;
    struct memory_disk *disk;
    struct ballast ballast;
    bool is_ballast_held;
    char where[64]; /* the database on that disk */
    /* The process that runs now. */
    unsigned epoch;
    bool is_up;
    bool has_recovered;
    struct db *db;
    struct config_holder *configs;
    struct ledger *ledger;
    struct pager *pager;
    struct courier *courier;
    GArray *answered; /* int64_t: alerts that were answered 2xx since the last restart */
    GArray *commands; /* of struct command: submitted, not yet run */
    struct span tick_at, courier_at;
    struct moment down_at;  /* of the last crash */
    bool is_reading_past;   /* events from before it are read only now */
    int64_t seen_seq;       /* of the event log, by the auditor */
    int64_t keys;           /* dedup keys handed out so far */
    bool providers_fail[3]; /* by channel: email, webhook, ntfy */
};

struct moment world_now(const struct world *world);
void world_at(struct world *world, struct span after, void (*happen)(void *arg), void *arg);
/* The same for an arg that `drop` frees when the world ends before. */
void world_at_owned(struct world *world, struct span after, void (*happen)(void *arg),
                    void (*drop)(void *arg), void *arg);
bool world_submit(void *world, struct command command);

/* process.c: the program under test. */
/* False: the disk did not let it start; try again later. */
NODISCARD bool process_start(struct world *world);
/* kill -9: what was written stays. With `has_power_gone` only what was synced is sure. */
void process_crash(struct world *world, bool has_power_gone);
/* PLANT_LOST_TIMERS, between two lives. */
void process_forget_timers(struct world *world);
/* Runs what was submitted, ticks, steps the courier, reads new events. */
void process_work(struct world *world);

/* senders.c: signals come in. */
void senders_start(struct world *world);
/* provider.c: messages go out, people answer. */
struct sender provider_sender(struct world *world);
/* people.c */
void people_hear(struct world *world, int person, const int64_t *alert_ids, size_t count);

#endif
