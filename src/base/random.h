/* base/random.h - random bytes, from the machine or from a seed. */
#ifndef BASE_RANDOM_H
#define BASE_RANDOM_H

#include "base/check.h"

struct random {
    void (*fill)(void *self, void *out, size_t size);
    void *self;
};

/* Out of line for the same reason as clock_now. */
void random_fill(const struct random *random, void *out, size_t size);

/* 0 <= answer < bound; bound > 0. */
uint64_t random_below(const struct random *random, uint64_t bound);

/* Cryptographic, from the kernel by way of libsodium. */
extern const struct random RANDOM_SYSTEM;

#endif
