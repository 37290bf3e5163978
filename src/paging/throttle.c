#include "paging/throttle.h"

/* How far apart messages must be once so many went in the last hour: quick at first, when an
 * unrelated second and third alarm may matter, then calmer, ending near 12 in an hour. */
static struct span distance_after(size_t count)
{
    if (count < THROTTLE_PER_MINUTE) {
        return SPAN_S(0);
    }
    if (count < 6) {
        return SPAN_MIN(1);
    }
    return count < 9 ? SPAN_MIN(5) : SPAN_MIN(10);
}

static bool is_most_severe(const struct sent *recent, size_t count, int severity)
{
    for (size_t i = 0; i < count; i++) {
        if (recent[i].severity <= severity && !recent[i].is_failed) {
            return false;
        }
    }
    return true;
}

struct utc throttle_judge(const struct sent *recent, size_t count, int severity, struct utc now)
{
    if (is_most_severe(recent, count, severity)) {
        return now;
    }
    if (count >= THROTTLE_PER_HOUR) {
        return utc_add(recent[THROTTLE_PER_HOUR - 1].at, SPAN_H(1));
    }
    return utc_later(now, utc_add(recent[0].at, distance_after(count)));
}
