#include "oncall/override_store.h"

#include <string.h>

#include "base/json.h"
#include "config/config_export.h"
#include "people/user.h"

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

struct override *override_copy(const struct override *override)
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
                                  .override = override_copy(row->override),
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
    const struct config *config = self;
    struct schedule *schedule =
        g_hash_table_lookup(config_by_name(config, &SCHEDULE_KIND), row->schedule);
    struct fault fault;
    bool is_known = row->override->who == NULL || user_find(config, row->override->who) != NULL;
    /* One that names a person or layer which is gone would leave nobody on call. */
    if (schedule != NULL && is_known && schedule_takes_override(schedule, row->override, &fault)) {
        g_ptr_array_add(schedule->overrides, override_copy(row->override));
    }
}

void overrides_merge(struct db *db, const struct config *config)
{
    override_list(db, NULL, merge_override, (void *)(uintptr_t)config);
}

static void note_override(void *notes, const struct override_row *row)
{
    char from[UTC_TEXT_SIZE];
    char to[UTC_TEXT_SIZE];
    civil_format(row->override->from, from);
    civil_format(row->override->to, to);
    config_note(notes, "Not in this file, made by %s: override of %s, %s to %s, %s.",
                row->created_by, row->schedule, from, to,
                row->override->who != NULL ? row->override->who : "nobody on call");
}

void overrides_note(struct db *db, GPtrArray *notes)
{
    override_list(db, NULL, note_override, notes);
}
