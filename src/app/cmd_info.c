#include <stdio.h>
#include <string.h>

#include "cli/cmd.h"

static int cmd_openapi(struct cli *cli)
{
    json_auto_t *answer = client_ask(cli, "GET", "/api/v1/openapi.json", NULL);
    if (answer == NULL) {
        return EXIT_REFUSED;
    }
    output_json(answer);
    return EXIT_OK;
}

static int cmd_completion(struct cli *cli)
{
    g_autoptr(GString) out = g_string_new(NULL);
    const char *shell = cli_arg(cli, 0);
    if (!cli_completion(cli->commands, shell, out)) {
        static const struct enum_name SHELLS[] = {{"bash", 1}, {"zsh", 2}, {"fish", 3}, {NULL, 0}};
        struct fault fault = {0};
        enum_refuse(SHELLS, shell, &fault);
        return cli_misused(cli, "SHELL: %s", fault.text);
    }
    output_print(out);
    return EXIT_OK;
}

static int cmd_manual(struct cli *cli)
{
    g_autoptr(GString) out = g_string_new(NULL);
    if (cli_has(cli, "markdown")) {
        cli_markdown(cli->commands, out);
    } else {
        cli_manual(cli->commands, out);
    }
    output_print(out);
    return EXIT_OK;
}

static int cmd_version(struct cli *cli)
{
    if (cli->is_json) {
        json_auto_t *answer = json_pack("{s:s}", "version", TOCSIN_VERSION);
        output_json(answer);
    } else {
        puts("Tocsin " TOCSIN_VERSION);
    }
    return EXIT_OK;
}

static json_t *commands_json(const struct cli *cli)
{
    json_t *items = json_array();
    for (size_t i = 0; i < cli->commands->len; i++) {
        json_array_append_new(items, json_pack("{s:s, s:s, s:s}", "name",
                                               cli_command_at(cli->commands, i)->name, "args",
                                               cli_command_at(cli->commands, i)->args, "summary",
                                               cli_command_at(cli->commands, i)->summary));
    }
    return items;
}

static int cmd_help(struct cli *cli)
{
    if (cli->is_json) {
        json_auto_t *items = commands_json(cli);
        output_json(items);
        return EXIT_OK;
    }
    g_autoptr(GString) out = g_string_new(NULL);
    if (cli->args->len == 0) {
        cli_help_all(cli->commands, out);
        output_print(out);
        return EXIT_OK;
    }
    int count = (int)cli->args->len;
    g_ptr_array_add(cli->args, NULL);
    g_autofree char *name = g_strjoinv(" ", (char **)cli->args->pdata);
    g_autofree char *prefix = g_strconcat(name, " ", NULL);
    for (size_t i = 0; i < cli->commands->len; i++) {
        if (strcmp(cli_command_at(cli->commands, i)->name, name) == 0 ||
            g_str_has_prefix(cli_command_at(cli->commands, i)->name, prefix)) {
            g_string_append(out, out->len > 0 ? "\n" : "");
            cli_help_command(cli_command_at(cli->commands, i), out);
        }
    }
    if (out->len == 0) {
        struct fault fault = {0};
        (void)cli_refuse_command(cli->commands, count, (char **)cli->args->pdata, &fault);
        return cli_refused(&fault);
    }
    output_print(out);
    return EXIT_OK;
}

static const struct cli_option MANUAL_OPTIONS[] = {
    {"markdown", NULL, "As the page docs/commands.md."}, {0}};

static const struct cli_command ROWS[] = {
    {"openapi", "", 0, 0, "Print the description of the HTTP API.", NULL, NULL, SETTING_CLIENT, 0,
     cmd_openapi},
    {"completion", "SHELL", 1, 1, "Print the completion for bash, zsh or fish.",
     "`make install` puts all three where the shells look. Otherwise, for bash and zsh: source "
     "<(tocsin completion bash); for fish: tocsin completion fish | source.",
     NULL, 0, 0, cmd_completion},
    {"manual", "", 0, 0, "Print the manual page.", "To read it: tocsin manual | man -l -",
     MANUAL_OPTIONS, 0, 0, cmd_manual},
    {"version", "", 0, 0, "Print the version.", NULL, NULL, 0, 0, cmd_version},
    {"help", "[COMMAND]", 0, 3, "Say how a command is used.", NULL, NULL, 0, 0, cmd_help},
};
const struct cli_table INFO_COMMANDS = {ROWS, G_N_ELEMENTS(ROWS)};
