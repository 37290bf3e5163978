#include "api/aside.h"

#include <pthread.h>
#include <sys/resource.h>
#include <unistd.h>

enum { WAITING_MAX = 32, SHORT_MAX = 256, BUSY_RETRY_S = 5, NICENESS = 10 };

struct long_read {
    void (*run)(void *arg);
    void *arg;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t ended =
    PTHREAD_COND_INITIALIZER; /* the thread has, or will touch nothing more */
/* Under the lock. The thread ends when nothing waits. */
static GQueue waiting = G_QUEUE_INIT;
static GQueue waiting_short = G_QUEUE_INIT; /* goes before: somebody looks at it */
static GQueue waiting_first = G_QUEUE_INIT; /* somebody was paged */
static bool is_running;

static struct long_read *next_reading(void)
{
    pthread_mutex_lock(&lock);
    struct long_read *reading = g_queue_pop_head(&waiting_first);
    reading = reading != NULL ? reading : g_queue_pop_head(&waiting_short);
    reading = reading != NULL ? reading : g_queue_pop_head(&waiting);
    is_running = reading != NULL;
    if (!is_running) {
        pthread_cond_broadcast(&ended);
    }
    pthread_mutex_unlock(&lock);
    return reading;
}

static void *read_all(void *self)
{
    (void)self;
    (void)pthread_setname_np(pthread_self(), "aside"); /* else it goes by its maker's name */
    /* Where the processor is short, alerts come first. Not allowed: then as everybody. */
    (void)setpriority(PRIO_PROCESS, (id_t)gettid(), NICENESS);
    for (struct long_read *reading; (reading = next_reading()) != NULL;) {
        reading->run(reading->arg);
        g_free(reading);
    }
    return NULL;
}

/* Under the lock. */
static bool start(void)
{
    pthread_t thread;
    is_running = pthread_create(&thread, NULL, read_all, NULL) == 0;
    if (is_running) {
        pthread_detach(thread);
    }
    return is_running;
}

/* Under the lock. */
static void push(GQueue *where, void (*run)(void *arg), void *arg)
{
    struct long_read *reading = g_new(struct long_read, 1);
    *reading = (struct long_read){run, arg};
    g_queue_push_tail(where, reading);
}

static bool queue(struct http_request *request, GQueue *where, guint most, void (*run)(void *arg),
                  void *arg)
{
    if (request != NULL) {
        http_step_aside(request);
    }
    pthread_mutex_lock(&lock);
    bool is_taken = where->length < most && (is_running || start());
    if (is_taken) {
        push(where, run, arg);
    }
    pthread_mutex_unlock(&lock);
    if (!is_taken) {
        http_answer_busy(request, BUSY_RETRY_S, "Too many long lists are asked for already.");
    }
    return is_taken;
}

bool aside_run(struct http_request *request, void (*run)(void *arg), void *arg)
{
    return queue(request, &waiting, WAITING_MAX, run, arg);
}

void aside_run_on(void (*run)(void *arg), void *arg)
{
    pthread_mutex_lock(&lock);
    CHECK(is_running);
    push(&waiting, run, arg);
    pthread_mutex_unlock(&lock);
}

struct handling {
    struct http_request *request;
    void *context;
    http_handler handler;
};

bool aside_is_over(struct http_request *request)
{
    bool is_late = http_is_late(request);
    if (is_late) {
        http_answer_busy(request, BUSY_RETRY_S, "The server stops."); /* is dropped */
    }
    return is_late;
}

static void handle(void *arg)
{
    struct handling *job = arg;
    if (!aside_is_over(job->request)) {
        job->handler(job->request, job->context);
    }
    g_free(job);
}

static struct handling *handling_new(struct http_request *request, void *context,
                                     http_handler handler)
{
    struct handling *job = g_new(struct handling, 1);
    *job = (struct handling){request, context, handler};
    return job;
}

static void answer_in(GQueue *where, guint most, struct handling *job)
{
    if (!queue(job->request, where, most, handle, job)) {
        g_free(job);
    }
}

void aside_answer_first(struct http_request *request, void *context, http_handler handler)
{
    answer_in(&waiting_first, SHORT_MAX, handling_new(request, context, handler));
}

void aside_answer(struct http_request *request, void *context, http_handler handler)
{
    answer_in(&waiting_short, SHORT_MAX, handling_new(request, context, handler));
}

void aside_answer_long(struct http_request *request, void *context, http_handler handler)
{
    answer_in(&waiting, WAITING_MAX, handling_new(request, context, handler));
}

void aside_settle(void)
{
    pthread_mutex_lock(&lock);
    while (is_running) {
        pthread_cond_wait(&ended, &lock);
    }
    pthread_mutex_unlock(&lock);
}
