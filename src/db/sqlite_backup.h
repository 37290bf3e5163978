/* db/sqlite_backup.h - files that are finished under another name and then get their own. */
#ifndef DB_SQLITE_BACKUP_H
#define DB_SQLITE_BACKUP_H

#include "db/db.h"

/* An empty file for its owner only at `part`. False and a fault when `target` exists already, or
 * nothing can be written there. */
NODISCARD bool sqlite_make_part(const char *part, const char *target, struct fault *fault);

/* What was written to `part` becomes one file that can be carried about, checked from end to end. No
 * connection may have it open. `stop`: see db_set_stop. */
NODISCARD bool sqlite_seal(const char *part, const atomic_bool *stop, struct fault *fault);

/* Syncs the file and gives it the name that was asked for, never in the place of another. */
NODISCARD bool sqlite_give_name(const char *part, const char *target, struct fault *fault);

#endif
