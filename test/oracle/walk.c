#include "walk.h"

#include <glib.h>
#include <string.h>
#include <time.h>

#include "base/check.h"

static const int64_t S_PER_HOUR = 3600;
static const int64_t S_PER_DAY = 86400;
static const int64_t PROBE = 432000; /* 5 days: no two changes are closer */

static const char ZONE_FOLDER[] = "/usr/share/zoneinfo";
static const int64_t YEAR_2038 = 2145916800;

static void add_if_there(GPtrArray *zones, const char *name)
{
    g_autofree char *path = g_build_filename(ZONE_FOLDER, name, NULL);
    if (strcmp(name, "Factory") != 0 && g_file_test(path, G_FILE_TEST_IS_REGULAR)) {
        g_ptr_array_add(zones, g_strdup(name));
    }
}

/* tzdata.zi: "Z NAME …" begins a zone, "L TARGET NAME" is a link. */
static void add_from_line(GPtrArray *zones, const char *line)
{
    g_auto(GStrv) words = g_strsplit(line, " ", 4);
    guint count = g_strv_length(words);
    if (count >= 2 && strcmp(words[0], "Z") == 0) {
        add_if_there(zones, words[1]);
    } else if (count >= 3 && strcmp(words[0], "L") == 0) {
        add_if_there(zones, words[2]);
    }
}

char **walk_zones(void)
{
    g_autofree char *path = g_build_filename(ZONE_FOLDER, "tzdata.zi", NULL);
    g_autofree char *text = NULL;
    GPtrArray *zones = g_ptr_array_new();
    if (g_file_get_contents(path, &text, NULL, NULL)) {
        g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
        for (size_t i = 0; lines[i] != NULL; i++) {
            add_from_line(zones, lines[i]);
        }
    }
    g_ptr_array_add(zones, NULL);
    return (char **)g_ptr_array_free(zones, false);
}

void walk_use_zone(const char *zone)
{
    g_autofree char *value = g_strdup_printf(":%s", zone);
    CHECK(g_setenv("TZ", value, true));
    tzset();
}

static int64_t offset_at(int64_t second)
{
    time_t instant = second;
    struct tm clock;
    CHECK(localtime_r(&instant, &clock) != NULL);
    return clock.tm_gmtoff;
}

int64_t walk_reading(int64_t second)
{
    return second + offset_at(second);
}

/* The first second in (from, to] with the offset of `to`; the offsets of both differ. */
static int64_t change_between(int64_t from, int64_t to)
{
    int64_t after = offset_at(to);
    while (to - from > 1) {
        int64_t middle = from + (to - from) / 2;
        if (offset_at(middle) == after) {
            to = middle;
        } else {
            from = middle;
        }
    }
    return to;
}

size_t walk_changes(int64_t *out, size_t max)
{
    size_t count = 0;
    int64_t before = offset_at(0);
    for (int64_t at = PROBE; at < YEAR_2038 && count < max; at += PROBE) {
        int64_t offset = offset_at(at);
        if (offset != before) {
            out[count++] = change_between(at - PROBE, at);
        }
        before = offset;
    }
    return count;
}

static int64_t step_of(int64_t from, int64_t to)
{
    int64_t step = 60;
    for (int64_t at = from; at <= to; at += S_PER_DAY) {
        int64_t offset = offset_at(at);
        CHECK(offset % 30 == 0);
        if (offset % 60 != 0) {
            step = 30;
        }
    }
    return step;
}

/* Asks the library at every tick of an hour in which the clock changes. Answers the offset at its
 * end; `offset` is the one at its start. */
static int64_t show_hour(struct walk *walk, size_t first, size_t last, int64_t offset)
{
    int64_t end_offset = offset_at(walk->from + (int64_t)last * walk->step);
    for (size_t i = first; i < last; i++) {
        int64_t second = walk->from + (int64_t)i * walk->step;
        walk->shown[i] = second + (offset == end_offset ? offset : offset_at(second));
    }
    return end_offset;
}

static void look_both_ways(struct walk *walk)
{
    int64_t furthest = INT64_MIN;
    for (size_t i = 0; i < walk->count; i++) {
        furthest = MAX(furthest, walk->shown[i]);
        walk->furthest[i] = furthest;
    }
    int64_t least = INT64_MAX;
    for (size_t i = walk->count; i > 0; i--) {
        walk->least_later[i - 1] = least;
        least = MIN(least, walk->shown[i - 1]);
    }
}

void walk_init(struct walk *walk, int64_t from, int64_t to)
{
    walk->from = from - (from % 60 + 60) % 60;
    walk->step = step_of(walk->from, to);
    walk->count = (size_t)((to - walk->from) / walk->step) + 1;
    walk->shown = g_new(int64_t, walk->count);
    walk->furthest = g_new(int64_t, walk->count);
    walk->least_later = g_new(int64_t, walk->count);
    size_t per_hour = (size_t)(S_PER_HOUR / walk->step);
    int64_t offset = offset_at(walk->from);
    for (size_t i = 0; i < walk->count; i += per_hour) {
        offset = show_hour(walk, i, MIN(i + per_hour, walk->count), offset);
    }
    look_both_ways(walk);
}

void walk_clear(struct walk *walk)
{
    g_free(walk->shown);
    g_free(walk->furthest);
    g_free(walk->least_later);
    memset(walk, 0, sizeof *walk);
}

size_t walk_tick(const struct walk *walk, int64_t second)
{
    CHECK(second >= walk->from);
    size_t tick = (size_t)((second - walk->from) / walk->step);
    CHECK(tick < walk->count);
    return tick;
}
