#include <string.h>

#include "app/cli.h"

static void append_command_names(GString *out)
{
    for (size_t i = 0; i < COMMAND_COUNT; i++) {
        g_string_append_printf(out, "%s%s", i > 0 ? "\n" : "", COMMANDS[i].name);
    }
}

static void append_flags(const struct cli_command *command, GString *out)
{
    g_string_append(out, "--json --help");
    for (const struct cli_option *option = command->options; option != NULL && option->name != NULL;
         option++) {
        g_string_append_printf(out, " --%s", option->name);
    }
    for (size_t i = 0; i < SETTING_COUNT; i++) {
        if ((SETTINGS[i].scope & command->settings) != 0) {
            g_string_append_printf(out, " --%s", SETTINGS[i].name);
        }
    }
}

/* Both shells use the one function below; zsh runs it through its bash layer. */
static const char BASH_HEAD[] = "# Completion of tocsin, made by `tocsin completion`.\n"
                                "_tocsin_commands='";

static const char BASH_BODY[] = "'\n"
                                "_tocsin_flags() {\n"
                                "    case \"$1\" in\n";

static const char BASH_TAIL[] =
    "    esac\n"
    "}\n"
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
    "        --config) COMPREPLY=($(compgen -f -- \"$word\")); return ;;\n"
    "        --data) COMPREPLY=($(compgen -d -- \"$word\")); return ;;\n"
    "    esac\n"
    "    if [[ $word == -* ]]; then\n"
    "        COMPREPLY=($(compgen -W \"$(_tocsin_flags \"$best\")\" -- \"$word\"))\n"
    "    elif [[ -n $next ]]; then\n"
    "        COMPREPLY=($(compgen -W \"$next\" -- \"$word\"))\n"
    "    else\n"
    "        case \"$best\" in\n"
    "            apply|restore|backup) COMPREPLY=($(compgen -f -- \"$word\")) ;;\n"
    "            help) COMPREPLY=($(compgen -W \"$_tocsin_commands\" -- \"$word\")) ;;\n"
    "        esac\n"
    "    fi\n"
    "}\n"
    "complete -F _tocsin tocsin\n";

bool cli_completion(const char *shell, GString *out)
{
    bool is_zsh = strcmp(shell, "zsh") == 0;
    if (!is_zsh && strcmp(shell, "bash") != 0) {
        return false;
    }
    if (is_zsh) {
        g_string_append(out, "#compdef tocsin\nautoload -U +X bashcompinit && bashcompinit\n");
    }
    g_string_append(out, BASH_HEAD);
    append_command_names(out);
    g_string_append(out, BASH_BODY);
    for (size_t i = 0; i < COMMAND_COUNT; i++) {
        g_string_append_printf(out, "        '%s') echo '", COMMANDS[i].name);
        append_flags(&COMMANDS[i], out);
        g_string_append(out, "' ;;\n");
    }
    g_string_append(out, BASH_TAIL);
    return true;
}
