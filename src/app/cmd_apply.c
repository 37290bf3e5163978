#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "app/cmd.h"
#include "app/team_file.h"
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

static int tell(const struct cli *cli, const struct team_file *file,
                const struct client_answer *answer)
{
    if (answer->fault.text[0] != '\0') {
        if (answer->state == CLIENT_ANSWERED && answer->status >= 400 && answer->status < 500 &&
            answer->fault.field[0] != '\0') {
            g_autofree char *text = team_file_fault(file, &answer->fault);
            fprintf(stderr, "%s\ntocsin: nothing was applied\n", text);
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
    if (cli_has(cli, "dry-run")) {
        puts("Nothing was applied: this was a dry run.");
    }
    return EXIT_OK;
}

int cmd_apply(struct cli *cli)
{
    struct team_file file;
    if (!team_file_read(&file, cli_arg(cli, 0), cli->environment)) {
        fprintf(stderr, "%s\ntocsin: nothing was applied\n", file.problem);
        team_file_clear(&file);
        return EXIT_REFUSED;
    }
    json_auto_t *body =
        json_pack("{s:O, s:O, s:b, s:b}", "document", file.document.json, "keys", file.keys,
                  "dry_run", cli_has(cli, "dry-run"), "prune", cli_has(cli, "prune"));
    struct client_answer answer;
    client_call(cli, "POST", "/api/v1/config/apply", body, NULL, &answer);
    int code = tell(cli, &file, &answer);
    client_answer_clear(&answer);
    team_file_clear(&file);
    return code;
}

int cmd_export(struct cli *cli)
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
