#include "alert/alert_cmd.h"

#include <stdio.h>
#include <string.h>

#include "alert/signal.h"
#include "base/json.h"
#include "base/limits.h"
#include "base/principal.h"
#include "cli/cmd.h"

char *alert_snoozed_text(const json_t *alert, const struct zone *zone)
{
    const char *until = json_text(alert, "snoozed_until", NULL);
    const char *by = json_text(alert, "acknowledged_by", "");
    const struct principal actor = principal_read(by);
    if (until == NULL || strcmp(json_text(alert, "status", ""), "acknowledged") != 0) {
        return NULL;
    }
    g_autofree char *at = output_time_text(zone, until);
    return g_strdup_printf("until %s, by %s", at, actor.kind == PRINCIPAL_USER ? actor.name : by);
}

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
        g_autofree char *until = alert_snoozed_text(item, output_zone());
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

enum { SHOWN_USUALLY = 100, LIMIT_MAX = 100000 };

/* What of the alerts that were asked for is shown. */
struct selection {
    bool is_live; /* they are open or acknowledged: then the worst come first, else the newest */
    size_t limit;
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
    if (cli->is_json && out->is_live && given == NULL) {
        out->limit = LIMIT_MAX; /* a program is given all */
    }
    return true;
}

/* Of that severity, NULL for any, the newest: at most `most`. NULL after an error was told. */
static json_t *read_newest(const struct cli *cli, const char *severity, size_t most)
{
    g_autoptr(GString) path = g_string_new(NULL);
    g_string_printf(path, "/api/v1/alerts?limit=%zu", MIN(most, (size_t)LIMIT_LIST_PAGE));
    const char *status = cli_option(cli, "status");
    if (!cli_has(cli, "all")) {
        client_query(path, "status", status != NULL ? status : "unresolved");
    }
    client_query(path, "service", cli_option(cli, "service"));
    client_query(path, "severity", severity);
    return client_list(cli, path->str, most);
}

/* One whose severity changed between two answers is in both. */
static void take_new(json_t *list, GHashTable *taken, const json_t *items)
{
    size_t i;
    json_t *item;
    json_array_foreach (items, i, item) {
        if (g_hash_table_add(taken, g_strdup(json_text(item, "id", "")))) {
            json_array_append(list, item);
        }
    }
}

/* Severity by severity: the worst is found among however many, and however old it is, in a few short
 * answers. Of one severity the newest first; at most `most`. NULL after an error was told. */
static json_t *read_worst(const struct cli *cli, size_t most)
{
    json_t *worst = json_array();
    g_autoptr(GHashTable) taken = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    for (const struct enum_name *severity = SEVERITY_NAMES;
         severity->name != NULL && json_array_size(worst) < most; severity++) {
        json_auto_t *newest = read_newest(cli, severity->name, most - json_array_size(worst));
        if (newest == NULL) {
            json_decref(worst);
            return NULL;
        }
        take_new(worst, taken, newest);
    }
    return worst;
}

static json_t *read_alerts(const struct cli *cli, const struct selection *selection)
{
    size_t most = selection->limit + 1; /* is there one more? */
    const char *severity = cli_option(cli, "severity");
    return selection->is_live && severity == NULL ? read_worst(cli, most)
                                                  : read_newest(cli, severity, most);
}

/* What is left out must not look as if it were not there. How many they are, nobody counts: in a storm that
 * would be to read them all. */
static void tell_more(const struct cli *cli, const struct selection *selection)
{
    fprintf(cli->is_json ? stderr : stdout,
            "%s%zu alerts are shown, the %s first; there are more: --limit N (at most %d), "
            "--service, --severity.\n",
            cli->is_json ? "tocsin: " : "", selection->limit,
            selection->is_live ? "worst" : "newest", LIMIT_MAX);
}

static int cmd_alerts(struct cli *cli)
{
    static const struct list_column COLUMNS[] = {
        {"ALERT", "id"},    {"STATUS", "status"}, {"SEVERITY", "severity"}, {"SERVICE", "service"},
        {"TIMES", "count"}, {"SINCE", "since"},   {"SUMMARY", "summary"},   {0}};
    struct selection selection;
    if (!read_selection(cli, &selection)) {
        return EXIT_USAGE;
    }
    json_auto_t *items = read_alerts(cli, &selection);
    if (items == NULL) {
        return EXIT_REFUSED;
    }
    bool has_more = json_array_size(items) > selection.limit;
    if (has_more) {
        json_array_remove(items, selection.limit);
    }
    if (cli->is_json) {
        output_json(items);
    } else {
        mark_snoozed(cli, items);
        mark_silenced(items);
        add_since(items);
        cmd_show_list(items, COLUMNS, "No alerts: all quiet.");
    }
    if (has_more) {
        tell_more(cli, &selection);
    }
    return EXIT_OK;
}

static int cmd_alerts_show(struct cli *cli)
{
    g_autofree char *id = client_escape(cli_arg(cli, 0));
    g_autofree char *path = g_strconcat("/api/v1/alerts/", id, NULL);
    json_auto_t *alert = client_ask(cli, "GET", path, NULL);
    if (alert == NULL || cli->is_json) {
        return cmd_finish(cli, alert != NULL ? json_incref(alert) : NULL);
    }
    const char *headings[] = {"FIELD", "VALUE", NULL};
    struct text_table *table = table_new(headings);
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

static const struct cli_option ALERTS_OPTIONS[] = {
    {"status", "STATUS", "open, acknowledged, resolved, suppressed or unresolved (the default)."},
    {"all", NULL, "Alerts of every status."},
    {"service", "NAME", "Only those of this service."},
    {"severity", "LEVEL", "Only those of this severity."},
    {"limit", "N",
     "Show at most so many: 100; with --json all that are not resolved, at most 100000."},
    {0}};

static const struct cli_command ROWS[] = {
    {"alerts", "", 0, 0, "List alerts: those that are not resolved, the worst first.",
     "Those of one severity with the newest first; with --all, or resolved or suppressed ones, all "
     "with "
     "the newest first. When there are more than are shown, the last line says so; with --json it "
     "stands on standard error.",
     ALERTS_OPTIONS, SETTING_CLIENT, 0, cmd_alerts},
    {"alerts show", "ALERT", 1, 1, "Show one alert.", NULL, NULL, SETTING_CLIENT, 0,
     cmd_alerts_show},
};
const struct cli_table ALERT_COMMANDS = {ROWS, G_N_ELEMENTS(ROWS)};
