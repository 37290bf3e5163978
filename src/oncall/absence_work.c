#include "oncall/absence_work.h"

#include <string.h>

#include "base/json.h"
#include "base/json_set.h"
#include "config/config_check.h"
#include "config/config_command.h"
#include "config/config_store.h"
#include "ledger/event.h"
#include "oncall/absence.h"
#include "oncall/override_store.h"
#include "oncall/override_work.h"
#include "oncall/schedule.h"

/* So long after its end an absence is of no more use. */
#define REMEMBERED ((struct span){-SPAN_D(30).us})

static struct absence *absence_of(const struct config_object *object)
{
    struct fault fault;
    return object->kind == &ABSENCE_KIND ? record_new_stored(&ABSENCE_RECORD, object->spec, &fault)
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
    object->kind = &ABSENCE_KIND;
    object->name = new_name(tx);
    object->position = position;
    g_autofree char *created_by = principal_text_of(off->base.actor);
    const struct absence absence = {.name = object->name,
                                    .user = (char *)(uintptr_t)off->user,
                                    .from = from,
                                    .to = off->until,
                                    .comment = (char *)(uintptr_t)off->comment,
                                    .created_by = created_by};
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
    g_clear_pointer(&end->covers, json_decref);
    g_clear_pointer(&end->uncovered, json_decref);
}

/* Those overrides that are named and not over yet. */
struct taking_back {
    const struct config *config;
    const json_t *ids;
    struct utc now;
    GPtrArray *found; /* of struct override_row; owned */
};

static bool is_over(const struct taking_back *taking, const struct override_row *row)
{
    const struct schedule *schedule = schedule_find(taking->config, row->schedule);
    return schedule == NULL || override_is_over(row->override, schedule->zone, taking->now);
}

static void find_override(void *self, const struct override_row *row)
{
    struct taking_back *taking = self;
    g_autofree char *id = g_strdup_printf("%" G_GINT64_FORMAT, row->id);
    for (size_t i = 0; i < json_array_size(taking->ids); i++) {
        const char *named = json_string_value(json_array_get(taking->ids, i));
        if (g_strcmp0(named, id) == 0 && !is_over(taking, row)) {
            g_ptr_array_add(taking->found, override_row_copy(row));
        }
    }
}

static void take_back(struct ledger_tx *tx, struct end_absence *end, const struct config *config,
                      const struct config_object *object)
{
    struct taking_back taking = {
        .config = config,
        .ids = json_object_get(object->spec, "overrides"),
        .now = tx->now,
        .found = g_ptr_array_new_with_free_func((GDestroyNotify)override_row_free)};
    override_list(tx->db, NULL, find_override, &taking);
    for (guint i = 0; i < taking.found->len; i++) {
        const struct override_row *row = g_ptr_array_index(taking.found, i);
        const struct schedule *schedule = schedule_find(config, row->schedule);
        (void)override_take_back(tx, end->base.actor, schedule->zone, row);
        json_array_append_new(end->taken_back,
                              json_pack("{s:s, s:o}", "schedule", row->schedule, "id",
                                        json_sprintf("%" G_GINT64_FORMAT, row->id)));
    }
    g_ptr_array_unref(taking.found);
}

/* --- what the end puts them back on call for, while another absence goes on --- */

struct absence_ending {
    struct ledger_tx *tx;
    struct end_absence *end;
    const struct config *before; /* with the absence and its overrides */
    const struct config *config; /* without; our own */
};

/* Two absences may share a shift that nobody takes: that is told once. */
static void add_new(json_t *rows, const json_t *more)
{
    size_t old = json_array_size(rows);
    for (size_t i = 0; i < json_array_size(more); i++) {
        bool is_there = false;
        for (size_t k = 0; k < old && !is_there; k++) {
            is_there = json_equal(json_array_get(rows, k), json_array_get(more, i)) == 1;
        }
        if (!is_there) {
            json_array_append(rows, json_array_get(more, i));
        }
    }
}

/* The absence of `object` goes on, and what was covered by the one that ended is to be covered by it. A shift
 * they had all the same, they took on purpose, or nobody could take it then either. */
static void cover_anew(const struct absence_ending *ending, struct config_object *object,
                       const struct absence *absence)
{
    struct ledger_tx *tx = ending->tx;
    struct end_absence *end = ending->end;
    struct off_duty off = {.base = {.actor = end->base.actor},
                           .user = absence->user,
                           .from = absence->from,
                           .until = absence->to,
                           .comment = absence->comment};
    off_duty_cover_again(tx, &off, ending->config, ending->before);
    if (json_array_size(off.covers) > 0) {
        add_overrides(object, off.covers);
        config_save_object(tx->db, object, config_load_version(tx->db) + 1, tx->now);
        json_array_extend(end->covers, off.covers);
    }
    add_new(end->uncovered, off.uncovered);
    off_duty_clear(&off);
}

/* Several of one person may overlap: together they last until the last one ends. One of a file covers
 * nothing by itself, and keeps no overrides that would end with it. */
static void cover_others(const struct absence_ending *ending, const GPtrArray *objects)
{
    const struct end_absence *end = ending->end;
    for (guint i = 0; i < objects->len; i++) {
        struct config_object *object = g_ptr_array_index(objects, i);
        struct absence *absence = absence_of(object);
        if (absence != NULL && !object->is_from_file && strcmp(object->name, end->name) != 0 &&
            strcmp(absence->user, end->user) == 0 && utc_before(ending->tx->now, absence->to)) {
            cover_anew(ending, object, absence);
        }
        record_free(&ABSENCE_RECORD, absence);
    }
}

/* As things are without it. */
static void look_after_end(struct ledger_tx *tx, struct end_absence *end,
                           const struct config *before, const GPtrArray *objects)
{
    struct fault fault;
    struct config *config = config_load(tx->db, &fault);
    if (config == NULL) {
        return; /* the database fails, and the commit with it */
    }
    struct utc next = {tx->now.us + 1};
    end->away_until = (struct utc){0};
    (void)!absence_meets(config_items(config, &ABSENCE_KIND), end->user, tx->now, next,
                         &end->away_until);
    if (!end->keeps_covers) {
        struct absence_ending ending = {.tx = tx, .end = end, .before = before, .config = config};
        cover_others(&ending, objects);
    }
    config_unref(config);
}

static const char *const OF_USER[] = {"user", NULL};
static const struct field ENDED_FIELDS[] = {
    SHAPE_TEXT("absence", FIELD_ALWAYS, "Its name."),
    SHAPE_KIND("taken_back", FIELD_INT, FIELD_ALWAYS, "So many covers were taken back."),
    SHAPE_KIND("covers", FIELD_INT, FIELD_ALWAYS, "So many shifts of others are covered anew."),
    SHAPE_KIND("uncovered", FIELD_INT, FIELD_ALWAYS, NULL),
    SHAPE_KIND("away_until", FIELD_UTC, 0, "By another absence."),
};
static const struct record ENDED =
    SHAPE("EventAbsenceEnded", "Somebody is back before the time.", ENDED_FIELDS);

static const struct event_kind EVENT_USER_ABSENCE_ENDED = {
    .name = "user.absence_ended", .subjects = OF_USER, .data = &ENDED};

const struct event_kind *const ABSENCE_EVENTS[] = {&EVENT_USER_ABSENCE_ENDED, NULL};

static void append_end_event(struct ledger_tx *tx, const struct end_absence *end)
{
    json_auto_t *data = json_pack("{s:s, s:I, s:I, s:I}", "absence", end->name, "taken_back",
                                  (json_int_t)json_array_size(end->taken_back), "covers",
                                  (json_int_t)json_array_size(end->covers), "uncovered",
                                  (json_int_t)json_array_size(end->uncovered));
    json_set_utc(data, "away_until", end->away_until);
    event_append(tx, end->base.actor, &EVENT_USER_ABSENCE_ENDED, subject_named("user", end->user),
                 data);
}

static enum command_result end_found(struct ledger_tx *tx, struct end_absence *end,
                                     const struct config *config, const GPtrArray *objects,
                                     const struct config_object *object)
{
    if (object->is_from_file) {
        (void)config_refuse_file_owned(object, &end->base.fault);
        return config_command_refuse(&end->base, 409);
    }
    int64_t version = config_load_version(tx->db) + 1;
    end->user = g_strdup(json_text(object->spec, "user", ""));
    end->taken_back = json_array();
    end->covers = json_array();
    end->uncovered = json_array();
    if (!end->keeps_covers) {
        take_back(tx, end, config, object);
    }
    config_delete_object_row(tx->db, object->id, version, tx->now);
    look_after_end(tx, end, config, objects);
    append_end_event(tx, end);
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
    const struct config_object *object = config_find_object(objects, &ABSENCE_KIND, end->name);
    enum command_result result = COMMAND_REFUSED;
    if (object != NULL) {
        result = end_found(tx, end, config, objects, object);
    } else {
        (void)config_unknown(config, &ABSENCE_KIND, end->name, &end->base.fault);
        fault_within(&end->base.fault, "name");
        result = config_command_refuse(&end->base, 404);
    }
    config_unref(config);
    return result;
}
