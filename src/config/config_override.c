#include "config/config_command.h"
#include "config/config_plan.h"
#include "config/config_store.h"
#include "ledger/event.h"

/* Overrides of schedules that people make between two applies of the file. */

static const struct schedule *find_schedule(const struct config *config, const char *name,
                                            struct config_command *command)
{
    const struct schedule *schedule = config_schedule(config, name);
    if (schedule == NULL) {
        command->status = 404;
        (void)config_unknown(config, CONFIG_SCHEDULE, name, &command->fault);
        fault_within(&command->fault, "schedule");
    }
    return schedule;
}

static bool judge_override(const struct config *config, const struct schedule *schedule,
                           const struct override *override, struct config_command *command)
{
    command->status = 422;
    if (override->who != NULL && config_user(config, override->who) == NULL) {
        (void)config_unknown(config, CONFIG_USER, override->who, &command->fault);
        fault_within(&command->fault, "who");
        return false;
    }
    return schedule_takes_override(schedule, override, &command->fault) &&
           schedule_override_lasts(schedule, override, &command->fault);
}

static void append_override_event(struct ledger_tx *tx, const char *actor, const char *kind,
                                  const char *schedule, json_t *data)
{
    g_autofree char *subject = g_strdup_printf("schedule:%s", schedule);
    event_append(tx, actor, kind, subject, data);
    json_decref(data);
}

int64_t config_override_write(struct ledger_tx *tx, const char *actor, const char *schedule,
                              const struct override *override)
{
    int64_t id = override_insert(tx->db, schedule, override, actor, tx->now);
    json_t *data = record_write(&OVERRIDE_RECORD, override);
    (void)json_object_set_new(data, "id", json_integer(id));
    append_override_event(tx, actor, "override.added", schedule, data);
    return id;
}

static enum command_result add_judged(struct ledger_tx *tx, struct add_override *add,
                                      const struct override *override)
{
    int64_t version = config_load_version(tx->db) + 1;
    add->id = config_override_write(tx, add->base.actor, add->schedule, override);
    config_command_finish(tx, &add->base, version);
    add->base.status = 201;
    return COMMAND_DONE;
}

enum command_result add_override_run(struct ledger_tx *tx, void *arg)
{
    struct add_override *add = arg;
    struct override override = {0};
    config_command_begin(&add->base);
    struct config *config = config_load(tx->db, &add->base.fault);
    if (config == NULL) {
        return config_command_refuse(&add->base, 503);
    }
    const struct schedule *schedule = find_schedule(config, add->schedule, &add->base);
    enum command_result result = COMMAND_REFUSED;
    if (schedule != NULL &&
        !record_read(&OVERRIDE_RECORD, add->spec, &override, &add->base.fault)) {
        result = config_command_refuse(&add->base, 422);
    } else if (schedule != NULL && judge_override(config, schedule, &override, &add->base)) {
        result = add_judged(tx, add, &override);
    }
    record_clear(&OVERRIDE_RECORD, &override);
    config_unref(config);
    return result;
}

enum command_result remove_override_run(struct ledger_tx *tx, void *arg)
{
    struct remove_override *self = arg;
    config_command_begin(&self->base);
    if (!override_delete(tx->db, self->schedule, self->id, tx->now)) {
        (void)fault_set(&self->base.fault, "id",
                        "there is no override %" G_GINT64_FORMAT
                        " made by a person in schedule \"%.100s\"; those of the file are changed "
                        "there",
                        self->id, self->schedule);
        return config_command_refuse(&self->base, 404);
    }
    int64_t version = config_load_version(tx->db) + 1;
    json_t *data = json_pack("{s:I}", "id", (json_int_t)self->id);
    append_override_event(tx, self->base.actor, "override.removed", self->schedule, data);
    config_command_finish(tx, &self->base, version);
    return COMMAND_DONE;
}
