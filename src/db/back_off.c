#include "db/back_off.h"

#include <glib.h>
#include <poll.h>

#include "base/clock.h"
#include "base/random.h"

enum { FIRST_MS = 100, LAST_MS = 1000, DOUBLINGS_MAX = 6, NAP_MS = 200 };

void back_off_more(struct back_off *back_off)
{
    int64_t most_ms = MIN(FIRST_MS << MIN(back_off->failures, DOUBLINGS_MAX), LAST_MS);
    int64_t least_ms = most_ms / 2;
    int64_t ms = least_ms + (int64_t)random_below(&RANDOM_SYSTEM, (uint64_t)least_ms + 1);
    back_off->failures++;
    back_off->end = (struct span){clock_elapsed(&CLOCK_SYSTEM).us + ms * 1000};
}

bool back_off_is_over(const struct back_off *back_off)
{
    return back_off->failures == 0 || clock_elapsed(&CLOCK_SYSTEM).us >= back_off->end.us;
}

void back_off_nap(void)
{
    (void)poll(NULL, 0, NAP_MS);
}
