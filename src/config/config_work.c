#include <string.h>

#include "base/json.h"
#include "base/nearest.h"
#include "config/config_check.h"
#include "config/config_command.h"
#include "config/config_keys.h"
#include "config/config_plan.h"
#include "config/config_store.h"
#include "ledger/event.h"

/* Stored by a newer program on another node, with what this one cannot read. A change made without that could not be
 * judged, and its result not be loaded. */
static bool is_unreadable(struct config_command *command)
{
    return config_unreadable(command->configs) != 0 &&
           !fault_set(
               &command->fault, "",
               "a newer Tocsin on another node changed the configuration, and this one cannot "
               "read all of it; make the change there, or bring this node to that version");
}

/* ---- plans ---- */

static json_t *names_of(const struct config_plan *plan, int action)
{
    json_t *names = json_array();
    for (guint i = 0; i < plan->changes->len; i++) {
        const struct config_change *change = g_ptr_array_index(plan->changes, i);
        if (change->action == action) {
            g_autofree char *name = config_called(change->kind->noun, change->name);
            (void)json_array_append_new(names, json_string(name));
        }
    }
    return names;
}

static void tell_plan(struct ledger_tx *tx, struct config_command *command,
                      const struct config_plan *plan, int64_t version)
{
    json_auto_t *data =
        json_pack("{s:I, s:o, s:o, s:o}", "version", (json_int_t)version, "created",
                  names_of(plan, CHANGE_CREATED), "changed", names_of(plan, CHANGE_CHANGED),
                  "deleted", names_of(plan, CHANGE_DELETED));
    config_command_tell(tx, command, data);
}

static void write_objects(struct ledger_tx *tx, const struct config_plan *plan, int64_t version)
{
    for (guint i = 0; i < plan->changes->len; i++) {
        const struct config_change *change = g_ptr_array_index(plan->changes, i);
        if (change->action == CHANGE_DELETED) {
            config_delete_object_row(tx->db, change->object->id, version, tx->now);
        } else if (change->action != CHANGE_UNCHANGED || change->is_moved) {
            config_save_object(tx->db, change->object, version, tx->now);
        }
    }
}

static void write_plan(struct ledger_tx *tx, struct config_command *command,
                       const struct config_plan *plan, const json_t *keys, json_t *minted)
{
    int64_t version = config_load_version(tx->db) + 1;
    write_objects(tx, plan, version);
    config_keys_apply(tx, plan, keys, minted);
    config_command_finish(tx, command, version);
    tell_plan(tx, command, plan, version);
}

/* ---- apply ---- */

static void add_warning(void *list, const char *path, const char *text)
{
    json_array_append_new(list, json_pack("{s:s, s:s}", "path", path, "text", text));
}

/* Of what the document names, changed or not. */
static json_t *list_warnings(const struct config_plan *plan, struct utc now)
{
    json_t *list = json_array();
    const struct config_teller teller = {add_warning, list};
    for (guint i = 0; i < plan->changes->len; i++) {
        const struct config_change *change = g_ptr_array_index(plan->changes, i);
        const void *item = config_find(plan->next, change->kind, change->name);
        if (item != NULL && change->kind->warn != NULL) {
            change->kind->warn(plan->next, item, now, &teller);
        }
    }
    return list;
}

enum command_result apply_config_run(struct ledger_tx *tx, void *arg)
{
    struct apply_config *apply = arg;
    struct fault *fault = &apply->base.fault;
    config_command_begin(&apply->base);
    apply_config_clear(apply);
    if (is_unreadable(&apply->base)) {
        return config_command_refuse(&apply->base, 503);
    }
    g_autoptr(GPtrArray) current = config_load_objects(tx->db);
    apply->faults = g_array_new(FALSE, FALSE, sizeof(struct fault));
    struct plan_options options = {
        .is_from_file = true, .prune = apply->prune, .faults = apply->faults};
    struct config_plan *plan = config_plan_make(apply->document, current, options, fault);
    if (plan == NULL) {
        return config_command_refuse(&apply->base, 422);
    }
    if (!config_keys_judge(tx, plan, apply->keys, fault)) {
        config_plan_free(plan);
        return config_command_refuse(&apply->base, 422);
    }
    apply->plan = config_plan_json(plan);
    apply->minted = json_array();
    apply->warnings = list_warnings(plan, tx->now);
    if (!apply->dry_run && config_plan_changes_anything(plan)) {
        write_plan(tx, &apply->base, plan, apply->keys, apply->minted);
    }
    config_plan_free(plan);
    return COMMAND_DONE;
}

void apply_config_clear(struct apply_config *apply)
{
    g_clear_pointer(&apply->faults, g_array_unref);
    g_clear_pointer(&apply->plan, json_decref);
    g_clear_pointer(&apply->warnings, json_decref);
    g_clear_pointer(&apply->minted, json_decref);
}

/* ---- one object ---- */

struct config_object *config_find_object(const GPtrArray *objects, const struct config_kind *kind,
                                         const char *name)
{
    for (guint i = 0; name != NULL && i < objects->len; i++) {
        struct config_object *object = g_ptr_array_index(objects, i);
        if (object->kind == kind && strcmp(object->name, name) == 0) {
            return object;
        }
    }
    return NULL;
}

bool config_refuse_file_owned(const struct config_object *object, struct fault *fault)
{
    return fault_set(fault, "name",
                     "the %s %s belongs to the configuration file; change it there and apply it",
                     object->kind->noun, object->name);
}

/* {"silences": [spec]}, with a name made up where there is none. */
static json_t *document_of(struct ledger_tx *tx, const struct put_object *put)
{
    json_t *spec = json_deep_copy(put->spec);
    if (json_is_object(spec) && json_object_get(spec, "name") == NULL) {
        uint32_t number = 0;
        random_fill(ledger_random(tx), &number, sizeof number);
        g_autofree char *name = g_strdup_printf("%s-%08x", put->kind->noun, number);
        (void)json_object_set_new(spec, "name", json_string(name));
    }
    return json_pack("{s:[o]}", put->kind->section, spec);
}

/* What the server itself knows about an object that a person or program made. */
static void complete_object(struct config_object *object, const struct config_object *before,
                            const GPtrArray *current, const struct put_object *put)
{
    object->position = before != NULL ? before->position : (int64_t)current->len;
    json_t *maker =
        before != NULL && put->keeps_maker ? json_object_get(before->spec, "created_by") : NULL;
    if (object->kind->has_maker) {
        g_autofree char *own = principal_text_of(put->base.actor);
        (void)json_object_set_new(object->spec, "created_by",
                                  maker != NULL ? json_incref(maker) : json_string(own));
    }
}

static json_t *shown_object(const struct config_object *object)
{
    const struct record *record = object->kind->record;
    struct fault fault;
    void *item = record_new_stored(record, object->spec, &fault);
    json_t *shown = item != NULL ? record_write(record, item) : json_object();
    record_free(record, item);
    return shown;
}

static enum command_result put_planned(struct ledger_tx *tx, struct put_object *put,
                                       const GPtrArray *current, struct config_plan *plan)
{
    struct config_change *change = g_ptr_array_index(plan->changes, 0);
    const struct config_object *before = config_find_object(current, put->kind, change->name);
    if (!config_keys_judge(tx, plan, NULL, &put->base.fault)) {
        return config_command_refuse(&put->base, 422);
    }
    complete_object(change->object, before, current, put);
    change->action = before == NULL ? CHANGE_CREATED : CHANGE_CHANGED;
    put->base.status = before == NULL ? 201 : 200;
    put->minted = json_array();
    put->written = shown_object(change->object);
    write_plan(tx, &put->base, plan, NULL, put->minted);
    return COMMAND_DONE;
}

/* Of one object, its path is the object's own: without "silences[0]". */
static void shorten_path(struct fault *fault)
{
    const char *rest = strchr(fault->field, ']');
    if (rest != NULL) {
        rest += rest[1] == '.' ? 2 : 1;
        memmove(fault->field, rest, strlen(rest) + 1);
    }
}

enum command_result put_object_run(struct ledger_tx *tx, void *arg)
{
    struct put_object *put = arg;
    config_command_begin(&put->base);
    put_object_clear(put);
    if (is_unreadable(&put->base)) {
        return config_command_refuse(&put->base, 503);
    }
    g_autoptr(GPtrArray) current = config_load_objects(tx->db);
    const char *name = json_text(put->spec, "name", NULL);
    const struct config_object *before = config_find_object(current, put->kind, name);
    if (before != NULL && before->is_from_file) {
        (void)config_refuse_file_owned(before, &put->base.fault);
        return config_command_refuse(&put->base, 409);
    }
    json_auto_t *document = document_of(tx, put);
    struct plan_options options = {
        .skips_meaning = put->skips_meaning, .forgets = put->kind, .now = tx->now};
    struct config_plan *plan = config_plan_make(document, current, options, &put->base.fault);
    enum command_result result =
        plan != NULL ? put_planned(tx, put, current, plan) : config_command_refuse(&put->base, 422);
    config_plan_free(plan);
    shorten_path(&put->base.fault);
    return result;
}

void put_object_clear(struct put_object *put)
{
    g_clear_pointer(&put->written, json_decref);
    g_clear_pointer(&put->minted, json_decref);
}

/* Would the rest still hold together? */
static bool can_do_without(const GPtrArray *current, const struct config_object *gone,
                           struct fault *fault)
{
    struct config *rest = config_create();
    bool is_sound = true;
    for (guint i = 0; is_sound && i < current->len; i++) {
        const struct config_object *object = g_ptr_array_index(current, i);
        const struct config_kind *kind = object->kind;
        if (object != gone) {
            void *item = record_new_stored(kind->record, object->spec, fault);
            is_sound = item != NULL && config_add(rest, kind, item);
        }
    }
    config_link(rest);
    is_sound = is_sound && config_check(rest, fault);
    config_unref(rest);
    return is_sound;
}

static enum command_result delete_found(struct ledger_tx *tx, struct delete_object *self,
                                        const GPtrArray *current, struct config_object *object)
{
    struct fault *fault = &self->base.fault;
    if (object->is_from_file) {
        (void)config_refuse_file_owned(object, fault);
        return config_command_refuse(&self->base, 409);
    }
    struct fault found;
    if (!can_do_without(current, object, &found)) {
        (void)fault_set(fault, "name", "%s is still needed: %s: %s", object->name, found.field,
                        found.text);
        return config_command_refuse(&self->base, 409);
    }
    int64_t version = config_load_version(tx->db) + 1;
    g_autofree char *name = g_strdup_printf("%s %s", object->kind->noun, object->name);
    json_auto_t *data = json_pack("{s:I, s:[s]}", "version", (json_int_t)version, "deleted", name);
    config_delete_object_row(tx->db, object->id, version, tx->now);
    config_keys_revoke(tx, object->kind, object->name);
    config_command_finish(tx, &self->base, version);
    config_command_tell(tx, &self->base, data);
    return COMMAND_DONE;
}

static void refuse_missing(struct delete_object *self, const GPtrArray *current)
{
    struct nearest nearest = {.given = self->name};
    for (guint i = 0; i < current->len; i++) {
        const struct config_object *object = g_ptr_array_index(current, i);
        if (object->kind == self->kind) {
            nearest_offer(&nearest, object->name);
        }
    }
    const char *near = nearest.found;
    (void)fault_set(&self->base.fault, "name", "there is no %s \"%.100s\"%s%s%s", self->kind->noun,
                    self->name, near == NULL ? "" : "; did you mean \"", near == NULL ? "" : near,
                    near == NULL ? "" : "\"?");
}

enum command_result delete_object_run(struct ledger_tx *tx, void *arg)
{
    struct delete_object *self = arg;
    config_command_begin(&self->base);
    if (is_unreadable(&self->base)) {
        return config_command_refuse(&self->base, 503);
    }
    g_autoptr(GPtrArray) current = config_load_objects(tx->db);
    struct config_object *object = config_find_object(current, self->kind, self->name);
    if (object == NULL) {
        refuse_missing(self, current);
        return config_command_refuse(&self->base, 404);
    }
    return delete_found(tx, self, current, object);
}
