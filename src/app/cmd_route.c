#include <stdio.h>

#include "app/team_file.h"
#include "base/json.h"
#include "cli/cmd.h"

/* "checkout, critical" or "checkout, critical, suppressed" */
static char *way_text(const json_t *way)
{
    bool is_suppressed = json_is_true(json_object_get(way, "is_suppressed"));
    return g_strdup_printf("%s, %s%s", json_text(way, "service", ""),
                           json_text(way, "severity", ""), is_suppressed ? ", suppressed" : "");
}

/* Adds the alert's row if it is to be shown; answers whether it would go another way. */
static bool add_row(struct text_table *table, const json_t *item, bool shows_all)
{
    bool is_different = json_is_true(json_object_get(item, "is_different"));
    const json_t *then = json_object_get(item, "then");
    g_autofree char *now_text = way_text(json_object_get(item, "now"));
    g_autofree char *then_text = way_text(then);
    const char *cells[] = {json_text(item, "alert_id", ""), now_text,
                           is_different ? then_text : "the same", json_text(then, "routes", "-"),
                           json_text(item, "summary", "")};
    if (is_different || shows_all) {
        table_add(table, cells);
    }
    return is_different;
}

static void show(const struct cli *cli, const json_t *items)
{
    const char *headings[] = {"ALERT", "NOW", "THEN", "BY", "SUMMARY", NULL};
    struct text_table *table = table_new(headings);
    g_autoptr(GString) out = g_string_new(NULL);
    size_t different = 0;
    size_t i;
    json_t *item;
    json_array_foreach (items, i, item) {
        different += add_row(table, item, cli_has(cli, "all")) ? 1 : 0;
    }
    bool is_empty = table_rows(table) == 0;
    GString *rows = g_string_new(NULL);
    table_write(&table, rows);
    g_string_append(out, is_empty ? "" : rows->str);
    g_string_free(rows, TRUE);
    g_string_append_printf(out,
                           "%s%zu of %zu past alerts would go another way. Nothing was changed.\n",
                           is_empty ? "" : "\n", different, json_array_size(items));
    output_print(out);
}

static json_t *body_of(const struct cli *cli, const json_t *routes)
{
    json_t *body = json_pack("{s:O}", "routes", routes);
    const char *last = cli_option(cli, "last");
    gint64 count = 0;
    if (last != NULL && g_ascii_string_to_signed(last, 10, 1, 1000, &count, NULL)) {
        json_object_set_new(body, "last", json_integer(count));
    } else if (last != NULL) {
        cli_misused(cli, "--last is \"%.40s\"; write a number from 1 to 1000", last);
        g_clear_pointer(&body, json_decref);
    }
    return body;
}

static int replay(struct cli *cli, const struct team_file *file, const json_t *body)
{
    struct client_answer answer;
    int code = EXIT_OK;
    client_request(cli, "POST", "/api/v1/routes/replay", body, NULL, &answer);
    if (answer.fault.text[0] != '\0' && answer.fault.field[0] != '\0') {
        g_autofree char *text = team_file_fault(file, &answer.fault);
        output_tell("%s\n", text);
        code = EXIT_REFUSED;
    } else if (answer.fault.text[0] != '\0') {
        code = cli_refused(&answer.fault);
    } else if (cli->is_json) {
        output_json(answer.body);
    } else {
        show(cli, json_object_get(answer.body, "items"));
    }
    client_answer_clear(&answer);
    return code;
}

static int cmd_route_test(struct cli *cli)
{
    struct team_file file;
    int code = EXIT_REFUSED;
    bool is_read = team_file_read(&file, cli_arg(cli, 0), cli->environment);
    const json_t *routes = is_read ? json_object_get(file.document.json, "routes") : NULL;
    if (!is_read) {
        output_tell("%s\n", file.problem);
    } else if (routes == NULL) {
        code = cli_failed("%s has no `routes:`; write there what is to be tried", file.path);
    } else {
        json_auto_t *body = body_of(cli, routes);
        code = body != NULL ? replay(cli, &file, body) : EXIT_USAGE;
    }
    team_file_clear(&file);
    return code;
}

static const struct cli_option ROUTE_TEST_OPTIONS[] = {
    {"last", "N", "On so many of the newest alerts, up to 1000; 100 when not given."},
    {"all", NULL, "Show those that would go the same way, too."},
    {0}};

static const struct cli_command ROWS[] = {
    {"route test", "FILE", 1, 1, "Try a file's routes on past alerts before applying them.",
     "Shows which of the newest alerts the routes in FILE would send another way than those in "
     "force. "
     "- reads standard input.",
     ROUTE_TEST_OPTIONS, SETTING_CLIENT, COMPLETE_FILE, cmd_route_test},
};
const struct cli_table ROUTE_COMMANDS = {ROWS, G_N_ELEMENTS(ROWS)};
