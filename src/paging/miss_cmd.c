#include "base/clock.h"
#include "base/json.h"
#include "cli/cmd.h"

/* --- how pages went --- */

/* "30d" is 30 days back; else an instant. */
static bool read_since(const struct cli *cli, char out[UTC_TEXT_SIZE])
{
    const char *text = cli_option(cli, "since");
    struct span back = SPAN_D(30);
    struct utc at;
    if (text == NULL || span_parse(text, &back)) {
        at = utc_add(clock_now(&CLOCK_SYSTEM), (struct span){-back.us});
    } else if (!utc_parse(text, &at)) {
        cli_misused(cli, "--since is \"%.60s\"; write how far back, such as 30d, or an instant",
                    text);
        return false;
    }
    utc_format(at, out);
    return true;
}

static int cmd_misses(struct cli *cli)
{
    static const struct list_column COLUMNS[] = {
        {"WHO", "user"},
        {"PAGES", "pages"},
        {"ACKNOWLEDGED", "acknowledged"},
        {"HOW THEY WENT", "words"},
        {0},
    };
    char since[UTC_TEXT_SIZE];
    if (!read_since(cli, since)) {
        return EXIT_USAGE;
    }
    g_autoptr(GString) path = g_string_new("/api/v1/misses");
    client_query(path, "team", cli_option(cli, "team"));
    client_query(path, "since", since);
    json_t *answer = client_ask(cli, "GET", path->str, NULL);
    if (answer != NULL && !cli->is_json) {
        cmd_name_people(cli, json_object_get(answer, "items"), "user");
        cmd_show_list(json_object_get(answer, "items"), COLUMNS, "There is nobody to be paged.");
    }
    return cmd_finish(cli, answer);
}

static const struct cli_option MISSES_OPTIONS[] = {
    {"team", "NAME", "Only its members."},
    {"since", "SPAN", "How far back: 30d (the default), or an instant."},
    {0}};

static const struct cli_command ROWS[] = {
    {"misses", "", 0, 0, "How pages to people went: how many went on to somebody else.",
     "To see who needs a hand: a louder phone, another contact, a lighter rotation. Counted are "
     "pages "
     "that reached the person and then went to a later step.",
     MISSES_OPTIONS, SETTING_CLIENT, 0, cmd_misses},
};
const struct cli_table MISS_COMMANDS = {ROWS, G_N_ELEMENTS(ROWS)};
