/* config/config_store.h - the configuration on disk: the only SQL about config_object and
 * config_state. */
#ifndef CONFIG_CONFIG_STORE_H
#define CONFIG_CONFIG_STORE_H

#include "config/config.h"
#include "db/db.h"

/* A row of config_object: one user, team, schedule … in its stored form. */
struct config_object {
    int64_t id; /* 0: not stored yet */
    const struct config_kind *kind;
    char *name;
    json_t *spec;      /* record_write_stored of the item */
    bool is_from_file; /* origin: else made by a person or program through the API */
    int64_t position;
};

void config_object_free(struct config_object *object);

/* Every object that is not deleted, by place of its kind, position, id; without those of kinds that only a
 * newer program knows: GPtrArray of struct config_object *, that
 * frees them. */
NODISCARD GPtrArray *config_load_objects(struct db *db);
NODISCARD int64_t config_load_version(struct db *db);

/* Inserts (id 0) or rewrites, and tells the kind (config_kind.written). */
void config_save_object(struct db *db, struct config_object *object, int64_t version,
                        struct utc now);
void config_delete_object_row(struct db *db, int64_t id, int64_t version, struct utc now);
void config_save_version(struct db *db, int64_t version);

/* The snapshot of what this connection sees, with what the kinds keep in tables of their own
 * (config_kind.load). NULL and a fault when a row does not fit its record (a newer
 * program wrote it) or the database fails. */
NODISCARD struct config *config_load(struct db *db, struct fault *fault);

/* The whole configuration as a document for yaml_write. Secrets that stand in it literally are left
 * out; a sentence about each, and about what lives outside the file, goes to `notes` (GPtrArray of char *,
 * freed by g_free), but not of what is over at `now`. */
NODISCARD json_t *config_export(struct db *db, struct utc now, GPtrArray *notes);

#endif
