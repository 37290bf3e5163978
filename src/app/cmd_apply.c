#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "app/team_file.h"
#include "base/json.h"
#include "cli/cmd.h"
#include "config/config_plan.h"

static void print_minted(const json_t *minted)
{
    size_t i;
    json_t *item;
    json_array_foreach (minted, i, item) {
        g_autofree char *kind = cmd_value(item, "kind");
        g_autofree char *name = cmd_value(item, "name");
        g_autofree char *key = cmd_value(item, "key");
        printf("%s key of %s %s: %s\n", i == 0 ? "\nShown once, keep them:\n " : " ", kind, name,
               key);
    }
}

/* Every mistake that the server found, a line each. */
static char *mistakes(const struct team_file *file, const struct client_answer *answer)
{
    const json_t *errors = json_object_get(answer->body, "errors");
    g_autoptr(GArray) faults = g_array_new(FALSE, FALSE, sizeof(struct fault));
    size_t i;
    json_t *error;
    json_array_foreach (errors, i, error) {
        struct fault fault;
        (void)fault_set(&fault, json_text(error, "field", ""), "%s",
                        json_text(error, "detail", ""));
        g_array_append_val(faults, fault);
    }
    if (faults->len == 0) {
        g_array_append_vals(faults, &answer->fault, 1);
    }
    return team_file_faults(file, (struct fault *)(void *)faults->data, faults->len);
}

/* The file is a good one, applied or in a dry run; but to these places the server could not send, or they are of
 * somebody who is away. */
static void print_warnings(const json_t *warnings)
{
    size_t i;
    json_t *warning;
    json_array_foreach (warnings, i, warning) {
        output_tell("tocsin: warning: %s: %s\n", json_text(warning, "path", ""),
                    json_text(warning, "text", ""));
    }
}

static int tell(const struct cli *cli, const struct team_file *file,
                const struct client_answer *answer)
{
    if (answer->fault.text[0] != '\0') {
        if (answer->state == CLIENT_ANSWERED && answer->status >= 400 && answer->status < 500 &&
            answer->fault.field[0] != '\0') {
            g_autofree char *text = mistakes(file, answer);
            output_tell("%s\ntocsin: nothing was applied\n", text);
            return EXIT_REFUSED;
        }
        return cli_refused(&answer->fault);
    }
    if (cli->is_json) {
        output_json(answer->body);
        return EXIT_OK;
    }
    g_autofree char *text = config_plan_text(json_object_get(answer->body, "plan"));
    fputs(text, stdout);
    print_minted(json_object_get(answer->body, "keys"));
    print_warnings(json_object_get(answer->body, "warnings"));
    if (cli_has(cli, "dry-run")) {
        puts("Nothing was applied: this was a dry run.");
    }
    return EXIT_OK;
}

static void post(const struct cli *cli, const struct team_file *file, bool is_dry_run,
                 struct client_answer *answer)
{
    json_auto_t *body =
        json_pack("{s:O, s:O, s:b, s:b}", "document", file->document.json, "keys", file->keys,
                  "dry_run", is_dry_run, "prune", cli_has(cli, "prune"));
    client_request(cli, "POST", "/api/v1/config/apply", body, NULL, answer);
}

static int64_t count_of(const json_t *plan, const char *name)
{
    return json_integer_value(json_object_get(plan, name));
}

/* A person in front of a terminal answers; a program has to have said so beforehand. */
static bool is_confirmed(int64_t deleted, int64_t kept)
{
    fprintf(stderr,
            "tocsin: this file names %" G_GINT64_FORMAT
            " entries, and --prune would remove %" G_GINT64_FORMAT
            " that an earlier file brought. ",
            kept, deleted);
    if (isatty(STDIN_FILENO) != 1) {
        fputs("Is it the right file? If so, say it with --yes.\n", stderr);
        return false;
    }
    fputs("Remove them? Type yes: ", stderr);
    char answer[16] = "";
    return fgets(answer, sizeof answer, stdin) != NULL && strcmp(answer, "yes\n") == 0;
}

/* An empty file, or the wrong one, takes more away than it names: then nobody is paged any more. */
static bool may_prune(const struct cli *cli, const struct team_file *file)
{
    if (!cli_has(cli, "prune") || cli_has(cli, "dry-run") || cli_has(cli, "yes")) {
        return true;
    }
    struct client_answer answer;
    post(cli, file, true, &answer);
    const json_t *plan = json_object_get(answer.body, "plan");
    int64_t deleted = count_of(plan, "deleted");
    int64_t kept =
        count_of(plan, "created") + count_of(plan, "changed") + count_of(plan, "unchanged");
    client_answer_clear(&answer);
    return deleted <= kept || is_confirmed(deleted, kept);
}

static int cmd_apply(struct cli *cli)
{
    struct team_file file;
    if (!team_file_read(&file, cli_arg(cli, 0), cli->environment)) {
        output_tell("%s\ntocsin: nothing was applied\n", file.problem);
        team_file_clear(&file);
        return EXIT_REFUSED;
    }
    if (!may_prune(cli, &file)) {
        fputs("tocsin: nothing was applied\n", stderr);
        team_file_clear(&file);
        return EXIT_REFUSED;
    }
    struct client_answer answer;
    post(cli, &file, cli_has(cli, "dry-run"), &answer);
    int code = tell(cli, &file, &answer);
    client_answer_clear(&answer);
    team_file_clear(&file);
    return code;
}

static int cmd_export(struct cli *cli)
{
    json_auto_t *answer = client_ask(cli, "GET", "/api/v1/config/export", NULL);
    if (answer == NULL || cli->is_json) {
        return cmd_finish(cli, answer != NULL ? json_incref(answer) : NULL);
    }
    g_autoptr(GPtrArray) notes = g_ptr_array_new_with_free_func(g_free);
    size_t i;
    json_t *note;
    json_array_foreach (json_object_get(answer, "notes"), i, note) {
        g_ptr_array_add(notes, g_strdup(json_string_value(note)));
    }
    const json_t *document = json_object_get(answer, "document");
    g_autofree char *text = yaml_write(document != NULL ? document : answer, notes);
    fputs(text, stdout);
    return EXIT_OK;
}

static const struct cli_option APPLY_OPTIONS[] = {
    {"dry-run", NULL, "Only show what would change."},
    {"prune", NULL, "Also remove what an earlier file brought and this one no longer has."},
    {"yes", NULL, "Do not ask before --prune removes more than the file names."},
    {0}};

static const struct cli_command ROWS[] = {
    {"apply", "FILE", 1, 1, "Put a team file into force.",
     "Reads users, schedules, policies, services and integrations from YAML. Applying twice "
     "changes nothing; mistakes are told together (one of each entry, and what refers to something "
     "else once every entry can be read), each with file, line, field and remedy, and then nothing "
     "is applied. A key's env:NAME or file:PATH is resolved here, the secret of a contact or "
     "channel on the server. Keys that the server makes are printed once. - reads standard input.",
     APPLY_OPTIONS, SETTING_CLIENT, COMPLETE_FILE, cmd_apply},
    {"export", "", 0, 0, "Print the configuration in force as a team file.", NULL, NULL,
     SETTING_CLIENT, 0, cmd_export},
};
const struct cli_table CONFIG_COMMANDS = {ROWS, G_N_ELEMENTS(ROWS), 2};
