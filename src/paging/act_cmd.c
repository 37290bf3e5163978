#include <stdio.h>

#include "base/json.h"
#include "base/json_set.h"
#include "cli/cmd.h"
#include "oncall/absence_cmd.h"

/* Of a page: whose does not go at once, until when at the latest, and why. */
static void show_holds(const struct cli *cli, json_t *holds)
{
    if (json_array_size(holds) == 0) {
        return;
    }
    const struct zone *zone = output_zone();
    g_autoptr(GString) out = g_string_new(NULL);
    json_auto_t *names = cmd_full_names(cli);
    cmd_name_rows(names, holds, "who");
    size_t i;
    json_t *hold;
    json_array_foreach (holds, i, hold) {
        const char *contact = json_text(hold, "contact", NULL);
        g_autofree char *until = output_time_text(zone, json_text(hold, "until", ""));
        g_string_append_printf(out, "The message to %s", json_text(hold, "who", ""));
        if (contact != NULL) {
            g_string_append_printf(out, " by %s", contact);
        }
        g_string_append(out, " is held");
        if (until[0] != '\0') {
            g_string_append_printf(out, " until %s (%s)", until, zone_name(zone));
        }
        g_string_append_printf(out, ": %s.\n", json_text(hold, "why", ""));
    }
    output_print(out);
}

/* POSTs to one alert. Tells in `done` what has become of it. */
static bool act_on(const struct cli *cli, const char *alert, const char *verb, const json_t *body,
                   const char *done)
{
    g_autofree char *id = client_escape(alert);
    g_autofree char *path = g_strdup_printf("/api/v1/alerts/%s/%s", id, verb);
    json_auto_t *answer = client_ask(cli, "POST", path, body);
    if (answer == NULL) {
        return false;
    }
    if (cli->is_json) {
        output_json(answer);
    } else {
        printf("Alert %s %s.\n", alert, done);
        show_holds(cli, json_object_get(answer, "holds"));
    }
    return true;
}

/* All alerts named on the command line; one that fails does not keep the others from being tried. */
static int act_on_all(const struct cli *cli, const char *verb, const json_t *body, const char *done)
{
    int code = EXIT_OK;
    for (size_t i = 0; i < cli->args->len; i++) {
        if (!act_on(cli, cli_arg(cli, i), verb, body, done)) {
            code = EXIT_REFUSED;
        }
    }
    return code;
}

static json_t *note_body(const struct cli *cli)
{
    json_t *body = json_object();
    if (cli_option(cli, "as") != NULL) {
        json_object_set_new(body, "user", json_string(cli_option(cli, "as")));
    }
    if (cli_option(cli, "note") != NULL) {
        json_object_set_new(body, "note", json_string(cli_option(cli, "note")));
    }
    return body;
}

static int cmd_ack(struct cli *cli)
{
    json_auto_t *body = note_body(cli);
    return act_on_all(cli, "acknowledge", body, "acknowledged");
}

static int cmd_resolve(struct cli *cli)
{
    json_auto_t *body = note_body(cli);
    return act_on_all(cli, "resolve", body, "resolved");
}

static int cmd_escalate(struct cli *cli)
{
    json_auto_t *body = note_body(cli);
    return act_on_all(cli, "escalate", body, "escalated: the next step is told now");
}

static int cmd_snooze(struct cli *cli)
{
    const char *duration = cli_option(cli, "for");
    const char *until = cli_option(cli, "until");
    if ((duration == NULL) == (until == NULL)) {
        return cli_misused(cli, "say how long: --for 30m, or --until an instant");
    }
    struct span span;
    if (duration != NULL && !span_parse(duration, &span)) {
        return cli_misused(cli,
                           "--for is \"%.40s\"; write a time with its unit, such as 2h, and at "
                           "most 30d",
                           duration);
    }
    g_autofree char *plus = duration != NULL ? g_strconcat("+", duration, NULL) : NULL;
    struct utc at;
    if (!cmd_instant(cli, duration != NULL ? "for" : "until", plus != NULL ? plus : until, &at)) {
        return EXIT_USAGE;
    }
    json_auto_t *body = note_body(cli);
    json_object_set_new(body, "until", json_utc(at));
    const struct zone *zone = output_zone();
    g_autofree char *local = output_time(zone, at);
    g_autofree char *done = g_strdup_printf("snoozed until %s (%s)", local, zone_name(zone));
    return act_on_all(cli, "snooze", body, done);
}

static int cmd_page(struct cli *cli)
{
    static const char *const KINDS[] = {"user", "schedule", "team", "channel"};
    json_auto_t *body = note_body(cli);
    json_t *target = json_object();
    json_object_set_new(body, "target", target);
    size_t targets = 0;
    for (size_t i = 0; i < G_N_ELEMENTS(KINDS); i++) {
        const char *name = cli_option(cli, KINDS[i]);
        if (name != NULL) {
            json_object_set_new(target, KINDS[i], json_string(name));
            targets++;
        }
    }
    if (targets != 1) {
        return cli_misused(cli, "say whom: exactly one of --user, --schedule, --team, --channel");
    }
    int code = act_on_all(cli, "page", body, "paged further");
    if (code == EXIT_OK && cli_option(cli, "user") != NULL) {
        warn_of_absence(cli, cli_option(cli, "user"));
    }
    return code;
}

static const struct cli_option NOTE_OPTIONS[] = {{"as", "USER", "On whose behalf, for the record."},
                                                 {"note", "TEXT", "Why, for the record."},
                                                 {0}};
static const struct cli_option SNOOZE_OPTIONS[] = {
    {"for", "SPAN", "How long: 30m, 2h."},
    {"until", "INSTANT", "Until when: +2h or 2026-12-24T23:30:00+01:00."},
    {"as", "USER", "On whose behalf, for the record."},
    {"note", "TEXT", "Why, for the record."},
    {0}};
static const struct cli_option PAGE_OPTIONS[] = {
    {"user", "NAME", "This person."},
    {"schedule", "NAME", "Whoever is on call there."},
    {"team", "NAME", "Every member."},
    {"channel", "NAME", "This chat channel."},
    {"as", "USER", "On whose behalf, for the record."},
    {"note", "TEXT", "What they are told with it; it stands in the record, too."},
    {0}};

static const struct cli_command ROWS[] = {
    {"ack", "ALERT...", 1, -1, "Acknowledge: I am on it. Paging stops.", NULL, NOTE_OPTIONS,
     SETTING_CLIENT, 0, cmd_ack},
    {"resolve", "ALERT...", 1, -1, "Resolve: it is over.", NULL, NOTE_OPTIONS, SETTING_CLIENT, 0,
     cmd_resolve},
    {"escalate", "ALERT...", 1, -1, "Tell the next step now.", NULL, NOTE_OPTIONS, SETTING_CLIENT,
     0, cmd_escalate},
    {"snooze", "ALERT...", 1, -1, "Be quiet for a while, then page again.", NULL, SNOOZE_OPTIONS,
     SETTING_CLIENT, 0, cmd_snooze},
    {"page", "ALERT...", 1, -1, "Tell somebody else too.", NULL, PAGE_OPTIONS, SETTING_CLIENT, 0,
     cmd_page},
};
const struct cli_table ACT_COMMANDS = {ROWS, G_N_ELEMENTS(ROWS)};
