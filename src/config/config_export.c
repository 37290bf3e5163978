#include <string.h>

#include "base/json.h"
#include "config/config_store.h"
#include "people/address.h"

static void add_note(GPtrArray *notes, const char *format, ...) G_GNUC_PRINTF(2, 3);

static void add_note(GPtrArray *notes, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    g_ptr_array_add(notes, g_strdup_vprintf(format, args));
    va_end(args);
}

static void leave_out(json_t *object, const char *key, const char *default_text)
{
    if (default_text != NULL && strcmp(json_text(object, key, ""), default_text) == 0) {
        (void)json_object_del(object, key);
    }
}

static void note_secret(const char *secret, const char *what, const char *name, GPtrArray *notes)
{
    if (secret != NULL && !is_secret_reference(secret)) {
        add_note(notes,
                 "The secret of %s %s is not shown: put it back, or better a reference such as "
                 "env:TOCSIN_SECRET_NAME, before you apply this file.",
                 what, name);
    }
}

/* What reading fills in need not be written. */
static void tidy_user(const struct user *user, json_t *written, GPtrArray *notes)
{
    leave_out(written, "full_name", user->name);
    leave_out(written, "time_zone", "UTC");
    leave_out(written, "language", "en");
    for (guint i = 0; i < user->contacts->len; i++) {
        const struct contact *contact = g_ptr_array_index(user->contacts, i);
        json_t *shown = json_array_get(json_object_get(written, "contacts"), i);
        g_autofree char *what = g_strdup_printf("user %s, contact", user->name);
        leave_out(shown, "name", enum_to_name(CONTACT_KIND_NAMES, contact->kind));
        note_secret(contact->secret, what, contact->name, notes);
    }
}

static void tidy_channel(const struct chat_channel *channel, json_t *written, GPtrArray *notes)
{
    leave_out(written, "time_zone", "UTC");
    leave_out(written, "language", "en");
    note_secret(channel->secret, "channel", channel->name, notes);
}

static json_t *export_item(enum config_kind kind, const void *item, GPtrArray *notes)
{
    const struct record *record = config_record(kind);
    json_t *written = record_write(record, item);
    for (size_t i = 0; i < record->field_count; i++) {
        if ((record->fields[i].flags & FIELD_READ_ONLY) != 0) {
            (void)json_object_del(written, record->fields[i].name);
        }
    }
    if (kind == CONFIG_USER) {
        tidy_user(item, written, notes);
    } else if (kind == CONFIG_CHANNEL) {
        tidy_channel(item, written, notes);
    }
    return written;
}

static void export_object(json_t *document, const struct config_object *object, GPtrArray *notes)
{
    enum config_kind kind = (enum config_kind)object->kind;
    struct fault fault;
    void *item = record_new_stored(config_record(kind), object->spec, &fault);
    if (item == NULL) {
        add_note(notes, "The %s %s cannot be read: %s: %s", config_noun(kind), object->name,
                 fault.field, fault.text);
        return;
    }
    json_t *section = json_object_get(document, config_section(kind));
    if (section == NULL) {
        section = json_array();
        (void)json_object_set_new(document, config_section(kind), section);
    }
    (void)json_array_append_new(section, export_item(kind, item, notes));
    record_free(config_record(kind), item);
}

static void note_override(void *notes, const struct override_row *row)
{
    char from[UTC_TEXT_SIZE];
    char to[UTC_TEXT_SIZE];
    civil_format(row->override->from, from);
    civil_format(row->override->to, to);
    add_note(notes, "Not in this file, made by %s: override of %s, %s to %s, %s.", row->created_by,
             row->schedule, from, to,
             row->override->who != NULL ? row->override->who : "nobody on call");
}

static bool is_over(const struct config_object *object, struct utc now)
{
    struct utc to;
    bool has_end = object->kind == CONFIG_SILENCE || object->kind == CONFIG_ABSENCE;
    return has_end && utc_parse(json_text(object->spec, "to", ""), &to) && !utc_before(now, to);
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
            add_note(notes, "Not in this file, made by a person or program: %s %s.",
                     config_noun((enum config_kind)object->kind), object->name);
        }
    }
    override_list(db, NULL, note_override, notes);
    return document;
}
