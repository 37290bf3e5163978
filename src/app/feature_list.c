#include "app/feature_list.h"

#include "cli/cli.h"

GPtrArray *features_commands(const struct feature_list *list)
{
    GPtrArray *commands = g_ptr_array_new();
    for (size_t i = 0; i < list->count; i++) {
        const struct cli_table *const *tables = list->features[i]->commands;
        for (; tables != NULL && *tables != NULL; tables++) {
            cli_add_table(commands, *tables);
        }
    }
    return commands;
}
