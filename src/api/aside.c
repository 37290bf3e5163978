#include "api/aside.h"

#include <pthread.h>

enum { WAITING_MAX = 32, BUSY_RETRY_S = 5 };

struct reading {
    void (*run)(void *arg);
    void *arg;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t ended =
    PTHREAD_COND_INITIALIZER; /* the thread has, or will touch nothing more */
/* Under the lock. The thread ends when nothing waits. */
static GQueue waiting = G_QUEUE_INIT;
static bool is_running;

static struct reading *next_reading(void)
{
    pthread_mutex_lock(&lock);
    struct reading *reading = g_queue_pop_head(&waiting);
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
    for (struct reading *reading; (reading = next_reading()) != NULL;) {
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

bool aside_run(struct http_request *request, void (*run)(void *arg), void *arg)
{
    pthread_mutex_lock(&lock);
    bool is_taken = waiting.length < WAITING_MAX && (is_running || start());
    if (is_taken) {
        struct reading *reading = g_new(struct reading, 1);
        *reading = (struct reading){run, arg};
        g_queue_push_tail(&waiting, reading);
    }
    pthread_mutex_unlock(&lock);
    if (!is_taken) {
        http_answer_busy(request, BUSY_RETRY_S, "Too many long lists are asked for already.");
    }
    return is_taken;
}

void aside_settle(void)
{
    pthread_mutex_lock(&lock);
    while (is_running) {
        pthread_cond_wait(&ended, &lock);
    }
    pthread_mutex_unlock(&lock);
}
