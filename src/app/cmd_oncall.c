#include <stdio.h>
#include <string.h>

#include "app/cmd.h"
#include "base/json.h"

/* Names of all schedules, or those of the command line. NULL after an error was told. */
static json_t *schedule_names(const struct cli *cli)
{
    json_t *names = json_array();
    if (cli->args->len > 0) {
        for (size_t i = 0; i < cli->args->len; i++) {
            json_array_append_new(names, json_string(cli_arg(cli, i)));
        }
        return names;
    }
    json_auto_t *all = client_list(cli, "/api/v1/schedules", SIZE_MAX);
    if (all == NULL) {
        json_decref(names);
        return NULL;
    }
    size_t i;
    json_t *item;
    json_array_foreach (all, i, item) {
        json_array_append(names, json_object_get(item, "name"));
    }
    return names;
}

/* One row per person on call of one schedule, into `rows`. */
static bool collect(const struct cli *cli, const char *schedule, const char *at, json_t *rows)
{
    g_autofree char *name = client_escape(schedule);
    g_autoptr(GString) path = g_string_new(NULL);
    g_string_append_printf(path, "/api/v1/schedules/%s/on-call", name);
    client_query(path, "at", at);
    json_auto_t *answer = client_ask(cli, "GET", path->str, NULL);
    if (answer == NULL) {
        return false;
    }
    json_t *people = json_object_get(answer, "on_call");
    if (json_array_size(people) == 0) {
        json_array_append_new(rows,
                              json_pack("{s:s, s:s}", "schedule", schedule, "user", "nobody"));
    }
    size_t i;
    json_t *person;
    json_array_foreach (people, i, person) {
        json_t *row = json_pack("{s:s}", "schedule", schedule);
        json_object_update(row, person);
        json_array_append_new(rows, row);
    }
    return true;
}

static bool instant_option(const struct cli *cli, const char *name, char out[UTC_TEXT_SIZE],
                           const char **out_text)
{
    const char *given = cli_option(cli, name);
    struct utc at;
    *out_text = NULL;
    if (given == NULL) {
        return true;
    }
    if (!cmd_instant(cli, name, given, &at)) {
        return false;
    }
    utc_format(at, out);
    *out_text = out;
    return true;
}

int cmd_oncall(struct cli *cli)
{
    static const struct column COLUMNS[] = {{"SCHEDULE", "schedule"}, {"ON CALL", "user"},
                                            {"LAYER", "layer"},       {"SINCE", "since"},
                                            {"UNTIL", "until"},       {0}};
    char buffer[UTC_TEXT_SIZE];
    const char *at;
    if (!instant_option(cli, "at", buffer, &at)) {
        return EXIT_USAGE;
    }
    json_auto_t *names = schedule_names(cli);
    if (names == NULL) {
        return EXIT_REFUSED;
    }
    json_auto_t *rows = json_array();
    size_t i;
    json_t *name;
    json_array_foreach (names, i, name) {
        if (!collect(cli, json_string_value(name), at, rows)) {
            return EXIT_REFUSED;
        }
    }
    if (cli->is_json) {
        output_json(rows);
    } else {
        cmd_name_people(cli, rows, "user");
        cmd_show_list(rows, COLUMNS, "There are no schedules; `tocsin apply` brings them.");
    }
    return EXIT_OK;
}

int cmd_schedule_list(struct cli *cli)
{
    static const struct column COLUMNS[] = {
        {"SCHEDULE", "name"}, {"TIME ZONE", "time_zone"}, {"OWNER", "owner"}, {0}};
    json_auto_t *items = client_list(cli, "/api/v1/schedules", SIZE_MAX);
    if (items == NULL) {
        return EXIT_REFUSED;
    }
    if (cli->is_json) {
        output_json(items);
    } else {
        cmd_show_list(items, COLUMNS, "There are no schedules; `tocsin apply` brings them.");
    }
    return EXIT_OK;
}

/* GET …/WHAT?from=&to=, with both instants now and in `days` days where they are not given. */
static json_t *ask_range(const struct cli *cli, const char *what, int days)
{
    struct utc from, to;
    const char *from_text = cli_option(cli, "from");
    const char *to_text = cli_option(cli, "to");
    if (!cmd_instant(cli, "from", from_text != NULL ? from_text : "now", &from)) {
        return NULL;
    }
    to = utc_add(from, SPAN_D(days));
    if (to_text != NULL && !cmd_instant(cli, "to", to_text, &to)) {
        return NULL;
    }
    char from_buffer[UTC_TEXT_SIZE], to_buffer[UTC_TEXT_SIZE];
    utc_format(from, from_buffer);
    utc_format(to, to_buffer);
    g_autofree char *name = client_escape(cli_arg(cli, 0));
    g_autoptr(GString) path = g_string_new(NULL);
    g_string_append_printf(path, "/api/v1/schedules/%s/%s", name, what);
    client_query(path, "from", from_buffer);
    client_query(path, "to", to_buffer);
    return client_ask(cli, "GET", path->str, NULL);
}

/* In the schedule's own zone: that is where its hand-offs are at the hour that was written. */
static int show_range(const struct cli *cli, json_t *answer, const struct column *columns,
                      const char *empty)
{
    if (answer == NULL || cli->is_json) {
        return cmd_finish(cli, answer);
    }
    g_autofree char *name = client_escape(cli_arg(cli, 0));
    g_autofree char *path = g_strconcat("/api/v1/schedules/", name, NULL);
    json_auto_t *schedule = client_ask(cli, "GET", path, NULL);
    json_t *items = json_object_get(answer, "items");
    cmd_name_people(cli, items, "user");
    cmd_show_list_in(items, columns, empty, json_text(schedule, "time_zone", ""), "the schedule");
    json_decref(answer);
    return EXIT_OK;
}

int cmd_schedule_shifts(struct cli *cli)
{
    static const struct column COLUMNS[] = {
        {"FROM", "since"}, {"UNTIL", "until"}, {"ON CALL", "user"}, {"LAYER", "layer"}, {0}};
    return show_range(cli, ask_range(cli, "shifts", 14), COLUMNS,
                      "Nobody is on call in this time.");
}

int cmd_schedule_gaps(struct cli *cli)
{
    static const struct column COLUMNS[] = {{"NOBODY FROM", "since"}, {"UNTIL", "until"}, {0}};
    return show_range(cli, ask_range(cli, "gaps", 30), COLUMNS,
                      "No gaps: somebody is always on call.");
}

int cmd_override_add(struct cli *cli)
{
    static const char *const NEEDED[] = {"from", "to"};
    json_auto_t *body = json_object();
    for (size_t i = 0; i < G_N_ELEMENTS(NEEDED); i++) {
        const char *value = cli_option(cli, NEEDED[i]);
        if (value == NULL) {
            return cli_misused(cli, "--from and --to say when, in the schedule's own zone: "
                                    "2026-12-24T00:00");
        }
        json_object_set_new(body, NEEDED[i], json_string(value));
    }
    if (cli_option(cli, "who") != NULL) {
        json_object_set_new(body, "who", json_string(cli_option(cli, "who")));
    } else if (!cli_has(cli, "nobody")) {
        return cli_misused(
            cli, "--who says who is on call instead; --nobody leaves it empty on purpose");
    }
    static const char *const OTHERS[] = {"layer", "comment"};
    for (size_t i = 0; i < G_N_ELEMENTS(OTHERS); i++) {
        if (cli_option(cli, OTHERS[i]) != NULL) {
            json_object_set_new(body, OTHERS[i], json_string(cli_option(cli, OTHERS[i])));
        }
    }
    g_autofree char *name = client_escape(cli_arg(cli, 0));
    g_autofree char *path = g_strdup_printf("/api/v1/schedules/%s/overrides", name);
    json_t *answer = client_ask(cli, "POST", path, body);
    g_autofree char *warnings = cmd_value(answer, "warnings");
    if (warnings[0] != '\0') {
        g_autofree char *clean = output_clean(warnings);
        fprintf(stderr, "tocsin: warning: %s\n", clean);
    }
    if (answer != NULL && !cli->is_json) {
        g_autofree char *id = cmd_value(answer, "id");
        printf("Override %s added to %s. `tocsin schedule override remove %s %s` takes it back.\n",
               id, cli_arg(cli, 0), cli_arg(cli, 0), id);
    }
    return cmd_finish(cli, answer);
}

/* From and to are local times of the schedule's zone, unlike the instants of other lists. */
static void show_overrides(const struct cli *cli, const json_t *items, const char *schedule,
                           const char *time_zone)
{
    static const struct column COLUMNS[] = {
        {"ID", "id"},         {"BEGINS", "begins"},   {"ENDS", "ends"},
        {"ON CALL", "who"},   {"LAYER", "layer"},     {"WHY", "comment"},
        {"BY", "created_by"}, {"MADE", "created_at"}, {0}};
    g_autofree char *empty = g_strdup_printf("Nobody made an override of %s; those of the file are "
                                             "in `tocsin export`.",
                                             schedule);
    json_auto_t *rows = json_deep_copy(items);
    size_t i;
    json_t *row;
    json_array_foreach (rows, i, row) {
        json_object_set(row, "begins", json_object_get(row, "from"));
        json_object_set(row, "ends", json_object_get(row, "to"));
        if (json_object_get(row, "who") == NULL) {
            json_object_set_new(row, "who", json_string("nobody"));
        }
    }
    cmd_name_people(cli, rows, "who");
    cmd_show_list(rows, COLUMNS, empty);
    if (json_array_size(rows) > 0) {
        printf("They begin and end by the clock of %s, the schedule's zone.\n", time_zone);
    }
}

int cmd_override_list(struct cli *cli)
{
    g_autofree char *name = client_escape(cli_arg(cli, 0));
    g_autofree char *path = g_strdup_printf("/api/v1/schedules/%s", name);
    g_autofree char *overrides = g_strconcat(path, "/overrides", NULL);
    json_auto_t *schedule = client_ask(cli, "GET", path, NULL);
    json_auto_t *items = schedule != NULL ? client_list(cli, overrides, SIZE_MAX) : NULL;
    if (items == NULL) {
        return EXIT_REFUSED;
    }
    if (cli->is_json) {
        output_json(items);
    } else {
        show_overrides(cli, items, cli_arg(cli, 0), json_text(schedule, "time_zone", "UTC"));
    }
    return EXIT_OK;
}

int cmd_override_remove(struct cli *cli)
{
    g_autofree char *name = client_escape(cli_arg(cli, 0));
    g_autofree char *id = client_escape(cli_arg(cli, 1));
    g_autofree char *path = g_strdup_printf("/api/v1/schedules/%s/overrides/%s", name, id);
    json_t *answer = client_ask(cli, "DELETE", path, NULL);
    if (answer != NULL && !cli->is_json) {
        printf("Override %s removed from %s.\n", cli_arg(cli, 1), cli_arg(cli, 0));
    }
    return cmd_finish(cli, answer);
}
