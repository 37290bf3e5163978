#include <string.h>

#include "cli/cli.h"

/* A cell must not end its table, a word not start markup. */
static void append_cell(GString *out, const char *text)
{
    for (; *text != '\0'; text++) {
        if (*text == '|' || *text == '*' || *text == '<' || *text == '_') {
            g_string_append_c(out, '\\');
        }
        g_string_append_c(out, *text);
    }
}

static void append_row(GString *out, const char *flag, const char *arg, const char *doc)
{
    g_string_append_printf(out, "| `--%s", flag);
    for (const char *at = arg; at != NULL && *at != '\0'; at++) {
        g_string_append_printf(out, "%s%s%c", at == arg ? " " : "", *at == '|' ? "\\" : "", *at);
    }
    g_string_append(out, "` | ");
    append_cell(out, doc);
    g_string_append(out, " |\n");
}

static void append_command(GString *out, const struct cli_command *command)
{
    bool has_args = command->args[0] != '\0';
    g_string_append_printf(out, "\n### tocsin %s\n\n`tocsin %s%s%s`\n\n%s\n", command->name,
                           command->name, has_args ? " " : "", command->args, command->summary);
    if (command->doc != NULL) {
        g_string_append_printf(out, "\n%s\n", command->doc);
    }
    const struct cli_option *option = command->options;
    if (option != NULL) {
        g_string_append(out, "\n| option | |\n|---|---|\n");
    }
    for (; option != NULL && option->name != NULL; option++) {
        append_row(out, option->name, option->arg, option->doc);
    }
}

static void append_setting(GString *out, const struct setting *setting)
{
    g_autofree char *variable = setting_variable(setting);
    g_string_append_printf(out, "| `--%s` | `%s` | %s%s%s | ", setting->name, variable,
                           setting->initial != NULL ? "`" : "",
                           setting->initial != NULL ? setting->initial : "",
                           setting->initial != NULL ? "`" : "");
    append_cell(out, setting->doc);
    if (setting->kind == SETTING_CHOICE) {
        g_string_append(out, " One of ");
        append_cell(out, setting->arg);
        g_string_append_c(out, '.');
    }
    g_string_append(out, " |\n");
}

void cli_markdown(const GPtrArray *commands, GString *out)
{
    g_string_append(
        out,
        "# Commands and settings\n\n"
        "This page is written by `tocsin manual --markdown`, from the tables that also give the "
        "parser,\nthe help and the manual page; a test compares them.\n\n"
        "Commands reach the running server through the local socket in its data directory "
        "(`--data`), or\nthrough `--url` with `--token`. Every command takes `--help` and "
        "`--json`, "
        "which prints what the API\nanswers: of a list, the array of its items. "
        "Exit codes: 0 done, 1 refused or failed,\n2 wrong usage, 3 (`verify` only) the record of "
        "events is not whole. Where a command takes an INSTANT, it is\n`now`, a span from now "
        "such as `+2h`, a time by your own clock (TZ) such as 2026-12-24 or 2026-12-24T23:30, or "
        "RFC 3339\nwith an offset; `schedule shifts` and `schedule gaps` read such a time by the "
        "schedule's clock.\n\n"
        "Completion for bash, zsh and fish is installed by `make install`; see `tocsin "
        "completion`.\n\n"
        "## Settings\n\nA flag wins over its variable, the variable over the default.\n\n"
        "| flag | variable | default | |\n|---|---|---|---|\n");
    for (size_t i = 0; i < SETTING_COUNT; i++) {
        append_setting(out, &SETTINGS[i]);
    }
    g_string_append(out, "\n## Commands\n");
    for (size_t i = 0; i < commands->len; i++) {
        append_command(out, cli_command_at(commands, i));
    }
}
