/* config/config_store.h - the configuration on disk: the only SQL about config_object, config_state,
 * policy_version and shift_override. */
#ifndef CONFIG_CONFIG_STORE_H
#define CONFIG_CONFIG_STORE_H

#include "config/config.h"
#include "db/db.h"

/* A row of config_object: one user, team, schedule … in its stored form. */
struct config_object {
    int64_t id; /* 0: not stored yet */
    int kind;   /* enum config_kind */
    char *name;
    json_t *spec;      /* record_write_stored of the item */
    bool is_from_file; /* origin: else made by a person or program through the API */
    int64_t position;
};

void config_object_free(struct config_object *object);

/* Every object that is not deleted, by kind, position, id: GPtrArray of struct config_object *, that
 * frees them. */
NODISCARD GPtrArray *config_load_objects(struct db *db);
NODISCARD int64_t config_load_version(struct db *db);

/* Inserts (id 0) or rewrites. A policy whose spec is new or changed gets a row of policy_version. */
void config_save_object(struct db *db, struct config_object *object, int64_t version,
                        struct utc now);
void config_delete_object_row(struct db *db, int64_t id, int64_t version, struct utc now);
void config_save_version(struct db *db, int64_t version);

/* The snapshot of what this connection sees, with overrides that people made merged into the
 * schedules after the file's own. NULL and a fault when a row does not fit its record (a newer
 * program wrote it) or the database fails. */
NODISCARD struct config *config_load(struct db *db, struct fault *fault);

/* The whole configuration as a document for yaml_write. Secrets that stand in it literally are left
 * out; a sentence about each, and about overrides, silences and absences that live outside the file, goes to
 * `notes` (GPtrArray of char *, freed by g_free); a silence or an absence that is over at `now` is none. */
NODISCARD json_t *config_export(struct db *db, struct utc now, GPtrArray *notes);

/* An override that a person made. */
struct override_row {
    int64_t id;
    char *schedule;
    struct override *override;
    char *created_by;
    struct utc created_at;
};

/* On the heap, for record_free. */
NODISCARD struct override *config_copy_override(const struct override *override);
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

#endif
