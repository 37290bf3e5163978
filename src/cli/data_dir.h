/* cli/data_dir.h - what lies where in the data directory. */
#ifndef CLI_DATA_DIR_H
#define CLI_DATA_DIR_H

#include "base/fault.h"

/* Paths inside it; free with g_free. */
NODISCARD char *data_dir_database(const char *data);
NODISCARD char *data_dir_socket(const char *data);

/* The socket by way of the open directory, for a path that no socket address has room for. */
enum { SOCKET_PATH_MAX = 100 };

NODISCARD char *data_dir_socket_through(int directory);

/* Makes it, mode 0700, when it is not there. False and a fault when it cannot be used, or when others
 * than its owner may write to it. */
NODISCARD bool data_dir_prepare(const char *data, struct fault *fault);

/* There is a database file, and it is not empty. */
NODISCARD bool data_dir_has_database(const char *data);
/* A database was made there once, as the mark says or what stands beside it: then one that is missing is
 * lost, and not new. */
NODISCARD bool data_dir_is_marked(const char *data); /* a database of ours was made there before */
NODISCARD bool data_dir_was_used(const char *data);
/* Sets the mark, on stable storage. False and a fault when it cannot be written. */
NODISCARD bool data_dir_mark_used(const char *data, struct fault *fault);

/* A server waits for its database there. The mark is a lock, so that it ends with the process: a descriptor
 * for unmark, or -1 where it cannot be set, which harms nobody. */
NODISCARD int data_dir_mark_waiting(const char *data);
void data_dir_unmark_waiting(const char *data, int mark);
NODISCARD bool data_dir_is_waited_in(const char *data);

/* Takes the lock that keeps a second server away from the database: a descriptor to close, or -1 and a
 * fault when a server runs. For commands that replace the database file. */
NODISCARD int data_dir_lock(const char *data, struct fault *fault);

#endif
