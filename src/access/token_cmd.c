#include <stdio.h>

#include "base/json.h"
#include "cli/cmd.h"

static int cmd_token_create(struct cli *cli)
{
    const char *name = cli_option(cli, "name");
    const char *scope = cli_option(cli, "scope");
    if (name == NULL) {
        return cli_misused(cli,
                           "--name says what the token is for; it shows in the record of actions");
    }
    json_auto_t *body =
        json_pack("{s:s, s:s}", "name", name, "scope", scope != NULL ? scope : "read");
    if (cli_option(cli, "expires-in") != NULL) {
        json_object_set_new(body, "expires_in", json_string(cli_option(cli, "expires-in")));
    }
    json_t *answer = client_ask(cli, "POST", "/api/v1/tokens", body);
    if (answer != NULL && !cli->is_json) {
        /* The token alone on standard output, so that TOCSIN_TOKEN=$(tocsin token create …) works. */
        puts(json_text(answer, "token", ""));
        fputs("This is shown once and cannot be read back.\n", stderr);
    }
    return cmd_finish(cli, answer);
}

static int cmd_token_list(struct cli *cli)
{
    static const struct list_column COLUMNS[] = {{"TOKEN", "name"},
                                                 {"SCOPE", "scope"},
                                                 {"CREATED", "created_at"},
                                                 {"LAST USED", "last_used_at"},
                                                 {"EXPIRES", "expires_at"},
                                                 {"REVOKED", "revoked_at"},
                                                 {0}};
    json_auto_t *items = client_list(cli, "/api/v1/tokens", SIZE_MAX);
    if (items == NULL) {
        return EXIT_REFUSED;
    }
    if (cli->is_json) {
        output_json(items);
    } else {
        cmd_show_list(items, COLUMNS, "There are no tokens; `tocsin token create` makes one.");
    }
    return EXIT_OK;
}

static int cmd_token_revoke(struct cli *cli)
{
    g_autofree char *name = client_escape(cli_arg(cli, 0));
    g_autofree char *path = g_strconcat("/api/v1/tokens/", name, NULL);
    json_t *answer = client_ask(cli, "DELETE", path, NULL);
    if (answer != NULL && !cli->is_json) {
        printf("Token %s is revoked.\n", cli_arg(cli, 0));
    }
    return cmd_finish(cli, answer);
}

static const struct cli_option TOKEN_OPTIONS[] = {
    {"name", "NAME", "What it is for; shows in the record of actions."},
    {"scope", "SCOPE", "read (the default), respond or admin."},
    {"expires-in", "SPAN", "How long it is good: 90d. Without it, until it is revoked."},
    {0}};

static const struct cli_command ROWS[] = {
    {"token create", "", 0, 0, "Make an access token; it is printed once.", NULL, TOKEN_OPTIONS,
     SETTING_CLIENT, 0, cmd_token_create},
    {"token list", "", 0, 0, "List the access tokens.", NULL, NULL, SETTING_CLIENT, 0,
     cmd_token_list},
    {"token revoke", "NAME", 1, 1, "End an access token.", NULL, NULL, SETTING_CLIENT, 0,
     cmd_token_revoke},
};
const struct cli_table TOKEN_COMMANDS = {ROWS, G_N_ELEMENTS(ROWS)};
