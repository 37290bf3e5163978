#include <stdio.h>
#include <string.h>

#include "alert/match.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/json_set.h"
#include "base/nearest.h"
#include "cli/cmd.h"

/* As one would type it: details.labels.alertname="DiskFull". */
static void add_condition(GString *out, const json_t *condition)
{
    static const struct {
        const char *op, *sign;
    } SIGNS[] = {{"not-equals", "!="}, {"regex", "=~"}, {"not-regex", "!~"}, {"equals", "="}};

    const char *op = json_text(condition, "op", "equals");
    const char *field = json_text(condition, "field", "");
    g_string_append_printf(out, "%s%s", out->len > 0 ? " " : "", field);
    for (size_t i = 0; i < G_N_ELEMENTS(SIGNS); i++) {
        if (strcmp(op, SIGNS[i].op) == 0) {
            g_autofree char *value =
                json_dumps(json_object_get(condition, "value"), JSON_ENCODE_ANY);
            g_string_append_printf(out, "%s%s", SIGNS[i].sign, value);
            return;
        }
    }
    g_string_append_printf(out, " %s", op);
}

/* One that recurs has no first and last moment; the change that comes next is told in their place. */
static void show_times(json_t *row, const json_t *silence)
{
    bool recurs = json_object_get(silence, "from") == NULL;
    bool is_active = strcmp(json_text(silence, "state", ""), "active") == 0;
    json_t *changes_at = json_object_get(silence, "changes_at");
    if (recurs) {
        json_object_set_new(row, is_active ? "from" : "to", json_string("recurs"));
        json_object_set(row, is_active ? "to" : "from", changes_at);
    } else {
        json_object_set(row, "from", json_object_get(silence, "from"));
        json_object_set(row, "to", json_object_get(silence, "to"));
    }
}

static json_t *silence_row(const json_t *silence)
{
    g_autoptr(GString) match = g_string_new(NULL);
    size_t i;
    json_t *condition;
    json_array_foreach (json_object_get(silence, "match"), i, condition) {
        add_condition(match, condition);
    }
    const char *author = json_text(silence, "author", NULL);
    const char *maker = json_text(silence, "created_by", "the file");
    g_autofree char *by =
        author != NULL ? g_strdup_printf("%s (%s)", author, maker) : g_strdup(maker);
    json_t *row = json_pack("{s:s, s:s, s:s, s:s, s:s}", "name", json_text(silence, "name", ""),
                            "state", json_text(silence, "state", ""), "match", match->str, "by", by,
                            "comment", json_text(silence, "comment", ""));
    json_object_set(row, "holds", json_object_get(silence, "holds"));
    show_times(row, silence);
    return row;
}

static void show_silences(const json_t *items, size_t over)
{
    static const struct list_column COLUMNS[] = {
        {"SILENCE", "name"}, {"STATE", "state"},     {"FROM", "from"},
        {"UNTIL", "to"},     {"HOLDS", "holds"},     {"BY", "by"},
        {"MATCH", "match"},  {"COMMENT", "comment"}, {0}};
    json_auto_t *rows = json_array();
    size_t i;
    json_t *item;
    json_array_foreach (items, i, item) {
        json_array_append_new(rows, silence_row(item));
    }
    cmd_show_list(rows, COLUMNS, "Nothing is silenced.");
    if (over > 0) {
        printf("%zu that %s over %s left out; --all shows %s.\n", over, over == 1 ? "is" : "are",
               over == 1 ? "is" : "are", over == 1 ? "it" : "them");
    }
}

/* Without those that are over. Answers how many these are. */
static size_t leave_out_past(json_t *items)
{
    size_t over = 0;
    for (size_t i = json_array_size(items); i > 0; i--) {
        if (strcmp(json_text(json_array_get(items, i - 1), "state", ""), "over") == 0) {
            json_array_remove(items, i - 1);
            over++;
        }
    }
    return over;
}

static int cmd_silence_list(struct cli *cli)
{
    json_auto_t *items = client_list(cli, "/api/v1/silences?holds=true", SIZE_MAX);
    if (items == NULL) {
        return EXIT_REFUSED;
    }
    size_t over = cli_has(cli, "all") ? 0 : leave_out_past(items);
    if (cli->is_json) {
        output_json(items);
    } else {
        show_silences(items, over);
    }
    return EXIT_OK;
}

/* "service=checkout", "service!=x", "summary=~disk.*", "summary!~disk": a condition as JSON. */
static json_t *match_of(const struct cli *cli, const char *text)
{
    static const struct {
        const char *sign, *op;
    } OPS[] = {{"!~", "not-regex"}, {"=~", "regex"}, {"!=", "not-equals"}, {"=", "equals"}};

    const char *best = NULL;
    size_t which = 0;
    for (size_t i = 0; i < G_N_ELEMENTS(OPS); i++) {
        const char *at = strstr(text, OPS[i].sign);
        if (at != NULL && at > text && (best == NULL || at < best)) {
            best = at;
            which = i;
        }
    }
    if (best == NULL) {
        cli_misused(cli,
                    "\"%.80s\" is no condition; write FIELD=VALUE, FIELD!=VALUE, FIELD=~REGEX or "
                    "FIELD!~REGEX, such as service=checkout",
                    text);
        return NULL;
    }
    g_autofree char *field = g_strndup(text, (gsize)(best - text));
    return json_pack("{s:s, s:s, s:s}", "field", field, "op", OPS[which].op, "value",
                     best + strlen(OPS[which].sign));
}

static bool add_times(const struct cli *cli, json_t *body)
{
    const char *from_text = cli_option(cli, "from");
    const char *to_text = cli_option(cli, "to");
    const char *duration = cli_option(cli, "for");
    if ((to_text == NULL) == (duration == NULL)) {
        cli_misused(cli, "say how long: --for 2h, or --to an instant");
        return false;
    }
    struct utc from;
    struct utc to = {0};
    struct span span;
    if (!cmd_instant(cli, "from", from_text != NULL ? from_text : "now", &from)) {
        return false;
    }
    if (to_text != NULL && !cmd_instant(cli, "to", to_text, &to)) {
        return false;
    }
    if (duration != NULL) {
        if (!span_parse(duration, &span)) {
            cli_misused(
                cli, "--for is \"%.40s\"; write a time with its unit, such as 2h, and at most 366d",
                duration);
            return false;
        }
        to = utc_add(from, span);
    }
    json_object_set_new(body, "from", json_utc(from));
    json_object_set_new(body, "to", json_utc(to));
    return true;
}

/* --- a detail that no alert has --- */

enum { ALERTS_LOOKED_AT = 200 };

static const char DETAILS[] = "details.";

static bool has_field(const json_t *alert, const char *field)
{
    struct match match = {.field = (char *)(uintptr_t)field, .op = MATCH_EXISTS};
    const struct match_subject subject = {.details = json_object_get(alert, "details")};
    g_autoptr(GPtrArray) matches = g_ptr_array_new();
    g_ptr_array_add(matches, &match);
    return match_all(matches, &subject);
}

/* Adds "details.labels.region" and so on, two levels deep, to `fields`, which owns its texts. */
static void add_fields(const json_t *alert, GPtrArray *fields)
{
    const char *outer, *inner;
    json_t *value, *deeper;
    json_object_foreach (json_object_get(alert, "details"), outer, value) {
        g_ptr_array_add(fields, g_strconcat(DETAILS, outer, NULL));
        json_object_foreach (value, inner, deeper) {
            g_ptr_array_add(fields, g_strconcat(DETAILS, outer, ".", inner, NULL));
        }
    }
}

static void warn_of_field(const json_t *alerts, const char *field)
{
    g_autoptr(GPtrArray) fields = g_ptr_array_new_with_free_func(g_free);
    struct nearest nearest = {.given = field};
    size_t i;
    json_t *alert;
    json_array_foreach ((json_t *)(uintptr_t)alerts, i, alert) {
        if (has_field(alert, field)) {
            return;
        }
        add_fields(alert, fields);
    }
    for (guint k = 0; k < fields->len; k++) {
        nearest_offer(&nearest, g_ptr_array_index(fields, k));
    }
    const char *near = nearest.found;
    output_tell("tocsin: warning: none of the newest alerts has %s%s%s%s\n", field,
                near != NULL ? "; did you mean " : "", near != NULL ? near : "",
                near != NULL ? "?" : "");
}

/* Details are free: one that was mistyped can be known only by the alerts that there are. */
static void warn_of_unknown(const struct cli *cli, const json_t *match)
{
    json_auto_t *alerts = NULL;
    size_t i;
    json_t *condition;
    json_array_foreach ((json_t *)(uintptr_t)match, i, condition) {
        const char *field = json_text(condition, "field", "");
        if (!g_str_has_prefix(field, DETAILS)) {
            continue;
        }
        alerts = alerts != NULL ? alerts : client_list(cli, "/api/v1/alerts", ALERTS_LOOKED_AT);
        if (json_array_size(alerts) > 0) { /* else nothing is known yet */
            warn_of_field(alerts, field);
        }
    }
}

static void tell_added(const char *name, const json_t *body)
{
    struct utc from;
    if (utc_parse(json_text(body, "from", ""), &from) &&
        utc_before(clock_now(&CLOCK_SYSTEM), from)) {
        g_autofree char *at = output_time(output_zone(), from);
        printf("Silence %s begins at %s (%s). `tocsin silence remove %s` takes it back.\n", name,
               at, zone_name(output_zone()), name);
    } else {
        printf("Silence %s holds. `tocsin silence remove %s` ends it.\n", name, name);
    }
}

static int cmd_silence_add(struct cli *cli)
{
    json_auto_t *body = json_object();
    json_t *match = json_array();
    json_object_set_new(body, "match", match);
    for (size_t i = 0; i < cli->args->len; i++) {
        json_t *condition = match_of(cli, cli_arg(cli, i));
        if (condition == NULL) {
            return EXIT_USAGE;
        }
        json_array_append_new(match, condition);
    }
    if (!add_times(cli, body)) {
        return EXIT_USAGE;
    }
    g_autofree char *made_up =
        g_strdup_printf("cli-%" G_GINT64_FORMAT, clock_now(&CLOCK_SYSTEM).us / 1000);
    const char *name = cli_option(cli, "name");
    json_object_set_new(body, "name", json_string(name != NULL ? name : made_up));
    if (cli_option(cli, "comment") != NULL) {
        json_object_set_new(body, "comment", json_string(cli_option(cli, "comment")));
    }
    json_t *answer = client_ask(cli, "POST", "/api/v1/silences", body);
    if (answer != NULL) {
        warn_of_unknown(cli, match);
    }
    if (answer != NULL && !cli->is_json) {
        tell_added(json_text(answer, "name", name != NULL ? name : made_up), body);
    }
    return cmd_finish(cli, answer);
}

static int cmd_silence_remove(struct cli *cli)
{
    g_autofree char *name = client_escape(cli_arg(cli, 0));
    g_autofree char *path = g_strconcat("/api/v1/silences/", name, NULL);
    json_t *answer = client_ask(cli, "DELETE", path, NULL);
    if (answer != NULL && !cli->is_json) {
        printf("Silence %s has ended.\n", cli_arg(cli, 0));
    }
    return cmd_finish(cli, answer);
}

static const struct cli_option SILENCE_LIST_OPTIONS[] = {{"all", NULL, "Those that are over, too."},
                                                         {0}};
static const struct cli_option SILENCE_OPTIONS[] = {
    {"name", "NAME", "What to call it; made up when not given."},
    {"for", "SPAN", "How long: 2h."},
    {"from", "INSTANT", "From when; now when not given."},
    {"to", "INSTANT", "Until when."},
    {"comment", "TEXT", "Why, for whoever wonders."},
    {0}};

static const struct cli_command ROWS[] = {
    {"silence list", "", 0, 0, "List the silences, and how many alerts each holds now.", NULL,
     SILENCE_LIST_OPTIONS, SETTING_CLIENT, 0, cmd_silence_list},
    {"silence add", "CONDITION...", 1, -1, "Keep matching alerts quiet for a time.",
     "A condition is FIELD=VALUE, FIELD!=VALUE, FIELD=~REGEX or FIELD!~REGEX; all must hold.",
     SILENCE_OPTIONS, SETTING_CLIENT, 0, cmd_silence_add},
    {"silence remove", "NAME", 1, 1, "End a silence.",
     "`tocsin silence list --all` still shows it, as one that is over, for 5 days. One that recurs "
     "is "
     "deleted.",
     NULL, SETTING_CLIENT, 0, cmd_silence_remove},
};
const struct cli_table SILENCE_COMMANDS = {ROWS, G_N_ELEMENTS(ROWS)};
