#include <stdio.h>
#include <string.h>

#include "app/cmd.h"
#include "base/clock.h"
#include "base/json.h"

int cmd_silence_list(struct cli *cli)
{
    static const struct column COLUMNS[] = {{"SILENCE", "name"},
                                            {"FROM", "from"},
                                            {"UNTIL", "to"},
                                            {"MATCH", "match"},
                                            {"BY", "created_by"},
                                            {"COMMENT", "comment"},
                                            {0}};
    json_auto_t *items = client_list(cli, "/api/v1/silences", SIZE_MAX);
    if (items == NULL) {
        return EXIT_REFUSED;
    }
    if (cli->is_json) {
        output_json(items);
    } else {
        cmd_show_list(items, COLUMNS, "Nothing is silenced.");
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
            cli_misused(cli, "--for is \"%.40s\"; write a time with its unit, such as 2h",
                        duration);
            return false;
        }
        to = utc_add(from, span);
    }
    char buffer[UTC_TEXT_SIZE];
    utc_format(from, buffer);
    json_object_set_new(body, "from", json_string(buffer));
    utc_format(to, buffer);
    json_object_set_new(body, "to", json_string(buffer));
    return true;
}

int cmd_silence_add(struct cli *cli)
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
    if (answer != NULL && !cli->is_json) {
        const char *given = json_text(answer, "name", name != NULL ? name : made_up);
        printf("Silence %s holds. `tocsin silence remove %s` ends it.\n", given, given);
    }
    return cmd_finish(cli, answer);
}

int cmd_silence_remove(struct cli *cli)
{
    g_autofree char *name = client_escape(cli_arg(cli, 0));
    g_autofree char *path = g_strconcat("/api/v1/silences/", name, NULL);
    json_t *answer = client_ask(cli, "DELETE", path, NULL);
    if (answer != NULL && !cli->is_json) {
        printf("Silence %s has ended.\n", cli_arg(cli, 0));
    }
    return cmd_finish(cli, answer);
}
