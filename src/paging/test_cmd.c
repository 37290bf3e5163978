#include <stdio.h>

#include "cli/cmd.h"

static int test_channel(struct cli *cli, const char *channel)
{
    g_autofree char *name = client_escape(channel);
    g_autofree char *path = g_strdup_printf("/api/v1/channels/%s/test", name);
    json_t *answer = client_ask(cli, "POST", path, NULL);
    if (answer != NULL && !cli->is_json) {
        printf("A test message is on its way to channel %s.\n", channel);
    }
    return cmd_finish(cli, answer);
}

static int test_user(struct cli *cli, const char *user, const char *contact)
{
    g_autofree char *name = client_escape(user);
    g_autofree char *path = g_strdup_printf("/api/v1/users/%s/test", name);
    json_auto_t *body = json_object();
    if (contact != NULL) {
        json_object_set_new(body, "contact", json_string(contact));
    }
    json_t *answer = client_ask(cli, "POST", path, body);
    if (answer != NULL && !cli->is_json) {
        printf("A test message is on its way to %s%s%s.\n", user, contact != NULL ? " by " : "",
               contact != NULL ? contact : "");
    }
    return cmd_finish(cli, answer);
}

static int cmd_test(struct cli *cli)
{
    const char *user = cli_arg(cli, 0);
    const char *channel = cli_option(cli, "channel");
    const char *contact = cli_option(cli, "contact");
    if ((user == NULL) == (channel == NULL)) {
        return cli_misused(cli, "say whom: either a person or --channel NAME");
    }
    if (channel != NULL && contact != NULL) {
        return cli_misused(cli, "a channel has no contacts: leave out --contact");
    }
    return channel != NULL ? test_channel(cli, channel) : test_user(cli, user, contact);
}

static const struct cli_option TEST_OPTIONS[] = {
    {"contact", "NAME", "Only by this contact; else by each."},
    {"channel", "NAME", "To this channel instead of a person."},
    {0}};

static const struct cli_command ROWS[] = {
    {"test", "[USER]", 0, 1, "Send a person or a channel a test message.", NULL, TEST_OPTIONS,
     SETTING_CLIENT, 0, cmd_test},
};
const struct cli_table TEST_COMMANDS = {ROWS, G_N_ELEMENTS(ROWS)};
