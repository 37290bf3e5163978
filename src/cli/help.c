#include <string.h>

#include "cli/cli.h"

enum { HELP_WIDTH = 90 };

/* `text` in lines of at most HELP_WIDTH, each after the first indented. */
static void append_wrapped(GString *out, const char *text, size_t indent)
{
    g_auto(GStrv) words = g_strsplit(text, " ", -1);
    size_t column = indent;
    for (char **word = words; *word != NULL; word++) {
        size_t length = strlen(*word);
        if (column > indent && column + 1 + length > HELP_WIDTH) {
            g_string_append_printf(out, "\n%*s", (int)indent, "");
            column = indent;
        } else if (column > indent) {
            g_string_append_c(out, ' ');
            column++;
        }
        g_string_append(out, *word);
        column += length;
    }
    g_string_append_c(out, '\n');
}

static void append_row(GString *out, const char *head, const char *text, size_t indent)
{
    g_string_append_printf(out, "  %-*s", (int)indent - 2, head);
    if (strlen(head) > indent - 3) {
        g_string_append_printf(out, "\n%*s", (int)indent, "");
    }
    append_wrapped(out, text, indent);
}

void cli_help_all(const GPtrArray *commands, GString *out)
{
    g_string_append(out, "Tocsin " TOCSIN_VERSION
                         " tells the right person about an alert until somebody acts.\n\n"
                         "Usage: tocsin COMMAND [OPTIONS] [ARGUMENTS]\n\nCommands:\n");
    for (size_t i = 0; i < commands->len; i++) {
        append_row(out, cli_command_at(commands, i)->name, cli_command_at(commands, i)->summary,
                   28);
    }
    g_string_append(
        out,
        "\n`tocsin help COMMAND` says more. Commands reach the server through the local socket in\n"
        "its data directory (--data), or through --url with --token. --json prints what the\n"
        "API answers; of a list, the array of its items. Exit codes: 0 done, 1 refused or\n"
        "failed, 2 wrong usage, 3 (verify) the record is not whole.\n");
}

static void append_options(const struct cli_command *command, GString *out)
{
    const struct cli_option *option = command->options;
    for (; option != NULL && option->name != NULL; option++) {
        g_autofree char *head = g_strdup_printf("--%s%s%s", option->name, option->arg ? " " : "",
                                                option->arg ? option->arg : "");
        append_row(out, head, option->doc, 30);
    }
    if (command->run != NULL) {
        append_row(out, "--json", "Answer as JSON: what the API answers; of a list, its items.",
                   30);
    }
}

static void append_settings(const struct cli_command *command, GString *out)
{
    for (size_t i = 0; i < SETTING_COUNT; i++) {
        const struct setting *setting = &SETTINGS[i];
        if ((setting->scope & command->settings) == 0) {
            continue;
        }
        g_autofree char *head = g_strdup_printf("--%s %s", setting->name, setting->arg);
        g_autofree char *variable = setting_variable(setting);
        g_autofree char *text = g_strdup_printf("%s [%s%s%s]", setting->doc, variable,
                                                setting->initial ? ", default " : "",
                                                setting->initial ? setting->initial : "");
        append_row(out, head, text, 30);
    }
}

void cli_help_command(const struct cli_command *command, GString *out)
{
    g_string_append_printf(out, "Usage: tocsin %s [OPTIONS] %s\n\n%s\n", command->name,
                           command->args, command->summary);
    if (command->doc != NULL) {
        g_string_append_c(out, '\n');
        append_wrapped(out, command->doc, 0);
    }
    g_string_append(out, "\nOptions:\n");
    append_options(command, out);
    if (command->settings != 0) {
        g_string_append(out, "\nSettings (flag, variable, default):\n");
        append_settings(command, out);
    }
}

/* A hyphen at a line's start or a backslash would be read as troff. */
static void append_troff(GString *out, const char *text)
{
    if (*text == '.' || *text == '\'') {
        g_string_append(out, "\\&");
    }
    for (; *text != '\0'; text++) {
        if (*text == '\\') {
            g_string_append(out, "\\e");
        } else if (*text == '-') {
            g_string_append(out, "\\-");
        } else {
            g_string_append_c(out, *text);
        }
    }
    g_string_append_c(out, '\n');
}

static void manual_row(GString *out, const char *head, const char *text)
{
    g_string_append(out, ".TP\n.B ");
    append_troff(out, head);
    append_troff(out, text);
}

static void manual_command(const struct cli_command *command, GString *out)
{
    g_autofree char *head = g_strdup_printf("%s %s", command->name, command->args);
    g_string_append(out, ".SS ");
    append_troff(out, head);
    append_troff(out, command->summary);
    if (command->doc != NULL) {
        g_string_append(out, ".PP\n");
        append_troff(out, command->doc);
    }
    const struct cli_option *option = command->options;
    for (; option != NULL && option->name != NULL; option++) {
        g_autofree char *flag = g_strdup_printf("--%s%s%s", option->name, option->arg ? " " : "",
                                                option->arg ? option->arg : "");
        manual_row(out, flag, option->doc);
    }
}

void cli_manual(const GPtrArray *commands, GString *out)
{
    g_string_append(out,
                    ".TH TOCSIN 1 \"\" \"Tocsin " TOCSIN_VERSION "\" \"User Commands\"\n"
                    ".SH NAME\ntocsin \\- incident management and paging\n.SH SYNOPSIS\n"
                    ".B tocsin\n.I COMMAND\n[\\fIOPTIONS\\fR] [\\fIARGUMENTS\\fR]\n"
                    ".SH DESCRIPTION\nTocsin takes alerts in and tells the right person, until "
                    "somebody acts.\nCommands reach a running server through the local socket "
                    "in its data directory, or through\n.B \\-\\-url\nwith a token.\n"
                    ".SH COMMANDS\n");
    for (size_t i = 0; i < commands->len; i++) {
        manual_command(cli_command_at(commands, i), out);
    }
    g_string_append(out, ".SH SETTINGS\nFlags of\n.BR \"tocsin serve\" ;\n"
                         "a flag wins over its variable, the variable over the default.\n");
    for (size_t i = 0; i < SETTING_COUNT; i++) {
        g_autofree char *variable = setting_variable(&SETTINGS[i]);
        g_autofree char *head =
            g_strdup_printf("--%s %s  (%s)", SETTINGS[i].name, SETTINGS[i].arg, variable);
        g_autofree char *text = g_strdup_printf(
            "%s%s%s%s", SETTINGS[i].doc, SETTINGS[i].initial ? " Default: " : "",
            SETTINGS[i].initial ? SETTINGS[i].initial : "", SETTINGS[i].initial ? "." : "");
        manual_row(out, head, text);
    }
    g_string_append(out, ".SH EXIT STATUS\n0 done, 1 refused or failed, 2 wrong usage, "
                         "3 (verify) the record is not whole.\n");
}
