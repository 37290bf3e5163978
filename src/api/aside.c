#include "api/aside.h"

#include <pthread.h>
#include <sys/resource.h>
#include <unistd.h>

enum { WAITING_MAX = 32, SHORT_MAX = 256, TOIL_MAX = 8, BUSY_RETRY_S = 5, NICENESS = 10 };

struct long_read {
    void (*run)(void *arg);
    void *arg;
};

/* What one thread does, which ends when nothing waits. */
struct aside_line {
    const char *name;
    GQueue *queues[3]; /* in the order in which they go; NULL: there are no more */
    bool is_running;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t ended =
    PTHREAD_COND_INITIALIZER; /* a thread has, or will touch nothing more */
/* Under the lock. */
static GQueue waiting = G_QUEUE_INIT;
static GQueue waiting_short = G_QUEUE_INIT; /* goes before: somebody looks at it */
static GQueue waiting_first = G_QUEUE_INIT; /* somebody was paged */
static GQueue waiting_toil = G_QUEUE_INIT;
static struct aside_line reading = {"aside", {&waiting_first, &waiting_short, &waiting}, false};
static struct aside_line toil = {"toil", {&waiting_toil}, false};

static struct long_read *next_of(struct aside_line *line)
{
    struct long_read *next = NULL;
    pthread_mutex_lock(&lock);
    for (size_t i = 0; next == NULL && i < G_N_ELEMENTS(line->queues); i++) {
        next = line->queues[i] != NULL ? g_queue_pop_head(line->queues[i]) : NULL;
    }
    line->is_running = next != NULL;
    if (!line->is_running) {
        pthread_cond_broadcast(&ended);
    }
    pthread_mutex_unlock(&lock);
    return next;
}

static void *run_all(void *self)
{
    struct aside_line *line = self;
    (void)pthread_setname_np(pthread_self(), line->name); /* else it goes by its maker's name */
    /* Where the processor is short, alerts come first. Not allowed: then as everybody. */
    (void)setpriority(PRIO_PROCESS, (id_t)gettid(), NICENESS);
    for (struct long_read *next; (next = next_of(line)) != NULL;) {
        next->run(next->arg);
        g_free(next);
    }
    return NULL;
}

/* Under the lock. */
static bool start(struct aside_line *line)
{
    pthread_t thread;
    line->is_running = pthread_create(&thread, NULL, run_all, line) == 0;
    if (line->is_running) {
        pthread_detach(thread);
    }
    return line->is_running;
}

/* Under the lock. */
static void push(GQueue *where, void (*run)(void *arg), void *arg)
{
    struct long_read *next = g_new(struct long_read, 1);
    *next = (struct long_read){run, arg};
    g_queue_push_tail(where, next);
}

static bool take(struct http_request *request, struct aside_line *line, GQueue *where, guint most,
                 const struct long_read *what)
{
    if (request != NULL) {
        http_step_aside(request);
    }
    pthread_mutex_lock(&lock);
    bool is_taken = where->length < most && (line->is_running || start(line));
    if (is_taken) {
        push(where, what->run, what->arg);
    }
    pthread_mutex_unlock(&lock);
    return is_taken;
}

static bool queue(struct http_request *request, GQueue *where, guint most, void (*run)(void *arg),
                  void *arg)
{
    bool is_taken = take(request, &reading, where, most, &(struct long_read){run, arg});
    if (!is_taken) {
        http_answer_busy(request, BUSY_RETRY_S, "Too many long lists are asked for already.");
    }
    return is_taken;
}

bool aside_toil(struct http_request *request, void (*run)(void *arg), void *arg)
{
    bool is_taken = take(request, &toil, &waiting_toil, TOIL_MAX, &(struct long_read){run, arg});
    if (!is_taken) {
        http_answer_busy(request, BUSY_RETRY_S, "Too many people sign in at this moment.");
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
    CHECK(reading.is_running);
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
    while (reading.is_running || toil.is_running) {
        pthread_cond_wait(&ended, &lock);
    }
    pthread_mutex_unlock(&lock);
}
