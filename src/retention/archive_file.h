/* retention/archive_file.h - the files of an archive: what is appended to them is on the disk, or is not there at all.
 *
 * One file for each kind and month, lines of JSON, for its owner only. */
#ifndef RETENTION_ARCHIVE_FILE_H
#define RETENTION_ARCHIVE_FILE_H

#include <glib.h>

#include "base/fault.h"

/* What is appended to one file. */
struct archive_part {
    char *name;    /* "alerts-2026-11.jsonl" */
    GString *text; /* whole lines */
};

void archive_part_free(gpointer part);

enum archive_call { ARCHIVE_OPENS = 1, ARCHIVE_WRITES, ARCHIVE_SYNCS, ARCHIVE_CUTS };

/* Asked before each call: 0, or the errno that it fails with (of what is written half arrives). `size`: of the file, as it
 * is before the call. */
struct archive_disk {
    int (*meet)(void *self, enum archive_call call, const char *name, int64_t size);
    void *self;
};

/* Appends each part (struct archive_part) to its file in the folder, which must be there: it is never made, for a disk
 * that was not mounted would be missed by nobody. What the last process left half written at the end of a file is cut
 * off first. True: all of it is on the disk. Else a fault, and the files are as they were, or have more of the same.
 * `disk` may be NULL. */
NODISCARD bool archive_append(const char *folder, const GPtrArray *parts,
                              const struct archive_disk *disk, struct fault *fault);

/* The name of the last of the files whose names begin so, newly allocated; NULL: there is none, or no folder. */
NODISCARD char *archive_newest(const char *folder, const char *prefix);
/* All of them, in order; NULL and a fault when the folder cannot be read. */
NODISCARD GPtrArray *archive_files(const char *folder, const char *prefix, struct fault *fault);

#endif
