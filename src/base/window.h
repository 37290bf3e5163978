/* base/window.h - a weekly stretch of civil time: {days: mon-fri, from: "09:00", to: "18:00"}.
 *
 * A window with to <= from crosses midnight and belongs to the day on which it starts; from equal to
 * to is the whole day. */
#ifndef BASE_WINDOW_H
#define BASE_WINDOW_H

#include "base/record.h"
#include "base/zone.h"

struct window {
    unsigned days; /* bit 0 Monday … bit 6 Sunday; all when absent */
    int from_minute; /* of the day, 0 … 1439 */
    int to_minute;   /* 0 … 1440 */
};

extern const struct record WINDOW_RECORD;

/* Is `at` inside one of the windows (GPtrArray of struct window)? An empty or NULL list: true. */
bool windows_hold(const GPtrArray *windows, const struct zone *zone, struct utc at);

/* The first instant after `at` at which windows_hold changes; UTC_NEVER when it never does. */
struct utc windows_change_after(const GPtrArray *windows, const struct zone *zone, struct utc at);

#endif
