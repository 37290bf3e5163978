#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "cli/cmd.h"

/* NULL after an error was told. */
static json_t *ask_schedule(const struct cli *cli, const char *name)
{
    g_autofree char *escaped = client_escape(name);
    g_autofree char *path = g_strconcat("/api/v1/schedules/", escaped, NULL);
    return client_ask(cli, "GET", path, NULL);
}

/* The schedules that the command line names, or all. NULL after an error was told. */
static json_t *ask_schedules(const struct cli *cli)
{
    if (cli->args->len == 0) {
        return client_list(cli, "/api/v1/schedules", SIZE_MAX);
    }
    json_auto_t *schedules = json_array();
    for (size_t i = 0; i < cli->args->len; i++) {
        json_t *schedule = ask_schedule(cli, cli_arg(cli, i));
        if (schedule == NULL) {
            return NULL;
        }
        json_array_append_new(schedules, schedule);
    }
    return json_incref(schedules);
}

/* That of its hand-offs; the reader's where this machine does not know it. */
static const struct zone *zone_of(const json_t *schedule)
{
    struct fault fault;
    const struct zone *zone = zone_load(json_text(schedule, "time_zone", ""), &fault);
    return zone != NULL ? zone : output_zone();
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

static int cmd_oncall(struct cli *cli)
{
    static const struct list_column COLUMNS[] = {{"SCHEDULE", "schedule"}, {"ON CALL", "user"},
                                                 {"LAYER", "layer"},       {"SINCE", "since"},
                                                 {"UNTIL", "until"},       {0}};
    char buffer[UTC_TEXT_SIZE];
    const char *at;
    if (!instant_option(cli, "at", buffer, &at)) {
        return EXIT_USAGE;
    }
    json_auto_t *schedules = ask_schedules(cli);
    if (schedules == NULL) {
        return EXIT_REFUSED;
    }
    json_auto_t *rows = json_array();
    size_t i;
    json_t *schedule;
    json_array_foreach (schedules, i, schedule) {
        if (!collect(cli, json_text(schedule, "name", ""), at, rows)) {
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

static int cmd_schedule_list(struct cli *cli)
{
    static const struct list_column COLUMNS[] = {
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

/* What of a schedule is shown over a range of time. */
struct ranged {
    const char *what; /* the last word of its path */
    int days;         /* from now, or from --from, when --to is not given */
    const struct list_column *columns;
    const char *empty; /* what it means that there is none */
};

static bool read_range(const struct cli *cli, const struct zone *zone, int days,
                       struct utc *out_from, struct utc *out_to)
{
    const char *from = cli_option(cli, "from");
    const char *to = cli_option(cli, "to");
    if (!cmd_instant_in(cli, "from", from != NULL ? from : "now", zone, out_from)) {
        return false;
    }
    *out_to = utc_add(*out_from, SPAN_D(days));
    return to == NULL || cmd_instant_in(cli, "to", to, zone, out_to);
}

static json_t *ask_range(const struct cli *cli, const char *what, struct utc from, struct utc to)
{
    char from_text[UTC_TEXT_SIZE], to_text[UTC_TEXT_SIZE];
    utc_format(from, from_text);
    utc_format(to, to_text);
    g_autofree char *name = client_escape(cli_arg(cli, 0));
    g_autoptr(GString) path = g_string_new(NULL);
    g_string_append_printf(path, "/api/v1/schedules/%s/%s", name, what);
    client_query(path, "from", from_text);
    client_query(path, "to", to_text);
    return client_ask(cli, "GET", path->str, NULL);
}

/* Read and shown by the schedule's own clock: that is where its hand-offs are at the hour that was
 * written. */
static int show_range(struct cli *cli, const struct ranged *ranged)
{
    struct utc from, to;
    json_auto_t *schedule = ask_schedule(cli, cli_arg(cli, 0));
    if (schedule == NULL) {
        return EXIT_REFUSED;
    }
    const struct zone *zone = zone_of(schedule);
    if (!read_range(cli, zone, ranged->days, &from, &to)) {
        return EXIT_USAGE;
    }
    json_t *answer = ask_range(cli, ranged->what, from, to);
    if (answer == NULL || cli->is_json) {
        return cmd_finish(cli, answer);
    }
    json_t *items = json_object_get(answer, "items");
    g_autofree char *since = output_time(zone, from);
    g_autofree char *until = output_time(zone, to);
    g_autofree char *empty = g_strdup_printf("%s\nThat is from %s to %s by the clock of %s.",
                                             ranged->empty, since, until, zone_name(zone));
    cmd_name_people(cli, items, "user");
    cmd_show_list_in(items, ranged->columns, empty, json_text(schedule, "time_zone", ""),
                     "the schedule");
    json_decref(answer);
    return EXIT_OK;
}

static int cmd_schedule_shifts(struct cli *cli)
{
    static const struct list_column COLUMNS[] = {
        {"FROM", "since"}, {"UNTIL", "until"}, {"ON CALL", "user"}, {"LAYER", "layer"}, {0}};
    static const struct ranged SHIFTS = {"shifts", 14, COLUMNS, "Nobody is on call in this time."};
    return show_range(cli, &SHIFTS);
}

static int cmd_schedule_gaps(struct cli *cli)
{
    static const struct list_column COLUMNS[] = {{"NOBODY FROM", "since"}, {"UNTIL", "until"}, {0}};
    static const struct ranged GAPS = {"gaps", 30, COLUMNS, "No gaps: somebody is always on call."};
    return show_range(cli, &GAPS);
}

/* What is no local time is read as an instant, as everywhere. EXIT_OK, or after an error was told. */
static int read_by_clock_of(const struct cli *cli, const json_t *schedule, const char *called,
                            const char *text, struct civil *out)
{
    struct utc at;
    struct fault fault = {0};
    /* Not the reader's zone in its place: the shift would be another one. */
    const struct zone *zone = zone_load(json_text(schedule, "time_zone", ""), &fault);
    if (zone == NULL) {
        return cli_refused(&fault);
    }
    if (!cmd_instant_in(cli, called, text, zone, &at)) {
        return EXIT_USAGE;
    }
    *out = zone_civil(zone, at);
    return EXIT_OK;
}

/* Overrides are kept as local times of the schedule's zone. Those that are written as such stay as they are: which
 * of them never was, the server says. */
static int add_local_times(const struct cli *cli, json_t *body)
{
    static const char *const NEEDED[] = {"from", "to"};
    json_auto_t *schedule = NULL;
    for (size_t i = 0; i < G_N_ELEMENTS(NEEDED); i++) {
        const char *value = cli_option(cli, NEEDED[i]);
        if (value == NULL) {
            return cli_misused(cli, "--from and --to say when, in the schedule's own zone: "
                                    "2026-12-24T00:00");
        }
        struct civil local;
        char text[UTC_TEXT_SIZE];
        g_autofree char *midnight = g_strconcat(value, "T00:00", NULL);
        if (!civil_parse(value, &local) && !civil_parse(midnight, &local)) {
            schedule = schedule != NULL ? schedule : ask_schedule(cli, cli_arg(cli, 0));
            int code = schedule == NULL ? EXIT_REFUSED
                                        : read_by_clock_of(cli, schedule, NEEDED[i], value, &local);
            if (code != EXIT_OK) {
                return code;
            }
        }
        civil_format(local, text);
        json_object_set_new(body, NEEDED[i], json_string(text));
    }
    return EXIT_OK;
}

static int cmd_override_add(struct cli *cli)
{
    json_auto_t *body = json_object();
    int code = add_local_times(cli, body);
    if (code != EXIT_OK) {
        return code;
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
        output_tell("tocsin: warning: %s\n", warnings);
    }
    if (answer != NULL && !cli->is_json) {
        g_autofree char *id = cmd_value(answer, "id");
        printf("Override %s added to %s. `tocsin schedule override remove %s %s` takes it back.\n",
               id, cli_arg(cli, 0), cli_arg(cli, 0), id);
    }
    return cmd_finish(cli, answer);
}

/* Those of one schedule as they are kept, each with the schedule's name, into `rows`. */
static bool collect_overrides(const struct cli *cli, const json_t *schedule, json_t *rows)
{
    g_autofree char *name = client_escape(json_text(schedule, "name", ""));
    g_autofree char *path = g_strdup_printf("/api/v1/schedules/%s/overrides", name);
    json_auto_t *items = client_list(cli, path, SIZE_MAX);
    size_t i;
    json_t *item;
    json_array_foreach (items, i, item) {
        json_object_set(item, "schedule", json_object_get(schedule, "name"));
        json_array_append(rows, item);
    }
    return items != NULL;
}

/* From and to are local times of the schedule's zone, unlike the instants of other lists: each row
 * says by whose clock. */
static void word_overrides(const json_t *schedule, json_t *rows, size_t first)
{
    for (size_t i = first; i < json_array_size(rows); i++) {
        json_t *row = json_array_get(rows, i);
        json_object_set(row, "begins", json_object_get(row, "from"));
        json_object_set(row, "ends", json_object_get(row, "to"));
        json_object_set(row, "clock", json_object_get(schedule, "time_zone"));
        if (json_object_get(row, "who") == NULL) {
            json_object_set_new(row, "who", json_string("nobody"));
        }
    }
}

static void show_overrides(const struct cli *cli, json_t *rows)
{
    static const struct list_column COLUMNS[] = {{"SCHEDULE", "schedule"},
                                                 {"ID", "id"},
                                                 {"BEGINS", "begins"},
                                                 {"ENDS", "ends"},
                                                 {"ZONE", "clock"},
                                                 {"ON CALL", "who"},
                                                 {"LAYER", "layer"},
                                                 {"WHY", "comment"},
                                                 {"BY", "created_by"},
                                                 {"MADE", "created_at"},
                                                 {0}};
    g_autofree char *empty = g_strdup_printf(
        "Nobody made an override%s%s; those of the file are in `tocsin export`.",
        cli->args->len > 0 ? " of " : "", cli->args->len > 0 ? cli_arg(cli, 0) : "");
    cmd_name_people(cli, rows, "who");
    cmd_name_people(cli, rows, "created_by");
    cmd_show_list(rows, COLUMNS, empty);
    if (json_array_size(rows) > 0) {
        puts("They begin and end by the clock of the zone beside them, their schedule's.");
    }
}

static int cmd_override_list(struct cli *cli)
{
    json_auto_t *schedules = ask_schedules(cli);
    if (schedules == NULL) {
        return EXIT_REFUSED;
    }
    json_auto_t *rows = json_array();
    size_t i;
    json_t *schedule;
    json_array_foreach (schedules, i, schedule) {
        size_t first = json_array_size(rows);
        if (!collect_overrides(cli, schedule, rows)) {
            return EXIT_REFUSED;
        }
        if (!cli->is_json) {
            word_overrides(schedule, rows, first);
        }
    }
    if (cli->is_json) {
        output_json(rows);
    } else {
        show_overrides(cli, rows);
    }
    return EXIT_OK;
}

static int cmd_override_remove(struct cli *cli)
{
    g_autofree char *name = client_escape(cli_arg(cli, 0));
    g_autofree char *id = client_escape(cli_arg(cli, 1));
    g_autofree char *path = g_strdup_printf("/api/v1/schedules/%s/overrides/%s", name, id);
    json_t *answer = client_ask(cli, "DELETE", path, NULL);
    if (answer != NULL && !cli->is_json) {
        printf("Override %s of %s holds no more.\n", cli_arg(cli, 1), cli_arg(cli, 0));
    }
    return cmd_finish(cli, answer);
}

static const struct cli_option AT_OPTIONS[] = {
    {"at", "INSTANT", "Not now but then: +2h or 2026-12-24T23:30:00+01:00."}, {0}};
static const struct cli_option RANGE_OPTIONS[] = {
    {"from", "INSTANT",
     "From when, without an offset by the clock of the schedule; now when not given."},
    {"to", "INSTANT", "Until when, likewise."},
    {0}};
static const struct cli_option OVERRIDE_OPTIONS[] = {
    {"from", "INSTANT",
     "From when, in the schedule's own zone: 2026-12-24, 2026-12-24T09:00 or +1h."},
    {"to", "INSTANT", "Until when, in the same way."},
    {"who", "USER", "Who is on call instead."},
    {"nobody", NULL, "Nobody is, on purpose."},
    {"layer", "NAME", "Only in this layer."},
    {"comment", "TEXT", "Why, for whoever wonders."},
    {0}};

static const struct cli_command ROWS[] = {
    {"oncall", "[SCHEDULE...]", 0, -1, "Who is on call now, or at any moment.", NULL, AT_OPTIONS,
     SETTING_CLIENT, 0, cmd_oncall},
    {"schedule list", "", 0, 0, "List the schedules.", NULL, NULL, SETTING_CLIENT, 0,
     cmd_schedule_list},
    {"schedule shifts", "SCHEDULE", 1, 1, "The shifts of the next 14 days, or of a range.", NULL,
     RANGE_OPTIONS, SETTING_CLIENT, 0, cmd_schedule_shifts},
    {"schedule gaps", "SCHEDULE", 1, 1, "When nobody is on call in the next 30 days.", NULL,
     RANGE_OPTIONS, SETTING_CLIENT, 0, cmd_schedule_gaps},
    {"schedule override add", "SCHEDULE", 1, 1, "Put somebody on call for a time.", NULL,
     OVERRIDE_OPTIONS, SETTING_CLIENT, 0, cmd_override_add},
    {"schedule override list", "[SCHEDULE]", 0, 1,
     "The overrides that people made, of all schedules: when, why, by whom.", NULL, NULL,
     SETTING_CLIENT, 0, cmd_override_list},
    {"schedule override remove", "SCHEDULE ID", 2, 2, "Take an override back.", NULL, NULL,
     SETTING_CLIENT, 0, cmd_override_remove},
};
const struct cli_table SCHEDULE_COMMANDS = {ROWS, G_N_ELEMENTS(ROWS)};
