/* config/config_command.h - the frame of every command that changes the configuration; for
 * those who implement one: this folder, and nouns with commands of their own. */
#ifndef CONFIG_CONFIG_COMMAND_H
#define CONFIG_CONFIG_COMMAND_H

#include "config/config_store.h"
#include "config/config_work.h"

/* First of all: a command may run more than once and sets its results afresh each time. */
void config_command_begin(struct config_command *command);

/* To be returned by a command that wrote nothing. */
enum command_result config_command_refuse(struct config_command *command, int status);

/* Last of all: what this transaction now sees becomes the next snapshot. */
void config_command_finish(struct ledger_tx *tx, struct config_command *command, int64_t version);
/* After that, where objects changed: the event, to whose subscribers config_in answers what was just loaded. */
void config_command_tell(struct ledger_tx *tx, struct config_command *command, const json_t *data);

/* NULL when there is none of that kind and name (of config_load_objects). Borrowed. */
struct config_object *config_find_object(const GPtrArray *objects, const struct config_kind *kind,
                                         const char *name);

/* Answers false: it is changed in the file. */
bool config_refuse_file_owned(const struct config_object *object, struct fault *fault);

#endif
