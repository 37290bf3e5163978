#include "config/absence_work.h"

#include <string.h>

#include "base/json.h"
#include "config/config_command.h"
#include "config/config_plan.h"
#include "config/config_store.h"
#include "ledger/event.h"

/* So long after its end an absence is of no more use. */
#define REMEMBERED ((struct span){-SPAN_D(30).us})

static struct absence *absence_of(const struct config_object *object)
{
    struct fault fault;
    return object->kind == CONFIG_ABSENCE ? record_new_stored(&ABSENCE_RECORD, object->spec, &fault)
                                          : NULL;
}

/* --- keeping --- */

/* One that people made and that holds all the time; NULL: none. */
static struct config_object *find_same(const GPtrArray *objects, const struct off_duty *off,
                                       struct utc from)
{
    struct config_object *same = NULL;
    for (guint i = 0; i < objects->len && same == NULL; i++) {
        struct config_object *object = g_ptr_array_index(objects, i);
        struct absence *absence = absence_of(object);
        if (absence != NULL && !object->is_from_file && strcmp(absence->user, off->user) == 0 &&
            !utc_before(from, absence->from) && !utc_before(absence->to, off->until)) {
            same = object;
        }
        record_free(&ABSENCE_RECORD, absence);
    }
    return same;
}

static void forget_old(struct ledger_tx *tx, const GPtrArray *objects, int64_t version)
{
    for (guint i = 0; i < objects->len; i++) {
        const struct config_object *object = g_ptr_array_index(objects, i);
        struct absence *absence = absence_of(object);
        if (absence != NULL && !object->is_from_file &&
            utc_before(absence->to, utc_add(tx->now, REMEMBERED))) {
            config_delete_object_row(tx->db, object->id, version, tx->now);
        }
        record_free(&ABSENCE_RECORD, absence);
    }
}

static char *new_name(struct ledger_tx *tx)
{
    uint32_t number = 0;
    random_fill(ledger_random(tx), &number, sizeof number);
    return g_strdup_printf("absence-%08x", number);
}

static struct config_object *new_object(struct ledger_tx *tx, const struct off_duty *off,
                                        struct utc from, int64_t position)
{
    struct config_object *object = g_new0(struct config_object, 1);
    object->kind = CONFIG_ABSENCE;
    object->name = new_name(tx);
    object->position = position;
    const struct absence absence = {.name = object->name,
                                    .user = (char *)(uintptr_t)off->user,
                                    .from = from,
                                    .to = off->until,
                                    .comment = (char *)(uintptr_t)off->comment,
                                    .created_by = (char *)(uintptr_t)off->base.actor};
    object->spec = record_write_stored(&ABSENCE_RECORD, &absence);
    return object;
}

/* The overrides of this call end with it as well. */
static void add_overrides(struct config_object *object, const json_t *covers)
{
    json_t *spec = json_deep_copy(object->spec);
    json_t *ids = json_object_get(spec, "overrides");
    if (ids == NULL) {
        ids = json_array();
        json_object_set_new(spec, "overrides", ids);
    }
    for (size_t i = 0; i < json_array_size(covers); i++) {
        json_array_append(ids, json_object_get(json_array_get(covers, i), "id"));
    }
    json_decref(object->spec);
    object->spec = spec;
}

bool absence_keep(struct ledger_tx *tx, struct off_duty *off, struct utc from)
{
    int64_t version = config_load_version(tx->db) + 1;
    g_autoptr(GPtrArray) objects = config_load_objects(tx->db);
    struct config_object *same = find_same(objects, off, from);
    if (off->dry_run || (same != NULL && json_array_size(off->covers) == 0)) {
        off->absence = same != NULL ? g_strdup(same->name) : NULL;
        return false;
    }
    forget_old(tx, objects, version);
    struct config_object *object =
        same != NULL ? same : new_object(tx, off, from, (int64_t)objects->len);
    add_overrides(object, off->covers);
    config_save_object(tx->db, object, version, tx->now);
    off->absence = g_strdup(object->name);
    if (same == NULL) {
        config_object_free(object);
    }
    return true;
}

/* --- ending --- */

void end_absence_clear(struct end_absence *end)
{
    g_clear_pointer(&end->user, g_free);
    g_clear_pointer(&end->taken_back, json_decref);
}

/* Those overrides that are named and not over yet. */
struct taking_back {
    const struct config *config;
    const json_t *ids;
    struct utc now;
    json_t *found; /* [{"schedule", "id"}] */
};

static bool is_over(const struct taking_back *taking, const struct override_row *row)
{
    const struct schedule *schedule = config_schedule(taking->config, row->schedule);
    return schedule == NULL ||
           !utc_before(taking->now, zone_instant(schedule->zone, row->override->to, CIVIL_END));
}

static void find_override(void *self, const struct override_row *row)
{
    struct taking_back *taking = self;
    g_autofree char *id = g_strdup_printf("%" G_GINT64_FORMAT, row->id);
    for (size_t i = 0; i < json_array_size(taking->ids); i++) {
        const char *named = json_string_value(json_array_get(taking->ids, i));
        if (g_strcmp0(named, id) == 0 && !is_over(taking, row)) {
            json_array_append_new(taking->found,
                                  json_pack("{s:s, s:s}", "schedule", row->schedule, "id", id));
        }
    }
}

static void take_back(struct ledger_tx *tx, struct end_absence *end, const struct config *config,
                      const struct config_object *object)
{
    struct taking_back taking = {.config = config,
                                 .ids = json_object_get(object->spec, "overrides"),
                                 .now = tx->now,
                                 .found = end->taken_back};
    override_list(tx->db, NULL, find_override, &taking);
    for (size_t i = 0; i < json_array_size(end->taken_back); i++) {
        const json_t *one = json_array_get(end->taken_back, i);
        int64_t id = g_ascii_strtoll(json_text(one, "id", ""), NULL, 10);
        (void)config_override_remove(tx, end->base.actor, json_text(one, "schedule", ""), id);
    }
}

static enum command_result end_found(struct ledger_tx *tx, struct end_absence *end,
                                     const struct config *config,
                                     const struct config_object *object)
{
    if (object->is_from_file) {
        (void)config_refuse_file_owned(object, &end->base.fault);
        return config_command_refuse(&end->base, 409);
    }
    int64_t version = config_load_version(tx->db) + 1;
    end->user = g_strdup(json_text(object->spec, "user", ""));
    end->taken_back = json_array();
    if (!end->keeps_covers) {
        take_back(tx, end, config, object);
    }
    config_delete_object_row(tx->db, object->id, version, tx->now);
    g_autofree char *subject = g_strconcat("user:", end->user, NULL);
    json_auto_t *data = json_pack("{s:s, s:I}", "absence", object->name, "taken_back",
                                  (json_int_t)json_array_size(end->taken_back));
    event_append(tx, end->base.actor, "user.absence_ended", subject, data);
    config_command_finish(tx, &end->base, version);
    return COMMAND_DONE;
}

enum command_result end_absence_run(struct ledger_tx *tx, void *arg)
{
    struct end_absence *end = arg;
    config_command_begin(&end->base);
    end_absence_clear(end);
    struct config *config = config_load(tx->db, &end->base.fault);
    if (config == NULL) {
        return config_command_refuse(&end->base, 503);
    }
    g_autoptr(GPtrArray) objects = config_load_objects(tx->db);
    const struct config_object *object = config_find_object(objects, CONFIG_ABSENCE, end->name);
    enum command_result result = COMMAND_REFUSED;
    if (object != NULL) {
        result = end_found(tx, end, config, object);
    } else {
        (void)config_unknown(config, CONFIG_ABSENCE, end->name, &end->base.fault);
        fault_within(&end->base.fault, "name");
        result = config_command_refuse(&end->base, 404);
    }
    config_unref(config);
    return result;
}
