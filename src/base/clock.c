#include "base/clock.h"

#include <glib.h>
#include <pthread.h>
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

static char boot_id[64];
static pthread_once_t boot_once = PTHREAD_ONCE_INIT;

static void read_boot_id(void)
{
    g_autofree char *text = NULL;
    if (g_file_get_contents("/proc/sys/kernel/random/boot_id", &text, NULL, NULL)) {
        g_strlcpy(boot_id, g_strstrip(text), sizeof boot_id);
    }
}

static const char *system_boot(void *self)
{
    (void)self;
    CHECK(pthread_once(&boot_once, read_boot_id) == 0);
    return boot_id[0] != '\0' ? boot_id : NULL;
}

struct utc clock_now(const struct clock *clock)
{
    return clock->wall(clock->self);
}

struct span clock_elapsed(const struct clock *clock)
{
    return clock->elapsed(clock->self);
}

const struct clock CLOCK_SYSTEM = {system_wall, system_elapsed, NULL, system_boot};

struct timespec clock_monotonic_after(struct span wait)
{
    struct timespec at;
    CHECK(clock_gettime(CLOCK_MONOTONIC, &at) == 0);
    int64_t ns = at.tv_nsec + wait.us % 1000000 * 1000;
    at.tv_sec += (time_t)(wait.us / 1000000 + ns / 1000000000);
    at.tv_nsec = (long)(ns % 1000000000);
    return at;
}
