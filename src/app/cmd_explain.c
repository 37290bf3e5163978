#include <stdio.h>

#include "app/cmd.h"
#include "base/json.h"

/* What an event says, as "name value, name value". */
static char *facts(const json_t *data)
{
    GString *out = g_string_new(NULL);
    const char *name;
    json_t *value;
    json_object_foreach ((json_t *)(uintptr_t)data, name, value) {
        g_autofree char *text = cmd_value(data, name);
        if (text[0] != '\0') {
            g_string_append_printf(out, "%s%s %s", out->len > 0 ? ", " : "", name, text);
        }
    }
    return g_string_free(out, FALSE);
}

/* The server's own sentence where it gives one, else the facts. */
static char *sentence_of(const json_t *entry)
{
    const char *text = json_text(entry, "text", NULL);
    return text != NULL ? g_strdup(text) : facts(json_object_get(entry, "data"));
}

static void show_timeline(const json_t *items)
{
    const char *headings[] = {"WHEN", "WHAT", "BY", "WHY AND HOW", NULL};
    struct table *table = table_new(headings);
    const struct zone *zone = output_zone();
    size_t i;
    json_t *entry;
    json_array_foreach (items, i, entry) {
        g_autofree char *at = output_time_text(zone, json_text(entry, "at", ""));
        g_autofree char *text = sentence_of(entry);
        const char *cells[] = {at, json_text(entry, "kind", ""), json_text(entry, "actor", ""),
                               text};
        table_add(table, cells);
    }
    g_autoptr(GString) out = g_string_new(NULL);
    table_write(&table, out);
    g_string_append_printf(out, "\nTimes are %s.\n", zone_name(zone));
    output_print(out);
}

int cmd_explain(struct cli *cli)
{
    g_autofree char *id = client_escape(cli_arg(cli, 0));
    g_autofree char *path = g_strdup_printf("/api/v1/alerts/%s/explain", id);
    json_auto_t *answer = client_ask(cli, "GET", path, NULL);
    if (answer == NULL || cli->is_json) {
        return cmd_finish(cli, answer != NULL ? json_incref(answer) : NULL);
    }
    show_timeline(json_object_get(answer, "items"));
    return EXIT_OK;
}

int cmd_whatif(struct cli *cli)
{
    static const struct column COLUMNS[] = {{"WHEN", "at"},
                                            {"WHO", "user"},
                                            {"BY", "contact"},
                                            {"STEP", "step"},
                                            {"ROUND", "round"},
                                            {"WHY", "reason"},
                                            {0}};
    if (cli_option(cli, "service") == NULL) {
        return cli_misused(cli, "--service says what the alert would be about");
    }
    struct utc at;
    const char *given = cli_option(cli, "at");
    if (!cmd_instant(cli, "at", given != NULL ? given : "now", &at)) {
        return EXIT_USAGE;
    }
    char text[UTC_TEXT_SIZE];
    utc_format(at, text);
    g_autoptr(GString) path = g_string_new("/api/v1/whatif");
    client_query(path, "service", cli_option(cli, "service"));
    client_query(path, "severity", cli_option(cli, "severity"));
    client_query(path, "at", text);
    json_auto_t *answer = client_ask(cli, "GET", path->str, NULL);
    if (answer == NULL || cli->is_json) {
        return cmd_finish(cli, answer != NULL ? json_incref(answer) : NULL);
    }
    cmd_show_list(json_object_get(answer, "items"), COLUMNS, "Nobody would be told.");
    return EXIT_OK;
}
