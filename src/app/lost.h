/* app/lost.h - a database that is gone. A start on a directory that was used, and every tool beside it, say so with
 * the ways on: none makes a new one in its place, or takes an empty one for all that there was. */
#ifndef APP_LOST_H
#define APP_LOST_H

#include "cli/settings.h"
#include "db/db.h"

/* False and a fault when a database was made in this directory once, and its file is missing or empty. */
NODISCARD bool lost_check_file(const char *data, struct fault *fault);

/* Does the file of this directory, open as `db` for reading, hold what was used from here? False and a fault when it
 * holds nothing of ours and another did, or another program's, or cannot be read. */
NODISCARD bool lost_check_content(const char *data, struct db *db, struct fault *fault);

/* The same of the database on a server that these settings name, for a node whose data directory they name. */
NODISCARD bool lost_check_server(const struct settings *settings, struct db *db,
                                 struct fault *fault);

#endif
