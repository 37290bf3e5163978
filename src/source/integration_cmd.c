#include <stdio.h>

#include "base/json.h"
#include "cli/cmd.h"

static int cmd_integration_list(struct cli *cli)
{
    static const struct list_column COLUMNS[] = {
        {"INTEGRATION", "name"}, {"KIND", "kind"}, {"SERVICE", "service"}, {0}};
    json_auto_t *items = client_list(cli, "/api/v1/integrations", SIZE_MAX);
    if (items == NULL) {
        return EXIT_REFUSED;
    }
    if (cli->is_json) {
        output_json(items);
    } else {
        cmd_show_list(items, COLUMNS, "There are no integrations; `tocsin apply` brings them.");
    }
    return EXIT_OK;
}

static int rotate(const struct cli *cli, const char *collection)
{
    json_auto_t *body = json_object();
    if (cli_option(cli, "overlap") != NULL) {
        json_object_set_new(body, "overlap", json_string(cli_option(cli, "overlap")));
    }
    g_autofree char *name = client_escape(cli_arg(cli, 0));
    g_autofree char *path = g_strdup_printf("/api/v1/%s/%s/key", collection, name);
    json_t *answer = client_ask(cli, "POST", path, body);
    if (answer != NULL && !cli->is_json) {
        puts(json_text(answer, "key", ""));
        fputs("This is shown once. The old key stays good for a while, so that senders can be "
              "moved.\n",
              stderr);
    }
    return cmd_finish(cli, answer);
}

static int cmd_integration_rotate(struct cli *cli)
{
    return rotate(cli, "integrations");
}

static int cmd_heartbeat_rotate(struct cli *cli)
{
    return rotate(cli, "heartbeats");
}

/* A body may be a megabyte: the table shows how each begins, --json the whole. */
static void clip_bodies(const json_t *items)
{
    enum { SHOWN = 200 };

    size_t i;
    json_t *item;
    json_array_foreach (items, i, item) {
        const char *body = json_text(item, "body", "");
        if (g_utf8_strlen(body, -1) > SHOWN) {
            g_autofree char *head = g_utf8_substring(body, 0, SHOWN);
            g_autofree char *clipped = g_strconcat(head, " …", NULL);
            json_object_set_new(item, "body", json_string(clipped));
        }
    }
}

static int cmd_integration_payloads(struct cli *cli)
{
    static const struct list_column COLUMNS[] = {
        {"WHEN", "at"}, {"STATUS", "status"}, {"PROBLEM", "problem"}, {"BODY", "body"}, {0}};
    g_autofree char *name = client_escape(cli_arg(cli, 0));
    g_autofree char *path = g_strdup_printf("/api/v1/integrations/%s/payloads", name);
    json_auto_t *answer = client_ask(cli, "GET", path, NULL);
    if (answer == NULL || cli->is_json) {
        return cmd_finish(cli, answer != NULL ? json_incref(answer) : NULL);
    }
    clip_bodies(json_object_get(answer, "items"));
    cmd_show_list(json_object_get(answer, "items"), COLUMNS, "Nothing has come in yet.");
    return EXIT_OK;
}

static int cmd_heartbeat_list(struct cli *cli)
{
    static const struct list_column COLUMNS[] = {{"HEARTBEAT", "name"},     {"SERVICE", "service"},
                                                 {"LAST HEARD", "last_at"}, {"DUE", "due_at"},
                                                 {"MISSING", "is_missing"}, {0}};
    json_auto_t *items = client_list(cli, "/api/v1/heartbeats", SIZE_MAX);
    if (items == NULL) {
        return EXIT_REFUSED;
    }
    if (cli->is_json) {
        output_json(items);
    } else {
        cmd_show_list(items, COLUMNS, "There are no heartbeats; `tocsin apply` brings them.");
    }
    return EXIT_OK;
}

static const struct cli_option ROTATE_OPTIONS[] = {
    {"overlap", "SPAN", "How long the old key stays good: 1d (the default), 0s."}, {0}};

static const struct cli_command ROWS[] = {
    {"integration list", "", 0, 0, "List the integrations.", NULL, NULL, SETTING_CLIENT, 0,
     cmd_integration_list},
    {"integration rotate", "NAME", 1, 1, "Make a new key; the old one stays good for a while.",
     NULL, ROTATE_OPTIONS, SETTING_CLIENT, 0, cmd_integration_rotate},
    {"integration payloads", "NAME", 1, 1, "The last payloads that came in, refused ones too.",
     NULL, NULL, SETTING_CLIENT, 0, cmd_integration_payloads},
    {"heartbeat list", "", 0, 0, "List the heartbeats and when each was last heard.", NULL, NULL,
     SETTING_CLIENT, 0, cmd_heartbeat_list},
    {"heartbeat rotate", "NAME", 1, 1, "Make a new key; the old one stays good for a while.", NULL,
     ROTATE_OPTIONS, SETTING_CLIENT, 0, cmd_heartbeat_rotate},
};
const struct cli_table INTEGRATION_COMMANDS = {ROWS, G_N_ELEMENTS(ROWS)};
