/* base/window.h - a weekly stretch of civil time: {days: mon-fri, from: "09:00", to: "18:00"}.
 *
 * A window with to <= from crosses midnight and belongs to the day on which it starts; from equal to
 * to is the whole day. */
#ifndef BASE_WINDOW_H
#define BASE_WINDOW_H

#include "base/record.h"
#include "base/zone.h"

struct window {
    unsigned days;   /* bit 0 Monday … bit 6 Sunday; all when absent */
    int from_minute; /* of the day, 0 … 1439 */
    int to_minute;   /* 0 … 1440 */
};

extern const struct record WINDOW_RECORD;

/* "mon-fri", "sat,sun", "mon-thu,sat", "fri-mon": names of three letters, ranges may pass Sunday.
 * Zero when `text` is no such list. */
NODISCARD unsigned window_days_parse(const char *text);

/* "00:00" … "24:00" as minutes of the day; -1 when `text` is no such time. */
NODISCARD int window_minute_parse(const char *text);

/* The days on which it opens: bit 0 Monday … bit 6 Sunday. */
NODISCARD unsigned window_weekdays(const struct window *window);

/* Is `at` inside one of the windows (GPtrArray of struct window)? An empty or NULL list: true. */
bool windows_hold(const GPtrArray *windows, const struct zone *zone, struct utc at);

/* The first instant after `at` at which windows_hold changes; UTC_NEVER when it never does. */
struct utc windows_change_after(const GPtrArray *windows, const struct zone *zone, struct utc at);

/* Adds to `out` (GArray of struct utc) each start and end of a window within (from, to], unsorted
 * and not all of them a change: two windows may touch. For rules that sweep over a stretch of time. */
void windows_edges(const GPtrArray *windows, const struct zone *zone, struct utc from,
                   struct utc to, GArray *out);

#endif
