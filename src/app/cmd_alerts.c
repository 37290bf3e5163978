#include <stdio.h>
#include <string.h>

#include "alert/signal.h"
#include "app/cmd.h"
#include "base/json.h"
#include "base/limits.h"

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

enum { SHOWN_USUALLY = 100, LIMIT_MAX = 100000, COUNTED_MAX = 20000 };

/* What of the alerts that were asked for is shown. */
struct selection {
    bool
        is_live; /* they are open or acknowledged: few enough to be read whole, and then the worst come first */
    size_t limit; /* of alerts shown */
    size_t read_at_most;
    size_t found; /* as many as were read: all, unless has_more */
    bool has_more;
};

static bool read_selection(const struct cli *cli, struct selection *out)
{
    int64_t limit = SHOWN_USUALLY;
    const char *given = cli_option(cli, "limit");
    if (given != NULL && !g_ascii_string_to_signed(given, 10, 1, LIMIT_MAX, &limit, NULL)) {
        cli_misused(cli, "--limit is a number from 1 to %d", LIMIT_MAX);
        return false;
    }
    const char *status = cli_option(cli, "status");
    bool is_past = g_strcmp0(status, "resolved") == 0 || g_strcmp0(status, "suppressed") == 0;
    *out = (struct selection){.is_live = !is_past && !cli_has(cli, "all"), .limit = (size_t)limit};
    out->read_at_most = out->is_live ? MAX(out->limit, COUNTED_MAX) : out->limit;
    if (cli->is_json && out->is_live && given == NULL) {
        out->limit = out->read_at_most; /* a program is given all */
    }
    return true;
}

static json_t *read_alerts(const struct cli *cli, const struct selection *selection)
{
    g_autoptr(GString) path = g_string_new(NULL);
    g_string_printf(path, "/api/v1/alerts?limit=%d", LIMIT_LIST_PAGE);
    const char *status = cli_option(cli, "status");
    if (!cli_has(cli, "all")) {
        client_query(path, "status", status != NULL ? status : "unresolved");
    }
    client_query(path, "service", cli_option(cli, "service"));
    client_query(path, "severity", cli_option(cli, "severity"));
    return client_list(cli, path->str, selection->read_at_most + 1); /* is there one more? */
}

/* At most `limit`, the worst first; those of one severity as they came, the newest first. */
static json_t *select_worst(const json_t *items, size_t limit)
{
    json_t *chosen = json_array();
    for (int severity = 0; severity <= SEVERITY_INFO;
         severity++) { /* 0: one that is not known here */
        size_t i;
        json_t *item;
        json_array_foreach (items, i, item) {
            bool is_next =
                enum_from_name(SEVERITY_NAMES, json_text(item, "severity", "")) == severity;
            if (is_next && json_array_size(chosen) < limit) {
                json_array_append(chosen, item);
            }
        }
    }
    return chosen;
}

static json_t *select_newest(const json_t *items, size_t limit)
{
    json_t *chosen = json_array();
    for (size_t i = 0; i < MIN(limit, json_array_size(items)); i++) {
        json_array_append(chosen, json_array_get(items, i));
    }
    return chosen;
}

/* What is left out must not look as if it were not there. "" when nothing is. */
static char *left_out(const struct selection *selection, size_t shown)
{
    const char *order = selection->is_live ? "the worst" : "the newest";
    if (!selection->has_more && shown == selection->found) {
        return g_strdup("");
    }
    if (!selection->has_more) {
        return g_strdup_printf("%zu of %zu alerts are shown, %s first; all of them: --limit %zu.",
                               shown, selection->found, order, selection->found);
    }
    g_autofree char *among =
        selection->is_live ? g_strdup_printf(" of the newest %zu", selection->found) : g_strdup("");
    return g_strdup_printf("%zu alerts are shown, %s%s first; there are more: --limit N (at most "
                           "%d), --service, --severity.",
                           shown, order, among, LIMIT_MAX);
}

int cmd_alerts(struct cli *cli)
{
    static const struct column COLUMNS[] = {
        {"ALERT", "id"},    {"STATUS", "status"}, {"SEVERITY", "severity"}, {"SERVICE", "service"},
        {"TIMES", "count"}, {"SINCE", "since"},   {"SUMMARY", "summary"},   {0}};
    struct selection selection;
    if (!read_selection(cli, &selection)) {
        return EXIT_USAGE;
    }
    json_auto_t *read = read_alerts(cli, &selection);
    if (read == NULL) {
        return EXIT_REFUSED;
    }
    selection.has_more = json_array_size(read) > selection.read_at_most;
    if (selection.has_more) {
        json_array_remove(read, selection.read_at_most);
    }
    selection.found = json_array_size(read);
    json_auto_t *items = selection.is_live ? select_worst(read, selection.limit)
                                           : select_newest(read, selection.limit);
    g_autofree char *note = left_out(&selection, json_array_size(items));
    if (cli->is_json) {
        output_json(items);
    } else {
        mark_snoozed(cli, items);
        mark_silenced(items);
        add_since(items);
        cmd_show_list(items, COLUMNS, "No alerts: all quiet.");
    }
    if (note[0] != '\0') {
        fprintf(cli->is_json ? stderr : stdout, "%s%s\n", cli->is_json ? "tocsin: " : "", note);
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
