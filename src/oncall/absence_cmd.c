#include "oncall/absence_cmd.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "cli/cmd.h"

/* --- off duty --- */

/* --to and --until are the same; --for counts from --from, or from now. */
static bool read_times(const struct cli *cli, struct utc *out_from, struct utc *out_until)
{
    const char *duration = cli_option(cli, "for");
    const char *from = cli_option(cli, "from");
    const char *name = cli_has(cli, "to") ? "to" : "until";
    const char *until = cli_option(cli, name);
    struct span length;
    if ((duration == NULL) == (until == NULL) || (cli_has(cli, "to") && cli_has(cli, "until"))) {
        cli_misused(cli, "say how long: --for 8h, or --until an instant");
        return false;
    }
    if (!cmd_instant(cli, "from", from != NULL ? from : "now", out_from)) {
        return false;
    }
    if (until != NULL) {
        return cmd_instant(cli, name, until, out_until);
    }
    if (!span_parse(duration, &length)) {
        cli_misused(cli, "--for is \"%.60s\"; write a span such as 8h or 3d", duration);
        return false;
    }
    *out_until = utc_add(*out_from, length);
    return true;
}

/* "budi until 2026-12-24 09:00": in the reader's zone. */
static void name_missed(json_t *uncovered)
{
    size_t i, k;
    json_t *row, *away;
    json_array_foreach (uncovered, i, row) {
        g_autoptr(GString) text = g_string_new(NULL);
        json_array_foreach (json_object_get(row, "away"), k, away) {
            g_autofree char *until = output_time_text(output_zone(), json_text(away, "until", ""));
            g_string_append_printf(text, "%s%s until %s", k > 0 ? ", " : "",
                                   json_text(away, "user", ""), until);
        }
        json_object_set_new(row, "away_text", json_string(text->str));
    }
}

static void show_uncovered(const json_t *answer, const char *user)
{
    static const struct list_column COLUMNS[] = {{"SCHEDULE", "schedule"},
                                                 {"FROM", "since"},
                                                 {"UNTIL", "until"},
                                                 {"ALSO AWAY", "away_text"},
                                                 {0}};
    json_t *uncovered = json_object_get(answer, "uncovered");
    if (json_array_size(uncovered) > 0) {
        name_missed(uncovered);
        printf("\nNobody was found for these; %s is on call there. `tocsin schedule override add` "
               "puts somebody in.\n",
               user);
        cmd_show_list(uncovered, COLUMNS, "");
    }
}

static void show_naming(const json_t *answer)
{
    g_autofree char *policies = cmd_value(answer, "named_by");
    if (policies[0] != '\0') {
        g_autofree char *clean = output_clean(policies);
        printf("\nStill told by name, whoever is on call: policy %s.\n", clean);
    }
}

static void show_absence(const json_t *answer, const char *user)
{
    const char *name = json_text(answer, "absence", NULL);
    if (name != NULL) {
        printf("\nAbsence %s is kept: until it is over %s stands in for nobody. `tocsin absence "
               "remove %s` ends it.\n",
               name, user, name);
    }
}

static void show_off_duty(const struct cli *cli, const json_t *answer)
{
    static const struct list_column COLUMNS[] = {
        {"SCHEDULE", "schedule"},  {"FROM", "since"},  {"UNTIL", "until"},
        {"WHO TAKES OVER", "who"}, {"OVERRIDE", "id"}, {0}};
    bool is_dry = cli_has(cli, "dry-run");
    bool has_shifts = json_array_size(json_object_get(answer, "uncovered")) > 0;
    g_autofree char *nothing =
        g_strdup_printf(has_shifts ? "%s has no shift in this time that somebody else could take."
                                   : "%s has no shift in this time: no schedule changes.",
                        cli_arg(cli, 0));
    cmd_name_people(cli, json_object_get(answer, "covers"), "who");
    cmd_show_list(json_object_get(answer, "covers"), COLUMNS, nothing);
    show_uncovered(answer, cli_arg(cli, 0));
    show_naming(answer);
    if (!is_dry) {
        show_absence(answer, cli_arg(cli, 0));
    }
    if (cli_has(cli, "hand-on")) {
        g_autofree char *count = cmd_value(answer, "handed_on");
        printf("\nUnanswered alerts that %s to others: %s.\n", is_dry ? "would go on" : "went on",
               count);
    }
    g_autofree char *handed_on = cmd_value(answer, "handed_on");
    bool would_change = json_array_size(json_object_get(answer, "covers")) > 0 ||
                        json_object_get(answer, "absence") == NULL ||
                        g_ascii_strtoll(handed_on, NULL, 10) > 0;
    if (is_dry && would_change) { /* else it was said already that nothing would */
        puts("\nNothing was changed: this was a dry run.");
    }
}

static int cmd_off_duty(struct cli *cli)
{
    struct utc from, until;
    if (!read_times(cli, &from, &until)) {
        return EXIT_USAGE;
    }
    char from_text[UTC_TEXT_SIZE], until_text[UTC_TEXT_SIZE];
    utc_format(from, from_text);
    utc_format(until, until_text);
    json_auto_t *body = json_pack("{s:s, s:s*, s:b, s:b}", "until", until_text, "comment",
                                  cli_option(cli, "comment"), "dry_run", cli_has(cli, "dry-run"),
                                  "reassign", cli_has(cli, "hand-on"));
    if (cli_has(cli, "from")) {
        json_object_set_new(body, "from", json_string(from_text));
    }
    g_autofree char *name = client_escape(cli_arg(cli, 0));
    g_autofree char *path = g_strdup_printf("/api/v1/users/%s/off-duty", name);
    json_t *answer = client_ask(cli, "POST", path, body);
    if (answer != NULL && !cli->is_json) {
        show_off_duty(cli, answer);
    }
    return cmd_finish(cli, answer);
}

/* --- absences --- */

static json_t *still_ahead(const json_t *items)
{
    json_t *kept = json_array();
    for (size_t i = 0; i < json_array_size(items); i++) {
        json_t *item = json_array_get(items, i);
        struct utc to;
        if (utc_parse(json_text(item, "to", ""), &to) && utc_before(clock_now(&CLOCK_SYSTEM), to)) {
            json_array_append(kept, item);
        }
    }
    return kept;
}

void warn_of_absence(const struct cli *cli, const char *user)
{
    struct utc now = clock_now(&CLOCK_SYSTEM);
    json_auto_t *all = client_list(cli, "/api/v1/absences", SIZE_MAX);
    for (size_t i = 0; i < json_array_size(all); i++) {
        const json_t *absence = json_array_get(all, i);
        struct utc from = {0}, to = {0};
        bool is_away = strcmp(json_text(absence, "user", ""), user) == 0 &&
                       utc_parse(json_text(absence, "from", ""), &from) &&
                       utc_parse(json_text(absence, "to", ""), &to) && !utc_before(now, from) &&
                       utc_before(now, to);
        if (is_away) {
            g_autofree char *until = output_time(output_zone(), to);
            output_tell("tocsin: warning: %s is away until %s\n", user, until);
            return;
        }
    }
}

static int cmd_absence_list(struct cli *cli)
{
    static const struct list_column COLUMNS[] = {{"ABSENCE", "name"},
                                                 {"WHO", "user"},
                                                 {"FROM", "from"},
                                                 {"UNTIL", "to"},
                                                 {"WHY", "comment"},
                                                 {"BY", "created_by"},
                                                 {0}};
    json_auto_t *all = client_list(cli, "/api/v1/absences", SIZE_MAX);
    if (all == NULL) {
        return EXIT_REFUSED;
    }
    if (cli->is_json) {
        output_json(all);
        return EXIT_OK;
    }
    json_auto_t *items = cli_has(cli, "all") ? json_incref(all) : still_ahead(all);
    cmd_name_people(cli, items, "user");
    cmd_name_people(cli, items, "created_by");
    cmd_show_list(items, COLUMNS,
                  "Nobody is away; `tocsin off-duty USER --from --to` plans an absence.");
    return EXIT_OK;
}

static void show_ended(const struct cli *cli, const json_t *answer)
{
    size_t count = json_array_size(json_object_get(answer, "taken_back"));
    g_autofree char *user = output_clean(json_text(answer, "user", ""));
    g_autofree char *until = output_time_text(output_zone(), json_text(answer, "away_until", ""));
    printf("Absence %s has ended: %s is %s%s. Overrides taken back: %zu.\n", cli_arg(cli, 0), user,
           until[0] != '\0' ? "away by another one until " : "back", until, count);
    size_t again = json_array_size(json_object_get(answer, "covers"));
    if (again > 0) {
        printf("Overrides for another absence of theirs: %zu.\n", again);
    }
    show_uncovered(answer, user);
}

static int cmd_absence_remove(struct cli *cli)
{
    g_autofree char *name = client_escape(cli_arg(cli, 0));
    g_autofree char *path = g_strdup_printf("/api/v1/absences/%s%s", name,
                                            cli_has(cli, "keep-covers") ? "?keep_covers=true" : "");
    json_t *answer = client_ask(cli, "DELETE", path, NULL);
    if (answer != NULL && !cli->is_json) {
        show_ended(cli, answer);
    }
    return cmd_finish(cli, answer);
}

static const struct cli_option OFF_DUTY_OPTIONS[] = {
    {"from", "INSTANT", "From when, for an absence that is planned; now when not given."},
    {"for", "SPAN", "How long: 8h, 3d."},
    {"until", "INSTANT", "Until when: +8h, 2026-12-24, 2026-12-24T23:30."},
    {"to", "INSTANT", "The same."},
    {"comment", "TEXT", "Why, for whoever wonders."},
    {"hand-on", NULL, "Pages not answered yet go on to others now."},
    {"dry-run", NULL, "Only show who would take over."},
    {0}};
static const struct cli_option ABSENCE_LIST_OPTIONS[] = {{"all", NULL, "Those that are over, too."},
                                                         {0}};
static const struct cli_option ABSENCE_REMOVE_OPTIONS[] = {
    {"keep-covers", NULL, "The others go on covering; who is back is not on call there."}, {0}};

static const struct cli_command ROWS[] = {
    {"off-duty", "USER", 1, 1, "Take somebody off duty; others cover their shifts.",
     "For each shift the next person of the same layer who can be reached and is not away then is "
     "put in as an override, which `tocsin schedule override remove` takes back. What nobody else "
     "can take stays, and is told, with who is away and until when. The absence is remembered: "
     "who is away stands in for nobody.",
     OFF_DUTY_OPTIONS, SETTING_CLIENT, 0, cmd_off_duty},
    {"absence list", "", 0, 0, "Who is away, and when.", NULL, ABSENCE_LIST_OPTIONS, SETTING_CLIENT,
     0, cmd_absence_list},
    {"absence remove", "NAME", 1, 1, "End an absence: who was away is back.",
     "The overrides that `tocsin off-duty` made for what is left of it are taken back, so that who "
     "is back is on call again. To cut an absence short, remove it and take them off duty until "
     "the new end.",
     ABSENCE_REMOVE_OPTIONS, SETTING_CLIENT, 0, cmd_absence_remove},
};
const struct cli_table ABSENCE_COMMANDS = {ROWS, G_N_ELEMENTS(ROWS)};
