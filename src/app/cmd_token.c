#include <stdio.h>

#include "app/cmd.h"
#include "base/json.h"

int cmd_token_create(struct cli *cli)
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

int cmd_token_list(struct cli *cli)
{
    static const struct column COLUMNS[] = {{"TOKEN", "name"},
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

int cmd_token_revoke(struct cli *cli)
{
    g_autofree char *name = client_escape(cli_arg(cli, 0));
    g_autofree char *path = g_strconcat("/api/v1/tokens/", name, NULL);
    json_t *answer = client_ask(cli, "DELETE", path, NULL);
    if (answer != NULL && !cli->is_json) {
        printf("Token %s is revoked.\n", cli_arg(cli, 0));
    }
    return cmd_finish(cli, answer);
}
