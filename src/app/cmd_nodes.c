#include "app/cmd.h"

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

int cmd_nodes(struct cli *cli)
{
    static const struct column COLUMNS[] = {{"NODE", "id"},           {"NAME", "name"},
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
