#include "config/config_store.h"

#include <string.h>

#include "base/json.h"

static void free_object(gpointer object)
{
    config_object_free(object);
}

static const char ORIGIN_FILE[] = "file";
static const char ORIGIN_API[] = "api";

static gint compare_places(gconstpointer a, gconstpointer b)
{
    const struct config_object *const *x = a;
    const struct config_object *const *y = b;
    return (*x)->kind->place - (*y)->kind->place;
}

/* Sets *out_unknown to the number of a kind that is not known here, if there is one; else to 0. */
static GPtrArray *load_objects(struct db *db, int *out_unknown)
{
    *out_unknown = 0;
    GPtrArray *objects = g_ptr_array_new_with_free_func(free_object);
    struct db_query *query =
        db_query(db, "SELECT id, kind, name, spec, origin, position FROM config_object "
                     "WHERE deleted_at IS NULL ORDER BY kind, position, id");
    while (db_step(query) == DB_ROW) {
        int number = (int)db_int(query, 1);
        const struct config_kind *kind = config_kind_of_number(number);
        if (kind == NULL) {
            *out_unknown = number;
            continue;
        }
        struct config_object *object = g_new0(struct config_object, 1);
        struct fault fault;
        const char *spec = db_text(query, 3);
        object->id = db_int(query, 0);
        object->kind = kind;
        object->name = g_strdup(db_text(query, 2));
        object->spec = json_read(spec, strlen(spec), &fault);
        object->is_from_file = strcmp(db_text(query, 4), ORIGIN_FILE) == 0;
        object->position = db_int(query, 5);
        g_ptr_array_add(objects, object);
    }
    g_ptr_array_sort(objects, compare_places); /* stable: GLib's is a merge sort */
    return objects;
}

GPtrArray *config_load_objects(struct db *db)
{
    int unknown = 0;
    return load_objects(db, &unknown);
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

static void insert_object(struct db *db, struct config_object *object, const char *spec,
                          int64_t version, struct utc now)
{
    struct db_query *query = db_query(
        db, "INSERT INTO config_object (kind, name, spec, origin, position, version, changed_at) "
            "VALUES ($1, $2, $3, $4, $5, $6, $7) {newid}");
    db_bind_int(query, 1, object->kind->number);
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
    if (object->kind->written != NULL) {
        object->kind->written(db, object, spec, now);
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

/* ---- the snapshot ---- */

static bool add_objects(struct config *config, const GPtrArray *objects, struct fault *fault)
{
    for (guint i = 0; i < objects->len; i++) {
        const struct config_object *object = g_ptr_array_index(objects, i);
        void *item = record_new_stored(object->kind->record, object->spec, fault);
        if (item == NULL) {
            fault_within(fault, object->name);
            return false;
        }
        CHECK(config_add(config, object->kind, item)); /* the index config_object_name sees to it */
    }
    config_link(config);
    return true;
}

static void load_more(struct db *db, const struct config *config)
{
    for (size_t k = 0; k < config_kind_count(); k++) {
        if (config_kind_at(k)->load != NULL) {
            config_kind_at(k)->load(db, config);
        }
    }
}

struct config *config_load(struct db *db, struct fault *fault)
{
    int unknown = 0;
    struct config *config = config_create();
    g_autoptr(GPtrArray) objects = load_objects(db, &unknown);
    bool is_sound = add_objects(config, objects, fault);
    if (unknown != 0) {
        is_sound = fault_set(fault, "",
                             "the database holds a kind %d that this program does not "
                             "know; use the newer one",
                             unknown);
    }
    if (is_sound) {
        config->version = config_load_version(db);
        load_more(db, config);
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
