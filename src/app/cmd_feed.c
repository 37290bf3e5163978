#include <stdio.h>

#include "app/cmd.h"
#include "base/json.h"

/* Calendars that phones subscribe to. */

int cmd_feed_create(struct cli *cli)
{
    const char *user = cli_option(cli, "user");
    const char *schedule = cli_option(cli, "schedule");
    if ((user == NULL) == (schedule == NULL)) {
        return cli_misused(cli, "say whose shifts: --user NAME, or --schedule NAME");
    }
    json_auto_t *body = json_pack("{s:s*, s:s*}", "user", user, "schedule", schedule);
    json_t *answer = client_ask(cli, "POST", "/api/v1/feeds", body);
    if (answer != NULL && !cli->is_json) {
        /* The address alone on standard output, as with `tocsin token create`. */
        puts(json_text(answer, "url", ""));
        fputs("Whoever has this address can read the shifts; it is shown once.\n"
              "Subscribe to it, do not import it: then changes arrive by themselves.\n"
              "  iPhone           Settings > Apps > Calendar > Calendar Accounts > Add Account > "
              "Other > Add Subscribed Calendar\n"
              "  Google Calendar  on the web: Other calendars > + > From URL\n"
              "  Outlook          Add calendar > Subscribe from web\n"
              "  Thunderbird      New Calendar > On the Network\n",
              stderr);
    }
    return cmd_finish(cli, answer);
}

int cmd_feed_list(struct cli *cli)
{
    static const struct column COLUMNS[] = {{"ID", "id"},
                                            {"OF", "owner"},
                                            {"MADE", "created_at"},
                                            {"LAST READ", "last_used_at"},
                                            {"REVOKED", "revoked_at"},
                                            {0}};
    json_auto_t *items = client_list(cli, "/api/v1/feeds", SIZE_MAX);
    if (items == NULL) {
        return EXIT_REFUSED;
    }
    if (cli->is_json) {
        output_json(items);
    } else {
        cmd_show_list(items, COLUMNS,
                      "No calendar was given out; `tocsin feed create` makes an address.");
    }
    return EXIT_OK;
}

int cmd_feed_revoke(struct cli *cli)
{
    g_autofree char *owner = client_escape(cli_arg(cli, 0));
    g_autoptr(GString) path = g_string_new("/api/v1/feeds/");
    g_string_append(path, owner);
    client_query(path, "id", cli_option(cli, "id"));
    json_t *answer = client_ask(cli, "DELETE", path->str, NULL);
    if (answer != NULL && !cli->is_json) {
        printf("%s of %s is revoked.\n",
               cli_has(cli, "id") ? "That calendar" : "Every calendar address", cli_arg(cli, 0));
    }
    return cmd_finish(cli, answer);
}
