/* cli/secret_file.h - a secret's file in the directory of secrets, read so that nobody hangs with its file system.
 *
 * A mount that is away (NFS, a vault's) lets whoever looks at it wait for as long as it is away; a page to
 * another contact must not wait with it. So each file is read on a thread of its own, which may stay behind. */
#ifndef CLI_SECRET_FILE_H
#define CLI_SECRET_FILE_H

#include "base/clock.h"

enum secret_file {
    SECRET_FILE_READ,
    SECRET_FILE_ABSENT,     /* there is none in the folder, links followed */
    SECRET_FILE_UNREADABLE, /* no regular file, not ours to read, or longer than a secret */
    SECRET_FILE_HANGS, /* nothing came within the patience, or had come when it was last asked for */
};

enum { SECRET_MAX = 4096 }; /* bytes */

/* `path`: within the folder, or absolute and inside it. *out_text is newly allocated when it was read, else NULL.
 * Waits for `patience` at most, and not again for a file that hangs. Any thread. */
NODISCARD enum secret_file secret_file_read(const char *folder, const char *path,
                                            struct span patience, char **out_text);

/* For tests: what reads, instead of the files themselves. NULL: the files. */
typedef enum secret_file (*secret_file_reader)(const char *folder, const char *path,
                                               char **out_text);
void secret_file_set_reader(secret_file_reader reader);

#endif
