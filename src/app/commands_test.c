#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "api/feature_set.h"
#include "app/feature_list.h"
#include "cli/cli.h"

enum { WORDS_MAX = 12 };

static GPtrArray *commands;

/* argv of one text with spaces between. */
struct line {
    char **words;
    struct cli cli;
    struct fault fault;
    bool is_good;
};

static void parse(struct line *line, const char *text, const char *const *environment)
{
    static const char *const NOTHING[] = {NULL};
    *line = (struct line){.words = g_strsplit(text, " ", -1)};
    int count = text[0] == '\0' ? 0 : (int)g_strv_length(line->words);
    line->is_good = cli_parse(&line->cli, commands, count, line->words,
                              environment != NULL ? environment : NOTHING, &line->fault);
}

static void done(struct line *line)
{
    cli_clear(&line->cli);
    g_strfreev(line->words);
}

static void finds_the_command(void **state)
{
    (void)state;

    const struct {
        const char *text, *command, *first_arg;
    } rows[] = {
        {"", "help", NULL},
        {"--help", "help", NULL},
        {"-h", "help", NULL},
        {"--help serve", "help", "serve"},
        {"silence --help", "help", "silence"},
        {"schedule override -h", "help", "schedule"},
        {"ack --help", "ack", NULL},
        {"-h token create", "help", "token"},
        {"--help --json", "help", NULL},
        {"--version", "version", NULL},
        {"--version --json", "version", NULL},
        {"--version -h", "version", NULL},
        {"help token create", "help", "token"},
        {"ack 42 43", "ack", "42"},
        {"alerts", "alerts", NULL},
        {"alerts show 7", "alerts show", "7"},
        {"schedule override add primary --from x --to y", "schedule override add", "primary"},
        {"alert -- --looks-like-an-option", "alert", "--looks-like-an-option"},
        {"apply -", "apply", "-"},
        {"serve --listen=127.0.0.1:1", "serve", NULL},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        struct line line;
        parse(&line, rows[i].text, NULL);
        if (!line.is_good || strcmp(line.cli.command->name, rows[i].command) != 0 ||
            g_strcmp0(cli_arg(&line.cli, 0), rows[i].first_arg) != 0) {
            fail_msg("\"%s\": %s", rows[i].text, line.fault.text);
        }
        done(&line);
    }
}

static void refuses_with_a_remedy(void **state)
{
    (void)state;

    const struct {
        const char *text, *part;
    } rows[] = {
        {"--version a b c", "version does not take \"a\""},
        {"--version --data x", "version has no option --data"},
        {"srve", "did you mean \"serve\"?"},
        {"xyzzy", "`tocsin help` lists them"},
        {"token", "one more word: token create, token list, token revoke"},
        {"token creat", "token create"},
        {"schedule override", "schedule override needs one more word: schedule override add,"},
        {"override", "did you mean schedule override add, schedule override list, schedule"},
        {"override add payments", "did you mean schedule override add?"},
        {"shifts", "did you mean schedule shifts?"},
        {"serve --lisen x", "did you mean --listen?"},
        {"serve --zzzzzz x", "`tocsin help serve` lists them"},
        {"ack 1 --note", "--note needs a value"},
        {"ack 1 --json=yes", "is a switch and takes no value"},
        {"ack 1 ", "ack: argument 2 is empty; is a variable not set?"},
        {"ack", "ack needs ALERT...; `tocsin alerts` lists them"},
        {"schedule shifts", "schedule shifts needs SCHEDULE; `tocsin schedule list` lists them"},
        {"schedule override remove", "needs SCHEDULE ID; `tocsin schedule list` lists them"},
        {"integration rotate", "needs NAME; `tocsin integration list` lists them"},
        {"feed revoke", "needs OWNER; `tocsin feed list` lists them"},
        {"export file.yaml", "export does not take \"file.yaml\""},
        {"explain 1 2", "explain does not take \"2\"; it takes ALERT"},
        {"ack 1 -n x", "options are written in full"},
        {"serve --board maybe", "must be one of token, open"},
        {"serve --board opne", "did you mean \"open\"?"},
        {"backup f --data d --database-url postgresql://h/d", "each name a database"},
        {"ack 1 --listen x", "ack has no option --listen"},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        struct line line;
        parse(&line, rows[i].text, NULL);
        if (line.is_good || strstr(line.fault.text, rows[i].part) == NULL) {
            fail_msg("\"%s\": %s", rows[i].text, line.fault.text);
        }
        done(&line);
    }
}

static void a_flag_wins_over_a_variable(void **state)
{
    (void)state;
    const char *environment[] = {"TOCSIN_DATA=/from/variable", "TOCSIN_URL=http://x", NULL};
    struct line line;
    parse(&line, "ack 1 --data /from/flag --json --note first --note second", environment);
    assert_true(line.is_good);
    assert_string_equal(line.cli.settings.data, "/from/flag");
    assert_string_equal(line.cli.settings.url, "http://x");
    assert_true(line.cli.is_json);
    assert_string_equal(cli_option(&line.cli, "note"), "second");
    assert_int_equal(cli_options(&line.cli, "note")->len, 2);
    assert_null(cli_option(&line.cli, "as"));
    assert_string_equal(cli_environment(&line.cli, "TOCSIN_DATA"), "/from/variable");
    assert_null(cli_environment(&line.cli, "TOCSIN_DAT"));
    done(&line);
}

static void a_directory_wins_over_the_variable_of_a_server(void **state)
{
    (void)state;

    const struct {
        const char *text;
        bool is_server;
    } rows[] = {
        {"restore f", true},         {"restore f --data d", false}, {"backup f --data=d", false},
        {"migrate --data d", false}, {"doctor --data d", true}, /* a node has both */
        {"serve --data d", true},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        const char *environment[] = {"TOCSIN_DATABASE_URL=postgresql://h/d", "TOCSIN_DATA=v", NULL};
        struct line line;
        parse(&line, rows[i].text, environment);
        if (!line.is_good || (line.cli.settings.database_url != NULL) != rows[i].is_server) {
            fail_msg("\"%s\": %s", rows[i].text, line.fault.text);
        }
        done(&line);
    }
}

static void help_needs_no_arguments(void **state)
{
    (void)state;
    struct line line;
    parse(&line, "ack --help", NULL);
    assert_true(line.is_good);
    assert_true(cli_has(&line.cli, "help"));
    done(&line);
}

static void the_table_is_whole(void **state)
{
    (void)state;
    for (size_t i = 0; i < commands->len; i++) {
        const struct cli_command *command = cli_command_at(commands, i);
        assert_non_null(command->run);
        assert_non_null(command->args);
        assert_true(strlen(command->summary) > 10);
        assert_ptr_equal(cli_find(commands, command->name), command);
        assert_true(command->args_max == -1 || command->args_max >= command->args_min);
        for (const struct cli_option *option = command->options;
             option != NULL && option->name != NULL; option++) {
            const struct setting *setting = setting_find(option->name);
            assert_true(g_str_has_suffix(option->doc, "."));
            /* An option that is also a setting of the command could not be told apart. */
            assert_true(setting == NULL || (setting->scope & command->settings) == 0);
        }
    }
}

static void texts_name_everything(void **state)
{
    (void)state;
    g_autoptr(GString) help = g_string_new(NULL);
    g_autoptr(GString) manual = g_string_new(NULL);
    g_autoptr(GString) bash = g_string_new(NULL);
    cli_help_all(commands, help);
    cli_manual(commands, manual);
    assert_true(cli_completion(commands, "bash", bash));
    assert_false(cli_completion(commands, "tcsh", bash));
    for (size_t i = 0; i < commands->len; i++) {
        assert_non_null(strstr(help->str, cli_command_at(commands, i)->name));
        /* troff would turn a bare hyphen into a typographic one */
        g_auto(GStrv) parts = g_strsplit(cli_command_at(commands, i)->name, "-", -1);
        g_autofree char *escaped = g_strjoinv("\\-", parts);
        assert_non_null(strstr(manual->str, escaped));
        assert_non_null(strstr(bash->str, cli_command_at(commands, i)->name));
        g_autoptr(GString) one = g_string_new(NULL);
        cli_help_command(cli_command_at(commands, i), one);
        assert_non_null(strstr(one->str, cli_command_at(commands, i)->summary));
    }
    g_auto(GStrv) lines = g_strsplit(help->str, "\n", -1);
    for (char **line = lines; *line != NULL; line++) {
        assert_true(g_utf8_strlen(*line, -1) <= 100);
    }
    assert_null(strchr(manual->str, '\t'));
}

int main(void)
{
    commands = features_commands(&FEATURES);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_the_command),
        cmocka_unit_test(refuses_with_a_remedy),
        cmocka_unit_test(a_flag_wins_over_a_variable),
        cmocka_unit_test(help_needs_no_arguments),
        cmocka_unit_test(a_directory_wins_over_the_variable_of_a_server),
        cmocka_unit_test(the_table_is_whole),
        cmocka_unit_test(texts_name_everything),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
