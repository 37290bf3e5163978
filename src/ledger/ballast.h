/* ledger/ballast.h - space put aside, so that accepted alerts still page on a full disk.
 *
 * While the disk has room a file of fixed size lies beside the database. When a write fails for want
 * of space the ledger deletes it and closes the intake: the room it leaves is for paging alone. The
 * intake opens again once the file could be made anew. */
#ifndef LEDGER_BALLAST_H
#define LEDGER_BALLAST_H

#include "base/check.h"

enum { BALLAST_SIZE = 16777216 };

/* How space is held; the simulator holds it on its own disk. */
struct ballast {
    bool (*hold)(void *self);    /* makes the space sure if it is not; false: there is no room */
    void (*release)(void *self); /* gives the space back */
    void *self;
};

/* A file of `size` bytes at `path`. One left by an earlier run is taken over. */
NODISCARD struct ballast *ballast_file_create(const char *path, size_t size);
void ballast_file_destroy(struct ballast **ballast); /* the file stays */

#endif
