/* test/oracle/plan.h - schedules made up at random, near the changes of a clock.
 *
 * A plan holds plain numbers, which the oracle judges; plan_schedule writes the same as a schedule. */
#ifndef TEST_ORACLE_PLAN_H
#define TEST_ORACLE_PLAN_H

#include "oncall/schedule.h"

enum { PLAN_LAYERS = 3, PLAN_PEOPLE = 4, PLAN_WINDOWS = 3, PLAN_OVERRIDES = 4, PLAN_NOBODY = -1 };

/* Small, fast, the same everywhere for the same seed (S. Vigna, splitmix64). */
struct dice {
    uint64_t state;
};

uint64_t dice_roll(struct dice *dice);
/* low <= answer <= high */
int64_t dice_between(struct dice *dice, int64_t low, int64_t high);

struct plan_window {
    unsigned days;
    int from_minute;
    int to_minute;
};

struct plan_layer {
    int people[PLAN_PEOPLE];
    int people_count;
    int unit;      /* enum turn_unit */
    int64_t count; /* of units */
    int64_t start; /* readings, as of walk.h */
    int64_t end;   /* INT64_MAX: never */
    struct plan_window windows[PLAN_WINDOWS];
    int window_count;
    bool skips_closed_days; /* TURN_DAYS with windows: only days on which one opens count */
};

struct plan_override {
    int64_t from; /* readings */
    int64_t to;
    int who;   /* a person, or PLAN_NOBODY */
    int layer; /* -1: the whole schedule */
};

struct plan {
    struct plan_layer layers[PLAN_LAYERS];
    int layer_count;
    struct plan_override overrides[PLAN_OVERRIDES];
    int override_count;
};

/* `shows` is what the clock shows at the instant around which it is to be interesting; no start lies
 * more than `days_before` days before it, but for the layers that started years ago. */
void plan_make(struct plan *plan, struct dice *dice, int64_t shows, int days_before);

/* To be freed with record_free(&SCHEDULE_RECORD, …). */
struct schedule *plan_schedule(const struct plan *plan, struct zone *zone);

/* "p0" … */
const char *plan_person(int person);

#endif
