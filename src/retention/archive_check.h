/* retention/archive_check.h - do the events of an archive hold together, and with the checkpoint that stands for them in
 * the database? */
#ifndef RETENTION_ARCHIVE_CHECK_H
#define RETENTION_ARCHIVE_CHECK_H

#include "base/fault.h"
#include "ledger/checkpoint.h"

struct archive_check {
    int64_t events, first_seq, last_seq; /* 0: none; lines that stand twice are one event */
    struct utc first_at, last_at;
    unsigned char hash[EVENT_HASH_SIZE]; /* of the last one */
    bool is_joined; /* the event that the checkpoint names is there, and is that one */
};

enum archive_verdict {
    ARCHIVE_WHOLE = 1,
    ARCHIVE_BROKEN, /* the fault says where */
    ARCHIVE_UNREAD, /* the fault says why */
};

/* `checkpoint` may be NULL or have none. Whoever began an archive late has one whose first event follows on others: what
 * was before is not known to it. */
NODISCARD enum archive_verdict archive_check(const char *folder,
                                             const struct checkpoint *checkpoint,
                                             struct archive_check *out, struct fault *fault);

#endif
