#include <string.h>

#include "cli/cmd.h"

enum { SHOWN_USUALLY = 50, SHOWN_MOST = 100000 };

static int cmd_audit_list(struct cli *cli)
{
    static const struct list_column COLUMNS[] = {{"AT", "at"},
                                                 {"WHO", "actor"},
                                                 {"WHAT", "kind"},
                                                 {"ABOUT", "subject"},
                                                 {"FROM", "data.client_address"},
                                                 {0}};
    gint64 limit = SHOWN_USUALLY;
    const char *given = cli_option(cli, "limit");
    if (given != NULL && !g_ascii_string_to_signed(given, 10, 1, SHOWN_MOST, &limit, NULL)) {
        return cli_misused(cli, "--limit is a number from 1 to %d", SHOWN_MOST);
    }
    g_autoptr(GString) path = g_string_new("/api/v1/audit");
    client_query(path, "actor", cli_option(cli, "actor"));
    client_query(path, "kind", cli_option(cli, "kind"));
    json_auto_t *items = client_list(cli, path->str, (size_t)limit);
    if (items == NULL) {
        return EXIT_REFUSED;
    }
    if (cli->is_json) {
        output_json(items);
    } else {
        cmd_show_list(items, COLUMNS, "Nobody did anything of that kind.");
    }
    return EXIT_OK;
}

static const struct cli_option OPTIONS[] = {
    {"actor", "WHO", "Only what they did: ana, token:ci, local, file."},
    {"kind", "KIND", "Only that: account.created, or account for all that begin so."},
    {"limit", "N", "So many at most, the newest first; 50 when absent."},
    {0}};

static const struct cli_command ROWS[] = {
    {"audit list", "", 0, 0, "Show who did what, the newest first.",
     "What people did, programs with a token, and whoever was at the machine; and all about "
     "accounts, attempts in vain among it.",
     OPTIONS, SETTING_CLIENT, 0, cmd_audit_list},
};
const struct cli_table AUDIT_COMMANDS = {ROWS, G_N_ELEMENTS(ROWS)};
