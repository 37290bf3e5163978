/* app/newest.h - a note beside the database file: the number of the newest event that is on stable storage.
 *
 * SQLite takes a log (tocsin.db-wal) that is missing, emptied, another one or damaged in the middle for a
 * short one, without a word, and what it held is gone though it was accepted. The note tells: it is written
 * only after a commit, so that a database that ends before it lacks something, however that came about; and
 * one that whoever stopped where ends with it or after it. */
#ifndef APP_NEWEST_H
#define APP_NEWEST_H

#include <stddef.h>
#include <stdint.h>

#include "base/fault.h"
#include "db/db.h"

/* --- newest.c: what it says --- */

enum { NEWEST_NUMBERS = 40, NEWEST_SIZE = 192 }; /* bytes; the numbers come first */

enum newest_state {
    NEWEST_NONE = 1, /* there is no note */
    NEWEST_UNREAD,   /* there is one that says nothing */
    NEWEST_FITS,
    NEWEST_AHEAD, /* of the database, which lacks what was committed last */
};

/* The whole note, without a NUL: always as long, so that it is written over the old one. */
void newest_format(int64_t seq, char out[NEWEST_SIZE]);
/* `text`: of the note, `size` bytes of it. `seq`: of the newest event of the database. `out_noted` is 0 where
 * the note says nothing. */
NODISCARD enum newest_state newest_judge(const char *text, size_t size, int64_t seq,
                                         int64_t *out_noted);

/* --- newest_file.c: where it lies --- */

/* The number in the note of this directory; 0: it says nothing. */
NODISCARD int64_t newest_noted(const char *data);
/* Does the database there, of which this is any connection, have what the note says? False and a fault that says
 * what to do. A note that is missing or says nothing is a warning in the log, and one to which nothing can be
 * compared, for the database cannot be read, is no matter of this. */
NODISCARD bool newest_check(const char *data, struct db *db, struct fault *fault);
/* What lies there from now on is another database. */
void newest_forget(const char *data);

/* Keeps the note. Never fails: without one a start notices less. One thread at a time. */
struct newest;
NODISCARD struct newest *newest_open(const char *data);
/* After the commit, and before it is told to anybody. A write without a sync: what the kernel has survives
 * the process, and after a power cut an older note does no harm. */
void newest_keep(struct newest *newest, int64_t seq);
void newest_close(struct newest **newest);

#endif
