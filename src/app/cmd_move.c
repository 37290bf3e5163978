#include <stdio.h>

#include "app/transfer.h"
#include "cli/cmd.h"

static void tell(const struct cli *cli, const struct transfer *transfer)
{
    if (cli->is_json) {
        json_auto_t *answer = transfer_json(transfer);
        output_json(answer);
        return;
    }
    transfer_print(transfer);
    printf("Moved to %s. Start the servers with %s%s. The data in %s is as it was: do not start a "
           "server on it any more, or both would page.\n",
           transfer->to->shown, transfer->to->is_server ? "TOCSIN_DATABASE_URL" : "--data ",
           transfer->to->is_server ? " set to it, with its password" : transfer->to->data,
           transfer->from->shown);
}

static int move(const struct cli *cli, const struct place *from, const struct place *to)
{
    struct fault fault = {0};
    if (g_strcmp0(from->where, to->where) == 0) {
        return cli_misused(cli, "--from and --to are the same place");
    }
    struct transfer transfer = {.from = from, .to = to};
    bool is_done = transfer_run(&transfer, &fault);
    if (is_done) {
        tell(cli, &transfer);
    }
    transfer_clear(&transfer);
    return is_done ? EXIT_OK : cli_refused(&fault);
}

static int cmd_move(struct cli *cli)
{
    const char *from_text = cli_option(cli, "from");
    const char *to_text = cli_option(cli, "to");
    if (from_text == NULL || to_text == NULL) {
        return cli_misused(cli, "--from and --to each name a data directory or postgresql://…");
    }
    struct fault fault = {0};
    struct place from = {0};
    struct place to = {0};
    bool is_good = place_parse("--from", from_text, &from, &fault) &&
                   place_parse("--to", to_text, &to, &fault) && place_check_target(&to, &fault);
    int code = is_good ? move(cli, &from, &to) : cli_refused(&fault);
    place_clear(&from);
    place_clear(&to);
    return code;
}

static const struct cli_option MOVE_OPTIONS[] = {
    {"from", "PLACE", "The data directory, or postgresql://..., where everything is now."},
    {"to", "PLACE", "Where it is to go: a directory without a database, or an empty one."},
    {0}};

static const struct cli_command ROWS[] = {
    {"move", "", 0, 0, "Move everything to another database, of either kind.",
     "From a data directory to PostgreSQL or back, with all servers stopped. Every table is "
     "compared "
     "on both sides, and so is what still pages somebody; with any difference nothing is kept. A "
     "place is a data directory, postgresql://..., or file:PATH of a file with such a line, so "
     "that "
     "no "
     "password shows in process lists.",
     MOVE_OPTIONS, 0, COMPLETE_FILE, cmd_move},
};
const struct cli_table MOVE_COMMANDS = {ROWS, G_N_ELEMENTS(ROWS)};
