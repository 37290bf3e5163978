#include <stdio.h>
#include <string.h>

#include "access/role.h"
#include "account/account.h"
#include "base/json.h"
#include "cli/cmd.h"

/* The first line of standard input, which is the password; NULL: there is none. */
static char *read_password(void)
{
    char line[PASSWORD_BYTES_MAX + 2];
    if (fgets(line, sizeof line, stdin) == NULL) {
        return NULL;
    }
    line[strcspn(line, "\r\n")] = '\0';
    char *password = line[0] != '\0' ? g_strdup(line) : NULL;
    explicit_bzero(line, sizeof line);
    return password;
}

/* The link alone on standard output. */
static void show_link(const json_t *answer)
{
    const char *link = json_text(answer, "link", NULL);
    if (link == NULL) {
        printf("%s can sign in now.\n", json_text(answer, "login", ""));
        return;
    }
    puts(link);
    g_autofree char *until = cmd_value(answer, "expires_at");
    fprintf(stderr,
            "For %s alone: it sets a password, once, until %s. It cannot be shown again; "
            "`tocsin account invite` makes a new one.\n",
            json_text(answer, "login", ""), until);
}

static int cmd_create(struct cli *cli)
{
    const char *role = cli_option(cli, "role");
    struct fault fault = {0};
    if (role == NULL || enum_from_name(ROLE_NAMES, role) == 0) {
        (void)enum_refuse(ROLE_NAMES, role != NULL ? role : "", &fault);
        return cli_misused(cli, "--role says what they may do: %s", fault.text);
    }
    json_auto_t *body = json_pack("{s:s, s:s}", "login", cli_arg(cli, 0), "role", role);
    if (cli_has(cli, "password-stdin")) {
        char *password = read_password();
        if (password == NULL) {
            return cli_misused(cli,
                               "--password-stdin reads the password's line from standard input, "
                               "and there was none");
        }
        json_object_set_new(body, "password", json_string(password));
        explicit_bzero(password, strlen(password));
        g_free(password);
    }
    json_t *answer = client_ask(cli, "POST", "/api/v1/accounts", body);
    if (answer != NULL && !cli->is_json) {
        show_link(answer);
    }
    return cmd_finish(cli, answer);
}

static json_t *order(struct cli *cli, const char *what, const json_t *body)
{
    g_autofree char *name = client_escape(cli_arg(cli, 0));
    g_autofree char *path = g_strconcat("/api/v1/accounts/", name, "/", what, NULL);
    return client_ask(cli, "POST", path, body);
}

static int give_link(struct cli *cli, const char *what)
{
    json_t *answer = order(cli, what, NULL);
    if (answer != NULL && !cli->is_json) {
        show_link(answer);
    }
    return cmd_finish(cli, answer);
}

static int cmd_invite(struct cli *cli)
{
    return give_link(cli, "invite");
}

static int cmd_reset(struct cli *cli)
{
    return give_link(cli, "reset");
}

static int change(struct cli *cli, const char *what, const json_t *body, const char *done)
{
    json_t *answer = order(cli, what, body);
    if (answer != NULL && !cli->is_json) {
        printf("%s %s.\n", cli_arg(cli, 0), done);
    }
    return cmd_finish(cli, answer);
}

static int cmd_role(struct cli *cli)
{
    struct fault fault = {0};
    const char *role = cli_arg(cli, 1);
    if (enum_from_name(ROLE_NAMES, role) == 0) {
        (void)enum_refuse(ROLE_NAMES, role, &fault);
        return cli_misused(cli, "ROLE says what they may do: %s", fault.text);
    }
    json_auto_t *body = json_pack("{s:s}", "role", role);
    g_autofree char *done = g_strdup_printf("is %s now, and signs in anew", role);
    return change(cli, "role", body, done);
}

static int cmd_disable(struct cli *cli)
{
    return change(cli, "disable", NULL, "cannot sign in any more; their sessions have ended");
}

static int cmd_enable(struct cli *cli)
{
    return change(cli, "enable", NULL, "can sign in again");
}

static int cmd_list(struct cli *cli)
{
    static const struct list_column COLUMNS[] = {{"ACCOUNT", "login"},
                                                 {"NAME", "name"},
                                                 {"ROLE", "role"},
                                                 {"PASSWORD SET", "password_at"},
                                                 {"SIGNED IN", "signed_in_at"},
                                                 {"DISABLED", "is_disabled"},
                                                 {0}};
    json_auto_t *items = client_list(cli, "/api/v1/accounts", SIZE_MAX);
    if (items == NULL) {
        return EXIT_REFUSED;
    }
    if (cli->is_json) {
        output_json(items);
    } else {
        cmd_show_list(items, COLUMNS,
                      "Nobody can sign in; `tocsin account create NAME --role owner` begins.");
    }
    return EXIT_OK;
}

static const struct cli_option CREATE_OPTIONS[] = {
    {"role", "ROLE", "owner, admin, responder, frontline, stakeholder or partner."},
    {"password-stdin", NULL,
     "Read the password from standard input; without it a link is printed that sets one."},
    {0}};

static const struct cli_command ROWS[] = {
    {"account create", "NAME", 1, 1, "Let a user of the team file sign in.",
     "Prints a link for them alone, by which they set their password, once, within a week.",
     CREATE_OPTIONS, SETTING_CLIENT, 0, cmd_create},
    {"account invite", "NAME", 1, 1, "Print a new link by which somebody sets their password.",
     NULL, NULL, SETTING_CLIENT, 0, cmd_invite},
    {"account reset", "NAME", 1, 1, "Print a link by which somebody sets another password.",
     "It is good for a day. Until it is used their password stays as it is.", NULL, SETTING_CLIENT,
     0, cmd_reset},
    {"account role", "NAME ROLE", 2, 2, "Give an account another role; its sessions end.", NULL,
     NULL, SETTING_CLIENT, 0, cmd_role},
    {"account disable", "NAME", 1, 1, "Keep somebody from signing in; their sessions end.",
     "They are paged as before: who is told of alerts is said by the configuration.", NULL,
     SETTING_CLIENT, 0, cmd_disable},
    {"account enable", "NAME", 1, 1, "Let somebody sign in again.", NULL, NULL, SETTING_CLIENT, 0,
     cmd_enable},
    {"account list", "", 0, 0, "List who can sign in.", NULL, NULL, SETTING_CLIENT, 0, cmd_list},
};
const struct cli_table ACCOUNT_COMMANDS = {ROWS, G_N_ELEMENTS(ROWS)};
