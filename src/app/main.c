#include <locale.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include <curl/curl.h>
#include <sodium.h>

#include "api/feature_set.h"
#include "app/feature_list.h"
#include "cli/cli.h"

static int run(struct cli *cli)
{
    if (cli_has(cli, "help")) {
        g_autoptr(GString) out = g_string_new(NULL);
        cli_help_command(cli->command, out);
        fputs(out->str, stdout);
        return EXIT_OK;
    }
    return cli->command->run(cli);
}

int main(int argc, char **argv)
{
    /* Whatever we make is for its owner: the database, its copies, the socket. */
    (void)umask(0077);
    if (sodium_init() < 0 || curl_global_init(CURL_GLOBAL_DEFAULT) != 0) {
        return cli_failed("the machine's random numbers or libcurl do not work");
    }
    features_register(&FEATURES);
    struct cli cli = {0};
    struct fault fault = {0};
    int code = EXIT_USAGE;
    g_autoptr(GPtrArray) commands = features_commands(&FEATURES);
    if (cli_parse(&cli, commands, argc - 1, argv + 1, (const char *const *)environ, &fault)) {
        code = run(&cli);
    } else {
        (void)cli_refused(&fault);
    }
    cli_clear(&cli);
    curl_global_cleanup();
    if (fflush(stdout) != 0 && code == EXIT_OK) {
        return cli_failed("the output could not be written");
    }
    return code;
}
