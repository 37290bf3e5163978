#include "ledger/queue.h"

#include <errno.h>
#include <glib.h>
#include <pthread.h>
#include <stdatomic.h>
#include <time.h>

#include "base/limits.h"
#include "ledger/ledger_private.h"

/* Even with nothing due the queue looks up this often: a wall clock that was set while it slept would
 * else be noticed only at the next deadline. */
#define SLEEP_MOST SPAN_S(1)

/* A look at a shared database costs as many round trips as a batch does: under load, or when others
 * write all the time, not after each of them. */
#define LOOK_LEAST SPAN_MS(20)

struct queue {
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

static void lock(struct queue *queue)
{
    CHECK(pthread_mutex_lock(&queue->mutex) == 0);
}

static void unlock(struct queue *queue)
{
    CHECK(pthread_mutex_unlock(&queue->mutex) == 0);
}

/* With the mutex held. */
static void rouse(struct queue *queue)
{
    if (queue->is_asleep) {
        CHECK(pthread_cond_signal(&queue->has_work) == 0);
    }
}

static struct span wait_until(const struct queue *queue, struct utc next)
{
    struct span wait = utc_since(next, clock_now(queue->clock));
    if (wait.us > SLEEP_MOST.us) {
        return SLEEP_MOST;
    }
    return wait.us < 0 ? (struct span){0} : wait;
}

/* With the mutex held. */
static void sleep_until(struct queue *queue, struct utc next)
{
    struct timespec until = clock_monotonic_after(wait_until(queue, next));
    int code = 0;
    queue->is_asleep = true;
    while (queue->count == 0 && !queue->is_woken && !queue->is_closing && code != ETIMEDOUT) {
        code = pthread_cond_timedwait(&queue->has_work, &queue->mutex, &until);
        CHECK(code == 0 || code == ETIMEDOUT);
    }
    queue->is_asleep = false;
    queue->is_woken = false;
}

/* With the mutex held. */
static size_t take(struct queue *queue, struct command *out, size_t max)
{
    size_t taken = MIN(queue->count, max);
    for (size_t i = 0; i < taken; i++) {
        out[i] = queue->ring[(queue->first + i) % LIMIT_QUEUE_COMMANDS];
    }
    queue->first = (queue->first + taken) % LIMIT_QUEUE_COMMANDS;
    queue->count -= taken;
    return taken;
}

static size_t take_latecomers(void *self, struct command *out, size_t max)
{
    struct queue *queue = self;
    lock(queue);
    size_t taken = take(queue, out, max);
    unlock(queue);
    return taken;
}

static void set_busy(struct queue *queue, bool is_busy)
{
    atomic_store(&queue->busy_since_us, is_busy ? clock_elapsed(queue->clock).us : 0);
}

/* Ticks, unless nothing is due and it has just been done. Answers when to come again. */
static struct utc tick(struct queue *queue, struct utc next)
{
    struct span since = {clock_elapsed(queue->clock).us - queue->ticked_at.us};
    struct utc now = clock_now(queue->clock);
    if (queue->ledger->is_shared && since.us < LOOK_LEAST.us && utc_before(now, next)) {
        return utc_earlier(next, utc_add(now, (struct span){LOOK_LEAST.us - since.us}));
    }
    queue->ticked_at = clock_elapsed(queue->clock);
    return ledger_tick(queue->ledger);
}

static void *run(void *self)
{
    struct queue *queue = self;
    bool is_open = true;
    bool is_closed = false;
    struct utc next = {0};
    while (is_open) {
        lock(queue);
        sleep_until(queue, next);
        size_t count = take(queue, queue->batch, LIMIT_BATCH_COMMANDS);
        is_open = !queue->is_closing || queue->count > 0;
        unlock(queue);
        set_busy(queue, true);
        if (count > 0) {
            ledger_run_queue(queue->ledger, queue->batch, count, LIMIT_BATCH_COMMANDS,
                             (struct ledger_latecomers){take_latecomers, queue});
            set_busy(queue, true);
        }
        /* When writing has just failed, those who queue are told before anything else is tried: to try
         * may take as long as a database is waited for. */
        bool was_closed = is_closed;
        is_closed = count > 0 && !ledger_is_writable(queue->ledger);
        next = is_closed && !was_closed ? (struct utc){0} : tick(queue, next);
        set_busy(queue, false);
    }
    lock(queue);
    queue->is_over = true;
    CHECK(pthread_cond_signal(&queue->has_ended) == 0);
    unlock(queue);
    return NULL;
}

struct queue *queue_start(struct ledger *ledger, const struct clock *clock)
{
    struct queue *queue = g_new0(struct queue, 1);
    queue->ledger = ledger;
    queue->clock = clock;
    pthread_condattr_t attributes;
    CHECK(pthread_condattr_init(&attributes) == 0);
    CHECK(pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC) == 0);
    CHECK(pthread_cond_init(&queue->has_work, &attributes) == 0);
    CHECK(pthread_cond_init(&queue->has_ended, &attributes) == 0);
    CHECK(pthread_condattr_destroy(&attributes) == 0);
    CHECK(pthread_mutex_init(&queue->mutex, NULL) == 0);
    CHECK(pthread_create(&queue->thread, NULL, run, queue) == 0);
    (void)pthread_setname_np(queue->thread, "ledger");
    return queue;
}

bool queue_submit(struct queue *queue, struct command command)
{
    lock(queue);
    bool is_taken = !queue->is_closing && queue->count < LIMIT_QUEUE_COMMANDS;
    if (is_taken) {
        queue->ring[(queue->first + queue->count) % LIMIT_QUEUE_COMMANDS] = command;
        queue->count++;
        rouse(queue);
    }
    unlock(queue);
    return is_taken;
}

/* Someone who stands at the queue until the answer comes. */
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

enum command_outcome queue_submit_and_wait(struct queue *queue, struct command command)
{
    CHECK(!pthread_equal(pthread_self(), queue->thread)); /* would wait for itself */
    struct waiter waiter = {.command = command};
    CHECK(pthread_mutex_init(&waiter.mutex, NULL) == 0);
    CHECK(pthread_cond_init(&waiter.is_answered, NULL) == 0);
    struct command wrapped = {.run = run_for_waiter,
                              .answer = answer_waiter,
                              .arg = &waiter,
                              .is_intake = command.is_intake,
                              .client = command.client};
    bool is_taken = queue_submit(queue, wrapped);
    CHECK(pthread_mutex_lock(&waiter.mutex) == 0);
    while (is_taken && waiter.outcome == 0) {
        CHECK(pthread_cond_wait(&waiter.is_answered, &waiter.mutex) == 0);
    }
    CHECK(pthread_mutex_unlock(&waiter.mutex) == 0);
    CHECK(pthread_cond_destroy(&waiter.is_answered) == 0);
    CHECK(pthread_mutex_destroy(&waiter.mutex) == 0);
    return is_taken ? waiter.outcome : OUTCOME_UNAVAILABLE;
}

void queue_wake(struct queue *queue)
{
    lock(queue);
    queue->is_woken = true;
    rouse(queue);
    unlock(queue);
}

struct span queue_busy_for(const struct queue *queue)
{
    int64_t since_us = atomic_load(&queue->busy_since_us);
    return (struct span){since_us != 0 ? clock_elapsed(queue->clock).us - since_us : 0};
}

static void close_queue(struct queue *queue)
{
    lock(queue);
    queue->is_closing = true;
    rouse(queue);
    unlock(queue);
}

bool queue_end_within(struct queue *queue, struct span patience)
{
    close_queue(queue);
    struct timespec until = clock_monotonic_after(patience);
    lock(queue);
    bool is_late = false;
    while (!queue->is_over && !is_late) {
        is_late = pthread_cond_timedwait(&queue->has_ended, &queue->mutex, &until) == ETIMEDOUT;
    }
    bool is_over = queue->is_over;
    unlock(queue);
    return is_over;
}

void queue_stop(struct queue **queue)
{
    if (*queue == NULL) {
        return;
    }
    close_queue(*queue);
    CHECK(pthread_join((*queue)->thread, NULL) == 0);
    CHECK(pthread_cond_destroy(&(*queue)->has_work) == 0);
    CHECK(pthread_cond_destroy(&(*queue)->has_ended) == 0);
    CHECK(pthread_mutex_destroy(&(*queue)->mutex) == 0);
    g_clear_pointer(queue, g_free);
}
