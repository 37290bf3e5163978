#include "config/config_store.h"

#include <string.h>

#include "base/json.h"

static void free_object(gpointer object)
{
    config_object_free(object);
}

static const char ORIGIN_FILE[] = "file";
static const char ORIGIN_API[] = "api";

GPtrArray *config_load_objects(struct db *db)
{
    GPtrArray *objects = g_ptr_array_new_with_free_func(free_object);
    struct db_query *query =
        db_query(db, "SELECT id, kind, name, spec, origin, position FROM config_object "
                     "WHERE deleted_at IS NULL ORDER BY kind, position, id");
    while (db_step(query) == DB_ROW) {
        struct config_object *object = g_new0(struct config_object, 1);
        struct fault fault;
        const char *spec = db_text(query, 3);
        object->id = db_int(query, 0);
        object->kind = (int)db_int(query, 1);
        object->name = g_strdup(db_text(query, 2));
        object->spec = json_read(spec, strlen(spec), &fault);
        object->is_from_file = strcmp(db_text(query, 4), ORIGIN_FILE) == 0;
        object->position = db_int(query, 5);
        g_ptr_array_add(objects, object);
    }
    return objects;
}

int64_t config_load_version(struct db *db)
{
    struct db_query *query = db_query(db, "SELECT version FROM config_state WHERE only_row = 1");
    db_keep(query, 0);
    int64_t version = db_step(query) == DB_ROW ? db_int(query, 0) : 0;
    db_reset(query);
    return version;
}

void config_save_version(struct db *db, int64_t version)
{
    struct db_query *query =
        db_query(db, "UPDATE config_state SET version = $1 WHERE only_row = 1");
    db_bind_int(query, 1, version);
    (void)db_run(query);
}

/* The spec of the newest policy_version row; NULL when there is none. Free with g_free. */
static char *current_policy_spec(struct db *db, const char *policy)
{
    struct db_query *query =
        db_query(db, "SELECT spec FROM policy_version WHERE policy = $1 ORDER BY id DESC LIMIT 1");
    db_bind_text(query, 1, policy);
    char *spec = db_step(query) == DB_ROW ? g_strdup(db_text(query, 0)) : NULL;
    db_reset(query);
    return spec;
}

/* Escalations under way keep the row they began with. */
static void save_policy_version(struct db *db, const char *policy, const char *spec, struct utc now)
{
    g_autofree char *before = current_policy_spec(db, policy);
    if (before != NULL && strcmp(before, spec) == 0) {
        return;
    }
    struct db_query *query =
        db_query(db, "INSERT INTO policy_version (policy, spec, created_at) VALUES ($1, $2, $3)"
                     " {newid}");
    db_bind_text(query, 1, policy);
    db_bind_text(query, 2, spec);
    db_bind_utc(query, 3, now);
    (void)db_insert(query);
}

static void insert_object(struct db *db, struct config_object *object, const char *spec,
                          int64_t version, struct utc now)
{
    struct db_query *query = db_query(
        db, "INSERT INTO config_object (kind, name, spec, origin, position, version, changed_at) "
            "VALUES ($1, $2, $3, $4, $5, $6, $7) {newid}");
    db_bind_int(query, 1, object->kind);
    db_bind_text(query, 2, object->name);
    db_bind_text(query, 3, spec);
    db_bind_text(query, 4, object->is_from_file ? ORIGIN_FILE : ORIGIN_API);
    db_bind_int(query, 5, object->position);
    db_bind_int(query, 6, version);
    db_bind_utc(query, 7, now);
    object->id = db_insert(query);
}

static void update_object(struct db *db, const struct config_object *object, const char *spec,
                          int64_t version, struct utc now)
{
    struct db_query *query =
        db_query(db, "UPDATE config_object SET spec = $2, origin = $3, position = $4, "
                     "version = $5, changed_at = $6 WHERE id = $1");
    db_bind_int(query, 1, object->id);
    db_bind_text(query, 2, spec);
    db_bind_text(query, 3, object->is_from_file ? ORIGIN_FILE : ORIGIN_API);
    db_bind_int(query, 4, object->position);
    db_bind_int(query, 5, version);
    db_bind_utc(query, 6, now);
    (void)db_run(query);
}

void config_save_object(struct db *db, struct config_object *object, int64_t version,
                        struct utc now)
{
    g_autofree char *spec = json_write(object->spec);
    if (object->id == 0) {
        insert_object(db, object, spec, version, now);
    } else {
        update_object(db, object, spec, version, now);
    }
    if (object->kind == CONFIG_POLICY) {
        save_policy_version(db, object->name, spec, now);
    }
}

void config_delete_object_row(struct db *db, int64_t id, int64_t version, struct utc now)
{
    struct db_query *query =
        db_query(db, "UPDATE config_object SET deleted_at = $2, version = $3 WHERE id = $1");
    db_bind_int(query, 1, id);
    db_bind_utc(query, 2, now);
    db_bind_int(query, 3, version);
    (void)db_run(query);
}

/* ---- overrides that people made ---- */

static void read_override_row(struct db_query *query,
                              void (*each)(void *self, const struct override_row *row), void *self)
{
    struct fault fault;
    const char *spec = db_text(query, 2);
    json_auto_t *json = json_read(spec, strlen(spec), &fault);
    struct override override = {0};
    if (json == NULL || !record_read_stored(&OVERRIDE_RECORD, json, &override, &fault)) {
        return; /* only a newer program writes what we cannot read */
    }
    struct override_row row = {.id = db_int(query, 0),
                               .schedule = (char *)(uintptr_t)db_text(query, 1),
                               .override = &override,
                               .created_by = (char *)(uintptr_t)db_text(query, 3),
                               .created_at = db_utc(query, 4)};
    each(self, &row);
    record_clear(&OVERRIDE_RECORD, &override);
}

void override_list(struct db *db, const char *schedule,
                   void (*each)(void *self, const struct override_row *row), void *self)
{
    struct db_query *query =
        db_query(db, "SELECT id, schedule, spec, created_by, created_at FROM shift_override "
                     "WHERE deleted_at IS NULL ORDER BY id");
    while (db_step(query) == DB_ROW) {
        if (schedule == NULL || strcmp(schedule, db_text(query, 1)) == 0) {
            read_override_row(query, each, self);
        }
    }
}

int64_t override_insert(struct db *db, const char *schedule, const struct override *override,
                        const char *created_by, struct utc now)
{
    json_auto_t *json = record_write_stored(&OVERRIDE_RECORD, override);
    g_autofree char *spec = json_write(json);
    struct db_query *query =
        db_query(db, "INSERT INTO shift_override (schedule, spec, created_by, created_at) "
                     "VALUES ($1, $2, $3, $4) {newid}");
    db_bind_text(query, 1, schedule);
    db_bind_text(query, 2, spec);
    db_bind_text(query, 3, created_by);
    db_bind_utc(query, 4, now);
    return db_insert(query);
}

bool override_save(struct db *db, const char *schedule, int64_t id, const struct override *override)
{
    json_auto_t *json = record_write_stored(&OVERRIDE_RECORD, override);
    g_autofree char *spec = json_write(json);
    struct db_query *query = db_query(db, "UPDATE shift_override SET spec = $3 "
                                          "WHERE id = $1 AND schedule = $2 AND deleted_at IS NULL");
    db_bind_int(query, 1, id);
    db_bind_text(query, 2, schedule);
    db_bind_text(query, 3, spec);
    (void)db_run(query);
    return db_changes(db) == 1;
}

bool override_delete(struct db *db, const char *schedule, int64_t id, struct utc now)
{
    struct db_query *query = db_query(db, "UPDATE shift_override SET deleted_at = $3 "
                                          "WHERE id = $1 AND schedule = $2 AND deleted_at IS NULL");
    db_bind_int(query, 1, id);
    db_bind_text(query, 2, schedule);
    db_bind_utc(query, 3, now);
    (void)db_run(query);
    return db_changes(db) == 1;
}

/* ---- the snapshot ---- */

static bool add_objects(struct config *config, const GPtrArray *objects, struct fault *fault)
{
    for (guint i = 0; i < objects->len; i++) {
        const struct config_object *object = g_ptr_array_index(objects, i);
        if (object->kind < CONFIG_USER || object->kind >= CONFIG_KIND_COUNT) {
            return fault_set(fault, "",
                             "the database holds a kind %d that this program does not "
                             "know; use the newer one",
                             object->kind);
        }
        enum config_kind kind = (enum config_kind)object->kind;
        void *item = record_new_stored(config_record(kind), object->spec, fault);
        if (item == NULL) {
            fault_within(fault, object->name);
            return false;
        }
        CHECK(config_add(config, kind, item)); /* the index config_object_name sees to it */
    }
    config_link(config);
    return true;
}

struct override *config_copy_override(const struct override *override)
{
    struct override *copy = g_new(struct override, 1);
    *copy = *override;
    copy->who = g_strdup(override->who);
    copy->layer = g_strdup(override->layer);
    copy->comment = g_strdup(override->comment);
    return copy;
}

struct override_row *override_row_copy(const struct override_row *row)
{
    struct override_row *copy = g_new(struct override_row, 1);
    *copy = (struct override_row){.id = row->id,
                                  .schedule = g_strdup(row->schedule),
                                  .override = config_copy_override(row->override),
                                  .created_by = g_strdup(row->created_by),
                                  .created_at = row->created_at};
    return copy;
}

void override_row_free(struct override_row *row)
{
    if (row != NULL) {
        g_free(row->schedule);
        record_free(&OVERRIDE_RECORD, row->override);
        g_free(row->created_by);
        g_free(row);
    }
}

static void merge_override(void *self, const struct override_row *row)
{
    struct config *config = self;
    struct schedule *schedule =
        g_hash_table_lookup(config->by_name[CONFIG_SCHEDULE], row->schedule);
    struct fault fault;
    bool is_known = row->override->who == NULL || config_user(config, row->override->who) != NULL;
    /* One that names a person or layer which is gone would leave nobody on call. */
    if (schedule != NULL && is_known && schedule_takes_override(schedule, row->override, &fault)) {
        g_ptr_array_add(schedule->overrides, config_copy_override(row->override));
    }
}

static void load_policy_versions(struct db *db, struct config *config)
{
    struct db_query *query =
        db_query(db, "SELECT policy, MAX(id) FROM policy_version GROUP BY policy");
    while (db_step(query) == DB_ROW) {
        (void)g_hash_table_insert(config->policy_versions, g_strdup(db_text(query, 0)),
                                  (gpointer)(intptr_t)db_int(query, 1));
    }
}

struct config *config_load(struct db *db, struct fault *fault)
{
    struct config *config = config_create();
    g_autoptr(GPtrArray) objects = config_load_objects(db);
    bool is_sound = add_objects(config, objects, fault);
    if (is_sound) {
        config->version = config_load_version(db);
        override_list(db, NULL, merge_override, config);
        load_policy_versions(db, config);
    }
    if (is_sound && db_error(db) != DB_OK) {
        is_sound = fault_set(fault, "", "the configuration cannot be read: %s", db_error_text(db));
    }
    if (!is_sound) {
        config_unref(config);
        return NULL;
    }
    return config;
}
