/* sim/chance.h - random numbers from a seed: the same everywhere for the same seed (splitmix64, by
 * S. Vigna). */
#ifndef SIM_CHANCE_H
#define SIM_CHANCE_H

#include "base/random.h"
#include "base/utc.h"

struct chance {
    uint64_t state;
};

uint64_t chance_roll(struct chance *chance);
/* low <= answer <= high */
int64_t chance_between(struct chance *chance, int64_t low, int64_t high);
/* True in `percent` of a hundred cases. */
bool chance_of(struct chance *chance, int percent);
struct span chance_span(struct chance *chance, struct span low, struct span high);
/* Exponentially distributed with that mean: the distance between independent events. */
struct span chance_gap(struct chance *chance, struct span mean);
/* The chance as what modules ask for bytes. Borrowed. */
struct random chance_random(struct chance *chance);

#endif
