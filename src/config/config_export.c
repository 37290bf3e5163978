#include "config/config_export.h"
#include "base/json.h"
#include "config/config_store.h"

void config_note(GPtrArray *notes, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    g_ptr_array_add(notes, g_strdup_vprintf(format, args));
    va_end(args);
}

void config_leave_out(json_t *object, const char *key, const char *default_text)
{
    if (default_text != NULL && strcmp(json_text(object, key, ""), default_text) == 0) {
        (void)json_object_del(object, key);
    }
}

static json_t *export_item(const struct config_kind *kind, const void *item, GPtrArray *notes)
{
    const struct record *record = kind->record;
    json_t *written = record_write(record, item);
    for (size_t i = 0; i < record->field_count; i++) {
        if ((record->fields[i].flags & FIELD_READ_ONLY) != 0) {
            (void)json_object_del(written, record->fields[i].name);
        }
    }
    if (kind->tidy != NULL) {
        kind->tidy(item, written, notes);
    }
    return written;
}

static void export_object(json_t *document, const struct config_object *object, GPtrArray *notes)
{
    const struct config_kind *kind = object->kind;
    struct fault fault;
    void *item = record_new_stored(kind->record, object->spec, &fault);
    if (item == NULL) {
        config_note(notes, "The %s %s cannot be read: %s: %s", kind->noun, object->name,
                    fault.field, fault.text);
        return;
    }
    json_t *written = export_item(kind, item, notes);
    record_free(kind->record, item);
    if (kind->is_single) {
        (void)json_object_del(written, "name");
        (void)json_object_set_new(document, kind->section, written);
        return;
    }
    json_t *section = json_object_get(document, kind->section);
    if (section == NULL) {
        section = json_array();
        (void)json_object_set_new(document, kind->section, section);
    }
    (void)json_array_append_new(section, written);
}

static bool is_over(const struct config_object *object, struct utc now)
{
    const struct config_kind *kind = object->kind;
    struct fault unheard;
    void *item =
        kind->is_over != NULL ? record_new_stored(kind->record, object->spec, &unheard) : NULL;
    bool is_over = item != NULL && kind->is_over(item, now);
    record_free(kind->record, item);
    return is_over;
}

json_t *config_export(struct db *db, struct utc now, GPtrArray *notes)
{
    json_t *document = json_object();
    g_autoptr(GPtrArray) objects = config_load_objects(db);
    for (guint i = 0; i < objects->len; i++) {
        const struct config_object *object = g_ptr_array_index(objects, i);
        if (object->is_from_file) {
            export_object(document, object, notes);
        } else if (!is_over(object, now)) {
            config_note(notes, "Not in this file, made by a person or program: %s %s.",
                        object->kind->noun, object->name);
        }
    }
    for (size_t k = 0; k < config_kind_count(); k++) {
        if (config_kind_at(k)->note_rest != NULL) {
            config_kind_at(k)->note_rest(db, notes);
        }
    }
    return document;
}
