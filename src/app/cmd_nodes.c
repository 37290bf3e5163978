#include "cli/cmd.h"

#include <string.h>

#include "base/json.h"

static bool is_gone(const json_t *node)
{
    const char *state = json_string_value(json_object_get(node, "state"));
    return state != NULL && strcmp(state, "gone") == 0;
}

/* Restarts leave many behind; who looks wants to know who is there. */
static void drop_gone(json_t *items)
{
    for (size_t i = json_array_size(items); i > 0; i--) {
        if (is_gone(json_array_get(items, i - 1))) {
            json_array_remove(items, i - 1);
        }
    }
}

static int cmd_nodes(struct cli *cli)
{
    static const struct list_column COLUMNS[] = {
        {"NODE", "id"},           {"NAME", "name"},
        {"STATE", "state"},       {"LANES", "lanes"},
        {"VERSION", "version"},   {"STARTED", "started_at"},
        {"SEEN", "last_beat_at"}, {"ENDED", "ended_at"},
        {"ADDRESS", "address"},   {0}};
    json_auto_t *items = client_list(cli, "/api/v1/nodes", SIZE_MAX);
    if (items == NULL) {
        return EXIT_REFUSED;
    }
    if (cli->is_json) {
        output_json(items);
        return EXIT_OK;
    }
    if (!cli_has(cli, "all")) {
        drop_gone(items);
    }
    cmd_show_list(items, COLUMNS, "No nodes.");
    return EXIT_OK;
}

static const struct cli_option NODES_OPTIONS[] = {{"all", NULL, "Those that ended lately, too."},
                                                  {0}};

static const struct cli_command ROWS[] = {
    {"nodes", "", 0, 0, "List the servers that share the database.",
     "With each how much of the due work it holds (64 lanes in all), and when the server that "
     "answers "
     "last saw it alive. With --json always those that ended, too.",
     NODES_OPTIONS, SETTING_CLIENT, 0, cmd_nodes},
};
const struct cli_table NODE_COMMANDS = {ROWS, G_N_ELEMENTS(ROWS)};
