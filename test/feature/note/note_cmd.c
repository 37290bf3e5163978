#include "base/json.h"
#include "cli/cmd.h"
#include "feature/note/note.h"

static int add(struct cli *cli)
{
    json_auto_t *body =
        json_pack("{s:s, s:s*}", "text", cli_arg(cli, 0), "policy", cli_option(cli, "policy"));
    json_t *answer = client_ask(cli, "POST", "/api/v1/notes", body);
    if (answer != NULL && !cli->is_json) {
        g_autoptr(GString) out = g_string_new("Note ");
        g_autofree char *id = cmd_value(answer, "id");
        g_string_append_printf(out, "%s is written.\n", id);
        output_print(out);
    }
    return cmd_finish(cli, answer);
}

static int list(struct cli *cli)
{
    static const struct list_column COLUMNS[] = {
        {"NOTE", "id"}, {"STATE", "state"}, {"TEXT", "text"}, {"BY", "written_by"}, {0}};
    json_auto_t *items = client_list(cli, "/api/v1/notes", SIZE_MAX);
    if (items == NULL) {
        return EXIT_REFUSED;
    }
    if (cli->is_json) {
        output_json(items);
    } else {
        cmd_show_list(items, COLUMNS, "There are no notes.");
    }
    return EXIT_OK;
}

static const struct cli_option ADD_OPTIONS[] = {
    {"policy", "NAME", "By which people are told; without it the last resort is."}, {0}};

static const struct cli_command ROWS[] = {
    {"note add", "TEXT", 1, 1, "Write a note that somebody has to read.", NULL, ADD_OPTIONS,
     SETTING_CLIENT, 0, add},
    {"note list", "", 0, 0, "List the notes.", NULL, NULL, SETTING_CLIENT, 0, list},
};
const struct cli_table NOTE_COMMANDS = {ROWS, G_N_ELEMENTS(ROWS)};
