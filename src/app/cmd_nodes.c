#include "app/cmd.h"
#include "base/json.h"

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
    } else {
        cmd_show_list(items, COLUMNS, "No nodes.");
    }
    return EXIT_OK;
}
