#include "sim/chance.h"

#include <math.h>
#include <string.h>

uint64_t chance_roll(struct chance *chance)
{
    chance->state += 0x9E3779B97F4A7C15U;
    uint64_t z = chance->state;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9U;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBU;
    return z ^ (z >> 31);
}

int64_t chance_between(struct chance *chance, int64_t low, int64_t high)
{
    return low + (int64_t)(chance_roll(chance) % (uint64_t)(high - low + 1));
}

bool chance_of(struct chance *chance, int percent)
{
    return chance_between(chance, 1, 100) <= percent;
}

struct span chance_span(struct chance *chance, struct span low, struct span high)
{
    return (struct span){chance_between(chance, low.us, high.us)};
}

struct span chance_gap(struct chance *chance, struct span mean)
{
    double uniform = (double)(chance_roll(chance) >> 11) * 0x1.0p-53;
    return (struct span){(int64_t)(-log1p(-uniform) * (double)mean.us) + 1};
}

static void fill(void *self, void *out, size_t size)
{
    unsigned char *bytes = out;
    for (size_t i = 0; i < size; i++) {
        bytes[i] = (unsigned char)chance_roll(self);
    }
}

struct random chance_random(struct chance *chance)
{
    return (struct random){fill, chance};
}
