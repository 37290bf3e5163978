#include "oncall/override_work.h"

#include "base/json_set.h"
#include "config/config_check.h"
#include "config/config_command.h"
#include "config/config_store.h"
#include "ledger/event.h"
#include "ledger/parent.h"
#include "oncall/absence.h"
#include "people/user.h"

/* Overrides of schedules that people make between two applies of the file. */

static const struct schedule *find_schedule(const struct config *config, const char *name,
                                            struct config_command *command)
{
    const struct schedule *schedule = schedule_find(config, name);
    if (schedule == NULL) {
        command->status = 404;
        (void)config_unknown(config, &SCHEDULE_KIND, name, &command->fault);
        fault_within(&command->fault, "schedule");
    }
    return schedule;
}

bool override_is_over(const struct override *override, const struct zone *zone, struct utc now)
{
    return !utc_before(now, zone_instant(zone, override->to, CIVIL_END));
}

/* Most often the year is wrong. */
static bool is_ahead(const struct schedule *schedule, const struct override *override,
                     struct utc now, struct fault *fault)
{
    if (!override_is_over(override, schedule->zone, now)) {
        return true;
    }
    char text[UTC_TEXT_SIZE];
    civil_format(zone_civil(schedule->zone, now), text);
    return fault_set(
        fault, "to",
        "has passed already: in %s it is %s; name an end ahead of it, nothing that was "
        "can be changed",
        schedule->time_zone, text);
}

static bool judge_override(const struct config *config, const struct schedule *schedule,
                           const struct override *override, struct utc now,
                           struct config_command *command)
{
    command->status = 422;
    if (override->who != NULL && user_find(config, override->who) == NULL) {
        (void)config_unknown(config, &USER_KIND, override->who, &command->fault);
        fault_within(&command->fault, "who");
        return false;
    }
    return schedule_takes_override(schedule, override, &command->fault) &&
           schedule_override_lasts(schedule, override, &command->fault) &&
           is_ahead(schedule, override, now, &command->fault);
}

static const char *const OF_SCHEDULE[] = {"schedule", NULL};
static const struct field ADDED_FIELDS[] = {SHAPE_KIND("id", FIELD_INT, FIELD_ALWAYS, NULL)};
static const struct record ADDED = {.name = "EventOverrideAdded",
                                    .doc = "Somebody else is on call for a while.",
                                    .fields = ADDED_FIELDS,
                                    .field_count = G_N_ELEMENTS(ADDED_FIELDS),
                                    .base = &OVERRIDE_RECORD};

static const struct field TAKEN_BACK_FIELDS[] = {
    SHAPE_KIND("id", FIELD_INT, FIELD_ALWAYS, NULL),
    SHAPE_KIND("until", FIELD_UTC, 0, "It had begun, and ended then."),
};
static const struct record TAKEN_BACK =
    SHAPE("EventOverrideTakenBack", "An override was taken back.", TAKEN_BACK_FIELDS);

static const struct event_kind EVENT_OVERRIDE_ADDED = {
    .name = "override.added", .subjects = OF_SCHEDULE, .data = &ADDED};
static const struct event_kind EVENT_OVERRIDE_ENDED = {
    .name = "override.ended", .subjects = OF_SCHEDULE, .data = &TAKEN_BACK};
static const struct event_kind EVENT_OVERRIDE_REMOVED = {
    .name = "override.removed", .subjects = OF_SCHEDULE, .data = &TAKEN_BACK};

const struct event_kind *const OVERRIDE_EVENTS[] = {&EVENT_OVERRIDE_ADDED, &EVENT_OVERRIDE_ENDED,
                                                    &EVENT_OVERRIDE_REMOVED, NULL};

static void append_override_event(struct ledger_tx *tx, struct principal actor,
                                  const struct event_kind *kind, const char *schedule, json_t *data)
{
    event_append(tx, actor, kind, subject_named("schedule", schedule), data);
    json_decref(data);
}

int64_t override_write(struct ledger_tx *tx, struct principal actor, const char *schedule,
                       const struct override *override)
{
    g_autofree char *created_by = principal_text_of(actor);
    int64_t id = override_insert(tx->db, schedule, override, created_by, tx->now);
    json_t *data = record_write(&OVERRIDE_RECORD, override);
    (void)json_object_set_new(data, "id", json_integer(id));
    const struct subject about = subject_named("schedule", schedule);
    const struct subject who = subject_named("user", override->who);
    if (override->who != NULL) {
        event_append_below(tx, actor, &EVENT_OVERRIDE_ADDED, about, data,
                           (struct event_parents){&who, 1});
    } else {
        event_append(tx, actor, &EVENT_OVERRIDE_ADDED, about, data);
    }
    json_decref(data);
    return id;
}

/* Somebody chose them, and may know better; but is told. */
static char *warn_of_absence(const struct config *config, const struct schedule *schedule,
                             const struct override *override)
{
    struct utc from = zone_instant(schedule->zone, override->from, CIVIL_START);
    struct utc to = zone_instant(schedule->zone, override->to, CIVIL_END);
    struct utc back_at;
    if (override->who == NULL ||
        !absence_meets(config_items(config, &ABSENCE_KIND), override->who, from, to, &back_at)) {
        return NULL;
    }
    char text[UTC_TEXT_SIZE];
    utc_format(back_at, text);
    return g_strdup_printf("%s is away in this time, until %s", override->who, text);
}

static enum command_result add_judged(struct ledger_tx *tx, struct add_override *add,
                                      const struct config *config, const struct schedule *schedule,
                                      const struct override *override)
{
    add->warning = warn_of_absence(config, schedule, override);
    int64_t version = config_load_version(tx->db) + 1;
    add->id = override_write(tx, add->base.actor, add->schedule, override);
    config_command_finish(tx, &add->base, version);
    add->base.status = 201;
    return COMMAND_DONE;
}

void add_override_clear(struct add_override *add)
{
    g_clear_pointer(&add->warning, g_free);
}

enum command_result add_override_run(struct ledger_tx *tx, void *arg)
{
    struct add_override *add = arg;
    struct override override = {0};
    config_command_begin(&add->base);
    add_override_clear(add);
    struct config *config = config_load(tx->db, &add->base.fault);
    if (config == NULL) {
        return config_command_refuse(&add->base, 503);
    }
    const struct schedule *schedule = find_schedule(config, add->schedule, &add->base);
    enum command_result result = COMMAND_REFUSED;
    if (schedule != NULL &&
        !record_read(&OVERRIDE_RECORD, add->spec, &override, &add->base.fault)) {
        result = config_command_refuse(&add->base, 422);
    } else if (schedule != NULL &&
               judge_override(config, schedule, &override, tx->now, &add->base)) {
        result = add_judged(tx, add, config, schedule, &override);
    }
    record_clear(&OVERRIDE_RECORD, &override);
    config_unref(config);
    return result;
}

/* Ends it at `now`. False: it does not hold then, or local times cannot say what was of it. */
static bool cut(struct override *override, const struct zone *zone, struct utc now)
{
    enum { STEP_S = 60 };

    int64_t end = zone_reading(zone, now);
    if (!utc_before(zone_instant(zone, override->from, CIVIL_START), now) ||
        override_is_over(override, zone, now)) {
        return false;
    }
    /* Of two equal local times an end takes the last: then it ends before the time that comes twice. */
    while (utc_before(now, zone_instant_of(zone, end, CIVIL_END))) {
        end -= STEP_S;
    }
    override->to = civil_of_reading(end);
    return civil_compare(override->from, override->to) < 0;
}

bool override_take_back(struct ledger_tx *tx, struct principal actor, const struct zone *zone,
                        const struct override_row *row)
{
    struct override *left = override_copy(row->override);
    bool is_cut = zone != NULL && cut(left, zone, tx->now);
    bool is_there = is_cut ? override_save(tx->db, row->schedule, row->id, left)
                           : override_delete(tx->db, row->schedule, row->id, tx->now);
    if (is_there) {
        json_t *data = json_pack("{s:I}", "id", (json_int_t)row->id);
        if (is_cut) {
            json_set_utc(data, "until", tx->now);
        }
        append_override_event(tx, actor, is_cut ? &EVENT_OVERRIDE_ENDED : &EVENT_OVERRIDE_REMOVED,
                              row->schedule, data);
    }
    record_free(&OVERRIDE_RECORD, left);
    return is_there;
}

struct row_search {
    int64_t id;
    struct override_row *found;
};

static void find_row(void *self, const struct override_row *row)
{
    struct row_search *search = self;
    if (row->id == search->id) {
        search->found = override_row_copy(row);
    }
}

/* Who asks again, since the answer was lost, finds it over: what was is not touched. */
static void remove_row(struct ledger_tx *tx, struct remove_override *self,
                       const struct schedule *schedule, const struct override_row *row)
{
    if (schedule != NULL && override_is_over(row->override, schedule->zone, tx->now)) {
        return;
    }
    int64_t version = config_load_version(tx->db) + 1;
    (void)override_take_back(tx, self->base.actor, schedule != NULL ? schedule->zone : NULL, row);
    config_command_finish(tx, &self->base, version);
}

enum command_result remove_override_run(struct ledger_tx *tx, void *arg)
{
    struct remove_override *self = arg;
    config_command_begin(&self->base);
    struct config *config = config_load(tx->db, &self->base.fault);
    if (config == NULL) {
        return config_command_refuse(&self->base, 503);
    }
    struct row_search search = {.id = self->id};
    override_list(tx->db, self->schedule, find_row, &search);
    if (search.found != NULL) {
        remove_row(tx, self, schedule_find(config, self->schedule), search.found);
    }
    config_unref(config);
    if (search.found == NULL) {
        (void)fault_set(&self->base.fault, "id",
                        "there is no override %" G_GINT64_FORMAT
                        " made by a person in schedule \"%.100s\"; those of the file are changed "
                        "there",
                        self->id, self->schedule);
        return config_command_refuse(&self->base, 404);
    }
    override_row_free(search.found);
    return COMMAND_DONE;
}
