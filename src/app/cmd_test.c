#include <stdio.h>

#include "app/cmd.h"

int cmd_test(struct cli *cli)
{
    g_autofree char *name = client_escape(cli_arg(cli, 0));
    g_autofree char *path = g_strdup_printf("/api/v1/users/%s/test", name);
    json_auto_t *body = json_object();
    const char *contact = cli_option(cli, "contact");
    if (contact != NULL) {
        json_object_set_new(body, "contact", json_string(contact));
    }
    json_t *answer = client_ask(cli, "POST", path, body);
    if (answer != NULL && !cli->is_json) {
        printf("A test message is on its way to %s%s%s.\n", cli_arg(cli, 0),
               contact != NULL ? " by " : "", contact != NULL ? contact : "");
    }
    return cmd_finish(cli, answer);
}
