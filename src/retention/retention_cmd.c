#include "base/json.h"
#include "cli/cmd.h"

static void show_run(const json_t *run)
{
    g_autoptr(GString) out = g_string_new(NULL);
    const char *ended = json_text(run, "ended_at", NULL);
    g_autofree char *at =
        output_time_text(output_zone(), ended != NULL ? ended : json_text(run, "begun_at", ""));
    g_string_append_printf(out,
                           ended != NULL ? "\nThe last run ended at %s; it deleted"
                                         : "\nA run goes on since %s; so far it deleted",
                           at);
    static const char *const WHAT[] = {"alerts", "deliveries", "notices", "payloads", "events"};
    for (size_t i = 0; i < G_N_ELEMENTS(WHAT); i++) {
        g_autofree char *count = cmd_value(run, WHAT[i]);
        g_string_append_printf(out, "%s %s %s", i == 0 ? "" : ",", count, WHAT[i]);
    }
    g_string_append(out, ".\n");
    output_print(out);
}

static void show_file(const json_t *file)
{
    double bytes = json_number_value(json_object_get(file, "bytes"));
    double free_bytes = json_number_value(json_object_get(file, "free_bytes"));
    bool can_shrink = json_is_true(json_object_get(file, "can_shrink"));
    g_autoptr(GString) out = g_string_new(NULL);
    g_string_append_printf(
        out,
        "\nThe file of the database has %.1f MB; nothing is in %.1f MB of them, which what comes "
        "next takes.%s\n",
        bytes / 1e6, free_bytes / 1e6,
        can_shrink ? ""
                   : " An earlier version made it, and it does not shrink: `tocsin move` to a new "
                     "one, with the server stopped, makes one that does.");
    output_print(out);
}

static void show_archive(const json_t *archive)
{
    const char *at = json_text(archive, "archived_at", NULL);
    const char *failed = json_text(archive, "failed_at", NULL);
    const char *seq = json_text(archive, "last_seq", NULL);
    g_autofree char *when = at != NULL ? output_time_text(output_zone(), at) : NULL;
    g_autofree char *since = failed != NULL ? output_time_text(output_zone(), failed) : NULL;
    g_autoptr(GString) out = g_string_new("\nWhat goes is written to an archive before");
    g_string_append_printf(out, when != NULL ? ", last at %s by %s" : "; nothing was yet", when,
                           json_text(archive, "node", "?"));
    if (seq != NULL) {
        g_string_append_printf(out, ", the events up to number %s", seq);
    }
    g_string_append(out, ".\n");
    if (since != NULL) {
        g_string_append_printf(out, "Nothing is deleted since %s: %s.\n", since,
                               json_text(archive, "why", ""));
    }
    output_print(out);
}

/* Each row as it is told: "100000+" where nobody counted to the end. */
static json_t *told(const json_t *kept)
{
    json_t *rows = json_deep_copy(kept);
    size_t i;
    json_t *row;
    json_array_foreach (rows, i, row) {
        if (json_is_true(json_object_get(row, "due_is_more"))) {
            g_autofree char *due = cmd_value(row, "due");
            g_autofree char *more = g_strconcat(due, "+", NULL);
            json_object_set_new(row, "due", json_string(more));
        }
    }
    return rows;
}

static int show_retention(struct cli *cli)
{
    static const struct list_column COLUMNS[] = {
        {"WHAT", "what"}, {"KEPT FOR", "kept_for"}, {"OLDEST", "oldest_at"}, {"TO GO", "due"}, {0}};
    json_t *answer = client_ask(cli, "GET", "/api/v1/retention", NULL);
    if (answer != NULL && !cli->is_json) {
        json_auto_t *rows = told(json_object_get(answer, "kept"));
        cmd_show_list(rows, COLUMNS, "Nothing.");
        const json_t *run = json_object_get(answer, "last_run");
        if (run != NULL) {
            show_run(run);
        }
        const json_t *archive = json_object_get(answer, "archive");
        if (archive != NULL) {
            show_archive(archive);
        }
        const json_t *file = json_object_get(answer, "file");
        if (file != NULL) {
            show_file(file);
        }
    }
    return cmd_finish(cli, answer);
}

static const struct cli_command ROWS[] = {
    {"retention", "", 0, 0, "Show how long what is over is kept, and what will go.",
     "Alerts, deliveries, payloads and events are deleted when they are older than the "
     "configuration says "
     "(section retention; 400 days where it says nothing), in small steps once an hour. What goes "
     "on is never deleted: TO GO counts what is old enough, and some of it may be in use still. Of "
     "a database in a file "
     "it also says how much of it is free.",
     NULL, SETTING_CLIENT, 0, show_retention},
};
const struct cli_table RETENTION_COMMANDS = {ROWS, G_N_ELEMENTS(ROWS)};
