/* retention/archive.h - what retention deletes is written out before, where the operator of the server said.
 *
 * The ledger's thread must never wait for another disk. So its duty asks for what may go next; a thread of its own finds
 * that with a connection that reads, writes it as lines of JSON and syncs them; then the duty deletes what it is handed,
 * and of that what still may go. What is deleted so stands in the archive once at least: after a crash it may stand there
 * twice.
 *
 * Safe from any thread; archive_gather and archive_write are for one thread, in turns. */
#ifndef RETENTION_ARCHIVE_H
#define RETENTION_ARCHIVE_H

#include <stdatomic.h>

#include "base/clock.h"
#include "retention/archive_file.h"
#include "retention/retention_store.h"

struct archive;

enum archive_mode {
    ARCHIVE_UNSET = 1, /* the operator said nothing */
    ARCHIVE_NONE,      /* there is none any more */
    ARCHIVE_SET,
};

/* The operator's word for ARCHIVE_NONE. */
extern const char ARCHIVE_NONE_WORD[];

/* `folder` NULL: unset. `node`: what this server is called. Both are borrowed, as the clock is, and outlive it. */
NODISCARD struct archive *archive_create(const char *folder, const char *node,
                                         const struct clock *clock);
void archive_destroy(struct archive **archive);
NODISCARD enum archive_mode archive_mode(const struct archive *archive);
const char *archive_node(const struct archive *archive);

/* --- the duty's side --- */

struct archive_ask {
    enum retention_sort sort;
    struct utc before; /* what was over before that may go */
    struct utc now;
    struct retention_cursor after; /* of events the number of the last one that is known */
    int64_t known_seq;             /* up to that one events stand in the archive; set there */
};

struct archive_payload {
    char *integration;
    int slot;
    struct utc at;
};

/* What is on the disk, and may go. */
struct archive_list {
    struct archive_ask ask;
    GArray *items;       /* of struct retention_cursor; none of payloads and events */
    GPtrArray *payloads; /* of struct archive_payload */
    struct retention_cursor
        reached; /* where to go on; of events the last one that is written out */
    bool is_end; /* there are no more now */
};

void archive_list_free(struct archive_list *list);

/* In place of what was asked for before. */
void archive_ask(struct archive *archive, const struct archive_ask *ask);
/* The answer, once, to be freed; NULL: there is none yet. */
NODISCARD struct archive_list *archive_take(struct archive *archive);
/* Nobody wants to know any more. */
void archive_cancel(struct archive *archive);

/* How it goes, for people. The number changes with the rest. `why` is to be freed. */
struct archive_status {
    uint64_t number;
    struct utc archived_at; /* when something was written last by this server */
    int64_t last_seq;       /* the last event among it; 0: none yet */
    struct utc failed_at;   /* since when it cannot be written; unset: it can */
    char *why;
};

NODISCARD uint64_t archive_status_number(const struct archive *archive);
void archive_status(struct archive *archive, struct archive_status *out);

/* --- the thread's side --- */

/* Waits until something is asked for. False: it is over. */
NODISCARD bool archive_wait(struct archive *archive);
/* Reads what is asked for into memory; false: nothing is, or a failure has its rest. */
NODISCARD bool archive_gather(struct archive *archive, struct db *db, const struct config *config);
/* Writes and syncs it; may hang in a disk that does not answer. False: it is over, and nobody is to be told. */
NODISCARD bool archive_write(struct archive *archive);
/* Ends waiting and gathering. */
void archive_end(struct archive *archive);

/* Stands between an archive and its disk: for tests. */
void archive_set_disk(struct archive *archive, const struct archive_disk *disk);

#endif
