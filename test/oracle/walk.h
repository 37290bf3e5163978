/* test/oracle/walk.h - a walk along a zone's clock, minute by minute, as the C library shows it.
 *
 * Nothing here knows src/base/zone: the clock is localtime_r's, and first and last occurrences of a
 * local time are found by looking at what the clock showed before and will show after, not by
 * calculating with offsets. */
#ifndef TEST_ORACLE_WALK_H
#define TEST_ORACLE_WALK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Readings are seconds from 1970-01-01T00:00:00 to what the clock shows. */
struct walk {
    int64_t from; /* seconds since the epoch, of the first tick */
    int64_t step; /* 60, or 30 where a zone's offset has half minutes */
    size_t count;
    int64_t *shown;       /* at each tick */
    int64_t *furthest;    /* the furthest the clock has shown up to and with this tick */
    int64_t *least_later; /* the least it shows at any later tick */
};

/* Every name of the tz database on this machine that has a file: zones and old links alike.
 * Ends with NULL; free with g_strfreev. */
char **walk_zones(void);

/* Makes `zone` the clock of the calls below. */
void walk_use_zone(const char *zone);

int64_t walk_reading(int64_t second);

/* The seconds at which the clock of the zone in use changes between 1970 and 2037; answers how many,
 * at most `max`. */
size_t walk_changes(int64_t *out, size_t max);

/* With the zone in use, from `from` to `to` (rounded to minutes). Free with walk_clear. */
void walk_init(struct walk *walk, int64_t from, int64_t to);
void walk_clear(struct walk *walk);

/* The tick that `second` belongs to. */
size_t walk_tick(const struct walk *walk, int64_t second);

#endif
