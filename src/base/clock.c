#include "base/clock.h"

#include <time.h>

static int64_t read_us(clockid_t id)
{
    struct timespec ts;
    CHECK(clock_gettime(id, &ts) == 0);
    return (int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}

static struct utc system_wall(void *self)
{
    (void)self;
    return (struct utc){read_us(CLOCK_REALTIME)};
}

static struct span system_elapsed(void *self)
{
    (void)self;
    return (struct span){read_us(CLOCK_BOOTTIME)};
}

const struct clock CLOCK_SYSTEM = {system_wall, system_elapsed, NULL};
