#include "base/random.h"

#include <sodium.h>

static void system_fill(void *self, void *out, size_t size)
{
    (void)self;
    randombytes_buf(out, size);
}

const struct random RANDOM_SYSTEM = {system_fill, NULL};

void random_fill(const struct random *random, void *out, size_t size)
{
    random->fill(random->self, out, size);
}

uint64_t random_below(const struct random *random, uint64_t bound)
{
    CHECK(bound > 0);
    /* Numbers under `rejected` would favour small answers; draw again. */
    uint64_t rejected = (UINT64_MAX - bound + 1) % bound;
    uint64_t drawn = 0;
    do {
        random_fill(random, &drawn, sizeof drawn);
    } while (drawn < rejected);
    return drawn % bound;
}
