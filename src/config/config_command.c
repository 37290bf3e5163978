#include "config/config_command.h"

#include <string.h>

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
