#include <stdio.h>
#include <string.h>

#include "alert/intake.h"
#include "base/json.h"
#include "cli/cmd.h"

/* "rack=12" becomes {"rack": "12"}. */
static bool add_details(const struct cli *cli, json_t *body)
{
    const GPtrArray *given = cli_options(cli, "detail");
    if (given == NULL) {
        return true;
    }
    json_t *details = json_object();
    json_object_set_new(body, "details", details);
    for (guint i = 0; i < given->len; i++) {
        const char *text = given->pdata[i];
        const char *equals = strchr(text, '=');
        if (equals == NULL || equals == text) {
            cli_misused(cli, "--detail is \"%.60s\"; write NAME=VALUE", text);
            return false;
        }
        g_autofree char *name = g_strndup(text, (gsize)(equals - text));
        json_object_set_new(details, name, json_string(equals + 1));
    }
    return true;
}

static json_t *signal_body(const struct cli *cli)
{
    static const struct {
        const char *option, *field;
    } TEXTS[] = {{"dedup-key", "dedup_key"}, {"severity", "severity"},
                 {"source", "source"},       {"component", "component"},
                 {"group", "group"},         {"class", "class"},
                 {"service", "service"},     {"integration", "integration"}};

    json_t *body = json_object();
    const char *action = cli_has(cli, "resolve")       ? "resolve"
                         : cli_has(cli, "acknowledge") ? "acknowledge"
                                                       : "trigger";
    json_object_set_new(body, "action", json_string(action));
    if (cli->args->len > 0) {
        json_object_set_new(body, "summary", json_string(cli_arg(cli, 0)));
    }
    for (size_t i = 0; i < G_N_ELEMENTS(TEXTS); i++) {
        const char *value = cli_option(cli, TEXTS[i].option);
        if (value != NULL) {
            json_object_set_new(body, TEXTS[i].field, json_string(value));
        }
    }
    if (cli_option(cli, "link") != NULL) {
        json_object_set_new(body, "links", json_pack("[{s:s}]", "href", cli_option(cli, "link")));
    }
    if (!add_details(cli, body)) {
        json_decref(body);
        return NULL;
    }
    return body;
}

/* A program that repeats itself is answered 202; somebody who typed a key wants to know that it was another one. */
static int tell_unknown(const struct cli *cli)
{
    return cli_failed(
        "no open alert has the dedup key \"%s\" of what was sent %s: nothing was changed; "
        "`tocsin alerts` lists what is open, `tocsin resolve ALERT` takes its number",
        cli_option(cli, "dedup-key"),
        cli_option(cli, "key") != NULL           ? "with that --key"
        : cli_option(cli, "integration") != NULL ? "by that --integration"
                                                 : "by hand (else name its --integration)");
}

static int tell(const struct cli *cli, const struct client_answer *answer)
{
    if (answer->fault.text[0] != '\0') {
        return cli_refused(&answer->fault);
    }
    const char *outcome = json_text(answer->body, "outcome", "");
    bool is_unknown = enum_from_name(TAKE_OUTCOME_NAMES, outcome) == TAKE_UNKNOWN;
    if (cli->is_json) {
        output_json(answer->body);
    }
    if (is_unknown) {
        return tell_unknown(cli);
    }
    if (!cli->is_json) {
        g_autofree char *id = cmd_value(answer->body, "alert_id");
        g_autofree char *key = cmd_value(answer->body, "dedup_key");
        g_autofree char *clean_key = output_clean(key);
        printf("Alert %s: %s (dedup key %s). `tocsin explain %s` tells who is paged and why.\n", id,
               outcome, clean_key, id);
    }
    return EXIT_OK;
}

static int cmd_alert(struct cli *cli)
{
    bool is_trigger = !cli_has(cli, "resolve") && !cli_has(cli, "acknowledge");
    if (is_trigger && cli->args->len == 0) {
        return cli_misused(cli, "say in one line what is wrong");
    }
    if (!is_trigger && cli_option(cli, "dedup-key") == NULL) {
        return cli_misused(cli, "--dedup-key says which alert is meant");
    }
    json_auto_t *body = signal_body(cli);
    if (body == NULL) {
        return EXIT_USAGE;
    }
    struct client_answer answer;
    client_request(cli, "POST", "/api/v1/alerts", body, cli_option(cli, "key"), &answer);
    int code = tell(cli, &answer);
    client_answer_clear(&answer);
    return code;
}

static const struct cli_option ALERT_OPTIONS[] = {
    {"service", "NAME", "The service that is in trouble."},
    {"integration", "NAME", "Send it as this integration instead of to a service."},
    {"severity", "LEVEL", "critical, error, warning or info; error when not given."},
    {"dedup-key", "KEY", "Alerts of one service (or integration) with the same key are one alert."},
    {"source", "TEXT", "The thing that is broken: host, URL."},
    {"component", "TEXT", "Its part."},
    {"group", "TEXT", "What it belongs to."},
    {"class", "TEXT", "The kind of trouble."},
    {"detail", "NAME=VALUE", "A detail; may be given many times."},
    {"link", "URL", "A page that helps: dashboard, runbook."},
    {"acknowledge", NULL,
     "Acknowledge the open alert with this key instead; exit code 1 when there is none."},
    {"resolve", NULL,
     "Resolve the open alert with this key instead; exit code 1 when there is none."},
    {"key", "KEY", "The integration's key, where you have no token."},
    {0}};

static const struct cli_command ROWS[] = {
    {"alert", "[SUMMARY]", 0, 1, "Send an alert.",
     "Over the local socket, or with a token, --service says where it goes; with --key an "
     "integration's "
     "key says it.",
     ALERT_OPTIONS, SETTING_CLIENT, 0, cmd_alert},
};
const struct cli_table ALERT_SEND_COMMANDS = {ROWS, G_N_ELEMENTS(ROWS)};
