#include <stdio.h>

#include "base/json.h"
#include "cli/cmd.h"

static const struct list_column COLUMNS[] = {
    {"SWAP", "id"},   {"STATE", "state"}, {"SCHEDULE", "schedule"},
    {"FROM", "from"}, {"UNTIL", "until"}, {"WHOSE", "user"},
    {"WITH", "with"}, {"WHY", "comment"}, {0}};

/* Into the body, when the option is there. */
static bool add_instant(const struct cli *cli, const char *option, const char *member, json_t *body)
{
    struct utc at;
    const char *text = cli_option(cli, option);
    if (text == NULL) {
        return true;
    }
    if (!cmd_instant(cli, option, text, &at)) {
        return false;
    }
    char written[UTC_TEXT_SIZE];
    utc_format(at, written);
    json_object_set_new(body, member, json_string(written));
    return true;
}

static void tell_asked(const json_t *swap)
{
    g_autofree char *id = cmd_value(swap, "id");
    g_autofree char *with = cmd_value(swap, "with");
    g_autofree char *clean = output_clean(with);
    printf("Swap %s: %s asked. Until somebody accepts, the shifts stay as they are. "
           "`tocsin swap withdraw %s` takes it back.\n",
           id, clean[0] != '\0' ? clean : "everybody who takes turns there is", id);
}

static int cmd_ask(struct cli *cli)
{
    if (cli_option(cli, "from") == NULL || cli_option(cli, "until") == NULL) {
        return cli_misused(cli, "say which shifts: --from and --until an instant");
    }
    json_auto_t *body = json_pack("{s:s, s:s*, s:s*, s:s*}", "schedule", cli_arg(cli, 0), "with",
                                  cli_option(cli, "with"), "comment", cli_option(cli, "comment"),
                                  "user", cli_option(cli, "user"));
    if (!add_instant(cli, "from", "from", body) || !add_instant(cli, "until", "until", body) ||
        !add_instant(cli, "back-from", "back_from", body) ||
        !add_instant(cli, "back-until", "back_until", body)) {
        return EXIT_USAGE;
    }
    json_t *answer = client_ask(cli, "POST", "/api/v1/swaps", body);
    if (answer != NULL && !cli->is_json) {
        tell_asked(answer);
    }
    return cmd_finish(cli, answer);
}

static int cmd_list(struct cli *cli)
{
    json_auto_t *items = client_list(
        cli, cli_has(cli, "all") ? "/api/v1/swaps" : "/api/v1/swaps?state=open", SIZE_MAX);
    if (items == NULL) {
        return EXIT_REFUSED;
    }
    if (cli->is_json) {
        output_json(items);
        return EXIT_OK;
    }
    cmd_name_people(cli, items, "user");
    cmd_name_people(cli, items, "with");
    cmd_show_list(items, COLUMNS,
                  cli_has(cli, "all")
                      ? "Nobody has asked for a swap."
                      : "Nobody asks for a swap now; --all shows those of the past.");
    return EXIT_OK;
}

static int answer(struct cli *cli, const char *verb, const char *told)
{
    json_auto_t *body =
        json_pack("{s:s*, s:s*}", "user", cli_option(cli, "user"), "note", cli_option(cli, "note"));
    g_autofree char *id = client_escape(cli_arg(cli, 0));
    g_autofree char *path = g_strdup_printf("/api/v1/swaps/%s/%s", id, verb);
    json_t *swap = client_ask(cli, "POST", path, body);
    if (swap != NULL && !cli->is_json) {
        printf("Swap %s %s\n", cli_arg(cli, 0), told);
    }
    return cmd_finish(cli, swap);
}

static int cmd_accept(struct cli *cli)
{
    return answer(cli, "accept", "is accepted: the shifts have changed hands.");
}

static int cmd_decline(struct cli *cli)
{
    return answer(cli, "decline", "is declined; who asked is told.");
}

static int cmd_withdraw(struct cli *cli)
{
    return answer(cli, "withdraw", "is withdrawn: nobody needs to answer any more.");
}

static const struct cli_option ASK_OPTIONS[] = {
    {"from", "INSTANT", "Which shifts: those from then on."},
    {"until", "INSTANT", "Those until then."},
    {"with", "USER", "Who is asked; without it everybody who takes turns in the schedule."},
    {"back-from", "INSTANT", "In return you take theirs from then on."},
    {"back-until", "INSTANT", "In return you take theirs until then."},
    {"comment", "TEXT", "Why; whoever is asked reads it."},
    {"user", "USER", "Whose shifts they are."},
    {0}};
static const struct cli_option ANSWER_OPTIONS[] = {
    {"user", "USER", "Who answers."}, {"note", "TEXT", "A word with it; who asked reads it."}, {0}};
static const struct cli_option LIST_OPTIONS[] = {
    {"all", NULL, "Also those that are answered, withdrawn or over."}, {0}};

static const struct cli_command ROWS[] = {
    {"swap ask", "SCHEDULE", 1, 1, "Ask somebody else to take shifts.", NULL, ASK_OPTIONS,
     SETTING_CLIENT, 0, cmd_ask},
    {"swap list", "", 0, 0, "List who asks for a swap.", NULL, LIST_OPTIONS, SETTING_CLIENT, 0,
     cmd_list},
    {"swap accept", "ID", 1, 1, "Take the shifts: you are on call then.", NULL, ANSWER_OPTIONS,
     SETTING_CLIENT, 0, cmd_accept},
    {"swap decline", "ID", 1, 1, "Say that you cannot.", NULL, ANSWER_OPTIONS, SETTING_CLIENT, 0,
     cmd_decline},
    {"swap withdraw", "ID", 1, 1, "Take your question back.", NULL, ANSWER_OPTIONS, SETTING_CLIENT,
     0, cmd_withdraw},
};
const struct cli_table SWAP_COMMANDS = {ROWS, G_N_ELEMENTS(ROWS)};
