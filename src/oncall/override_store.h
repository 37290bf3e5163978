/* oncall/override_store.h - overrides that people made, on disk: the only SQL about shift_override. */
#ifndef ONCALL_OVERRIDE_STORE_H
#define ONCALL_OVERRIDE_STORE_H

#include "config/config.h"
#include "db/db.h"
#include "oncall/schedule.h"

/* An override that a person made. */
struct override_row {
    int64_t id;
    char *schedule;
    struct override *override;
    char *created_by;
    struct utc created_at;
};

/* On the heap, for record_free. */
NODISCARD struct override *override_copy(const struct override *override);
/* Of one that was borrowed; to be freed with override_row_free. */
NODISCARD struct override_row *override_row_copy(const struct override_row *row);
void override_row_free(struct override_row *row);

/* Those of a schedule (NULL: of all) that are not deleted, in order of creation; rows are borrowed
 * for the call. */
void override_list(struct db *db, const char *schedule,
                   void (*each)(void *self, const struct override_row *row), void *self);
NODISCARD int64_t override_insert(struct db *db, const char *schedule,
                                  const struct override *override, const char *created_by,
                                  struct utc now);
/* Writes it anew in its place among the others. False when there is none of that id in that schedule. */
NODISCARD bool override_save(struct db *db, const char *schedule, int64_t id,
                             const struct override *override);
/* False when there is none of that id in that schedule. */
NODISCARD bool override_delete(struct db *db, const char *schedule, int64_t id, struct utc now);

/* Puts them into the schedules of a snapshot, after the file's own. */
void overrides_merge(struct db *db, const struct config *config);
/* A sentence about each, for an export. */
void overrides_note(struct db *db, GPtrArray *notes);

#endif
