#include "ledger/desk.h"

#include <errno.h>
#include <glib.h>
#include <pthread.h>
#include <stdatomic.h>
#include <time.h>

#include "base/limits.h"
#include "ledger/ledger_private.h"

/* Even with nothing due the desk looks up this often: a wall clock that was set while it slept would
 * else be noticed only at the next deadline. */
#define SLEEP_MOST SPAN_S(1)

/* A look at a shared database costs as many round trips as a batch does: under load, or when others
 * write all the time, not after each of them. */
#define LOOK_LEAST SPAN_MS(20)

struct desk {
    struct ledger *ledger;
    const struct clock *clock;
    pthread_t thread;
    struct command batch[LIMIT_BATCH_COMMANDS]; /* the thread's own, as the next: no lock */
    struct span ticked_at;                      /* elapsed time */
    _Atomic int64_t busy_since_us;              /* elapsed; 0: between two pieces of work */
    pthread_mutex_t mutex;                      /* guards all below */
    pthread_cond_t has_work;                    /* on CLOCK_MONOTONIC, as the next */
    pthread_cond_t has_ended;
    bool is_over;   /* the thread touches nothing any more */
    bool is_asleep; /* the thread waits: whoever brings work must signal */
    bool is_woken;
    bool is_closing;
    size_t first; /* of the ring */
    size_t count;
    struct command ring[LIMIT_QUEUE_COMMANDS];
};

static void lock(struct desk *desk)
{
    CHECK(pthread_mutex_lock(&desk->mutex) == 0);
}

static void unlock(struct desk *desk)
{
    CHECK(pthread_mutex_unlock(&desk->mutex) == 0);
}

/* With the mutex held. */
static void rouse(struct desk *desk)
{
    if (desk->is_asleep) {
        CHECK(pthread_cond_signal(&desk->has_work) == 0);
    }
}

static struct span wait_until(const struct desk *desk, struct utc next)
{
    struct span wait = utc_since(next, clock_now(desk->clock));
    if (wait.us > SLEEP_MOST.us) {
        return SLEEP_MOST;
    }
    return wait.us < 0 ? (struct span){0} : wait;
}

/* With the mutex held. */
static void sleep_until(struct desk *desk, struct utc next)
{
    struct timespec until = clock_monotonic_after(wait_until(desk, next));
    int code = 0;
    desk->is_asleep = true;
    while (desk->count == 0 && !desk->is_woken && !desk->is_closing && code != ETIMEDOUT) {
        code = pthread_cond_timedwait(&desk->has_work, &desk->mutex, &until);
        CHECK(code == 0 || code == ETIMEDOUT);
    }
    desk->is_asleep = false;
    desk->is_woken = false;
}

/* With the mutex held. */
static size_t take(struct desk *desk, struct command *out, size_t max)
{
    size_t taken = MIN(desk->count, max);
    for (size_t i = 0; i < taken; i++) {
        out[i] = desk->ring[(desk->first + i) % LIMIT_QUEUE_COMMANDS];
    }
    desk->first = (desk->first + taken) % LIMIT_QUEUE_COMMANDS;
    desk->count -= taken;
    return taken;
}

static size_t take_latecomers(void *self, struct command *out, size_t max)
{
    struct desk *desk = self;
    lock(desk);
    size_t taken = take(desk, out, max);
    unlock(desk);
    return taken;
}

static void set_busy(struct desk *desk, bool is_busy)
{
    atomic_store(&desk->busy_since_us, is_busy ? clock_elapsed(desk->clock).us : 0);
}

/* Ticks, unless nothing is due and it has just been done. Answers when to come again. */
static struct utc tick(struct desk *desk, struct utc next)
{
    struct span since = {clock_elapsed(desk->clock).us - desk->ticked_at.us};
    struct utc now = clock_now(desk->clock);
    if (desk->ledger->is_shared && since.us < LOOK_LEAST.us && utc_before(now, next)) {
        return utc_earlier(next, utc_add(now, (struct span){LOOK_LEAST.us - since.us}));
    }
    desk->ticked_at = clock_elapsed(desk->clock);
    return ledger_tick(desk->ledger);
}

static void *run(void *self)
{
    struct desk *desk = self;
    bool is_open = true;
    bool is_closed = false;
    struct utc next = {0};
    while (is_open) {
        lock(desk);
        sleep_until(desk, next);
        size_t count = take(desk, desk->batch, LIMIT_BATCH_COMMANDS);
        is_open = !desk->is_closing || desk->count > 0;
        unlock(desk);
        set_busy(desk, true);
        if (count > 0) {
            ledger_run_queue(desk->ledger, desk->batch, count, LIMIT_BATCH_COMMANDS,
                             (struct ledger_latecomers){take_latecomers, desk});
            set_busy(desk, true);
        }
        /* When writing has just failed, those who queue are told before anything else is tried: to try
         * may take as long as a database is waited for. */
        bool was_closed = is_closed;
        is_closed = count > 0 && !ledger_is_writable(desk->ledger);
        next = is_closed && !was_closed ? (struct utc){0} : tick(desk, next);
        set_busy(desk, false);
    }
    lock(desk);
    desk->is_over = true;
    CHECK(pthread_cond_signal(&desk->has_ended) == 0);
    unlock(desk);
    return NULL;
}

struct desk *desk_start(struct ledger *ledger, const struct clock *clock)
{
    struct desk *desk = g_new0(struct desk, 1);
    desk->ledger = ledger;
    desk->clock = clock;
    pthread_condattr_t attributes;
    CHECK(pthread_condattr_init(&attributes) == 0);
    CHECK(pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC) == 0);
    CHECK(pthread_cond_init(&desk->has_work, &attributes) == 0);
    CHECK(pthread_cond_init(&desk->has_ended, &attributes) == 0);
    CHECK(pthread_condattr_destroy(&attributes) == 0);
    CHECK(pthread_mutex_init(&desk->mutex, NULL) == 0);
    CHECK(pthread_create(&desk->thread, NULL, run, desk) == 0);
    (void)pthread_setname_np(desk->thread, "ledger");
    return desk;
}

bool desk_submit(struct desk *desk, struct command command)
{
    lock(desk);
    bool is_taken = !desk->is_closing && desk->count < LIMIT_QUEUE_COMMANDS;
    if (is_taken) {
        desk->ring[(desk->first + desk->count) % LIMIT_QUEUE_COMMANDS] = command;
        desk->count++;
        rouse(desk);
    }
    unlock(desk);
    return is_taken;
}

/* Someone who stands at the desk until the answer comes. */
struct waiter {
    struct command command;
    pthread_mutex_t mutex; /* guards the two below */
    pthread_cond_t is_answered;
    enum command_outcome outcome; /* 0: not yet */
};

static enum command_result run_for_waiter(struct ledger_tx *tx, void *arg)
{
    const struct waiter *waiter = arg;
    return waiter->command.run(tx, waiter->command.arg);
}

static void answer_waiter(void *arg, enum command_outcome outcome)
{
    struct waiter *waiter = arg;
    if (waiter->command.answer != NULL) {
        waiter->command.answer(waiter->command.arg, outcome);
    }
    CHECK(pthread_mutex_lock(&waiter->mutex) == 0);
    waiter->outcome = outcome;
    CHECK(pthread_cond_signal(&waiter->is_answered) == 0);
    CHECK(pthread_mutex_unlock(&waiter->mutex) == 0);
}

enum command_outcome desk_submit_and_wait(struct desk *desk, struct command command)
{
    CHECK(!pthread_equal(pthread_self(), desk->thread)); /* would wait for itself */
    struct waiter waiter = {.command = command};
    CHECK(pthread_mutex_init(&waiter.mutex, NULL) == 0);
    CHECK(pthread_cond_init(&waiter.is_answered, NULL) == 0);
    struct command wrapped = {.run = run_for_waiter,
                              .answer = answer_waiter,
                              .arg = &waiter,
                              .is_intake = command.is_intake,
                              .client = command.client};
    bool is_taken = desk_submit(desk, wrapped);
    CHECK(pthread_mutex_lock(&waiter.mutex) == 0);
    while (is_taken && waiter.outcome == 0) {
        CHECK(pthread_cond_wait(&waiter.is_answered, &waiter.mutex) == 0);
    }
    CHECK(pthread_mutex_unlock(&waiter.mutex) == 0);
    CHECK(pthread_cond_destroy(&waiter.is_answered) == 0);
    CHECK(pthread_mutex_destroy(&waiter.mutex) == 0);
    return is_taken ? waiter.outcome : OUTCOME_UNAVAILABLE;
}

void desk_wake(struct desk *desk)
{
    lock(desk);
    desk->is_woken = true;
    rouse(desk);
    unlock(desk);
}

struct span desk_busy_for(const struct desk *desk)
{
    int64_t since_us = atomic_load(&desk->busy_since_us);
    return (struct span){since_us != 0 ? clock_elapsed(desk->clock).us - since_us : 0};
}

static void close_desk(struct desk *desk)
{
    lock(desk);
    desk->is_closing = true;
    rouse(desk);
    unlock(desk);
}

bool desk_end_within(struct desk *desk, struct span patience)
{
    close_desk(desk);
    struct timespec until = clock_monotonic_after(patience);
    lock(desk);
    bool is_late = false;
    while (!desk->is_over && !is_late) {
        is_late = pthread_cond_timedwait(&desk->has_ended, &desk->mutex, &until) == ETIMEDOUT;
    }
    bool is_over = desk->is_over;
    unlock(desk);
    return is_over;
}

void desk_stop(struct desk **desk)
{
    if (*desk == NULL) {
        return;
    }
    close_desk(*desk);
    CHECK(pthread_join((*desk)->thread, NULL) == 0);
    CHECK(pthread_cond_destroy(&(*desk)->has_work) == 0);
    CHECK(pthread_cond_destroy(&(*desk)->has_ended) == 0);
    CHECK(pthread_mutex_destroy(&(*desk)->mutex) == 0);
    g_clear_pointer(desk, g_free);
}
