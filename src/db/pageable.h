/* db/pageable.h - the set of pageable work: everything that must still page somebody, or may. What
 * changes a database as a whole (a migration, a move to the other engine) compares it before and
 * after, and gives up when it is not the same. */
#ifndef DB_PAGEABLE_H
#define DB_PAGEABLE_H

#include "db/digest.h"

enum { PAGEABLE_PARTS = 6 };

/* Open alerts, escalations, pages, mailboxes and what waits in them, deliveries under way, heartbeats.
 * Zeroed: that of an empty database. */
struct pageable {
    struct db_digest parts[PAGEABLE_PARTS];
};

/* In a transaction. False and a fault when it could not be read. */
NODISCARD bool pageable_take(struct db *db, struct pageable *out, struct fault *fault);
/* False and a fault that names the first part that differs, with both counts. */
NODISCARD bool pageable_compare(const struct pageable *before, const struct pageable *after,
                                struct fault *fault);
/* What a part is called: "open alerts". */
NODISCARD const char *pageable_name(int part);

#endif
