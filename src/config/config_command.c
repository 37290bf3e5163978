#include "config/config_command.h"

#include <string.h>

#include "base/log.h"
#include "config/config_store.h"

void config_command_begin(struct config_command *command)
{
    g_clear_pointer(&command->next, config_unref);
    command->status = 200;
    memset(&command->fault, 0, sizeof command->fault);
}

enum command_result config_command_refuse(struct config_command *command, int status)
{
    command->status = status;
    return COMMAND_REFUSED;
}

void config_command_finish(struct ledger_tx *tx, struct config_command *command, int64_t version)
{
    config_save_version(tx->db, version);
    struct fault fault;
    command->next = config_load(tx->db, &fault);
    /* NULL only when the database failed, and then the commit fails too. */
    CHECK(command->next != NULL || db_error(tx->db) != DB_OK);
}

static const char *const OF_CONFIG[] = {"config", NULL};
static const struct field CHANGED_FIELDS[] = {
    SHAPE_KIND("version", FIELD_INT, FIELD_ALWAYS, "Of the configuration that is in force since."),
    SHAPE_KIND("created", FIELD_TEXTS, 0, "Such as \"user ana\"."),
    SHAPE_KIND("changed", FIELD_TEXTS, 0, NULL),
    SHAPE_KIND("deleted", FIELD_TEXTS, 0, NULL),
};
static const struct record CHANGED =
    SHAPE("EventConfigChanged", "Users, teams, schedules … were changed.", CHANGED_FIELDS);

const struct event_kind EVENT_CONFIG_CHANGED = {
    .name = "config.changed", .subjects = OF_CONFIG, .data = &CHANGED};

const struct event_kind *const CONFIG_EVENTS[] = {&EVENT_CONFIG_CHANGED, NULL};

void config_command_tell(struct ledger_tx *tx, struct config_command *command, const json_t *data)
{
    config_bring(command->configs, tx, command->next);
    event_append(tx, command->actor, &EVENT_CONFIG_CHANGED, subject_only("config"), data);
}

static void foresee(struct ledger_tx *tx, void *configs)
{
    (void)configs;
    (void)!config_load_version(tx->db);
}

static void others_wrote(struct ledger_tx *tx, void *self)
{
    struct config_holder *configs = self;
    struct config *known = config_current(configs);
    int64_t version = config_load_version(tx->db);
    bool is_settled = version == known->version || version == config_unreadable(configs);
    config_unref(known);
    if ((is_settled && !ledger_is_reconnected(tx)) || db_error(tx->db) != DB_OK) {
        return;
    }
    struct fault fault = {0};
    struct config *next = config_load(tx->db, &fault);
    if (next != NULL) {
        config_replace(configs, next);
        config_set_unreadable(configs, 0);
    } else if (db_error(tx->db) == DB_OK) {
        config_set_unreadable(configs, version);
        LOG_ERROR("config", NULL,
                  "another node's configuration cannot be read; the one of before stays", "where",
                  fault.field, "why", fault.text);
    }
}

void config_add_witness(struct config_holder *configs, struct ledger *ledger)
{
    ledger_add_witness(ledger, (struct ledger_witness){others_wrote, configs, foresee});
}

void config_command_answered(void *command, enum command_outcome outcome)
{
    struct config_command *self = command;
    struct config *next = g_steal_pointer(&self->next);
    if (outcome == OUTCOME_COMMITTED && next != NULL) {
        config_publish(self->configs, next);
    } else {
        config_unref(next);
    }
}
