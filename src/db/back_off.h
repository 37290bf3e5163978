/* db/back_off.h - when to try again to reach a database that could not be reached. */
#ifndef DB_BACK_OFF_H
#define DB_BACK_OFF_H

#include "base/check.h"
#include "base/utc.h"

struct back_off {
    int failures;    /* in a row */
    struct span end; /* on the elapsed clock: until then nothing is tried */
};

/* One more failure: twice as long as before, at most a second, by chance up to half of it less, so
 * that nodes which lost the same database do not come back all at once. */
void back_off_more(struct back_off *back_off);

/* A tool that has nothing else to do waits a fifth of a second before it tries again. */
void back_off_nap(void);

NODISCARD bool back_off_is_over(const struct back_off *back_off);

#endif
