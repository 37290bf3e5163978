/* cli/cli.h - the commands of the program, described once: parser, help, completion and manual come
 * from the tables that the nouns bring (X_cmd.c). */
#ifndef CLI_CLI_H
#define CLI_CLI_H

#include <jansson.h>

#include "cli/settings.h"

enum { EXIT_OK = 0, EXIT_REFUSED = 1, EXIT_USAGE = 2, EXIT_BROKEN = 3 /* verify: the record */ };

/* What an argument stands for, so that the shell can complete it. */
enum complete { COMPLETE_NOTHING = 0, COMPLETE_FILE, COMPLETE_WORDS };

struct cli_option {
    const char *name; /* "dry-run" for --dry-run; NULL ends a list */
    const char *arg;  /* what the value is called; NULL: a switch */
    const char *doc;
};

struct cli;

struct cli_command {
    const char *name;                 /* may be two or three words: "token create" */
    const char *args;                 /* "ALERT [NOTE]"; "" when none */
    int args_min, args_max;           /* args_max -1: any number */
    const char *summary;              /* one line */
    const char *doc;                  /* more, for `tocsin help NAME` and the manual; may be NULL */
    const struct cli_option *options; /* may be NULL */
    unsigned settings; /* enum setting_scope: which settings are flags of this command; 0: none */
    int complete;      /* of its arguments */
    int (*run)(struct cli *cli);
};

/* The commands of one noun. */
struct cli_table {
    const struct cli_command *rows;
    size_t count;
    int place; /* in the help: a lower one comes first; 0: that of its feature (base/feature.h) */
};

/* One call of the program. */
struct cli {
    const GPtrArray *commands; /* of const struct cli_command *: all that there are; borrowed */
    const struct cli_command *command;
    struct settings settings;
    GPtrArray *args; /* of char *, borrowed from argv */
    GHashTable
        *options; /* name -> GPtrArray of values; a switch has one "", a setting's flag too */
    bool is_json; /* --json: what the API answers; of a list, its items */
    const char *const *environment;
};

/* Appends those of a table. CHECKs that none is there already. */
void cli_add_table(GPtrArray *commands, const struct cli_table *table);

/* False and a fault for words that are no command: what it may have been, or what must follow them. */
bool cli_refuse_command(const GPtrArray *commands, int argc, char **argv, struct fault *fault);

/* argv without the program's name. False and a fault for a mistake in usage; `cli` is to be cleared
 * in either case. `commands` and `environment` are borrowed. */
NODISCARD bool cli_parse(struct cli *cli, const GPtrArray *commands, int argc, char **argv,
                         const char *const *environment, struct fault *fault);
void cli_clear(struct cli *cli);

/* One of the list. */
const struct cli_command *cli_command_at(const GPtrArray *commands, size_t at);

const char *cli_arg(const struct cli *cli, size_t at);           /* or NULL */
const char *cli_option(const struct cli *cli, const char *name); /* the last one given, or NULL */
const GPtrArray *cli_options(const struct cli *cli, const char *name); /* all given, or NULL */
/* Of an option or of a setting: was it given as a flag? */
bool cli_has(const struct cli *cli, const char *name);

/* The value of an environment variable for a reference such as env:NAME, or NULL. */
const char *cli_environment(const struct cli *cli, const char *name);

/* NULL when there is none of that name. */
const struct cli_command *cli_find(const GPtrArray *commands, const char *name);

/* Help texts, made from the tables. */
void cli_help_all(const GPtrArray *commands, GString *out);
void cli_help_command(const struct cli_command *command, GString *out);
void cli_manual(const GPtrArray *commands, GString *out);   /* troff, section 1 */
void cli_markdown(const GPtrArray *commands, GString *out); /* docs/commands.md */
/* "bash", "zsh" or "fish"; false for another. */
bool cli_completion(const GPtrArray *commands, const char *shell, GString *out);

/* Writes "tocsin: …" to standard error and answers EXIT_REFUSED. */
int cli_refused(const struct fault *fault);
PRINTF_LIKE(1, 2) int cli_failed(const char *format, ...);
/* The same for a mistake in usage: EXIT_USAGE. */
PRINTF_LIKE(2, 3) int cli_misused(const struct cli *cli, const char *format, ...);

#endif
