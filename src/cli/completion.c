#include <string.h>

#include "cli/cli.h"

/* What follows the words that were typed is found in each shell's own language; the tables of
 * commands and flags are written into the script. */

typedef void (*flag_each)(GString *out, const char *name, const char *arg, const char *doc);

static void each_flag(const struct cli_command *command, flag_each each, GString *out)
{
    each(out, "json", NULL, "Print what the API answers.");
    each(out, "help", NULL, "Say how the command is used.");
    for (const struct cli_option *option = command->options; option != NULL && option->name != NULL;
         option++) {
        each(out, option->name, option->arg, option->doc);
    }
    for (size_t i = 0; i < SETTING_COUNT; i++) {
        if ((SETTINGS[i].scope & command->settings) != 0) {
            each(out, SETTINGS[i].name, SETTINGS[i].arg, SETTINGS[i].doc);
        }
    }
}

/* --- bash and zsh: the names in one text, flags and files by `case` --- */

static void append_word(GString *out, const char *name, const char *arg, const char *doc)
{
    (void)arg, (void)doc;
    g_string_append_printf(out, " --%s", name);
}

static void append_tables(const GPtrArray *commands, GString *out)
{
    g_string_append(out, "_tocsin_commands='");
    for (size_t i = 0; i < commands->len; i++) {
        g_string_append_printf(out, "%s%s", i > 0 ? "\n" : "", cli_command_at(commands, i)->name);
    }
    g_string_append(out, "'\n_tocsin_flags() {\n    case \"$1\" in\n");
    for (size_t i = 0; i < commands->len; i++) {
        g_string_append_printf(out, "        '%s') echo '", cli_command_at(commands, i)->name);
        each_flag(cli_command_at(commands, i), append_word, out);
        g_string_append(out, "' ;;\n");
    }
    g_string_append(out, "    esac\n}\n_tocsin_takes_file() {\n    case \"$1\" in\n        ");
    for (size_t i = 0, listed = 0; i < commands->len; i++) {
        if (cli_command_at(commands, i)->complete == COMPLETE_FILE) {
            g_string_append_printf(out, "%s'%s'", listed++ > 0 ? "|" : "",
                                   cli_command_at(commands, i)->name);
        }
    }
    g_string_append(out, ") return 0 ;;\n    esac\n    return 1\n}\n");
}

static const char BASH_TAIL[] =
    "_tocsin() {\n"
    "    local word=\"${COMP_WORDS[COMP_CWORD]}\" typed='' name='' best='' next='' i\n"
    "    COMPREPLY=()\n"
    "    for ((i = 1; i < COMP_CWORD; i++)); do\n"
    "        [[ ${COMP_WORDS[i]} == -* ]] && break\n"
    "        typed=\"${typed:+$typed }${COMP_WORDS[i]}\"\n"
    "    done\n"
    "    while IFS= read -r name; do\n"
    "        if [[ $typed == \"$name\" || $typed == \"$name \"* ]]; then\n"
    "            [[ ${#name} -gt ${#best} ]] && best=\"$name\"\n"
    "        elif [[ -z $typed || $name == \"$typed \"* ]]; then\n"
    "            name=\"${name#\"$typed\"}\"\n"
    "            name=\"${name# }\"\n"
    "            next=\"$next ${name%% *}\"\n"
    "        fi\n"
    "    done <<< \"$_tocsin_commands\"\n"
    "    case \"${COMP_WORDS[COMP_CWORD-1]}\" in\n"
    "        --config | --file) COMPREPLY=($(compgen -f -- \"$word\")); return ;;\n"
    "        --data) COMPREPLY=($(compgen -d -- \"$word\")); return ;;\n"
    "    esac\n"
    "    if [[ $word == -* ]]; then\n"
    "        COMPREPLY=($(compgen -W \"$(_tocsin_flags \"$best\")\" -- \"$word\"))\n"
    "    elif [[ -n $next ]]; then\n"
    "        COMPREPLY=($(compgen -W \"$next\" -- \"$word\"))\n"
    "    elif [[ $best == help ]]; then\n"
    "        COMPREPLY=($(compgen -W \"$_tocsin_commands\" -- \"$word\"))\n"
    "    elif _tocsin_takes_file \"$best\"; then\n"
    "        COMPREPLY=($(compgen -f -- \"$word\"))\n"
    "    fi\n"
    "}\n"
    "complete -F _tocsin tocsin\n";

/* Read as a file of functions or by `source`: the last lines tell which. */
static const char ZSH_TAIL[] =
    "_tocsin() {\n"
    "    emulate -L zsh\n"
    "    local typed='' name='' best='' i\n"
    "    local -a next\n"
    "    for ((i = 2; i < CURRENT; i++)); do\n"
    "        [[ ${words[i]} == -* ]] && break\n"
    "        typed=\"${typed:+$typed }${words[i]}\"\n"
    "    done\n"
    "    for name in \"${(@f)_tocsin_commands}\"; do\n"
    "        if [[ $typed == \"$name\" || $typed == \"$name \"* ]]; then\n"
    "            ((${#name} > ${#best})) && best=\"$name\"\n"
    "        elif [[ -z $typed || $name == \"$typed \"* ]]; then\n"
    "            name=\"${name#\"$typed\"}\"\n"
    "            next+=(\"${${name# }%% *}\")\n"
    "        fi\n"
    "    done\n"
    "    case \"${words[CURRENT-1]}\" in\n"
    "        --config | --file) _files; return ;;\n"
    "        --data) _files -/; return ;;\n"
    "    esac\n"
    "    if [[ ${words[CURRENT]} == -* ]]; then\n"
    "        compadd -- ${=\"$(_tocsin_flags \"$best\")\"}\n"
    "    elif ((${#next})); then\n"
    "        compadd -- ${(u)next}\n"
    "    elif [[ $best == help ]]; then\n"
    "        compadd -- ${(uf)\"$(print -r -- ${_tocsin_commands// *$'\\n'/$'\\n'})\"}\n"
    "    elif _tocsin_takes_file \"$best\"; then\n"
    "        _files\n"
    "    fi\n"
    "}\n"
    "if [[ ${funcstack[1]} == _tocsin ]]; then\n"
    "    _tocsin \"$@\"\n"
    "else\n"
    "    compdef _tocsin tocsin\n"
    "fi\n";

/* --- fish: a line for each word and each flag --- */

static const char FISH_HEAD[] =
    "function __tocsin_typed\n"
    "    string match -v -- '-*' (commandline -opc)[2..] | string join ' '\n"
    "end\n"
    "function __tocsin_in\n"
    "    set -l typed (__tocsin_typed)\n"
    "    test \"$typed\" = \"$argv\"; or string match -q -- \"$argv *\" \"$typed\"\n"
    "end\n"
    "complete -c tocsin -f\n";

static void append_fish_flag(GString *out, const char *name, const char *arg, const char *doc)
{
    g_autofree char *quoted = g_shell_quote(doc);
    g_string_append_printf(out, "$on -l %s %s-d %s\n", name, arg != NULL ? "-r " : "", quoted);
}

static void append_fish_command(const struct cli_command *command, GString *out)
{
    const char *space = strrchr(command->name, ' ');
    g_autofree char *before =
        g_strndup(command->name, space != NULL ? (gsize)(space - command->name) : 0);
    g_autofree char *summary = g_shell_quote(command->summary);
    g_string_append_printf(
        out, "complete -c tocsin -n 'test \"$(__tocsin_typed)\" = \"%s\"' -a %s -d %s\n", before,
        space != NULL ? space + 1 : command->name, summary);
    if (space != NULL && strchr(command->name, ' ') == space) {
        g_string_append_printf(out, "complete -c tocsin -n 'test -z \"$(__tocsin_typed)\"' -a %s\n",
                               before);
    }
    g_string_append_printf(out, "set on complete -c tocsin -n '__tocsin_in %s'\n", command->name);
    each_flag(command, append_fish_flag, out);
    if (command->complete == COMPLETE_FILE) {
        g_string_append(out, "$on -F\n");
    }
}

bool cli_completion(const GPtrArray *commands, const char *shell, GString *out)
{
    bool is_bash = strcmp(shell, "bash") == 0, is_zsh = strcmp(shell, "zsh") == 0;
    if (!is_bash && !is_zsh && strcmp(shell, "fish") != 0) {
        return false;
    }
    g_string_append(out, is_zsh ? "#compdef tocsin\n" : "");
    g_string_append(out, "# Completion of tocsin, made by `tocsin completion`.\n");
    if (is_bash || is_zsh) {
        append_tables(commands, out);
        g_string_append(out, is_zsh ? ZSH_TAIL : BASH_TAIL);
        return true;
    }
    g_string_append(out, FISH_HEAD);
    for (size_t i = 0; i < commands->len; i++) {
        append_fish_command(cli_command_at(commands, i), out);
    }
    g_string_append(out, "set -e on\n");
    return true;
}
