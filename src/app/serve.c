#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "app/cmd.h"
#include "app/journal.h"
#include "app/privilege.h"
#include "app/supervise.h"
#include "base/log.h"

/* The signals that the main thread waits for; blocked everywhere, so that no thread is interrupted. */
static void block_signals(sigset_t *set)
{
    CHECK(sigemptyset(set) == 0);
    CHECK(sigaddset(set, SIGTERM) == 0);
    CHECK(sigaddset(set, SIGINT) == 0);
    CHECK(sigaddset(set, SIGHUP) == 0);
    CHECK(pthread_sigmask(SIG_BLOCK, set, NULL) == 0);
    struct sigaction ignore = {.sa_handler = SIG_IGN};
    CHECK(sigaction(SIGPIPE, &ignore, NULL) == 0);
}

static void reload(struct house *house)
{
    if (house->settings->config == NULL) {
        LOG_WARN("serve", NULL, "SIGHUP, but no --config to apply again");
        return;
    }
    notify_systemd(house->environment, "RELOADING=1");
    g_autofree char *problem = NULL;
    if (!house_apply_file(house, &problem)) {
        LOG_ERROR("config", NULL, "team file refused; the one in force stays", "why", problem);
    }
    house_show_minted(house);
    notify_systemd(house->environment, "READY=1");
}

/* Until SIGTERM or SIGINT. */
static void watch(struct house *house, struct supervisor *supervisor, const sigset_t *signals)
{
    const struct timespec nap = {.tv_nsec = 200000000};
    struct journal *journal = journal_open(&house->api);
    int which = 0;
    while (which != SIGTERM && which != SIGINT) {
        which = sigtimedwait(signals, NULL, &nap);
        if (which == SIGHUP) {
            reload(house);
        }
        journal_tick(journal);
        house_wake_streams(house);
        supervisor_tick(supervisor);
    }
    journal_close(&journal);
    LOG_INFO("serve", NULL, "ending", "signal", which == SIGTERM ? "SIGTERM" : "SIGINT");
}

static void run(struct house *house, const sigset_t *signals, struct span took)
{
    g_autofree char *ms = g_strdup_printf("%.1f", (double)took.us / 1000);
    LOG_INFO("serve", NULL, "ready", "listen", house->settings->listen, "data",
             house->settings->data, "version", TOCSIN_VERSION, "start_ms", ms);
    house_greet(house);
    notify_systemd(house->environment, "READY=1");
    struct supervisor *supervisor = supervisor_start(house);
    watch(house, supervisor, signals);
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

int cmd_serve(struct cli *cli)
{
    struct span began = clock_elapsed(&CLOCK_SYSTEM);
    struct fault fault = {0};
    struct settings *settings = &cli->settings;
    log_setup(&(struct log_options){.level = settings->log_level, .format = settings->log_format});
    if (!settings_finish(settings, &fault) ||
        !privilege_drop(settings->user, settings->data, &fault)) {
        (void)cli_refused(&fault);
        return EXIT_USAGE;
    }
    warn_as_root(settings);
    sigset_t signals;
    block_signals(&signals);
    struct house house;
    int code = EXIT_OK;
    if (house_open(&house, settings, cli->environment, &fault)) {
        run(&house, &signals, (struct span){clock_elapsed(&CLOCK_SYSTEM).us - began.us});
    } else {
        house_close(&house);
        code = cli_refused(&fault);
    }
    log_flush();
    return code;
}
