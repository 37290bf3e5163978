#include "cli/cli.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/nearest.h"
#include "cli/output.h"

static const struct cli_option JSON_OPTION = {
    "json", NULL, "Answer as JSON: what the API answers; of a list, its items."};
static const struct cli_option HELP_OPTION = {"help", NULL, "Show this help."};

const struct cli_command *cli_command_at(const GPtrArray *commands, size_t at)
{
    return commands->pdata[at];
}

void cli_add_table(GPtrArray *commands, const struct cli_table *table)
{
    for (size_t i = 0; i < table->count; i++) {
        CHECK(cli_find(commands, table->rows[i].name) == NULL);
        g_ptr_array_add(commands, (void *)(uintptr_t)&table->rows[i]);
    }
}

const struct cli_command *cli_find(const GPtrArray *commands, const char *name)
{
    for (size_t i = 0; i < commands->len; i++) {
        if (strcmp(cli_command_at(commands, i)->name, name) == 0) {
            return cli_command_at(commands, i);
        }
    }
    return NULL;
}

/* How many leading words of argv are the name of `command`; 0 when they are not. */
static int words_of(const struct cli_command *command, int argc, char **argv)
{
    g_auto(GStrv) words = g_strsplit(command->name, " ", -1);
    int count = (int)g_strv_length(words);
    for (int i = 0; i < count; i++) {
        if (i >= argc || strcmp(words[i], argv[i]) != 0) {
            return 0;
        }
    }
    return count;
}

/* The command with the most words that argv begins with. */
static const struct cli_command *match_command(const GPtrArray *commands, int argc, char **argv,
                                               int *out_words)
{
    const struct cli_command *best = NULL;
    *out_words = 0;
    for (size_t i = 0; i < commands->len; i++) {
        int words = words_of(cli_command_at(commands, i), argc, argv);
        if (words > *out_words) {
            best = cli_command_at(commands, i);
            *out_words = words;
        }
    }
    return best;
}

/* Those whose names begin with `words` and go on: "token create, token list". Newly allocated. */
static char *commands_below(const GPtrArray *commands, const char *words)
{
    g_autofree char *prefix = g_strconcat(words, " ", NULL);
    GString *below = g_string_new(NULL);
    for (size_t i = 0; i < commands->len; i++) {
        if (g_str_has_prefix(cli_command_at(commands, i)->name, prefix)) {
            g_string_append_printf(below, "%s%s", below->len > 0 ? ", " : "",
                                   cli_command_at(commands, i)->name);
        }
    }
    return g_string_free(below, FALSE);
}

/* Those that have `words` behind their first one: of "override", "schedule override add" and its like. */
static char *commands_with(const GPtrArray *commands, const char *words)
{
    g_autofree char *inner = g_strconcat(" ", words, " ", NULL);
    GString *found = g_string_new(NULL);
    for (size_t i = 0; i < commands->len; i++) {
        g_autofree char *name = g_strconcat(cli_command_at(commands, i)->name, " ", NULL);
        if (strstr(name, inner) != NULL) {
            g_string_append_printf(found, "%s%s", found->len > 0 ? ", " : "",
                                   cli_command_at(commands, i)->name);
        }
    }
    return g_string_free(found, FALSE);
}

static const char *nearest_command(const GPtrArray *commands, const char *given)
{
    struct nearest nearest = {.given = given};
    for (size_t i = 0; i < commands->len; i++) {
        nearest_offer(&nearest, cli_command_at(commands, i)->name);
    }
    return nearest.found;
}

bool cli_refuse_command(const GPtrArray *commands, int argc, char **argv, struct fault *fault)
{
    int words = 0;
    const struct cli_command *known = match_command(commands, argc, argv, &words);
    if (known != NULL && words < argc) {
        return fault_set(fault, "", "there is no command \"%s %.60s\"; did you mean \"%s\"?",
                         known->name, argv[words], known->name);
    }
    if (argv[0][0] == '-') {
        return fault_set(fault, "", "options follow the command: tocsin COMMAND %.60s …", argv[0]);
    }
    g_autofree char *two = argc > 1 ? g_strjoin(" ", argv[0], argv[1], NULL) : g_strdup(argv[0]);
    const char *const GIVEN[] = {two, argv[0]}; /* the narrower first */
    for (size_t i = 0; i < G_N_ELEMENTS(GIVEN); i++) {
        g_autofree char *below = commands_below(commands, GIVEN[i]);
        if (below[0] != '\0') {
            return fault_set(fault, "", "%s needs one more word: %s", GIVEN[i], below);
        }
    }
    for (size_t i = 0; i < G_N_ELEMENTS(GIVEN); i++) {
        g_autofree char *with = commands_with(commands, GIVEN[i]);
        if (with[0] != '\0') {
            return fault_set(fault, "", "there is no command \"%.60s\"; did you mean %s?", argv[0],
                             with);
        }
    }
    const char *meant = nearest_command(commands, two);
    meant = meant != NULL ? meant : nearest_command(commands, argv[0]);
    if (meant != NULL) {
        return fault_set(fault, "", "there is no command \"%.60s\"; did you mean \"%s\"?", argv[0],
                         meant);
    }
    return fault_set(fault, "", "there is no command \"%.60s\"; `tocsin help` lists them", argv[0]);
}

static const struct cli_option *find_option(const struct cli_command *command, const char *name)
{
    const struct cli_option *own = command->options;
    for (; own != NULL && own->name != NULL; own++) {
        if (strcmp(own->name, name) == 0) {
            return own;
        }
    }
    if (strcmp(name, JSON_OPTION.name) == 0) {
        return &JSON_OPTION;
    }
    return strcmp(name, HELP_OPTION.name) == 0 ? &HELP_OPTION : NULL;
}

static bool is_setting_of(const struct cli_command *command, const struct setting *setting)
{
    return setting != NULL && (setting->scope & command->settings) != 0;
}

static bool refuse_option(const struct cli_command *command, const char *name, struct fault *fault)
{
    struct nearest nearest = {.given = name};
    for (const struct cli_option *own = command->options; own != NULL && own->name != NULL; own++) {
        nearest_offer(&nearest, own->name);
    }
    for (size_t i = 0; i < SETTING_COUNT; i++) {
        if (is_setting_of(command, &SETTINGS[i])) {
            nearest_offer(&nearest, SETTINGS[i].name);
        }
    }
    nearest_offer(&nearest, JSON_OPTION.name);
    if (nearest.found != NULL) {
        return fault_set(fault, "", "%s has no option --%.60s; did you mean --%s?", command->name,
                         name, nearest.found);
    }
    return fault_set(fault, "", "%s has no option --%.60s; `tocsin help %s` lists them",
                     command->name, name, command->name);
}

static void keep_option(struct cli *cli, const char *name, const char *value)
{
    GPtrArray *values = g_hash_table_lookup(cli->options, name);
    if (values == NULL) {
        values = g_ptr_array_new_with_free_func(g_free);
        g_hash_table_insert(cli->options, g_strdup(name), values);
    }
    g_ptr_array_add(values, g_strdup(value));
}

static bool take_value(struct cli *cli, const char *name, const char *value, struct fault *fault)
{
    const struct setting *setting = setting_find(name);
    const struct cli_option *option = find_option(cli->command, name);
    if (option != NULL) {
        keep_option(cli, name, value);
        return true;
    }
    CHECK(setting != NULL);
    keep_option(cli, name, ""); /* that it was a flag; its value may be a secret */
    g_autofree char *flag = g_strconcat("--", name, NULL);
    return settings_set(&cli->settings, setting, flag, value, fault);
}

/* One "--name", "--name=value" or "--name value"; *at moves past what was used. */
static bool parse_option(struct cli *cli, int argc, char **argv, int *at, struct fault *fault)
{
    const char *text = argv[*at] + 2;
    const char *equals = strchr(text, '=');
    g_autofree char *name =
        equals != NULL ? g_strndup(text, (gsize)(equals - text)) : g_strdup(text);
    const struct cli_option *option = find_option(cli->command, name);
    if (option == NULL && !is_setting_of(cli->command, setting_find(name))) {
        return refuse_option(cli->command, name, fault);
    }
    if (option != NULL && option->arg == NULL) {
        if (equals != NULL) {
            return fault_set(fault, "", "--%s is a switch and takes no value", name);
        }
        keep_option(cli, name, "");
        return true;
    }
    if (equals != NULL) {
        return take_value(cli, name, equals + 1, fault);
    }
    if (*at + 1 >= argc) {
        return fault_set(fault, "", "--%s needs a value", name);
    }
    return take_value(cli, name, argv[++*at], fault);
}

static bool parse_words(struct cli *cli, int argc, char **argv, struct fault *fault)
{
    bool only_args = false;
    for (int at = 0; at < argc; at++) {
        if (!only_args && strcmp(argv[at], "--") == 0) {
            only_args = true;
        } else if (!only_args && strcmp(argv[at], "-h") == 0) {
            keep_option(cli, "help", "");
        } else if (!only_args && g_str_has_prefix(argv[at], "--")) {
            if (!parse_option(cli, argc, argv, &at, fault)) {
                return false;
            }
        } else if (!only_args && argv[at][0] == '-' && argv[at][1] != '\0') {
            return fault_set(fault, "", "%s: options are written in full: --name", argv[at]);
        } else {
            g_ptr_array_add(cli->args, argv[at]);
        }
    }
    return true;
}

/* Which command lists what a command wants to be told; NULL: none does. */
static char *listing_of(const struct cli_command *command)
{
    if (g_str_has_prefix(command->args, "ALERT")) {
        return g_strdup("alerts");
    }
    if (g_str_has_prefix(command->args, "SCHEDULE")) {
        return g_strdup("schedule list");
    }
    if (strcmp(command->args, "NAME") != 0 && strcmp(command->args, "OWNER") != 0) {
        return NULL;
    }
    int group = (int)strcspn(command->name, " ");
    return g_strdup_printf("%.*s list", group, command->name);
}

/* As an unset variable of a script leaves behind. */
static bool refuse_empty(const struct cli *cli, struct fault *fault)
{
    for (size_t i = 0; i < cli->args->len; i++) {
        if (*cli_arg(cli, i) == '\0') {
            return fault_set(fault, "", "%s: argument %zu is empty; is a variable not set?",
                             cli->command->name, i + 1);
        }
    }
    return true;
}

static bool check_args(const struct cli *cli, struct fault *fault)
{
    const struct cli_command *command = cli->command;
    int count = (int)cli->args->len;
    if (!refuse_empty(cli, fault)) {
        return false;
    }
    if (count < command->args_min) {
        g_autofree char *listing = listing_of(command);
        return listing == NULL ? fault_set(fault, "", "%s needs %s", command->name, command->args)
                               : fault_set(fault, "", "%s needs %s; `tocsin %s` lists them",
                                           command->name, command->args, listing);
    }
    if (command->args_max >= 0 && count > command->args_max) {
        return fault_set(fault, "", "%s does not take \"%.60s\"%s%s", command->name,
                         cli_arg(cli, (size_t)command->args_max),
                         command->args[0] != '\0' ? "; it takes " : "", command->args);
    }
    return true;
}

/* For a command that goes to the database by itself the two are one choice. To `serve` and `doctor` they
 * are not: a node has a data directory beside its server. */
static bool choose_store(struct cli *cli, struct fault *fault)
{
    if ((cli->command->settings & SETTING_STORE) == 0 || !cli_has(cli, "data")) {
        return true;
    }
    if (cli_has(cli, "database-url")) {
        return fault_set(fault, "",
                         "--data and --database-url each name a database: give one of them");
    }
    settings_forget(&cli->settings, setting_find("database-url"));
    return true;
}

/* What people write before they know that there are commands: "help" for "--help"; else the word itself. */
static char *command_word(char *word)
{
    static char help[] = "help";
    static char version[] = "version";
    if (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0) {
        return help;
    }
    return strcmp(word, "--version") == 0 ? version : word;
}

/* How many words stand before the first that asks for help; 0: none does. */
static int words_before_help(int argc, char **argv)
{
    for (int i = 0; i < argc; i++) {
        if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0) {
            return i;
        }
    }
    return 0;
}

static bool parse_command(struct cli *cli, int argc, char **argv, struct fault *fault)
{
    int words = 0;
    cli->command = match_command(cli->commands, argc, argv, &words);
    int before_help = words_before_help(argc, argv);
    if (cli->command == NULL && before_help > 0) { /* `tocsin token --help`: of all that begin so */
        cli->command = cli_find(cli->commands, "help");
        argc = before_help;
    }
    if (cli->command == NULL) {
        return cli_refuse_command(cli->commands, argc, argv, fault);
    }
    if (cli->command->settings != 0 &&
        !settings_from_environment(&cli->settings, cli->environment, fault)) {
        return false;
    }
    if (!parse_words(cli, argc - words, argv + words, fault)) {
        return false;
    }
    cli->is_json = cli_has(cli, "json");
    return cli_has(cli, "help") || (check_args(cli, fault) && choose_store(cli, fault));
}

bool cli_parse(struct cli *cli, const GPtrArray *commands, int argc, char **argv,
               const char *const *environment, struct fault *fault)
{
    static char nothing[] = "--help";
    cli->commands = commands;
    cli->environment = environment;
    cli->args = g_ptr_array_new();
    cli->options =
        g_hash_table_new_full(g_str_hash, g_str_equal, g_free, (GDestroyNotify)g_ptr_array_unref);
    settings_init(&cli->settings);
    g_autoptr(GPtrArray) words = g_ptr_array_new();
    g_ptr_array_add(words, command_word(argc > 0 ? argv[0] : nothing));
    for (int i = 1; i < argc; i++) {
        g_ptr_array_add(words, argv[i]);
    }
    return parse_command(cli, (int)words->len, (char **)words->pdata, fault);
}

void cli_clear(struct cli *cli)
{
    settings_clear(&cli->settings);
    g_clear_pointer(&cli->args, g_ptr_array_unref);
    g_clear_pointer(&cli->options, g_hash_table_unref);
}

const char *cli_arg(const struct cli *cli, size_t at)
{
    return at < cli->args->len ? cli->args->pdata[at] : NULL;
}

const GPtrArray *cli_options(const struct cli *cli, const char *name)
{
    return g_hash_table_lookup(cli->options, name);
}

const char *cli_option(const struct cli *cli, const char *name)
{
    const GPtrArray *values = cli_options(cli, name);
    return values != NULL ? values->pdata[values->len - 1] : NULL;
}

bool cli_has(const struct cli *cli, const char *name)
{
    return g_hash_table_contains(cli->options, name);
}

const char *cli_environment(const struct cli *cli, const char *name)
{
    size_t length = strlen(name);
    for (const char *const *entry = cli->environment; *entry != NULL; entry++) {
        if (strncmp(*entry, name, length) == 0 && (*entry)[length] == '=') {
            return *entry + length + 1;
        }
    }
    return NULL;
}

int cli_refused(const struct fault *fault)
{
    const char *field = fault->field;
    output_tell("tocsin: %s%s%s\n", field, field[0] != '\0' ? ": " : "", fault->text);
    return EXIT_REFUSED;
}

int cli_failed(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    g_autofree char *text = g_strdup_vprintf(format, args);
    va_end(args);
    output_tell("tocsin: %s\n", text);
    return EXIT_REFUSED;
}

int cli_misused(const struct cli *cli, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    g_autofree char *text = g_strdup_vprintf(format, args);
    va_end(args);
    output_tell("tocsin: %s; `tocsin help %s` says more\n", text, cli->command->name);
    return EXIT_USAGE;
}
