#include <stdio.h>
#include <string.h>

#include "app/cmd.h"

int cmd_openapi(struct cli *cli)
{
    json_auto_t *answer = client_ask(cli, "GET", "/api/v1/openapi.json", NULL);
    if (answer == NULL) {
        return EXIT_REFUSED;
    }
    output_json(answer);
    return EXIT_OK;
}

int cmd_completion(struct cli *cli)
{
    g_autoptr(GString) out = g_string_new(NULL);
    const char *shell = cli_arg(cli, 0);
    if (!cli_completion(shell, out)) {
        static const struct enum_name SHELLS[] = {{"bash", 1}, {"zsh", 2}, {"fish", 3}, {NULL, 0}};
        struct fault fault = {0};
        enum_refuse(SHELLS, shell, &fault);
        return cli_misused(cli, "SHELL: %s", fault.text);
    }
    output_print(out);
    return EXIT_OK;
}

int cmd_manual(struct cli *cli)
{
    g_autoptr(GString) out = g_string_new(NULL);
    if (cli_has(cli, "markdown")) {
        cli_markdown(out);
    } else {
        cli_manual(out);
    }
    output_print(out);
    return EXIT_OK;
}

int cmd_version(struct cli *cli)
{
    if (cli->is_json) {
        json_auto_t *answer = json_pack("{s:s}", "version", TOCSIN_VERSION);
        output_json(answer);
    } else {
        puts("Tocsin " TOCSIN_VERSION);
    }
    return EXIT_OK;
}

static json_t *commands_json(void)
{
    json_t *items = json_array();
    for (size_t i = 0; i < COMMAND_COUNT; i++) {
        json_array_append_new(items, json_pack("{s:s, s:s, s:s}", "name", COMMANDS[i].name, "args",
                                               COMMANDS[i].args, "summary", COMMANDS[i].summary));
    }
    return items;
}

int cmd_help(struct cli *cli)
{
    if (cli->is_json) {
        json_auto_t *items = commands_json();
        output_json(items);
        return EXIT_OK;
    }
    g_autoptr(GString) out = g_string_new(NULL);
    if (cli->args->len == 0) {
        cli_help_all(out);
        output_print(out);
        return EXIT_OK;
    }
    int count = (int)cli->args->len;
    g_ptr_array_add(cli->args, NULL);
    g_autofree char *name = g_strjoinv(" ", (char **)cli->args->pdata);
    g_autofree char *prefix = g_strconcat(name, " ", NULL);
    for (size_t i = 0; i < COMMAND_COUNT; i++) {
        if (strcmp(COMMANDS[i].name, name) == 0 || g_str_has_prefix(COMMANDS[i].name, prefix)) {
            g_string_append(out, out->len > 0 ? "\n" : "");
            cli_help_command(&COMMANDS[i], out);
        }
    }
    if (out->len == 0) {
        struct fault fault = {0};
        (void)cli_refuse_command(count, (char **)cli->args->pdata, &fault);
        return cli_refused(&fault);
    }
    output_print(out);
    return EXIT_OK;
}
