#include "app/ending.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include <glib.h>

#include "base/check.h"
#include "base/clock.h"
#include "base/log.h"

/* To say why, which may hang as well: a log on the same disk. */
enum { LAST_WORDS_S = 2 };

struct ending {
    sigset_t signals;
    struct span patience;
    pthread_mutex_t lock; /* guards the two below */
    pthread_cond_t is_told;
    int end; /* SIGTERM or SIGINT; 0: not yet */
    bool has_hangup;
};

/* Blocked everywhere, so that no thread is interrupted. */
static void block(sigset_t *set)
{
    CHECK(sigemptyset(set) == 0);
    CHECK(sigaddset(set, SIGTERM) == 0);
    CHECK(sigaddset(set, SIGINT) == 0);
    CHECK(sigaddset(set, SIGHUP) == 0);
    CHECK(pthread_sigmask(SIG_BLOCK, set, NULL) == 0);
    struct sigaction ignore = {.sa_handler = SIG_IGN};
    CHECK(sigaction(SIGPIPE, &ignore, NULL) == 0);
    CHECK(sigaction(SIGXFSZ, &ignore, NULL) == 0); /* a limit of the file size is a full disk */
}

/* True when it is time to end. */
static bool hear(struct ending *ending, int which)
{
    pthread_mutex_lock(&ending->lock);
    if (which == SIGHUP) {
        ending->has_hangup = true;
    } else {
        ending->end = which;
    }
    bool is_end = ending->end != 0;
    pthread_cond_broadcast(&ending->is_told);
    pthread_mutex_unlock(&ending->lock);
    return is_end;
}

G_NORETURN static void cut_off(void)
{
    struct sigaction deadly = {.sa_handler = SIG_DFL};
    (void)sigaction(SIGALRM, &deadly, NULL);
    (void)alarm(LAST_WORDS_S);
    LOG_ERROR("serve", NULL,
              "the end hangs and is cut off, in a disk or a file that does not answer; all that "
              "was committed is kept");
    _exit(EXIT_FAILURE);
}

static void *await(void *self)
{
    struct ending *ending = self;
    int which = 0;
    while (sigwait(&ending->signals, &which) != 0 || !hear(ending, which)) {
    }
    struct timespec until = clock_monotonic_after(ending->patience);
    pthread_mutex_lock(&ending->lock);
    while (pthread_cond_timedwait(&ending->is_told, &ending->lock, &until) == 0) {
    }
    pthread_mutex_unlock(&ending->lock);
    cut_off();
}

struct ending *ending_await(struct span patience, struct fault *fault)
{
    struct ending *ending = g_new0(struct ending, 1);
    pthread_condattr_t monotonic;
    pthread_t thread;
    ending->patience = patience;
    block(&ending->signals);
    CHECK(pthread_mutex_init(&ending->lock, NULL) == 0);
    CHECK(pthread_condattr_init(&monotonic) == 0);
    CHECK(pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC) == 0);
    CHECK(pthread_cond_init(&ending->is_told, &monotonic) == 0);
    (void)pthread_condattr_destroy(&monotonic);
    if (pthread_create(&thread, NULL, await, ending) != 0) {
        (void)fault_set(fault, "",
                        "no thread could be made: check the limits of this account (ulimit -u)");
        g_free(ending);
        return NULL;
    }
    (void)pthread_setname_np(thread, "ending");
    (void)pthread_detach(thread);
    return ending;
}

int ending_next(struct ending *ending, struct span wait)
{
    struct timespec until = clock_monotonic_after(wait);
    int code = 0;
    pthread_mutex_lock(&ending->lock);
    while (ending->end == 0 && !ending->has_hangup && code == 0) {
        code = pthread_cond_timedwait(&ending->is_told, &ending->lock, &until);
    }
    int which = ending->end != 0 ? ending->end : ending->has_hangup ? SIGHUP : 0;
    ending->has_hangup = false;
    pthread_mutex_unlock(&ending->lock);
    return which;
}
