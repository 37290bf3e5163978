#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "app/ending.h"
#include "app/journal.h"
#include "app/privilege.h"
#include "app/supervise.h"
#include "base/log.h"
#include "cli/cmd.h"
#include "cli/data_dir.h"

static void reload(struct house *house)
{
    if (house->settings->config == NULL) {
        LOG_WARN("serve", NULL, "SIGHUP, but no --config to apply again");
        return;
    }
    notify_systemd(house->environment, "RELOADING=1");
    g_autofree char *problem = NULL;
    if (!house_apply_file(house, &problem)) {
        house_tell_refused(problem);
    }
    house_show_minted(house);
    notify_systemd(house->environment, "READY=1");
}

/* Until SIGTERM or SIGINT. */
static void watch(struct house *house, struct supervisor *supervisor, struct ending *ending)
{
    struct journal *journal = journal_open(&house->api);
    int which = 0;
    while (which != SIGTERM && which != SIGINT) {
        which = ending_next(ending, SPAN_MS(200));
        signs_main_turned(&house->signs, clock_elapsed(&CLOCK_SYSTEM));
        if (which == SIGHUP) {
            reload(house);
        }
        journal_tick(journal);
        house_wake_streams(house);
        house_check_tick(house);
        supervisor_tick(supervisor);
    }
    journal_close(&journal);
    LOG_INFO("serve", NULL, "ending", "signal", which == SIGTERM ? "SIGTERM" : "SIGINT");
}

/* --- a start that waits for its database --- */

#define TELL_EVERY SPAN_S(30)

enum start { START_DONE = 1, START_STOPPED, START_REFUSED };

/* The service manager is given the reason each time, and asked for a minute more: else it ends a start that
 * lasts. */
static void tell_waiting(const struct house *house, const struct fault *fault, struct span *told_at)
{
    g_autofree char *state = g_strdup_printf(
        "STATUS=Waits for the database: %s\nEXTEND_TIMEOUT_USEC=60000000", fault->text);
    notify_systemd(house->environment, state);
    struct span now = clock_elapsed(&CLOCK_SYSTEM);
    if (told_at->us == 0 || now.us - told_at->us >= TELL_EVERY.us) {
        LOG_WARN("serve", NULL,
                 "waits for the database: tries each second, and takes no requests meanwhile",
                 "setting", "--database-url or TOCSIN_DATABASE_URL", "why", fault->text);
        *told_at = now;
    }
    log_flush();
}

/* A second; SIGHUP, which has nothing to load yet, cuts it short. */
static bool is_told_to_stop(struct ending *ending)
{
    int which = ending_next(ending, SPAN_S(1));
    return which == SIGTERM || which == SIGINT;
}

/* All of the machines may have started at once: a database that is not there yet is waited for, as one that
 * goes away later is. What a person must mend ends the start. The house is open only when it is done. */
static enum start start(struct house *house, struct cli *cli, struct ending *ending,
                        struct fault *fault)
{
    struct span told_at = {0};
    int mark = -1;
    enum start outcome = START_DONE;
    while (outcome == START_DONE && !house_open(house, &cli->settings, cli->environment, fault)) {
        bool is_worth_waiting = house_misses_database(house);
        house_close(house);
        if (!is_worth_waiting) {
            outcome = START_REFUSED;
            break;
        }
        mark = mark < 0 ? data_dir_mark_waiting(cli->settings.data) : mark;
        tell_waiting(house, fault, &told_at);
        if (is_told_to_stop(ending)) {
            notify_systemd(cli->environment, "STOPPING=1");
            LOG_INFO("serve", NULL, "ended without having found its database");
            outcome = START_STOPPED;
        }
    }
    data_dir_unmark_waiting(cli->settings.data, mark);
    return outcome;
}

static void run(struct house *house, struct ending *ending, struct span took)
{
    g_autofree char *ms = g_strdup_printf("%.1f", (double)took.us / 1000);
    LOG_INFO("serve", NULL, "ready", "listen", house->settings->listen, "data",
             house->settings->data, "version", TOCSIN_VERSION, "start_ms", ms);
    struct supervisor *supervisor = supervisor_start(house);
    notify_systemd(house->environment, "READY=1\nSTATUS=");
    house_greet(house);
    watch(house, supervisor, ending);
    notify_systemd(house->environment, "STOPPING=1");
    supervisor_quiet(supervisor);
    house_close(house);
    supervisor_free(&supervisor);
    LOG_INFO("serve", NULL, "ended");
}

static void warn_as_root(const struct settings *settings)
{
    if (geteuid() == 0 && settings->user == NULL) {
        LOG_WARN("serve", NULL, "running as root; --user names an account that needs no rights");
    }
}

/* As cli_refused, but that standard error may be a pipe that nobody reads. */
static void tell_refused(const struct fault *fault)
{
    g_autofree char *text = g_strdup_printf("tocsin: %s%s%s\n", fault->field,
                                            fault->field[0] != '\0' ? ": " : "", fault->text);
    g_autoptr(GString) shown = g_string_new(NULL);
    output_escape(text, shown);
    (void)log_write(STDERR_FILENO, shown->str, shown->len);
}

/* From the signal to the cut: twice what is drained (requests, then deliveries) and what hangs is waited for. */
static struct span patience_at_end(const struct settings *settings)
{
    return (struct span){2 * settings->shutdown_drain.us + SPAN_S(15).us};
}

static int cmd_serve(struct cli *cli)
{
    struct span began = clock_elapsed(&CLOCK_SYSTEM);
    struct fault fault = {0};
    struct settings *settings = &cli->settings;
    log_setup(&(struct log_options){.level = settings->log_level, .format = settings->log_format});
    if (!settings_finish(settings, &fault) ||
        !privilege_drop(settings->user, settings->data, &fault)) {
        tell_refused(&fault);
        return EXIT_USAGE;
    }
    warn_as_root(settings);
    struct ending *ending = ending_await(patience_at_end(settings), &fault);
    if (ending == NULL) {
        tell_refused(&fault);
        return EXIT_REFUSED;
    }
    struct house house;
    int code = EXIT_OK;
    enum start outcome = start(&house, cli, ending, &fault);
    if (outcome == START_DONE) {
        run(&house, ending, (struct span){clock_elapsed(&CLOCK_SYSTEM).us - began.us});
    } else if (outcome == START_REFUSED) {
        tell_refused(&fault);
        code = EXIT_REFUSED;
    }
    log_flush();
    return code;
}

static const struct cli_command ROWS[] = {
    {"serve", "", 0, 0, "Run the server.",
     "Opens (or makes) the data directory, brings its schema up to date, applies --config, and "
     "takes "
     "alerts. SIGTERM drains and ends; SIGHUP applies --config again. Start-up is recovery: after "
     "a "
     "crash, just start it.",
     NULL, SETTING_SERVER, 0, cmd_serve},
};
const struct cli_table SERVE_COMMANDS = {ROWS, G_N_ELEMENTS(ROWS), 1};
