#include "config/config_plan.h"

#include <string.h>

#include "base/json.h"
#include "base/nearest.h"
#include "base/record_faults.h"
#include "config/config_check.h"
#include "config/config_diff.h"

const struct enum_name CHANGE_ACTION_NAMES[] = {
    {"created", CHANGE_CREATED},
    {"changed", CHANGE_CHANGED},
    {"deleted", CHANGE_DELETED},
    {"unchanged", CHANGE_UNCHANGED},
    {NULL, 0},
};

/* What making a plan works with. */
struct planner {
    struct config_plan *plan;
    GHashTable *current; /* "user:ana" -> borrowed struct config_object */
    GArray **rows;       /* of each kind, of guint: of each item of the file, its place there */
    GPtrArray *broken; /* of char *: names, in quotation marks, of entries that could not be read */
    bool is_partial;   /* something is not read, and not even its name is known */
    struct plan_options options;
    struct fault *fault; /* of the entry that is looked at */
    struct fault first;  /* what the caller is told, where he wants one */
    bool has_failed;
};

/* Notes planner->fault. True: go on and look for more. */
static bool note_fault(struct planner *planner)
{
    if (!planner->has_failed) {
        planner->first = *planner->fault;
    }
    planner->has_failed = true;
    GArray *faults = planner->options.faults;
    if (faults == NULL || faults->len >= PLAN_FAULTS_MAX) {
        return false;
    }
    g_array_append_vals(faults, planner->fault, 1);
    *planner->fault = (struct fault){0};
    return true;
}

void config_object_free(struct config_object *object)
{
    if (object != NULL) {
        g_free(object->name);
        json_decref(object->spec);
        g_free(object);
    }
}

static void free_change(gpointer self)
{
    struct config_change *change = self;
    g_free(change->name);
    g_ptr_array_unref(change->details);
    config_object_free(change->object);
    g_free(change);
}

void config_plan_free(struct config_plan *plan)
{
    if (plan != NULL) {
        g_ptr_array_unref(plan->changes);
        g_ptr_array_unref(plan->left);
        config_unref(plan->next);
        g_free(plan);
    }
}

static char *object_key(const struct config_kind *kind, const char *name)
{
    return g_strconcat(kind->noun, ":", name, NULL);
}

static GArray *rows_of(const struct planner *planner, const struct config_kind *kind)
{
    return planner->rows[config_kind_index(kind)];
}

static struct config_object *copy_object(const struct config_object *object)
{
    struct config_object *copy = g_new(struct config_object, 1);
    *copy = *object;
    copy->name = g_strdup(object->name);
    copy->spec = json_incref(object->spec);
    return copy;
}

/* ---- what the file says ---- */

static bool refuse_section(const char *section, struct fault *fault)
{
    struct nearest nearest = {.given = section};
    g_autoptr(GString) known = g_string_new(NULL);
    for (size_t i = 0; i < config_kind_count(); i++) {
        const char *name = config_kind_at(i)->section;
        nearest_offer(&nearest, name);
        g_string_append_printf(known, "%s%s", known->len > 0 ? ", " : "", name);
    }
    if (nearest.found != NULL) {
        return fault_set(fault, section, "unknown section \"%.60s\"; did you mean \"%s\"?", section,
                         nearest.found);
    }
    return fault_set(fault, section, "unknown section \"%.60s\"; known are %s", section,
                     known->str);
}

static bool check_single(const char *section, const json_t *value, struct fault *fault)
{
    if (json_object_get(value, "name") != NULL) {
        return fault_set(fault, section, "there is only one: it has no name");
    }
    return json_is_object(value) || json_is_null(value) ||
           fault_set(fault, section, "must be one item, not a list: leave out the \"- \"");
}

static bool check_section(const char *section, const json_t *value, struct fault *fault)
{
    const struct config_kind *kind = config_kind_of_text(section);
    if (kind == NULL || strcmp(kind->section, section) != 0) {
        return refuse_section(section, fault);
    }
    if (kind->is_single) {
        return check_single(section, value, fault);
    }
    return json_is_array(value) || json_is_null(value) ||
           fault_set(fault, section, "must be a list: begin each entry with \"- \"");
}

static void check_sections(struct planner *planner, const json_t *document)
{
    if (!json_is_object(document)) {
        (void)fault_set(planner->fault, "",
                        "must be sections such as users: and services:, each a list");
        (void)note_fault(planner);
        return;
    }
    void *self = (void *)(uintptr_t)document; /* jansson iterates without writing */
    for (void *at = json_object_iter(self); at != NULL; at = json_object_iter_next(self, at)) {
        if (!check_section(json_object_iter_key(at), json_object_iter_value(at), planner->fault) &&
            !note_fault(planner)) {
            return;
        }
    }
}

static struct config_change *add_change(struct config_plan *plan, int action,
                                        struct config_object *object)
{
    struct config_change *change = g_new0(struct config_change, 1);
    change->action = action;
    change->kind = object->kind;
    change->name = g_strdup(object->name);
    change->details = g_ptr_array_new_with_free_func(g_free);
    change->object = object;
    g_ptr_array_add(plan->changes, change);
    return change;
}

/* Compares what the file says with what is there. Takes `object` over. */
static void judge_change(struct planner *planner, struct config_object *object)
{
    g_autofree char *key = object_key(object->kind, object->name);
    const struct config_object *before = g_hash_table_lookup(planner->current, key);
    if (before == NULL) {
        (void)add_change(planner->plan, CHANGE_CREATED, object);
        return;
    }
    object->id = before->id;
    struct config_change *change = add_change(planner->plan, CHANGE_UNCHANGED, object);
    g_ptr_array_unref(change->details);
    change->details = config_diff(before->spec, object->spec);
    change->is_moved = before->position != object->position;
    if (!before->is_from_file && object->is_from_file) {
        g_ptr_array_add(change->details, g_strdup("now belongs to the file"));
    }
    if (change->is_moved && object->kind->is_ordered) {
        g_ptr_array_add(change->details,
                        g_strdup_printf("order %" G_GINT64_FORMAT " -> %" G_GINT64_FORMAT,
                                        before->position + 1, object->position + 1));
    }
    if (change->details->len > 0) {
        change->action = CHANGE_CHANGED;
    }
}

/* Without the fields that are wrong, if these are plain: so that what the rest refers to is looked at as well. */
static void take_remains(struct planner *planner, const struct config_kind *kind,
                         const json_t *value, const GArray *faults, guint index)
{
    json_auto_t *remains = json_copy((json_t *)(uintptr_t)value);
    bool is_plain = json_is_object(remains);
    for (guint i = 0; i < faults->len; i++) {
        const char *field = g_array_index(faults, struct fault, i).field;
        g_autofree char *key = g_strndup(field, strcspn(field, ".["));
        const json_t *part = json_object_get(remains, key);
        is_plain = is_plain && !json_is_array(part) && !json_is_object(part);
        (void)json_object_del(remains, key);
    }
    struct fault unheard = {0};
    void *item = is_plain ? record_new(kind->record, remains, &unheard) : NULL;
    const char *name = json_text(value, "name", NULL);
    if (item != NULL && config_add(planner->plan->next, kind, item)) {
        g_array_append_val(rows_of(planner, kind), index);
        return;
    }
    record_free(kind->record, item);
    planner->is_partial = planner->is_partial || name == NULL;
    if (name != NULL) {
        g_ptr_array_add(planner->broken, g_strdup_printf("\"%s\"", name));
    }
}

/* False: enough mistakes were found. */
static bool take_broken(struct planner *planner, const struct config_kind *kind, json_t *value,
                        guint index)
{
    g_autoptr(GArray) faults = g_array_new(FALSE, FALSE, sizeof(struct fault));
    json_auto_t *full = config_in_full(kind, value);
    if (planner->options.faults != NULL) {
        record_faults(kind->record, full, faults);
    }
    if (faults->len == 0) { /* two of one name, or nobody wants more than the first */
        g_array_append_vals(faults, planner->fault, 1);
    } else {
        take_remains(planner, kind, full, faults, index);
    }
    for (guint i = 0; i < faults->len; i++) {
        *planner->fault = g_array_index(faults, struct fault, i);
        config_fault_within(kind, index, planner->fault);
        if (!note_fault(planner)) {
            return false;
        }
    }
    return true;
}

static bool take_item(struct planner *planner, const struct config_kind *kind, json_t *value,
                      guint index)
{
    json_auto_t *full = config_in_full(kind, value);
    void *item = record_new(kind->record, full, planner->fault);
    if (item == NULL) {
        return false;
    }
    struct config_object *object = g_new0(struct config_object, 1);
    object->kind = kind;
    object->name = g_strdup(config_item_name(item));
    object->spec = record_write_stored(kind->record, item);
    object->is_from_file = planner->options.is_from_file;
    object->position = index;
    if (!config_add(planner->plan->next, kind, item)) {
        (void)fault_set(planner->fault, "name", "there are two %s called \"%.100s\"; rename one",
                        kind->section, object->name);
        record_free(kind->record, item);
        config_object_free(object);
        return false;
    }
    g_array_append_val(rows_of(planner, kind), index);
    judge_change(planner, object);
    return true;
}

/* False: enough mistakes were found. */
static bool take_section(struct planner *planner, const struct config_kind *kind,
                         const json_t *document)
{
    json_auto_t *list = config_section_items(kind, document);
    for (guint i = 0; i < json_array_size(list); i++) {
        json_t *value = json_array_get(list, i);
        if (!take_item(planner, kind, value, i) && !take_broken(planner, kind, value, i)) {
            return false;
        }
    }
    return true;
}

/* ---- what it does not say ---- */

static bool keep_object(struct planner *planner, const struct config_object *object)
{
    const struct config_kind *kind = object->kind;
    void *item = record_new_stored(kind->record, object->spec, planner->fault);
    if (item == NULL) {
        return false;
    }
    /* Its name is free: the caller looked. */
    CHECK(config_add(planner->plan->next, kind, item));
    g_ptr_array_add(planner->plan->left, config_called(kind->noun, object->name));
    return true;
}

static bool is_forgotten(const struct planner *planner, const struct config_object *object)
{
    const struct config_kind *kind = object->kind;
    if (kind != planner->options.forgets || kind->remembered_days == 0 || object->is_from_file) {
        return false;
    }
    struct fault unheard;
    struct utc then = {planner->options.now.us - SPAN_D(kind->remembered_days).us - 1};
    void *item = record_new_stored(kind->record, object->spec, &unheard);
    bool is_forgotten = item != NULL && kind->is_over(item, then);
    record_free(kind->record, item);
    return is_forgotten;
}

static void take_rest(struct planner *planner, const GPtrArray *current)
{
    for (guint i = 0; i < current->len; i++) {
        const struct config_object *object = g_ptr_array_index(current, i);
        const struct config_kind *kind = object->kind;
        if (config_find(planner->plan->next, kind, object->name) != NULL) {
            continue;
        }
        bool is_pruned = planner->options.prune && object->is_from_file;
        if (is_pruned || is_forgotten(planner, object)) {
            (void)add_change(planner->plan, CHANGE_DELETED, copy_object(object));
        } else if (!keep_object(planner, object) && !note_fault(planner)) {
            return;
        }
    }
}

/* ---- the whole ---- */

/* Is it a mistake, or only that something else could not be read? */
static bool is_certain(const struct planner *planner, const struct config_kind *kind,
                       const struct fault *fault)
{
    bool is_lost = strstr(fault->text, "there is no ") != NULL;
    if (planner->broken->len == 0) {
        return true;
    }
    for (guint i = 0; i < planner->broken->len; i++) {
        if (strstr(fault->text, g_ptr_array_index(planner->broken, i)) != NULL) {
            return false;
        }
    }
    return is_lost || kind->far_field == NULL || !g_str_has_prefix(fault->field, kind->far_field);
}

static bool check_next(struct planner *planner, const struct config_kind *kind, guint index)
{
    const struct config *next = planner->plan->next;
    const void *item = g_ptr_array_index(config_items(next, kind), index);
    struct fault found;
    bool is_written_now = index < rows_of(planner, kind)->len;
    bool is_judged = is_written_now && !planner->options.skips_meaning;
    if (config_check_item(next, kind, item, &found) &&
        (!is_judged || config_check_written(next, kind, item, &found))) {
        return true;
    }
    if (!is_certain(planner, kind, &found)) {
        return true;
    }
    if (!is_written_now) {
        return fault_set(planner->fault, "",
                         "%s %s, which this file leaves as it is, would break: %s: %s", kind->noun,
                         config_item_name(item), found.field, found.text);
    }
    config_fault_within(kind, g_array_index(rows_of(planner, kind), guint, index), &found);
    *planner->fault = found;
    return false;
}

static void check_all(struct planner *planner)
{
    for (size_t k = 0; k < config_kind_count(); k++) {
        const struct config_kind *kind = config_kind_at(k);
        for (guint i = 0; i < config_items(planner->plan->next, kind)->len; i++) {
            if (!check_next(planner, kind, i) && !note_fault(planner)) {
                return;
            }
        }
    }
}

static void fill_plan(struct planner *planner, const json_t *document, const GPtrArray *current)
{
    check_sections(planner, document);
    bool goes_on = !planner->has_failed || planner->options.faults != NULL;
    planner->is_partial = planner->has_failed;
    for (size_t k = 0; k < config_kind_count() && goes_on; k++) {
        const struct config_kind *kind = config_kind_at(k);
        goes_on = take_section(planner, kind, document);
    }
    if (goes_on && !planner->is_partial) {
        take_rest(planner, current);
        config_link(planner->plan->next);
        check_all(planner);
    }
}

struct config_plan *config_plan_make(const json_t *document, const GPtrArray *current,
                                     struct plan_options options, struct fault *fault)
{
    const size_t kinds = config_kind_count();
    struct config_plan *plan = g_new0(struct config_plan, 1);
    plan->changes = g_ptr_array_new_with_free_func(free_change);
    plan->left = g_ptr_array_new_with_free_func(g_free);
    plan->next = config_create();
    struct planner planner = {.plan = plan, .options = options, .fault = fault};
    *fault = (struct fault){0};
    planner.broken = g_ptr_array_new_with_free_func(g_free);
    planner.rows = g_new0(GArray *, kinds);
    for (size_t k = 0; k < kinds; k++) {
        planner.rows[k] = g_array_new(FALSE, FALSE, sizeof(guint));
    }
    planner.current = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    for (guint i = 0; i < current->len; i++) {
        struct config_object *object = g_ptr_array_index(current, i);
        (void)g_hash_table_insert(planner.current, object_key(object->kind, object->name), object);
    }
    fill_plan(&planner, document, current);
    g_hash_table_destroy(planner.current);
    g_ptr_array_unref(planner.broken);
    for (size_t k = 0; k < kinds; k++) {
        g_array_unref(planner.rows[k]);
    }
    g_free(planner.rows);
    if (planner.has_failed) {
        *fault = planner.first;
        config_plan_free(plan);
        return NULL;
    }
    return plan;
}

bool config_plan_changes_anything(const struct config_plan *plan)
{
    for (guint i = 0; i < plan->changes->len; i++) {
        const struct config_change *change = g_ptr_array_index(plan->changes, i);
        if (change->action != CHANGE_UNCHANGED) {
            return true;
        }
    }
    return false;
}
