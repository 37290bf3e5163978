/* paging/miss_store.h - how pages to people went: answered, or gone on to somebody else. */
#ifndef PAGING_MISS_STORE_H
#define PAGING_MISS_STORE_H

#include "db/db.h"

/* One person's pages. Not counted: pages that moved to the next on call before they were told, and
 * chat channels. */
struct miss_row {
    const char *who; /* handle of a user */
    int64_t pages;
    int64_t acknowledged; /* the person acknowledged or resolved the alert while they were paged */
    /* A message reached them, they did nothing with the alert, and a later step told somebody else. One
     * that they acknowledged after that counts here, too. */
    int64_t went_on;
};

/* Of pages started in [since, until), for one person (NULL: each who had any, by name). Rows are borrowed
 * for the call. Looks at every page of that time: for a report, not for each request of a board. */
void miss_list(struct db *db, const char *who, struct utc since, struct utc until,
               void (*each)(void *self, const struct miss_row *row), void *self);

#endif
