#include <stdio.h>

#include "base/json.h"
#include "cli/cmd.h"

/* Calendars that phones subscribe to. */

static int cmd_feed_create(struct cli *cli)
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

static int cmd_feed_list(struct cli *cli)
{
    static const struct list_column COLUMNS[] = {{"ID", "id"},
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

static int cmd_feed_revoke(struct cli *cli)
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

static const struct cli_option FEED_OPTIONS[] = {
    {"user", "NAME", "This person's shifts, of all schedules."},
    {"schedule", "NAME", "Everybody's shifts of this schedule."},
    {0}};
static const struct cli_option FEED_REVOKE_OPTIONS[] = {
    {"id", "ID", "Only this one of the list; else every one of that owner."}, {0}};

static const struct cli_command ROWS[] = {
    {"feed create", "", 0, 0, "Make a calendar's address that phones subscribe to.",
     "The address is the secret and is printed once. Calendar programs ask for it again by "
     "themselves, most of them every few hours, so that a change of the schedule arrives.",
     FEED_OPTIONS, SETTING_CLIENT, 0, cmd_feed_create},
    {"feed list", "", 0, 0, "List the calendars that were given out.", NULL, NULL, SETTING_CLIENT,
     0, cmd_feed_list},
    {"feed revoke", "OWNER", 1, 1, "End the calendars of user:NAME or schedule:NAME.", NULL,
     FEED_REVOKE_OPTIONS, SETTING_CLIENT, 0, cmd_feed_revoke},
};
const struct cli_table FEED_COMMANDS = {ROWS, G_N_ELEMENTS(ROWS)};
