#include <stdio.h>

#include "app/cmd.h"
#include "base/json.h"

/* "open (silenced)": it pages nobody, however open it is. */
static void mark_silenced(json_t *items)
{
    size_t i;
    json_t *item;
    json_array_foreach (items, i, item) {
        if (json_object_get(item, "silenced_by") != NULL) {
            json_object_set_new(item, "status",
                                json_sprintf("%s (silenced)", json_text(item, "status", "")));
        }
    }
}

/* It pages again although somebody has it. */
static void mark_snoozed(const struct cli *cli, json_t *items)
{
    json_auto_t *snoozed = json_array();
    size_t i;
    json_t *item;
    json_array_foreach (items, i, item) {
        if (json_object_get(item, "snoozed_until") != NULL) {
            json_array_append(snoozed, item);
        }
    }
    cmd_name_people(cli, snoozed, "acknowledged_by");
    json_array_foreach (snoozed, i, item) {
        g_autofree char *until = cmd_snoozed(item, output_zone());
        if (until != NULL) {
            json_object_set_new(item, "status", json_sprintf("snoozed %s", until));
        }
    }
}

/* Since when the trouble is there, as the board and the messages say it: by the sender's clock where it
 * said so (alert_since). */
static void add_since(json_t *items)
{
    size_t i;
    json_t *item;
    json_array_foreach (items, i, item) {
        const char *first = json_text(item, "first_at", "");
        json_object_set_new(item, "since", json_string(json_text(item, "started_at", first)));
    }
}

int cmd_alerts(struct cli *cli)
{
    static const struct column COLUMNS[] = {
        {"ALERT", "id"},    {"STATUS", "status"}, {"SEVERITY", "severity"}, {"SERVICE", "service"},
        {"TIMES", "count"}, {"SINCE", "since"},   {"SUMMARY", "summary"},   {0}};
    int64_t limit = 100;
    const char *given = cli_option(cli, "limit");
    if (given != NULL && !g_ascii_string_to_signed(given, 10, 1, 100000, &limit, NULL)) {
        return cli_misused(cli, "--limit is a number from 1 to 100000");
    }
    g_autoptr(GString) path = g_string_new("/api/v1/alerts");
    const char *status = cli_option(cli, "status");
    if (!cli_has(cli, "all")) {
        client_query(path, "status", status != NULL ? status : "unresolved");
    }
    client_query(path, "service", cli_option(cli, "service"));
    client_query(path, "severity", cli_option(cli, "severity"));
    json_auto_t *items = client_list(cli, path->str, (size_t)limit);
    if (items == NULL) {
        return EXIT_REFUSED;
    }
    if (cli->is_json) {
        output_json(items);
    } else {
        mark_snoozed(cli, items);
        mark_silenced(items);
        add_since(items);
        cmd_show_list(items, COLUMNS, "No alerts: all quiet.");
    }
    return EXIT_OK;
}

int cmd_alerts_show(struct cli *cli)
{
    g_autofree char *id = client_escape(cli_arg(cli, 0));
    g_autofree char *path = g_strconcat("/api/v1/alerts/", id, NULL);
    json_auto_t *alert = client_ask(cli, "GET", path, NULL);
    if (alert == NULL || cli->is_json) {
        return cmd_finish(cli, alert != NULL ? json_incref(alert) : NULL);
    }
    const char *headings[] = {"FIELD", "VALUE", NULL};
    struct table *table = table_new(headings);
    const struct zone *zone = output_zone();
    const char *name;
    json_t *value;
    json_object_foreach (alert, name, value) {
        g_autofree char *text = cmd_value(alert, name);
        g_autofree char *shown = g_str_has_suffix(name, "_at") || g_str_has_suffix(name, "_until")
                                     ? output_time_text(zone, text)
                                     : g_strdup(text);
        const char *cells[] = {name, shown};
        table_add(table, cells);
    }
    g_autoptr(GString) out = g_string_new(NULL);
    table_write(&table, out);
    g_string_append_printf(out, "\nTimes are %s.\n", zone_name(zone));
    output_print(out);
    return EXIT_OK;
}
